//! MCP over standard input and output. Standard output belongs to the protocol.

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::model::{ClientNotification, ErrorCode, GetExtensions, JsonRpcMessage, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;
use rmcp::{ErrorData, RoleServer, ServiceExt};
use tokio::signal::unix::{SignalKind, signal};

use super::Server;
use super::ids::{Held, Ids};
use crate::service::Service;
use crate::text::wire::Harmless;

/// Serves one client until it closes standard input, or until the process is told to end.
///
/// # Errors
/// When the process cannot listen for signals.
pub async fn serve(service: Arc<Service>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let session = async {
        let (input, output) = stdio_pipes();
        let transport = Distinct::new(AsyncRwTransport::new(input, Harmless::new(output)));
        match Server::new(service).serve(transport).await {
            Ok(running) => {
                if let Err(error) = running.waiting().await {
                    tracing::warn!(%error, "the session ended abnormally");
                }
            }
            // A client that goes away before it says anything.
            Err(error) => tracing::info!(%error, "no session"),
        }
    };
    tokio::select! {
        () = session => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// From now on SIGHUP does not end the process. A terminal that is closed closes standard input too, which is the end of a session over it.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn outlive_hangup() -> std::io::Result<()> {
    // Who has listened once is never ended by it.
    signal(SignalKind::hangup()).map(drop)
}

/// A transport that refuses a request with the id of one that is not answered yet.
struct Distinct<T> {
    inner: T,
    ids: Ids<RequestId>,
    waiting: HashMap<RequestId, Arc<Held<RequestId>>>,
}

impl<T> Distinct<T> {
    fn new(inner: T) -> Self {
        Self { inner, ids: Ids::default(), waiting: HashMap::new() }
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Distinct<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        if let Some(id) = answered {
            self.waiting.remove(id);
        }
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let mut message = self.inner.receive().await?;
            match &mut message {
                JsonRpcMessage::Request(request) => {
                    let Some(held) = self.ids.take(request.id.clone()) else {
                        let error = ErrorData::new(
                            ErrorCode::INVALID_REQUEST,
                            "a request with this id is not answered yet",
                            None,
                        );
                        // Without an id, which would end the first one.
                        tokio::spawn(self.inner.send(JsonRpcMessage::error(error, None)));
                        continue;
                    };
                    // Also a request that was cancelled, and so is never answered, is worked on for a moment.
                    request.request.extensions_mut().insert(Arc::clone(&held));
                    self.waiting.insert(request.id.clone(), held);
                }
                JsonRpcMessage::Notification(notification) => {
                    if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                        && let Some(id) = &cancelled.params.request_id
                    {
                        self.waiting.remove(id);
                    }
                }
                _ => {}
            }
            return Some(message);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
