//! MCP over streamable HTTP, at `/mcp`; `/healthz`, `/readyz` and `/metrics` beside it, the first two also at an address of their own.

mod accept;
mod browsers;
mod compress;
mod connections;
mod door;
mod introduction;
mod tokens;
mod visit;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::IntoResponse;
use axum::routing::get;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use tokens::{TokenError, Tokens};
pub(super) use visit::caller;

use self::accept::Served;
use self::browsers::Origin;
use self::door::Door;
use self::visit::Told;
use super::Server;
use super::ids::Ids;
use crate::service::Service;
use crate::settings::HttpLimits;
use crate::text::wire::harmless;

/// How long answers get to go out after the calls have ended.
const LAST_ANSWERS: Duration = Duration::from_millis(300);
/// How long connections get after that.
const CLOSE: Duration = Duration::from_secs(1);
/// Descriptors for captures and what is beside the connections, where the system lets the process have so many.
const DESCRIPTORS: usize = 3072;
/// What `/metrics` answers in.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the command line decides about HTTP.
#[derive(Clone)]
pub struct HttpOptions {
    /// Name or address to listen on.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// The tokens of which callers must have one.
    pub tokens: Option<Arc<Tokens>>,
    /// Whether addresses beyond loopback may go without a token.
    pub open: bool,
    /// Hosts, with or without port, by which clients may call this server, besides loopback's names.
    pub hosts: Vec<String>,
    /// Origins of web pages that may call it, besides its own, as `https://example.com` or `http://localhost:*`.
    pub origins: Vec<String>,
    /// Whether clients get no sessions, so that any replica can answer any request.
    pub stateless: bool,
    /// What clients may take.
    pub limits: HttpLimits,
    /// Where health is answered besides, and nothing else.
    pub health: Option<SocketAddr>,
}

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
        "{0} can be reached from other machines, and this server does not ask who calls: \
         set MCPCAP_AUTH_TOKEN or --auth-token-file, or use --allow-unauthenticated-http if that is what you want"
    )]
    Open(IpAddr),
    /// No origin of web pages.
    #[error(
        "--allow-origin {0}: an origin is a scheme, a host and, where it is not the usual one, a port, as https://example.com:8443"
    )]
    Origin(String),
    /// Anything else of the system's.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A server that listens.
pub struct Http {
    listener: TcpListener,
    health: Option<TcpListener>,
    address: SocketAddr,
    options: HttpOptions,
    origins: Arc<[Origin]>,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Http {
    /// Listens. Addresses beyond loopback only with a token, or when the options allow them without.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn bind(options: HttpOptions) -> Result<Self, HttpError> {
        // Before the first connection, so that no signal is lost.
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let hangup = signal(SignalKind::hangup())?;
        more_descriptors(options.limits.connections);
        let parsed = |text: &String| Origin::parse(text).ok_or_else(|| HttpError::Origin(text.clone()));
        let origins = options.origins.iter().map(parsed).collect::<Result<_, _>>()?;
        let host = options.host.as_str();
        let resolved = tokio::net::lookup_host((host, options.port)).await;
        let unresolved = |reason| HttpError::Host { host: host.into(), reason };
        let address = resolved
            .map_err(unresolved)?
            .next()
            .ok_or_else(|| unresolved(std::io::Error::from(std::io::ErrorKind::NotFound)))?;
        if options.tokens.is_none() && !options.open && !address.ip().is_loopback() {
            return Err(HttpError::Open(address.ip()));
        }
        let listener = listen(address).await?;
        let health = match options.health {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let address = listener.local_addr()?;
        Ok(Self { listener, health, address, options, origins, terminate, interrupt, hangup })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process is told to end: then `/readyz` says so, running calls are finished or cancelled, and connections closed.
    pub async fn serve(mut self, service: Arc<Service>) {
        let (closed, ended) = (CancellationToken::new(), CancellationToken::new());
        let stopping = Arc::new(AtomicBool::new(false));
        let health = health(&service, Arc::clone(&stopping));
        let all = Served::all(self.app(&service, &ended).merge(health.clone()), &health, self.options.limits.clone());
        let accept = |listener, served| {
            let (taken, stop) = (Arc::clone(&service), closed.clone());
            tokio::spawn(async move { accept::accept(listener, served, &taken, stop, CLOSE).await })
        };
        if let Some(listener) = self.health {
            accept(listener, Served::health(health, self.options.limits.clone()));
        }
        let mut accepting = accept(self.listener, all);
        tokio::spawn(tokens::watch(self.options.tokens.clone(), self.hangup));
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
        stopping.store(true, Ordering::Relaxed);
        service.stop(self.options.limits.drain).await;
        closed.cancel();
        // Answers go out first; then the streams end that would keep a graceful stop waiting for ever.
        if tokio::time::timeout(LAST_ANSWERS, &mut accepting).await.is_err() {
            ended.cancel();
            let _ = tokio::time::timeout(CLOSE, accepting).await;
        }
    }

    fn app(&self, service: &Arc<Service>, ended: &CancellationToken) -> Router {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(self.options.limits.session_time);
        let sessions = Arc::new(sessions);
        let door = Arc::new(Door {
            service: Arc::clone(service),
            tokens: self.options.tokens.clone(),
            limits: self.options.limits.clone(),
            local: self.address.ip().is_loopback() && self.options.hosts.is_empty(),
            sessions: Arc::clone(&sessions),
            order: std::sync::Mutex::default(),
            ids: Ids::default(),
        });
        let offered = Arc::clone(service);
        let mcp = StreamableHttpService::new(
            move || Ok(Server::new(Arc::clone(&offered))),
            Arc::clone(&sessions),
            self.config(ended.child_token()),
        );
        // The last layer is the first that a request passes.
        let mcp = Router::new()
            .nest_service("/mcp", mcp)
            .layer(from_fn(connections::busy))
            .layer(from_fn_with_state(Arc::clone(&door), door::sessions))
            .layer(from_fn_with_state(Arc::clone(&door), door::body))
            .layer(from_fn_with_state(Arc::clone(&door), door::authorize));
        // Browsers ask without the token whether they may send it.
        let mcp = if self.origins.is_empty() { mcp } else { mcp.layer(browsers::layer(&self.origins)) };
        let (measured, counted) = (Arc::clone(service), Arc::clone(&sessions));
        let metrics = async move || {
            measured.metrics.sessions(counted.sessions.read().await.len());
            measured.count_kept();
            ([(header::CONTENT_TYPE, OPEN_METRICS)], measured.metrics.text())
        };
        let metrics = Router::new()
            .route("/metrics", get(metrics))
            .layer(from_fn_with_state(Arc::clone(&door), door::local))
            .layer(from_fn_with_state(door, door::authorize));
        let told = Told { service: Arc::clone(service), sessions, origins: Arc::clone(&self.origins), own: self.own() };
        mcp.merge(metrics)
            .layer(from_fn_with_state(Arc::new(told), visit::audited))
            .layer(map_response(harmless))
            .layer(from_fn(compress::compress))
    }

    /// Origins by which the server's own machine calls it.
    fn own(&self) -> Vec<Origin> {
        let port = self.address.port();
        let own = ["127.0.0.1", "localhost", "[::1]"];
        own.iter().filter_map(|host| Origin::parse(&format!("http://{host}:{port}"))).collect()
    }

    /// Host and Origin are checked, which is what stops a web page from talking to this server through its reader's browser.
    fn config(&self, stop: CancellationToken) -> StreamableHttpServerConfig {
        let own = self.own();
        let origins = own.iter().chain(self.origins.iter()).map(ToString::to_string);
        let config = StreamableHttpServerConfig::default()
            .with_cancellation_token(stop)
            .with_max_request_body_bytes(self.options.limits.body)
            .with_legacy_session_mode(!self.options.stateless)
            .with_json_response(self.options.stateless)
            .enforce_origin_validation()
            .with_allowed_origins(origins);
        if !self.options.hosts.is_empty() || self.address.ip().is_loopback() {
            let hosts = ["localhost", "127.0.0.1", "::1"].map(String::from).into_iter();
            config.with_allowed_hosts(hosts.chain(self.options.hosts.clone()))
        } else {
            // Behind another address the name under which clients know this server is not ours to know; the token keeps others out.
            config.disable_allowed_hosts()
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, HttpError> {
    TcpListener::bind(address).await.map_err(|reason| HttpError::Listen { address, reason })
}

/// Whether the server lives, and whether it can take calls. Who watches over containers has no token.
fn health(service: &Arc<Service>, stopping: Arc<AtomicBool>) -> Router {
    let asked = Arc::clone(service);
    let ready = async move || {
        if stopping.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
        } else if asked.is_busy() {
            (StatusCode::SERVICE_UNAVAILABLE, "busy\n").into_response()
        } else {
            "ready\n".into_response()
        }
    };
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// Lets the process have as many descriptors as connections, captures and what is beside them need. Many systems give 1024 unasked.
fn more_descriptors(connections: usize) {
    let now = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(connections.saturating_add(DESCRIPTORS)).unwrap_or(u64::MAX);
    let most = now.maximum.map_or(wanted, |most| most.min(wanted));
    if now.current.is_some_and(|current| current < most)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..now })
    {
        tracing::warn!(%error, "there may be too few descriptors for all connections");
    }
}
