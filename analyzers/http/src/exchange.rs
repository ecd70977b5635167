//! A request and its response.

use std::net::SocketAddr;
use std::rc::Rc;

use mcpcap_analyzer::stats::{self, Sequence};
use mcpcap_analyzer::stream::Connection;

use crate::body::{Body, Pool, Undecoded};
use crate::form::{self, Login};
use crate::limits;
use crate::message::facts::{Request, Response, word};
use crate::message::{Fault, Faults, Version};
use crate::signs::{self, Signs};

/// The list of interim responses of each exchange.
pub const INTERIM: &str = "exchanges[].interim";

/// Where and when something was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// The frame that carried it.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time: Option<u64>,
}

/// A message with where it stands.
pub struct Message<T> {
    /// What its head says.
    pub head: T,
    pub version: Version,
    /// Where its first byte stands.
    pub first: Mark,
    /// Where its head ends.
    pub begun: Mark,
    /// Where its last byte stands, as far as it was seen.
    pub last: Mark,
    pub body: Body,
    pub faults: Faults,
    /// Whether nothing more of it comes.
    pub done: bool,
}

/// What a connection became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    Connect,
    WebSocket,
    Http2,
    Other,
}

impl Upgrade {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::WebSocket => "websocket",
            Self::Http2 => "h2c",
            Self::Other => "other",
        }
    }
}

/// How a call of gRPC ended.
#[derive(Debug, Clone)]
pub struct Grpc {
    pub status: u32,
    pub message: Option<String>,
}

/// A request and its response, of which one may be missing.
pub struct Exchange {
    /// Number of its connection.
    pub connection: u64,
    /// Outer VLAN of it.
    pub vlan: Option<u16>,
    /// Its place among the exchanges of its connection, from 1.
    pub depth: u64,
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub request: Option<Message<Request>>,
    pub response: Option<Message<Response>>,
    /// Interim responses.
    pub interim: Sequence<u16>,
    /// Status and reason of the last of them.
    pub last_interim: Option<(u16, String)>,
    pub upgrade: Option<Upgrade>,
    /// Bytes that each end sent behind it, once the connection was something else, or behind a CONNECT that is not answered.
    pub tunnelled: [u64; 2],
    /// Its stream of HTTP/2.
    pub stream: Option<u32>,
    /// Why the stream was given up, and whether the client did.
    pub reset: Option<(&'static str, bool)>,
    pub grpc: Option<Grpc>,
    /// Whether TLS encrypted it, and a key log decrypted it.
    pub is_decrypted: bool,
    /// The name that the client asked for in TLS.
    pub server_name: Option<Rc<str>>,
    /// Memory that was reckoned for it.
    pub charged: usize,
}

impl Exchange {
    /// With nothing yet, the n-th between the ends of a connection: who asks comes first.
    pub fn new(connection: &Connection, client: SocketAddr, server: SocketAddr, depth: u64) -> Self {
        Self {
            connection: connection.number,
            vlan: connection.vlan,
            depth,
            client,
            server,
            request: None,
            response: None,
            interim: Sequence::of(INTERIM, limits::INTERIM),
            last_interim: None,
            upgrade: None,
            tunnelled: [0; 2],
            stream: None,
            reset: None,
            grpc: None,
            is_decrypted: false,
            server_name: None,
            charged: 0,
        }
    }

    /// Memory that it takes, in bytes, about.
    pub fn cost(&self) -> usize {
        let texts = |parts: [Option<&String>; 6]| parts.into_iter().flatten().map(String::len).sum::<usize>();
        let request = self.request.as_ref().map_or(0, |request| {
            let head = &request.head;
            texts([
                Some(&head.target),
                head.host.as_ref(),
                head.user_agent.as_ref(),
                head.referer.as_ref(),
                head.via.as_ref(),
                head.origin.as_ref(),
            ])
            .saturating_add(head.proxied.iter().map(String::len).sum())
            .saturating_add(head.cookies.first().len().saturating_mul(limits::WORD))
            .saturating_add(request.body.cost())
        });
        let response = self.response.as_ref().map_or(0, |response| {
            let head = &response.head;
            texts([head.server.as_ref(), head.location.as_ref(), head.via.as_ref(), None, None, None])
                .saturating_add(head.cookies.first().len().saturating_mul(limits::WORD))
                .saturating_add(response.body.cost())
        });
        std::mem::size_of::<Self>().saturating_add(512).saturating_add(request).saturating_add(response)
    }

    /// Whether it is a CONNECT that is not answered.
    pub fn asks_tunnel(&self) -> bool {
        self.response.is_none() && self.request.as_ref().is_some_and(|request| request.head.method == "CONNECT")
    }

    /// Counts bytes that an end sent through a tunnel, or what may be one.
    pub fn tunnel(&mut self, is_client: bool, bytes: u64) {
        let [client, server] = &mut self.tunnelled;
        let sent = if is_client { client } else { server };
        *sent = sent.saturating_add(bytes);
    }

    /// One of its messages goes on here.
    pub fn reach(&mut self, is_request: bool, mark: Mark) {
        match (&mut self.request, &mut self.response) {
            (Some(request), _) if is_request => request.last = mark,
            (_, Some(response)) if !is_request => response.last = mark,
            _ => {}
        }
    }

    /// One of its messages is whole, and ends here, if that is known.
    pub fn end(&mut self, is_request: bool, mark: Option<Mark>, pool: &mut Pool) {
        match (&mut self.request, &mut self.response) {
            (Some(request), _) if is_request => {
                request.end(mark);
                request.body.finish(pool);
            }
            (_, Some(response)) if !is_request => {
                response.end(mark);
                response.body.finish(pool);
            }
            _ => {}
        }
    }

    /// Nothing more of it comes.
    pub fn finish(&mut self, pool: &mut Pool) {
        let request = self.request.as_mut().map(|request| (&mut request.body, &mut request.faults));
        let response = self.response.as_mut().map(|response| (&mut response.body, &mut response.faults));
        for (body, faults) in request.into_iter().chain(response) {
            body.finish(pool);
            match body.undecoded() {
                Some(Undecoded::Damaged) => faults.add(Fault::DamagedCoding),
                Some(Undecoded::TooLarge) => faults.add(Fault::LargeExpansion),
                _ => {}
            }
        }
    }

    /// Adds an interim response.
    pub fn interim(&mut self, status: u16, reason: &[u8]) {
        self.last_interim = Some((status, word(reason)));
        self.interim.push(|| status, &mut stats::Pool::new(0));
    }

    /// What is wrong with either message.
    pub fn faults(&self) -> Faults {
        let mut faults = self.request.as_ref().map_or(Faults::default(), |request| request.faults);
        faults.join(self.response.as_ref().map_or(Faults::default(), |response| response.faults));
        faults
    }

    /// The first frame of it.
    pub fn frame(&self) -> u64 {
        let request = self.request.as_ref().map(|request| request.begun.frame);
        request.or(self.response.as_ref().map(|response| response.begun.frame)).unwrap_or_default()
    }

    /// When it began.
    pub fn time(&self) -> Option<u64> {
        let request = self.request.as_ref().map(|request| request.begun.time);
        request.or(self.response.as_ref().map(|response| response.begun.time)).flatten()
    }

    /// Nanoseconds from the last byte of the request to the first of the response.
    pub fn waited(&self) -> Option<u64> {
        let (request, response) = (self.request.as_ref()?, self.response.as_ref()?);
        Some(response.first.time?.saturating_sub(request.last.time?))
    }

    /// Nanoseconds from the first byte of the request to the last of the response.
    pub fn took(&self) -> Option<u64> {
        let (request, response) = (self.request.as_ref()?, self.response.as_ref()?);
        Some(response.last.time?.saturating_sub(request.first.time?))
    }

    /// The status.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref()?.head.status
    }

    /// The host that was asked for.
    pub fn host(&self) -> Option<&str> {
        self.request.as_ref()?.head.host.as_deref()
    }

    /// Strings that attack, wherever they stand in the request.
    pub fn signs(&self) -> Signs {
        let Some(request) = &self.request else { return Signs::default() };
        let mut signs = request.head.signs;
        if let Some(known) = request.body.known() {
            signs.join(signs::of_body(&known.prefix, request.head.entity.is_form()));
        }
        signs
    }

    /// What the request logs in with, in its body or its query.
    pub fn login(&self) -> Option<Login> {
        let request = self.request.as_ref()?;
        let kind = request.head.entity.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        let in_body = request.body.known().and_then(|known| match kind.as_str() {
            kind if kind.starts_with("application/x-www-form-urlencoded") => form::login(form::pairs(&known.prefix)),
            kind if kind.contains("json") => form::login(form::members(&known.prefix)),
            kind if kind.starts_with("multipart/form-data") => form::login(form::parts(&known.prefix)),
            _ => None,
        });
        in_body.or_else(|| request.head.login.clone())
    }

    /// The name of a file that is sent.
    pub fn uploaded_name(&self) -> Option<String> {
        let request = self.request.as_ref()?;
        let named = request.head.entity.file_name.clone();
        named.or_else(|| form::file_name(&request.body.known()?.prefix, request.head.entity.content_type.as_deref()?))
    }

    /// The name of a file that is got.
    pub fn downloaded_name(&self) -> Option<String> {
        let named = self.response.as_ref()?.head.entity.file_name.clone();
        named.or_else(|| {
            let last = self.path()?.rsplit('/').next()?;
            let is_file = last.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && !ending.is_empty());
            is_file.then(|| last.to_owned())
        })
    }

    /// The target without its query.
    pub fn path(&self) -> Option<&str> {
        let target = self.request.as_ref()?.head.target.as_str();
        target.split(['?', '#']).next()
    }
}

impl<T> Message<T> {
    /// Whose head was read.
    pub fn new(head: T, version: Version, first: Mark, begun: Mark, faults: Faults) -> Self {
        Self { head, version, first, begun, last: begun, body: Body::default(), faults, done: false }
    }

    /// Nothing more of it comes, and its end was seen, or need not be; where, if that is known.
    pub fn end(&mut self, mark: Option<Mark>) {
        self.last = mark.unwrap_or(self.last);
        self.done = true;
    }

    /// Nothing more of it comes: its end was not seen.
    pub fn cut(&mut self, fault: Fault) {
        if !self.done {
            self.faults.add(fault);
            self.body.cut();
            self.done = true;
        }
    }
}
