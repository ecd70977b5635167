//! Takes connections, and gives each the room that there is for it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connections::{Connections, Full};
use crate::service::Service;
use crate::settings::HttpLimits;
use crate::watch::{Caller, Refusal};

/// How long to wait when the process has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// What is served on a listener, and to how many at once.
pub(super) struct Served {
    app: Router,
    room: Arc<Connections>,
    /// What is served to those for whom there is no room.
    spare: Arc<Connections>,
    full: [Router; 2],
    limits: HttpLimits,
}

impl Served {
    /// All that the program serves; `health` also to those for whom there is no room.
    pub(super) fn all(app: Router, health: &Router, limits: HttpLimits) -> Self {
        let refused = |status: StatusCode, why: &'static str| {
            health.clone().fallback(async move || {
                let retry = [(header::RETRY_AFTER, "1"), (header::CONNECTION, "close")];
                (status, retry, why).into_response()
            })
        };
        Self {
            app,
            room: Connections::new(limits.connections, limits.of_address),
            spare: Connections::new(limits.spare, limits.spare),
            full: [
                refused(StatusCode::TOO_MANY_REQUESTS, "too many connections from your address\n"),
                refused(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n"),
            ],
            limits,
        }
    }

    /// Health alone, with room of its own.
    pub(super) fn health(health: Router, limits: HttpLimits) -> Self {
        let room = Connections::new(limits.spare, limits.spare);
        Self { spare: Arc::clone(&room), room, full: [health.clone(), health.clone()], app: health, limits }
    }
}

/// Serves connections until `stop`; then lets what is being answered be answered, for `grace` at most.
pub(super) async fn accept(
    listener: TcpListener,
    served: Served,
    service: &Service,
    stop: CancellationToken,
    grace: Duration,
) {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(served.limits.head_time).max_buf_size(served.limits.head);
    let open = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
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
        let (app, place) = match served.room.take(peer.ip()) {
            Ok(place) => (served.app.clone().layer(Extension(Arc::clone(&place))), place),
            Err(full) => {
                let [of_address, of_all] = &served.full;
                let (app, reason) = match full {
                    Full::Address => (of_address, "address"),
                    Full::All => (of_all, "connections"),
                };
                let caller = Caller { from: Some(peer.ip()), ..Caller::default() };
                service.refused(&caller, Refusal { reason, status: None, tool: None });
                // No request is counted there, so there is always an idle one.
                let Ok(place) = served.spare.take(peer.ip()) else { continue };
                (app.clone(), place)
            }
        };
        let connections = service.metrics.connections().clone();
        connections.inc();
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        let connection = open.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    // A client that goes away in the middle, or is too slow.
                    tracing::debug!(%error, "a connection ended");
                },
                () = place.closed() => tracing::debug!(%peer, "an idle connection makes room for another"),
            }
            connections.dec();
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, open.shutdown()).await.is_err() {
        tracing::info!("connections are left open");
    }
}
