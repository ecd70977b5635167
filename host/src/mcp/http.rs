//! MCP over streamable HTTP, at `/mcp`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Server;
use crate::service::Service;

/// How long running requests get after the process was told to end.
const GRACE: Duration = Duration::from_secs(1);

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The host has no address.
    #[error("the host {host} cannot be resolved: {reason}")]
    Host {
        /// As it was given.
        host: String,
        /// The resolver's words.
        reason: std::io::Error,
    },
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Host and port.
        address: SocketAddr,
        /// The system's words.
        reason: std::io::Error,
    },
    /// An address that others can reach.
    #[error(
        "{0} can be reached from other machines, and this server does not ask who calls; \
         use --allow-unauthenticated-http if that is what you want"
    )]
    Open(IpAddr),
    /// Anything else of the system's.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A server that listens.
pub struct Http {
    listener: TcpListener,
    address: SocketAddr,
    terminate: Signal,
    interrupt: Signal,
}

impl Http {
    /// Listens on a host and port; port 0 takes a free one. Addresses beyond loopback only when `open` allows them.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn bind(host: &str, port: u16, open: bool) -> Result<Self, HttpError> {
        // Before the first connection, so that no signal is lost.
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let resolved = tokio::net::lookup_host((host, port)).await;
        let unresolved = |reason| HttpError::Host { host: host.into(), reason };
        let address = resolved
            .map_err(unresolved)?
            .next()
            .ok_or_else(|| unresolved(std::io::Error::from(std::io::ErrorKind::NotFound)))?;
        if !open && !address.ip().is_loopback() {
            return Err(HttpError::Open(address.ip()));
        }
        let listener = TcpListener::bind(address).await.map_err(|reason| HttpError::Listen { address, reason })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, terminate, interrupt })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process is told to end.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(mut self, service: Arc<Service>) -> Result<(), HttpError> {
        let stop = CancellationToken::new();
        let mcp = StreamableHttpService::new(
            move || Ok(Server::new(Arc::clone(&service))),
            Arc::new(LocalSessionManager::default()),
            config(self.address, &stop),
        );
        let app = Router::new().nest_service("/mcp", mcp);
        // Small answers would wait for the client's delayed acknowledgement otherwise.
        let listener = self.listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
        });
        let stopped = stop.clone();
        let server = axum::serve(listener, app).with_graceful_shutdown(async move { stopped.cancelled().await });
        let serving = tokio::spawn(server.into_future());
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
        // Open streams would keep a graceful stop waiting for ever.
        stop.cancel();
        match tokio::time::timeout(GRACE, serving).await {
            Ok(Ok(result)) => Ok(result?),
            _ => Ok(()),
        }
    }
}

/// Host and Origin are checked, which is what stops a web page from talking to this server through its reader's browser.
fn config(address: SocketAddr, stop: &CancellationToken) -> StreamableHttpServerConfig {
    let port = address.port();
    let config = StreamableHttpServerConfig::default()
        .with_cancellation_token(stop.child_token())
        .enforce_origin_validation()
        .with_allowed_origins([
            format!("http://127.0.0.1:{port}"),
            format!("http://localhost:{port}"),
            format!("http://[::1]:{port}"),
        ]);
    // Behind another address the name under which clients know this server is not ours to know.
    if address.ip().is_loopback() { config } else { config.disable_allowed_hosts() }
}
