//! Tells clients that the lists are other ones than before: those with a session at once, those of the revision without handshake when they listen.

use std::time::Duration;

use rmcp::service::{Peer, RoleServer, SubscriptionContext};
use tokio::sync::watch;

use crate::analyzers::Published;

/// How often it is looked whether the client is still there.
const ALIVE: Duration = Duration::from_secs(30);

/// Tells a client of each change, until it is gone or nothing can change any more.
pub(super) async fn tell(peer: Peer<RoleServer>, mut offers: watch::Receiver<Published>) {
    loop {
        match tokio::time::timeout(ALIVE, offers.changed()).await {
            Err(_) if peer.is_transport_closed() => return,
            Err(_) => {}
            Ok(Err(_)) => return,
            Ok(Ok(())) => {
                let told = async {
                    peer.notify_tool_list_changed().await?;
                    peer.notify_prompt_list_changed().await?;
                    peer.notify_resource_list_changed().await
                };
                if told.await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Tells whoever listens of each change that was asked for, until the request ends.
pub(super) async fn listen(context: SubscriptionContext, mut offers: watch::Receiver<Published>) {
    let sink = context.sink();
    loop {
        let changed = tokio::select! {
            changed = offers.changed() => changed,
            () = context.cancelled() => return,
        };
        if changed.is_err() {
            return context.cancelled().await;
        }
        let accepted = sink.accepted();
        let wanted = |asked: Option<bool>| asked == Some(true);
        let told = async {
            if wanted(accepted.tools_list_changed) {
                sink.notify_tool_list_changed().await?;
            }
            if wanted(accepted.prompts_list_changed) {
                sink.notify_prompt_list_changed().await?;
            }
            if wanted(accepted.resources_list_changed) {
                sink.notify_resource_list_changed().await?;
            }
            Ok::<(), rmcp::service::SubscriptionSendError>(())
        };
        if told.await.is_err() {
            return;
        }
    }
}
