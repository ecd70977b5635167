//! What a conversation is, in one line.

use std::net::{IpAddr, Ipv4Addr};

use mcpcap_analyzer::application::{self, By, Payload, Protocol, Settled};
use mcpcap_analyzer::text::cut;
use mcpcap_tls_hello::registry;

use crate::says::{dns, first_line, is_text, tls};

/// Characters of what an end says.
const SAID: usize = 160;
/// Protocols of one conversation that are told.
const PROTOCOLS: usize = 3;

/// What is told of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    /// In a line.
    pub text: String,
    /// How it was recognised; `None` where it was not.
    pub by: Option<&'static str>,
}

impl What {
    /// What was not recognised.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { text: text.into(), by: None }
    }

    /// What the bytes tell.
    pub fn sure(text: impl Into<String>) -> Self {
        Self { text: text.into(), by: Some(By::Signature.name()) }
    }
}

/// The line of a TCP connection or UDP conversation. `starts` is what client and server sent first, `settled` what its packets are.
pub fn conversation(starts: [&[u8]; 2], settled: &[Settled]) -> What {
    if starts.iter().all(|start| start.is_empty()) {
        return What::unknown("no payload");
    }
    let mut parts: Vec<&Settled> = settled.iter().filter(|part| part.protocol.is_some()).collect();
    parts.sort_by_key(|part| part.first_frame);
    let mut protocols: Vec<(Protocol, By)> = Vec::new();
    for (protocol, by) in parts.iter().filter_map(|part| part.protocol) {
        if !protocols.iter().any(|(known, _)| *known == protocol) {
            protocols.push((protocol, by));
        }
    }
    let Some((first, by)) = protocols.first().copied() else {
        return What::unknown("not recognised: neither the bytes nor the port tell what it is");
    };
    if by == By::Port {
        let port = parts.first().map_or(0, |part| part.port);
        return What {
            text: format!("perhaps {}: only port {port} suggests it, the bytes do not show it", first.name()),
            by: Some(by.name()),
        };
    }
    let names: Vec<&str> = protocols.iter().take(PROTOCOLS).map(|(protocol, _)| protocol.name()).collect();
    let mut text = names.join(", then ");
    if let Some(said) = said(first, starts) {
        text += &format!(": {said}");
    }
    if by == By::Announced {
        text += " (another conversation announced it)";
    }
    What { text, by: Some(by.name()) }
}

/// What both ends say first, where that is more than the protocol's name.
fn said(protocol: Protocol, [client, server]: [&[u8]; 2]) -> Option<String> {
    let said: Vec<String> = match protocol {
        Protocol::Tls => return tls_line(client, server),
        Protocol::Dns | Protocol::Mdns | Protocol::Llmnr => {
            // Behind the length, in TCP; a datagram begins with its identifier.
            let message = |start: &[u8]| {
                let length = start.first_chunk::<2>().map(|word| usize::from(u16::from_be_bytes(*word)));
                let is_prefixed = length.is_some_and(|length| length >= 12 && length <= start.len().saturating_sub(2));
                let message = if is_prefixed { start.get(2..)? } else { start };
                dns::Message::read(message).map(|message| message.line())
            };
            [message(client), message(server)].into_iter().flatten().collect()
        }
        protocol if is_text(protocol) => [client, server].into_iter().filter_map(first_line).collect(),
        _ => return None,
    };
    let said: Vec<String> = said.iter().map(|line| cut(line, SAID)).collect();
    (!said.is_empty()).then(|| said.join(" / "))
}

fn tls_line(client: &[u8], server: &[u8]) -> Option<String> {
    let (asked, answered) = (tls::hello(client), tls::hello(server));
    let version = answered.as_ref().or(asked.as_ref()).map(|hello| registry::version(hello.version).into_owned())?;
    let mut line = version;
    if let Some(asked) = asked {
        match asked.server_name {
            Some(name) => line += &format!(", server name {name}"),
            None => line += ", no server name",
        }
        if let Some(alpn) = answered.and_then(|hello| hello.alpn).or(asked.alpn) {
            line += &format!(", ALPN {alpn}");
        }
    }
    Some(line)
}

/// What bytes are that a tunnel carried, where their form is beyond doubt: `ssh: SSH-2.0-OpenSSH_9.2`.
pub fn carried(start: &[u8]) -> Option<String> {
    let destination = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let octets = Payload { bytes: start, length: start.len(), ports: (0, 0), destination };
    let protocol = application::stream(&octets)?;
    let said = said(protocol, [start, &[]]);
    Some(said.map_or_else(|| protocol.name().to_owned(), |said| format!("{}: {said}", protocol.name())))
}
