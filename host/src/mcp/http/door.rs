//! What a request has to pass before MCP sees it: the token, the size and form of its body, an id of its own, the number of sessions.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use rmcp::model::RequestId;
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::{Map, Value, json};

use super::connections::until_sent;
use super::introduction;
use super::tokens::Tokens;
use super::visit::{Visit, refuse};
use crate::mcp::ids::Ids;
use crate::service::Service;
use crate::settings::HttpLimits;

/// Bytes of a body that is too long which are read and dropped.
const DRAINED: usize = 4 << 20;
/// The header that names a session.
pub(super) const SESSION: &str = "mcp-session-id";

/// What the door needs to know.
pub(super) struct Door {
    pub(super) service: Arc<Service>,
    pub(super) tokens: Option<Arc<Tokens>>,
    pub(super) limits: HttpLimits,
    /// Whether only this machine can reach the server, so that a foreign Host is an attack by DNS.
    pub(super) local: bool,
    pub(super) sessions: Arc<LocalSessionManager>,
    /// Sessions, the longest silent first.
    pub(super) order: Mutex<VecDeque<String>>,
    /// Of requests in sessions that are not answered yet.
    pub(super) ids: Ids<(String, RequestId)>,
}

/// Lets in who has a token, where there are some. A stream that stands open ends when the token is taken back.
pub(super) async fn authorize(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let Some(tokens) = &door.tokens else { return next.run(request).await };
    let known = match tokens.check(request.headers()) {
        Ok(known) => known,
        Err(denied) => {
            let challenge = [(WWW_AUTHENTICATE, denied.challenge())];
            return refuse("token", (StatusCode::UNAUTHORIZED, challenge, denied.message()));
        }
    };
    if let Some(visit) = request.extensions().get::<Arc<Visit>>() {
        // Nobody has set it before.
        let _ = visit.token.set(known.name);
    }
    let answer = next.run(request).await;
    if !is(answer.headers(), "text/event-stream") {
        return answer;
    }
    answer.map(|body| Body::from_stream(body.into_data_stream().take_until(known.gone.cancelled_owned())))
}

/// Keeps web pages from reading what is not MCP's through a name of their own for this machine.
pub(super) async fn local(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if door.local && !host.is_some_and(is_this_machine) {
        return refuse("host", (StatusCode::FORBIDDEN, "this Host is not served here\n"));
    }
    next.run(request).await
}

/// The bytes of a body; of one that is too long one more than is allowed. Who sends it hears an answer only when it was read, so it is, up to a
/// bound, and not kept.
async fn read(body: Body, most: usize) -> Result<Vec<u8>, axum::Error> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut seen) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        seen = seen.saturating_add(chunk.len());
        let room = most.saturating_add(1).saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if seen > DRAINED.max(most) {
            break;
        }
    }
    Ok(bytes)
}

/// Whether a Host header names this machine, and nothing besides but a port.
fn is_this_machine(host: &str) -> bool {
    let is_port = |rest: &str| {
        let digits = rest.strip_prefix(':').filter(|port| port.bytes().all(|digit| digit.is_ascii_digit()));
        rest.is_empty() || digits.is_some_and(|port| port.parse::<u16>().is_ok())
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.strip_prefix(name).is_some_and(is_port))
}

/// Reads the body, within its limits, and refuses what is no JSON-RPC message with that protocol's errors.
pub(super) async fn body(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let most = door.limits.body;
    let mut bytes = match tokio::time::timeout(door.limits.body_time, read(body, most)).await {
        Ok(Ok(bytes)) if bytes.len() > most => {
            let text = format!("the body is longer than {most} bytes\n");
            return refuse("body", (StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return refuse("body", (StatusCode::BAD_REQUEST, "the body is broken\n")),
        Err(_) => return refuse("slow", (StatusCode::REQUEST_TIMEOUT, "the body took too long\n")),
    };
    let mut held = None;
    // Another type is refused for that by MCP itself.
    if is(&parts.headers, "application/json") {
        let session = session(&parts.headers);
        let wrong = match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(message)) if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") => {
                Some((-32600, r#"the message lacks "jsonrpc": "2.0", by which JSON-RPC is known"#.to_owned()))
            }
            Ok(Value::Object(mut message)) => {
                let is_shortened = introduction::shorten(&mut message);
                let id = session.as_ref().and_then(|_| id(&message));
                // Of a field that stands there twice, MCP might read the other.
                if is_shortened || session.is_some() {
                    bytes = Value::Object(message).to_string().into_bytes();
                    // It has another length now.
                    parts.headers.remove(CONTENT_LENGTH);
                }
                match session.zip(id) {
                    Some(named) => {
                        held = door.ids.take(named);
                        held.is_none().then(|| (-32600, "a request with this id is not answered yet".to_owned()))
                    }
                    None => None,
                }
            }
            Ok(_) => Some((-32600, "a body is one JSON-RPC message, a JSON object".to_owned())),
            Err(error) => Some((-32700, format!("the body is not JSON: {error}"))),
        };
        if let Some((code, message)) = wrong {
            // Without an id: that of a request which is used already has another answer.
            let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": message } });
            let kind = [(CONTENT_TYPE, "application/json")];
            return refuse("json", (StatusCode::BAD_REQUEST, kind, error.to_string()));
        }
    }
    // The id is free when the request is answered and the answer has gone out.
    if let Some(held) = &held {
        parts.extensions.insert(Arc::clone(held));
    }
    until_sent(next.run(Request::from_parts(parts, Body::from(bytes))).await, held)
}

/// The id of a request, as MCP reads it: `1` and `1.0` are the same.
fn id(message: &Map<String, Value>) -> Option<RequestId> {
    message.get("method")?;
    serde_json::from_value(message.get("id")?.clone()).ok()
}

fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
}

/// Keeps the number of sessions bounded, and says of an unknown one that it is.
pub(super) async fn sessions(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let named = session(request.headers());
    let ends = request.method() == Method::DELETE;
    if let (Some(id), true) = (&named, ends)
        && !door.sessions.has_session(&id.as_str().into()).await.unwrap_or_default()
    {
        return refuse("session", (StatusCode::NOT_FOUND, "there is no such session\n"));
    }
    let mut response = next.run(request).await;
    if ends && response.status().is_success() {
        // It is over when this is said.
        *response.status_mut() = StatusCode::OK;
    }
    let id = named.or_else(|| session(response.headers()));
    if let Some(id) = id.filter(|_| response.status().is_success()) {
        let silent = {
            let mut order = door.order.lock().unwrap_or_else(PoisonError::into_inner);
            order.retain(|one| *one != id);
            if !ends {
                order.push_back(id);
            }
            if order.len() > door.limits.sessions { order.pop_front() } else { None }
        };
        if let Some(silent) = silent {
            door.service.metrics.refused("sessions");
            if let Err(error) = door.sessions.close_session(&silent.as_str().into()).await {
                tracing::debug!(%error, "a session was gone already");
            }
        }
    }
    response
}

fn session(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION).and_then(|id: &HeaderValue| id.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_this_machine() {
        for own in ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:9103", "[::1]", "[::1]:9103"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "127.0.0.1:9103@evil.example",
            "localhost@evil.example",
            "[::1",
            "[::1].evil.example",
            "[::1]evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "localhost:80:80",
            "localhost:+80",
            "localhost:",
            "localhost:65536",
            "localhost/",
            "127.0.0.1 ",
            "::1",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
