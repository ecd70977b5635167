//! The table `http`.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{community, time};

use crate::body::Known;
use crate::exchange::{Exchange, Message};
use crate::message::facts::version;

mcpcap_analyzer::table! {
    /// A request with its response, of which one may be missing.
    pub struct HttpExchange in "http" {
        /// The frame that completes the head of the request, or of the response where there is no request.
        frame: u64,
        /// The frame that completes the head of the response.
        response_frame: Option<u64>,
        /// The frame with the last byte of the response.
        response_end_frame: Option<u64>,
        /// When the request was sent.
        time: Option<Time>,
        /// When the last byte of the request was sent.
        request_end_time: Option<Time>,
        /// When the head of the response was sent.
        response_time: Option<Time>,
        /// When the last byte of the response was sent.
        response_end_time: Option<Time>,
        /// Number of the TCP connection, from 0.
        connection: u64,
        /// Who asks.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Who is asked.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// VLAN of the first packet of its connection: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Cow<'static, str>,
        /// Its place among the exchanges of the connection, from 1.
        depth: u64,
        /// Version of the request: 0.9, 1.0, 1.1, 2, other.
        version: &'static str,
        /// Version of the response.
        response_version: Option<&'static str>,
        /// Method of the request.
        method: Option<Captured<String>>,
        /// Host that the request asks for.
        host: Option<Captured<String>>,
        /// Target of the request: path and query, without secrets.
        uri: Option<Captured<String>>,
        /// Status of the response.
        status: Option<u16>,
        /// Reason of the response, in the server's words.
        status_message: Option<Captured<String>>,
        /// Status of the last interim response.
        info_code: Option<u16>,
        /// Reason of it.
        info_message: Option<Captured<String>>,
        /// User-Agent of the request.
        user_agent: Option<Captured<String>>,
        /// Referer of the request.
        referer: Option<Captured<String>>,
        /// Origin of the request.
        origin: Option<Captured<String>>,
        /// Headers of the request that proxies add: VIA -> 1.1 proxy.
        proxied: Captured<Vec<String>>,
        /// Names of the cookies of the request: the first 32 of many.
        cookies: Captured<Vec<String>>,
        /// Scheme of the credentials of the request.
        authorization: Option<Captured<String>>,
        /// User of Basic or Digest credentials.
        user: Option<Captured<String>>,
        /// Server header of the response.
        server_header: Option<Captured<String>>,
        /// Where the response redirects to.
        location: Option<Captured<String>>,
        /// Content-Type of the request.
        request_type: Option<Captured<String>>,
        /// Bytes of the body of the request, as they were sent.
        #[unit = "bytes"]
        request_bytes: Option<u64>,
        /// Bytes of the body of the request without content coding, as far as it was read.
        #[unit = "bytes"]
        request_size: Option<u64>,
        /// Bytes of the body of the request that the capture does not have.
        #[unit = "bytes"]
        request_missing: Option<u64>,
        /// Type that the first bytes of the request's body show.
        request_magic: Option<&'static str>,
        /// File name of the request, from its headers or its form.
        request_file_name: Option<Captured<String>>,
        /// MD5 of the request's body without content coding, when all of it was seen.
        request_md5: Option<Cow<'static, str>>,
        /// Content-Type of the response.
        response_type: Option<Captured<String>>,
        /// Bytes of the body of the response, as they were sent.
        #[unit = "bytes"]
        response_bytes: Option<u64>,
        /// Bytes of the body of the response without content coding, as far as it was read.
        #[unit = "bytes"]
        response_size: Option<u64>,
        /// Bytes of the body of the response by its own word (Content-Length).
        #[unit = "bytes"]
        response_length: Option<u64>,
        /// Bytes of the body of the response that the capture does not have.
        #[unit = "bytes"]
        response_missing: Option<u64>,
        /// Content-Encoding of the response.
        response_encoding: Option<Captured<String>>,
        /// Type that the first bytes of the response's body show.
        response_magic: Option<&'static str>,
        /// SHA-256 of the response's body without content coding, when all of it was seen.
        response_sha256: Option<Cow<'static, str>>,
        /// MD5 of it.
        response_md5: Option<Cow<'static, str>>,
        /// SHA-256 of the request's body, likewise.
        request_sha256: Option<Cow<'static, str>>,
        /// File name of the response, from Content-Disposition or the path.
        file_name: Option<Captured<String>>,
        /// File name of the response by its own word (Content-Disposition).
        response_file_name: Option<Captured<String>>,
        /// Whether all of the response's body is in the capture.
        is_response_complete: Option<bool>,
        /// From the last byte of the request to the first of the response.
        #[unit = "ms"]
        time_to_first_byte_ms: Option<f64>,
        /// From the first byte of the request to the last of the response.
        #[unit = "ms"]
        duration_ms: Option<f64>,
        /// Stream of HTTP/2.
        stream: Option<u32>,
        /// Status of a call of gRPC: 0 is OK.
        grpc_status: Option<u32>,
        /// What the connection became: connect, websocket, h2c, other.
        tunnel: Option<&'static str>,
        /// Whether TLS encrypted it, and a key log decrypted it.
        is_decrypted: bool,
        /// Whether something is wrong with either message.
        is_malformed: bool,
    }
}

/// Whether somebody wants the rows. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<HttpExchange>()
}

/// Gives the row of an exchange.
pub fn add(exchange: &Exchange) {
    table::add(|| row(exchange));
}

fn body<T>(message: Option<&Message<T>>) -> Option<&Known> {
    message.and_then(|message| message.body.known())
}

fn hashes(known: Option<&Known>) -> Option<([u8; 32], [u8; 16])> {
    known.and_then(|known| known.hashes)
}

fn row(exchange: &Exchange) -> HttpExchange {
    let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
    let (asked, told) = (request.map(|request| &request.head), response.map(|response| &response.head));
    let text = |text: &Option<String>| text.clone().map(Captured);
    let given = asked.and_then(|asked| asked.authorization.as_ref());
    HttpExchange {
        frame: exchange.frame(),
        response_frame: response.map(|response| response.begun.frame),
        response_end_frame: response.map(|response| response.last.frame),
        time: exchange.time().map(Time),
        request_end_time: request.and_then(|request| request.last.time).map(Time),
        response_time: response.and_then(|response| response.begun.time).map(Time),
        response_end_time: response.and_then(|response| response.last.time).map(Time),
        connection: exchange.connection,
        vlan: exchange.vlan,
        client: exchange.client.ip(),
        client_port: exchange.client.port(),
        server: exchange.server.ip(),
        server_port: exchange.server.port(),
        community_id: community::of_ends(community::TCP, exchange.client, exchange.server).into(),
        depth: exchange.depth,
        version: request.map(|one| one.version).or(response.map(|one| one.version)).map(version).unwrap_or_default(),
        response_version: response.map(|response| version(response.version)),
        method: asked.map(|asked| Captured(asked.method.clone())),
        host: asked.and_then(|asked| text(&asked.host)),
        uri: asked.map(|asked| Captured(asked.target.clone())),
        status: exchange.status(),
        status_message: told.map(|told| Captured(told.reason.clone())),
        info_code: exchange.last_interim.as_ref().map(|(status, _)| *status),
        info_message: exchange.last_interim.as_ref().map(|(_, reason)| Captured(reason.clone())),
        user_agent: asked.and_then(|asked| text(&asked.user_agent)),
        referer: asked.and_then(|asked| text(&asked.referer)),
        origin: asked.and_then(|asked| text(&asked.origin)),
        proxied: Captured(asked.map_or(Vec::new(), |asked| asked.proxied.clone())),
        cookies: Captured(asked.map_or(Vec::new(), |asked| asked.cookies.first().to_vec())),
        authorization: given.map(|given| Captured(given.scheme.clone())),
        user: given.and_then(|given| text(&given.user)),
        server_header: told.and_then(|told| text(&told.server)),
        location: told.and_then(|told| text(&told.location)),
        request_type: asked.and_then(|asked| text(&asked.entity.content_type)),
        request_bytes: request.map(|request| request.body.sent),
        request_size: body(request).map(|known| known.size),
        request_missing: request.map(|request| request.body.missing),
        request_magic: body(request).and_then(|known| known.kind).map(|kind| kind.name),
        request_file_name: text(&exchange.uploaded_name()),
        request_md5: hashes(body(request)).map(|(_, md5)| hexadecimal(&md5, "", 16).into()),
        response_type: told.and_then(|told| text(&told.entity.content_type)),
        response_bytes: response.map(|response| response.body.sent),
        response_size: body(response).map(|known| known.size),
        response_length: told.and_then(|told| told.entity.content_length),
        response_missing: response.map(|response| response.body.missing),
        response_encoding: told.and_then(|told| text(&told.entity.coding)),
        response_magic: body(response).and_then(|known| known.kind).map(|kind| kind.name),
        response_sha256: hashes(body(response)).map(|(sha256, _)| hexadecimal(&sha256, "", 32).into()),
        response_md5: hashes(body(response)).map(|(_, md5)| hexadecimal(&md5, "", 16).into()),
        request_sha256: hashes(body(request)).map(|(sha256, _)| hexadecimal(&sha256, "", 32).into()),
        file_name: text(&response.and_then(|_| exchange.downloaded_name())),
        response_file_name: told.and_then(|told| text(&told.entity.file_name)),
        is_response_complete: response.map(|response| response.body.is_complete()),
        time_to_first_byte_ms: exchange.waited().map(time::milliseconds),
        duration_ms: exchange.took().map(time::milliseconds),
        stream: exchange.stream,
        grpc_status: exchange.grpc.as_ref().map(|grpc| grpc.status),
        tunnel: exchange.upgrade.map(|upgrade| upgrade.name()),
        is_decrypted: exchange.is_decrypted,
        is_malformed: exchange.faults().iter().next().is_some(),
    }
}
