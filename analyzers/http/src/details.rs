//! One exchange as the report lists it.

use std::net::IpAddr;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::body::{Body, Undecoded};
use crate::exchange::{Exchange, INTERIM, Message};
use crate::message::Fault;
use crate::message::facts::{COOKIES, Entity, Names, SET_COOKIES, version};

/// A request with its response. Texts are from the capture; passwords, tokens and values of cookies are left out of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExchangeReport {
    /// The frame that completes the head of the request, or of the response where there is no request.
    pub frame: u64,
    /// The frame with the last byte of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_end_frame: Option<u64>,
    /// The frame that completes the head of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_frame: Option<u64>,
    /// The frame with the last byte of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_end_frame: Option<u64>,
    /// When the request was sent: UTC, RFC 3339. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// Number of the TCP connection among those with the packets that were read, from 0.
    pub connection: u64,
    /// Address that asks.
    pub client_ip: IpAddr,
    /// Port that asks.
    pub client_port: u16,
    /// Address that is asked: perhaps a proxy's.
    pub server_ip: IpAddr,
    /// Port that is asked.
    pub server_port: u16,
    /// Version of the request, or of the response where there is no request: `0.9`, `1.0`, `1.1`, `2`, `other`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub version: &'static str,
    /// Method of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Host that the request asks for: from its target, else from its Host header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Target of the request, as it was sent: path and query, or a whole URI at a proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its reason phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Statuses of interim responses before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interim: Vec<u16>,
    /// How many there are. Of many `interim` is a page.
    #[serde(skip_serializing_if = "is_default")]
    pub interim_total: u64,
    /// User-Agent of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Referer of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referer: Option<String>,
    /// Names of the cookies of the request. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
    /// How many cookies it has.
    #[serde(skip_serializing_if = "is_default")]
    pub cookies_total: u64,
    /// Names of the cookies that the response sets. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_cookies: Vec<String>,
    /// How many cookies it sets.
    #[serde(skip_serializing_if = "is_default")]
    pub set_cookies_total: u64,
    /// Scheme of the credentials of the request: `Basic`, `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// User of Basic or Digest credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Schemes that the response asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// Server header of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Where the response redirects to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Via of the request, else of the response: proxies on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// X-Forwarded-For or Forwarded of the request: for whom a proxy says that it asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_for: Option<String>,
    /// Body of the request. Absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<BodyReport>,
    /// Body of the response. Absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<BodyReport>,
    /// From the last byte of the request to the first of the response, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_first_byte_ms: Option<f64>,
    /// From the first byte of the request to the last of the response, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// What the connection became: `connect` (a tunnel), `websocket`, `h2c`, `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub tunnel: Option<&'static str>,
    /// Bytes that the client sent through it.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnel_client_bytes: u64,
    /// Bytes that the server sent through it.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnel_server_bytes: u64,
    /// Stream of HTTP/2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<u32>,
    /// Why the stream was given up, by its name in RFC 9113: `CANCEL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub reset: Option<&'static str>,
    /// Who gave it up: `client` or `server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub reset_by: Option<&'static str>,
    /// Status of a call of gRPC: 0 is OK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<u32>,
    /// What the server says to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_message: Option<String>,
    /// Whether TLS encrypted it, and the key log decrypted it. Frames and times are those where its records end.
    #[serde(skip_serializing_if = "is_default")]
    pub decrypted: bool,
    /// What is wrong with either message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<Fault>,
}

/// A body.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BodyReport {
    /// Bytes that were sent of it, without what chunks need.
    pub bytes: u64,
    /// Content-Length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Content-Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Content-Encoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// Content-Range: it is a part of something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_range: Option<String>,
    /// Whether it was sent in chunks.
    #[serde(skip_serializing_if = "is_default")]
    pub chunked: bool,
    /// Whether all of it is in the capture.
    pub complete: bool,
    /// Bytes that are not in the capture, as far as is known.
    #[serde(skip_serializing_if = "is_default")]
    pub missing_bytes: u64,
    /// File name: from Content-Disposition, or else of a response the last part of the path where it has an ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Type that its first bytes show, whatever the headers say.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: Option<&'static str>,
    /// Bytes of it when content coding is undone, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoded_bytes: Option<u64>,
    /// Why it was not decoded to its end: `unknown_coding`, `damaged`, `too_large` (it expands to more than 100 times its size), `no_room`, `large_window` (of
    /// more than 4 MiB with brotli, 8 MiB with zstd).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub undecoded: Option<&'static str>,
    /// SHA-256 of it without content coding, when all of it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha256: Option<String>,
    /// MD5 of it, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub md5: Option<String>,
    /// Entropy of it without content coding, in bits per byte: near 8 what is compressed or encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
}

impl BodyReport {
    fn new(body: &Body, entity: &Entity, file_name: Option<String>) -> Option<Self> {
        let is_there = body.sent > 0 || body.chunked || !body.is_complete();
        let known = body.known();
        let hashes = known.and_then(|known| known.hashes);
        is_there.then(|| Self {
            bytes: body.sent,
            content_length: entity.content_length,
            content_type: entity.content_type.clone(),
            content_encoding: entity.coding.clone(),
            content_range: entity.range.clone(),
            chunked: body.chunked,
            complete: body.is_complete(),
            missing_bytes: body.missing,
            file_name,
            kind: known.and_then(|known| known.kind).map(|kind| kind.name),
            decoded_bytes: known.filter(|_| body.codings.are_undone()).map(|known| known.size),
            undecoded: body.undecoded().filter(|reason| *reason != Undecoded::Cut).map(Undecoded::name),
            sha256: hashes.map(|(sha256, _)| hexadecimal(&sha256, "", 32)),
            md5: hashes.map(|(_, md5)| hexadecimal(&md5, "", 16)),
            entropy: known.filter(|known| known.size > 0).map(|known| known.entropy),
        })
    }
}

impl ExchangeReport {
    /// Describes an exchange, at a place of the list.
    pub fn new(exchange: &Exchange, place: usize, lists: &mut Lists) -> Self {
        fn ends<T>(message: &Option<Message<T>>) -> Option<(u64, u64)> {
            message.as_ref().map(|message| (message.begun.frame, message.last.frame))
        }
        let (request, response) = (ends(&exchange.request), ends(&exchange.response));
        let asked = exchange.request.as_ref().map(|request| &request.head);
        let told = exchange.response.as_ref().map(|response| &response.head);
        let versions =
            (exchange.request.as_ref().map(|one| one.version), exchange.response.as_ref().map(|one| one.version));
        let mut names = |list: &str, names: Option<&Names>| {
            names.map_or_else(Default::default, |names| (names.list(list, place, lists), names.total()))
        };
        let (cookies, cookies_total) = names(COOKIES, asked.map(|asked| &asked.cookies));
        let (set_cookies, set_cookies_total) = names(SET_COOKIES, told.map(|told| &told.cookies));
        let interim_total = exchange.interim.total();
        let interim = lists.sequence(INTERIM, &[place], exchange.interim.clone());
        let authorization = asked.and_then(|asked| asked.authorization.clone());
        // Of one that was not granted nobody knows.
        let [tunnel_client_bytes, tunnel_server_bytes] =
            exchange.upgrade.map_or_else(Default::default, |_| exchange.tunnelled);
        Self {
            frame: exchange.frame(),
            request_end_frame: request.map(|(_, last)| last),
            response_frame: response.map(|(begun, _)| begun),
            response_end_frame: response.map(|(_, last)| last),
            // Shortened to the capture's precision once the reader's summary tells it.
            time: exchange.time().map(|time| time::rfc3339(time, 9)),
            connection: exchange.connection,
            client_ip: exchange.client.ip(),
            client_port: exchange.client.port(),
            server_ip: exchange.server.ip(),
            server_port: exchange.server.port(),
            version: versions.0.or(versions.1).map(version).unwrap_or_default(),
            method: asked.map(|asked| asked.method.clone()),
            host: asked.and_then(|asked| asked.host.clone()),
            uri: asked.map(|asked| asked.target.clone()),
            status: exchange.status(),
            reason: told.map(|told| told.reason.clone()).filter(|reason| !reason.is_empty()),
            interim,
            interim_total,
            user_agent: asked.and_then(|asked| asked.user_agent.clone()),
            referer: asked.and_then(|asked| asked.referer.clone()),
            cookies,
            cookies_total,
            set_cookies,
            set_cookies_total,
            user: authorization.as_ref().and_then(|given| given.user.clone()),
            authorization: authorization.map(|given| given.scheme),
            challenge: told.and_then(|told| told.challenge.clone()),
            server: told.and_then(|told| told.server.clone()),
            location: told.and_then(|told| told.location.clone()),
            via: asked.and_then(|asked| asked.via.clone()).or_else(|| told.and_then(|told| told.via.clone())),
            forwarded_for: asked.and_then(|asked| asked.forwarded_for.clone()),
            request_body: exchange
                .request
                .as_ref()
                .and_then(|one| BodyReport::new(&one.body, &one.head.entity, exchange.uploaded_name())),
            response_body: exchange
                .response
                .as_ref()
                .and_then(|one| BodyReport::new(&one.body, &one.head.entity, exchange.downloaded_name())),
            time_to_first_byte_ms: exchange.waited().map(time::milliseconds),
            duration_ms: exchange.took().map(time::milliseconds),
            tunnel: exchange.upgrade.map(|upgrade| upgrade.name()),
            tunnel_client_bytes,
            tunnel_server_bytes,
            stream: exchange.stream,
            reset: exchange.reset.map(|(code, _)| code),
            reset_by: exchange.reset.map(|(_, client)| if client { "client" } else { "server" }),
            grpc_status: exchange.grpc.as_ref().map(|grpc| grpc.status),
            grpc_message: exchange.grpc.as_ref().and_then(|grpc| grpc.message.clone()),
            decrypted: exchange.is_decrypted,
            malformed: exchange.faults().iter().collect(),
        }
    }
}
