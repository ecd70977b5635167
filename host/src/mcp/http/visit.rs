//! Who sends a request, for the audit log; and that each request which is refused stands there.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rmcp::model::Extensions;
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::browsers::Origin;
use super::connections::Place;
use super::door::SESSION;
use crate::service::Service;
use crate::watch::{Caller, Refusal};

/// Characters of a session's id that are told.
const BEGINS: usize = 8;
/// Headers in which proxies say for whom they ask.
const FORWARDED: [&str; 2] = ["x-forwarded-for", "forwarded"];

/// What is known of a request before MCP sees it.
pub(super) struct Visit {
    from: Option<IpAddr>,
    forwarded_for: Option<String>,
    session: Option<String>,
    /// The name of its token, when it is let in.
    pub(super) token: OnceLock<Arc<str>>,
}

impl Visit {
    /// `sessions`: a client may name any.
    async fn of(from: Option<IpAddr>, headers: &HeaderMap, sessions: &LocalSessionManager) -> Self {
        let said = |name: &&str| headers.get(*name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let session = match headers.get(SESSION).and_then(|id| id.to_str().ok()) {
            Some(id) if sessions.has_session(&id.into()).await.unwrap_or_default() => {
                Some(id.chars().take(BEGINS).collect())
            }
            _ => None,
        };
        Self { from, forwarded_for: FORWARDED.iter().find_map(said), session, token: OnceLock::new() }
    }

    fn caller(&self) -> Caller {
        Caller {
            from: self.from,
            forwarded_for: self.forwarded_for.clone(),
            session: self.session.clone(),
            client: None,
            token: self.token.get().cloned(),
        }
    }
}

/// Who sent a request of MCP; over stdio nothing is known.
pub(in crate::mcp) fn caller(extensions: &Extensions) -> Caller {
    let visit = extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Arc<Visit>>());
    visit.map(|visit| visit.caller()).unwrap_or_default()
}

/// Why a request was refused; an answer has it that is no answer of MCP.
#[derive(Debug, Clone, Copy)]
struct Refused(&'static str);

/// An answer to a request that is refused, with the reason for operators.
pub(super) fn refuse(reason: &'static str, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.extensions_mut().insert(Refused(reason));
    response
}

/// What is needed to tell of refused requests.
pub(super) struct Told {
    pub(super) service: Arc<Service>,
    pub(super) sessions: Arc<LocalSessionManager>,
    pub(super) origins: Arc<[Origin]>,
    /// The server's own origins.
    pub(super) own: Vec<Origin>,
}

impl Told {
    fn is_allowed(&self, origin: &HeaderValue) -> bool {
        self.own.iter().chain(self.origins.iter()).any(|one| one.is(origin))
    }

    /// Why an answer is none, when it is none.
    fn reason(&self, answer: &Response, is_preflight: bool, origin: Option<&HeaderValue>) -> Option<&'static str> {
        let is_foreign = origin.is_some_and(|origin| !self.is_allowed(origin));
        match (answer.extensions().get::<Refused>(), answer.status()) {
            (Some(Refused(reason)), _) => Some(reason),
            // rmcp looks at both.
            (None, StatusCode::FORBIDDEN) if is_foreign => Some("origin"),
            (None, StatusCode::FORBIDDEN) => Some("host"),
            (None, StatusCode::NOT_FOUND) => Some("session"),
            (None, status) if status.is_client_error() => Some("request"),
            // The browser does not let the page go on.
            _ if is_preflight && is_foreign => Some("origin"),
            _ => None,
        }
    }
}

/// Tells of each request that is refused.
pub(super) async fn audited(State(told): State<Arc<Told>>, mut request: Request, next: Next) -> Response {
    let from = request.extensions().get::<Arc<Place>>().map(|place| place.from);
    let headers = request.headers().clone();
    let visit = Arc::new(Visit::of(from, &headers, &told.sessions).await);
    request.extensions_mut().insert(Arc::clone(&visit));
    let is_preflight = request.method() == Method::OPTIONS;
    let answer = next.run(request).await;
    if let Some(reason) = told.reason(&answer, is_preflight, headers.get(header::ORIGIN)) {
        let refusal = Refusal { reason, status: Some(answer.status().as_u16()), tool: None };
        told.service.refused(&visit.caller(), refusal);
    }
    answer
}
