//! What finds the query of a response.

use std::net::SocketAddr;

use crate::message::Message;
use crate::seen::{Seen, Service, Transport};

/// What both directions have in common, besides the question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) service: Service,
    pub(super) transport: Transport,
    pub(super) client: SocketAddr,
    /// None with LLMNR: the question goes to a group, the answer comes from a member (RFC 4795 §2.4).
    server: Option<SocketAddr>,
    id: u16,
}

impl Key {
    /// Of a message.
    pub(super) fn of(seen: &Seen, message: &Message<'_>) -> Self {
        Self::between(seen, message.header.is_response(), message.header.id)
    }

    /// With an identifier that is not a message's.
    pub(super) fn between(seen: &Seen, is_response: bool, id: u16) -> Self {
        let (client, server) = seen.ends(is_response);
        let server = (seen.service != Service::Llmnr).then_some(server);
        Self { service: seen.service, transport: seen.transport, client, server, id }
    }
}
