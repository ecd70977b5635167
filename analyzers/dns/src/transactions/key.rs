//! What finds the query of a response.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use mcpcap_analyzer::stream::Endpoint;

use crate::message::Message;
use crate::seen::{Seen, Service, Transport};

/// What both directions have in common, besides the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) service: Service,
    pub(super) transport: Transport,
    pub(super) client: Endpoint,
    /// None with LLMNR: the question goes to a group, the answer comes from a member (RFC 4795 §2.4).
    server: Option<Endpoint>,
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

/// In as few pieces as there are.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let server = self.server.unwrap_or(self.client);
        let kinds = (self.service as u64) << 56 | (self.transport as u64) << 48;
        let ports = u64::from(self.client.port) << 32 | u64::from(server.port) << 16;
        state.write_u64(kinds | ports | u64::from(self.id));
        match (self.client.address, server.address) {
            (IpAddr::V4(client), IpAddr::V4(server)) => {
                state.write_u64(u64::from(client.to_bits()) << 32 | u64::from(server.to_bits()));
            }
            (client, server) => [client, server].into_iter().for_each(|address| match address {
                IpAddr::V4(address) => state.write_u32(address.to_bits()),
                IpAddr::V6(address) => state.write_u128(address.to_bits()),
            }),
        }
    }
}
