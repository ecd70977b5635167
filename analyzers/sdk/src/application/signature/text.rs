//! Protocols of lines: a request or a status comes first.

use super::Payload;
use crate::application::Protocol;

/// Methods of HTTP/1 (RFC 9110 §9, RFC 5789, WebDAV of RFC 4918 and 3253, UPnP's).
const HTTP_METHODS: [&[u8]; 24] = [
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"M-SEARCH",
    b"PURGE",
    b"BITS_POST",
];

/// Methods of SIP (RFC 3261 and its extensions).
const SIP_METHODS: [&[u8]; 14] = [
    b"INVITE",
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"OPTIONS",
    b"REGISTER",
    b"PRACK",
    b"SUBSCRIBE",
    b"NOTIFY",
    b"PUBLISH",
    b"INFO",
    b"REFER",
    b"MESSAGE",
    b"UPDATE",
];

/// Bytes of a first line that are looked at.
const LINE: usize = 2_048;

/// The first line without its end; as much as there is, when it does not end here.
fn line(payload: &[u8]) -> (&[u8], bool) {
    let bounded = payload.get(..LINE).unwrap_or(payload);
    match bounded.iter().position(|octet| *octet == b'\n') {
        Some(end) => {
            let line = bounded.get(..end).unwrap_or_default();
            (line.strip_suffix(b"\r").unwrap_or(line), true)
        }
        None => (bounded, false),
    }
}

/// A request: a method, a target, and a version at the line's end where the line ends here.
fn is_request(payload: &[u8], methods: &[&[u8]], version: &[u8]) -> bool {
    // Methods are upper case; this is cheaper than a search among them.
    if !payload.first().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    let Some(space) = payload.iter().take(16).position(|octet| *octet == b' ') else { return false };
    if !methods.contains(&payload.get(..space).unwrap_or_default()) {
        return false;
    }
    let (line, whole) = line(payload);
    let target = line.get(space.saturating_add(1)..).unwrap_or_default();
    let Some(end) = target.iter().rposition(|octet| *octet == b' ') else {
        // A long target that goes on in the next segment, or was cut.
        return !whole && target.len() > 1 && matches!(target.first(), Some(b'/' | b'h' | b's' | b't'));
    };
    let last = target.get(end.saturating_add(1)..).unwrap_or_default();
    end > 0 && (last.starts_with(version) || (!whole && version.starts_with(last)))
}

/// A status: the version, a space, and three digits.
fn is_status(payload: &[u8], version: &[u8], digits_behind_dot: bool) -> bool {
    let Some(rest) = payload.strip_prefix(version) else { return false };
    let rest = if digits_behind_dot { rest.get(1..).unwrap_or_default() } else { rest };
    matches!(rest, [b' ', b'1'..=b'6', b'0'..=b'9', b'0'..=b'9', ..])
}

/// Whether it begins an HTTP/1 message.
fn is_http(payload: &[u8]) -> bool {
    is_request(payload, &HTTP_METHODS, b"HTTP/1.") || is_status(payload, b"HTTP/1.", true)
}

fn is_sip(payload: &[u8]) -> bool {
    is_request(payload, &SIP_METHODS, b"SIP/2.0") || is_status(payload, b"SIP/2.0", false)
}

fn is_rtsp(payload: &[u8]) -> bool {
    let methods: [&[u8]; 11] = [
        b"OPTIONS",
        b"DESCRIBE",
        b"SETUP",
        b"PLAY",
        b"PAUSE",
        b"TEARDOWN",
        b"ANNOUNCE",
        b"RECORD",
        b"GET_PARAMETER",
        b"SET_PARAMETER",
        b"REDIRECT",
    ];
    is_request(payload, &methods, b"RTSP/1.") || is_status(payload, b"RTSP/1.", true)
}

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    let payload = octets.bytes;
    // SSDP (UPnP Device Architecture §1): HTTP over UDP.
    if payload.starts_with(b"M-SEARCH * HTTP/1.") || payload.starts_with(b"NOTIFY * HTTP/1.") {
        return Some(Protocol::Ssdp);
    }
    if is_sip(payload) {
        return Some(Protocol::Sip);
    }
    // RFC 5424 §6: a priority, and version 1.
    let is_syslog = payload.first() == Some(&b'<') && super::services::is_syslog(octets) && {
        let (_, rest) = payload.split_at(payload.iter().position(|octet| *octet == b'>').unwrap_or(0));
        matches!(rest, [b'>', b'1', b' ', b'0'..=b'9' | b'-', ..])
    };
    is_syslog.then_some(Protocol::Syslog)
}

/// Answers to a search (UPnP Device Architecture §1.3.3).
pub(super) fn is_ssdp_response(octets: &Payload<'_>) -> bool {
    is_status(octets.bytes, b"HTTP/1.", true)
}

/// RFC 3435 §3.2: a verb of four letters, a transaction, an end point, the version; or a code and the transaction.
pub(super) fn is_mgcp(octets: &Payload<'_>) -> bool {
    let (line, _) = line(octets.bytes);
    let request = matches!(line, [a, b, c, d, b' ', ..] if [a, b, c, d].into_iter().all(u8::is_ascii_uppercase));
    let ends = line.windows(8).any(|part| part == b"MGCP 1.0" || part == b"MGCP 0.1");
    (request && ends) || matches!(line, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', b'0'..=b'9', ..])
}

/// RFC 2812: what a client registers with, what a server says.
pub(super) fn is_irc(octets: &Payload<'_>) -> bool {
    let begins: [&[u8]; 9] =
        [b"NICK ", b"USER ", b"PASS ", b"PING ", b"PONG ", b"NOTICE ", b"CAP ", b"JOIN ", b"PRIVMSG "];
    octets.starts(b":") || begins.iter().any(|word| octets.starts(word))
}

/// The text protocol's commands.
pub(super) fn is_memcached(octets: &Payload<'_>) -> bool {
    let begins: [&[u8]; 8] = [b"get ", b"gets ", b"set ", b"add ", b"stats", b"delete ", b"version", b"VALUE "];
    begins.iter().any(|word| octets.starts(word)) || matches!(octets.bytes, [0x80 | 0x81, 0..=0x24, ..])
}

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    let payload = octets.bytes;
    let protocol = match payload {
        // RFC 9113 §3.4.
        _ if payload.starts_with(b"PRI * HTTP/2.0\r\n") => Protocol::Http2,
        // RFC 6143 §7.1.1.
        [b'R', b'F', b'B', b' ', b'0', b'0', b'3', b'.', ..] => Protocol::Vnc,
        _ if payload.starts_with(b"INFO {\"server_id\"") => Protocol::Nats,
        _ if payload.starts_with(b"( success ( ") => Protocol::Svn,
        // STOMP 1.2: the commands that begin a connection, headers.
        _ if payload.starts_with(b"CONNECTED\nversion:") || payload.starts_with(b"STOMP\naccept-version:") => {
            Protocol::Stomp
        }
        _ if payload.starts_with(b"@RSYNCD:") => Protocol::Rsync,
        [b'R', b'T', b'S', b'P', ..] if is_rtsp(payload) => Protocol::Rtsp,
        [b'S', b'I', b'P', ..] if is_sip(payload) => Protocol::Sip,
        [b'H', b'T', b'T', b'P', ..] if is_http(payload) => Protocol::Http,
        [b'*', b'1'..=b'9', ..] if is_resp(payload) => Protocol::Redis,
        // RFC 9051 §7.1: a greeting.
        [b'*', b' ', b'O', b'K', b' ', ..]
            if line(payload).0.windows(4).any(|word| word.eq_ignore_ascii_case(b"imap")) =>
        {
            Protocol::Imap
        }
        [b'<', ..] if is_xmpp(payload) => Protocol::Xmpp,
        [b'2', b'2', b'0', b' ' | b'-', ..] => return banner(payload),
        [b'E' | b'e' | b'H' | b'h', ..] if is_hello(payload) => Protocol::Smtp,
        [b'0', b'0', b'0'..=b'9' | b'a'..=b'f', b'0'..=b'9' | b'a'..=b'f', b'g', b'i', b't', b'-', ..] => Protocol::Git,
        [b'N', b'I', b'C', b'K', b' ', ..] if payload.windows(5).any(|word| word == b"USER ") => Protocol::Irc,
        [b'A'..=b'Z', ..] if is_http(payload) => Protocol::Http,
        [b'A'..=b'Z', ..] if is_sip(payload) => Protocol::Sip,
        [b'A'..=b'Z', ..] if is_rtsp(payload) => Protocol::Rtsp,
        _ => return None,
    };
    Some(protocol)
}

/// The greeting of SMTP (RFC 5321 §4.2) or FTP (RFC 959 §5.4), where it names itself.
fn banner(payload: &[u8]) -> Option<Protocol> {
    let (line, _) = line(payload);
    let holds = |word: &[u8]| line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    if holds(b"smtp") {
        Some(Protocol::Smtp)
    } else if holds(b"ftp") {
        Some(Protocol::Ftp)
    } else {
        None
    }
}

/// RFC 5321 §4.1.1.1: EHLO or HELO, a name, the line's end.
fn is_hello(payload: &[u8]) -> bool {
    let (line, whole) = line(payload);
    matches!(line, [a, b, c, d, b' ', _, ..] if [*a, *b, *c, *d].eq_ignore_ascii_case(b"ehlo") || [*a, *b, *c, *d].eq_ignore_ascii_case(b"helo"))
        && whole
}

/// An array of bulk strings (RESP): `*2\r\n$3\r\n`.
fn is_resp(payload: &[u8]) -> bool {
    let (count, whole) = line(payload);
    let digits = |text: &[u8]| !text.is_empty() && text.len() < 8 && text.iter().all(u8::is_ascii_digit);
    let rest = payload.get(count.len().saturating_add(2)..).unwrap_or_default();
    whole && digits(count.get(1..).unwrap_or_default()) && matches!(rest, [b'$', b'0'..=b'9', ..] | [])
}

fn is_xmpp(payload: &[u8]) -> bool {
    let bounded = payload.get(..256).unwrap_or(payload);
    bounded.windows(14).any(|part| part == b"<stream:stream")
}

/// What begins as several protocols do, by the word that is likeliest.
pub(super) fn possible(octets: &Payload<'_>) -> Option<Protocol> {
    let payload = octets.bytes;
    let upper = |word: &[u8]| payload.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    match payload.first()? {
        b'2' if octets.starts(b"220 ") || octets.starts(b"220-") => {
            // Which of both is for the client to tell, or the port.
            if [21_u16, 2121].iter().any(|port| octets.has_port(*port)) {
                Some(Protocol::Ftp)
            } else {
                Some(Protocol::Smtp)
            }
        }
        // Redis says no more than this one word.
        b'+' if octets.starts(b"+OK") && payload != b"+OK\r\n" => Some(Protocol::Pop3),
        b'+' if octets.starts(b"+PONG\r\n") || payload == b"+OK\r\n" => Some(Protocol::Redis),
        b'*' if octets.starts(b"* OK") || octets.starts(b"* PREAUTH") => Some(Protocol::Imap),
        b'U' | b'u' if upper(b"user ") => {
            if octets.has_port(110) {
                Some(Protocol::Pop3)
            } else {
                Some(Protocol::Ftp)
            }
        }
        b'C' | b'c' if upper(b"capa\r\n") => Some(Protocol::Pop3),
        _ => None,
    }
}
