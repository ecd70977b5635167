//! What the analysis wants to know of a message, read once.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::address::{self, Address, Uri};
use super::auth::{Challenge, Credentials};
use super::{Message, Start};

/// What the analysis wants to know of a message.
#[derive(Debug, Clone)]
pub struct Facts<'m> {
    /// Of a request its method, of a response the method of its CSeq.
    pub method: &'m [u8],
    /// Of responses.
    pub status: Option<u16>,
    /// Of requests.
    pub uri: Option<Uri<'m>>,
    pub call_id: &'m [u8],
    pub cseq: Option<u64>,
    pub from: Address<'m>,
    pub to: Address<'m>,
    pub from_tag: Option<&'m [u8]>,
    pub to_tag: Option<&'m [u8]>,
    /// Of the topmost Via.
    pub branch: &'m [u8],
    pub credentials: Vec<Credentials<'m>>,
    pub challenges: Vec<Challenge<'m>>,
    /// Of reliable provisional responses (RFC 3262).
    pub rseq: Option<&'m [u8]>,
    /// User-Agent or Server.
    pub agent: Option<&'m [u8]>,
}

impl<'m> Facts<'m> {
    /// Reads them.
    pub fn of(message: &'m Message<'_>) -> Self {
        let from = message.value("from").map(Address::parse).unwrap_or_default();
        let to = message.value("to").map(Address::parse).unwrap_or_default();
        let cseq = message.value("cseq").and_then(cseq);
        let (method, status, uri) = match message.start {
            Start::Request { method, uri } => (method, None, Some(Uri::parse(uri))),
            Start::Response { status, .. } => (cseq.map_or(b"".as_slice(), |(_, method)| method), Some(status), None),
        };
        let via = message.list("via").next().unwrap_or_default();
        let parameters = super::split_at(via, b';').map_or(b"".as_slice(), |(_, parameters)| parameters);
        let both = |one, other| message.values(one).chain(message.values(other));
        Self {
            method,
            status,
            uri,
            call_id: message.value("call-id").unwrap_or_default(),
            cseq: cseq.map(|(number, _)| number),
            from_tag: from.parameter("tag").filter(|tag| !tag.is_empty()),
            to_tag: to.parameter("tag").filter(|tag| !tag.is_empty()),
            from,
            to,
            branch: address::parameter(parameters, "branch").unwrap_or_default(),
            credentials: both("authorization", "proxy-authorization").map(Credentials::parse).collect(),
            challenges: both("www-authenticate", "proxy-authenticate").map(Challenge::parse).collect(),
            rseq: message.value("rseq"),
            agent: message.value("user-agent").or_else(|| message.value("server")).filter(|agent| !agent.is_empty()),
        }
    }

    /// Whether it is a request.
    pub fn is_request(&self) -> bool {
        self.status.is_none()
    }

    /// Whether method is this one.
    pub fn is(&self, method: &str) -> bool {
        self.method == method.as_bytes()
    }
}

/// Number and method of a CSeq header.
pub fn cseq(value: &[u8]) -> Option<(u64, &[u8])> {
    let at = value.iter().position(u8::is_ascii_whitespace)?;
    let (number, method) = value.split_at_checked(at)?;
    let method = method.trim_ascii();
    let number = super::number(number)?;
    (!method.is_empty()).then_some((number, method))
}

/// A fixed hash of something.
pub fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
