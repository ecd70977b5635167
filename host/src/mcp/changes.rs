//! Tells clients that the lists are other ones than before: those with a session at once, those of the revision without handshake when they listen.

use std::sync::Arc;
use std::time::Duration;

use rmcp::service::{Peer, RoleServer, SubscriptionContext};
use tokio::sync::watch;

use crate::analyzers::Published;
use crate::catalog::Catalog;

/// How often it is looked whether the client is still there.
const ALIVE: Duration = Duration::from_secs(30);

/// What is offered, as a client was last told.
struct Told {
    offers: watch::Receiver<Published>,
    catalog: Arc<Catalog>,
}

impl Told {
    fn new(mut offers: watch::Receiver<Published>) -> Self {
        let catalog = Arc::clone(&offers.borrow_and_update().catalog);
        Self { offers, catalog }
    }

    /// Waits until something else is offered. What is found out besides, such as an analyzer that is refused, is in no list of a client.
    async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        loop {
            self.offers.changed().await?;
            let catalog = Arc::clone(&self.offers.borrow_and_update().catalog);
            if !Arc::ptr_eq(&catalog, &self.catalog) {
                self.catalog = catalog;
                return Ok(());
            }
        }
    }
}

/// Tells a client of each change, until it is gone or nothing can change any more.
pub(super) async fn tell(peer: Peer<RoleServer>, offers: watch::Receiver<Published>) {
    let mut offers = Told::new(offers);
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
pub(super) async fn listen(context: SubscriptionContext, offers: watch::Receiver<Published>) {
    let mut offers = Told::new(offers);
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
