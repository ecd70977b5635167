//! Takes connections: not more than there is room for, and none that says nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::service::Service;

/// Connections that are served at once. A client of a session keeps one or two.
const CONNECTIONS: usize = 1024;
/// Connections beyond those that are told so at once; still more wait in the system's queue.
const REFUSED: usize = 256;
/// How long the head of a request may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(15);
/// Room for the head of a request, in octets.
const HEAD_SIZE: usize = 64 << 10;
/// How long to wait when the process has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Serves connections until `stop`; then lets what is being answered be answered, for `grace` at most.
pub(super) async fn accept(
    listener: TcpListener,
    app: Router,
    service: &Service,
    stop: CancellationToken,
    grace: Duration,
) {
    let (room, refused) = (Arc::new(Semaphore::new(CONNECTIONS)), Arc::new(Semaphore::new(REFUSED)));
    let full = Router::new().fallback(async || {
        let retry = [(header::RETRY_AFTER, "1"), (header::CONNECTION, "close")];
        (StatusCode::SERVICE_UNAVAILABLE, retry, "too many connections\n").into_response()
    });
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_SIZE);
    let open = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(EXHAUSTED).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        // Small answers would wait for the client's delayed acknowledgement otherwise.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let (app, place) = match Arc::clone(&room).try_acquire_owned() {
            Ok(place) => (app.clone(), place),
            Err(_) => {
                service.metrics.refused("connections");
                // Neither of the semaphores is ever closed.
                let Ok(place) = Arc::clone(&refused).acquire_owned().await else { break };
                (full.clone(), place)
            }
        };
        let connections = service.metrics.connections().clone();
        connections.inc();
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)).into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // A client that goes away in the middle, or is too slow.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            connections.dec();
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, open.shutdown()).await.is_err() {
        tracing::info!("connections are left open");
    }
}
