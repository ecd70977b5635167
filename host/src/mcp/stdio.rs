//! MCP over standard input and output. Standard output belongs to the protocol.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::transport::io::stdio_pipes;
use tokio::signal::unix::{SignalKind, signal};

use super::Server;
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
        let (reader, writer) = stdio_pipes();
        match Server::new(service).serve((reader, Harmless::new(writer))).await {
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
