//! How TLS begins, and what was said before.

use mcpcap_analyzer::stream::Side;

use super::Segment;
use crate::facts::Mark;
use crate::limits;
use mcpcap_tls_hello::{Ssl2Client, Ssl2Server};
use mcpcap_tls_records::handshake::{CLIENT_HELLO, SERVER_HELLO};
use mcpcap_tls_records::records::{ALERT, HANDSHAKE, Head};

/// How a segment begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// Not as TLS does.
    No,
    /// It is too short to tell.
    Perhaps,
    /// With a hello: of a client, or of a server.
    Hello(bool),
    /// With whole records of a connection whose beginning is not here.
    Record,
    /// With a hello of SSL 2.0.
    Ssl2Client,
    Ssl2Server,
}

/// Bytes of a record's header, of the header of the message in it, and of the version in that.
const ENOUGH: usize = 5 + 4 + 2;

/// How bytes begin; `starts`: with a segment.
pub fn begins(bytes: &[u8], starts: bool) -> Begins {
    if !starts {
        return Begins::No;
    }
    match is_hello(bytes) {
        Some(Begins::No) => {}
        Some(found) => return found,
        None => return Begins::Perhaps,
    }
    match () {
        () if Ssl2Client::parse(bytes).is_some() => Begins::Ssl2Client,
        () if Ssl2Server::parse(bytes).is_some() => Begins::Ssl2Server,
        () if are_records(bytes) => Begins::Record,
        () => Begins::No,
    }
}

/// Whether a hello begins; `None` when the bytes are too few.
fn is_hello(bytes: &[u8]) -> Option<Begins> {
    let form: [&dyn Fn(u8) -> bool; 6] = [
        &|kind| kind == HANDSHAKE,
        &|major| major == 3,
        &|minor| minor <= 4,
        &|high| high <= 0x40,
        &|_| true,
        &|kind| matches!(kind, CLIENT_HELLO | SERVER_HELLO),
    ];
    if bytes.iter().zip(form).any(|(byte, fits)| !fits(*byte)) {
        return Some(Begins::No);
    }
    let [_, _, _, high, low, rest @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let content = rest.get(..length.min(rest.len()))?;
    match content {
        // The first record may carry less than the header of the message.
        [kind, ..] if length > 0 && length < ENOUGH.saturating_sub(5) && content.len() == length => {
            Some(Begins::Hello(*kind == CLIENT_HELLO))
        }
        [kind, 0..=2, _, _, major, _, ..] if matches!(*major, 3 | 0x7f) => Some(Begins::Hello(*kind == CLIENT_HELLO)),
        _ if length == 0 || content.len() >= ENOUGH.saturating_sub(5) => Some(Begins::No),
        [_, 3..=0xff, ..] | [_, _, _, _, 0..=2 | 4..=0x7e | 0x80..=0xff, ..] => Some(Begins::No),
        _ => None,
    }
}

/// Whether a segment holds nothing but whole records, as it often does in the middle of a connection.
fn are_records(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut records = 0_u32;
    while !rest.is_empty() {
        let Some(head) = Head::parse(rest).filter(|head| head.length > 0 && head.version > 0x0300) else {
            return false;
        };
        // An alert has two bytes, or is encrypted, with at least a tag or a block.
        if head.kind == ALERT && (3..16).contains(&head.length) {
            return false;
        }
        let Some(behind) = rest.get(usize::from(head.length).saturating_add(5)..) else { return false };
        rest = behind;
        records = records.saturating_add(1);
    }
    records > 0
}

/// What is known of a connection before TLS began.
#[derive(Default)]
pub struct Before {
    /// Bytes of each side that may be the beginning of a hello, with where they begin.
    held: [(Vec<u8>, Option<Mark>); 2],
    /// Whether anything else was said.
    spoken: bool,
    asked: Option<&'static str>,
    /// How the server greeted.
    greeting: Greeting,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    #[default]
    None,
    /// `220`: SMTP or FTP.
    Ready,
    Other,
}

impl Before {
    fn side(&mut self, from: Side) -> &mut (Vec<u8>, Option<Mark>) {
        let [client, server] = &mut self.held;
        if from == Side::Client { client } else { server }
    }

    /// What waits of a side, with the segment behind it. Nothing when nothing waits.
    pub fn held(&mut self, from: Side, segment: &Segment<'_>) -> Vec<u8> {
        let (held, _) = self.side(from);
        if held.is_empty() {
            return Vec::new();
        }
        let mut all = std::mem::take(held);
        all.extend_from_slice(segment.bytes);
        all
    }

    /// Where what waited begins.
    pub fn begun(&mut self, from: Side) -> Option<Mark> {
        self.side(from).1
    }

    /// Waits for more of what may be a hello: of less than [`ENOUGH`] bytes.
    pub fn hold(&mut self, from: Side, bytes: &[u8], mark: Mark) {
        let (held, begun) = self.side(from);
        *begun = begun.or(Some(mark));
        *held = bytes.to_vec();
    }

    /// Bytes are missing.
    pub fn gap(&mut self, from: Side) {
        self.spoken = true;
        *self.side(from) = (Vec::new(), None);
    }

    /// Takes what is not TLS.
    pub fn take(&mut self, from: Side, segment: &Segment<'_>) {
        *self.side(from) = (Vec::new(), None);
        if !std::mem::replace(&mut self.spoken, true) && from == Side::Server {
            self.greeting = if segment.bytes.starts_with(b"220") { Greeting::Ready } else { Greeting::Other };
        }
        if segment.starts && segment.bytes.len() <= limits::COMMAND {
            self.asked = command(segment.bytes, self.greeting).or(self.asked);
        }
    }

    /// Which protocol began TLS, if one did.
    pub fn starttls(&self) -> Option<&'static str> {
        self.asked.or(self.spoken.then_some("other"))
    }
}

/// The OID of the LDAP request StartTLS (RFC 4511 §4.14).
const LDAP_START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// SSLRequest of PostgreSQL: its length, and 1234 and 5679.
const POSTGRESQL: &[u8] = &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

/// Which protocol's command to begin TLS a segment is.
fn command(bytes: &[u8], greeting: Greeting) -> Option<&'static str> {
    let line = bytes.trim_ascii_end();
    let is = |command: &str| line.eq_ignore_ascii_case(command.as_bytes());
    let ends = |command: &[u8]| line.len().checked_sub(command.len()).and_then(|at| line.get(at..)) == Some(command);
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    let has_tag = || line.iter().filter(|byte| **byte == b' ').count() == 1;
    match bytes {
        _ if is("STARTTLS") => Some(if greeting == Greeting::Ready { "smtp" } else { "starttls" }),
        _ if is("STLS") => Some("pop3"),
        _ if ["AUTH TLS", "AUTH SSL", "AUTH TLS-C", "AUTH TLS-P"].into_iter().any(is) => Some("ftp"),
        _ if (ends(b" STARTTLS") || ends(b" starttls")) && has_tag() => Some("imap"),
        _ if bytes == POSTGRESQL => Some("postgresql"),
        [b'<', ..] if has(b"<starttls") => Some("xmpp"),
        [0x30, ..] if has(LDAP_START_TLS) => Some("ldap"),
        _ if bytes.starts_with(b"CONNECT ") => Some("http_connect"),
        [5, methods, offered @ ..] if usize::from(*methods) == offered.len() && *methods > 0 => Some("socks5"),
        [4, 1, _, _, _, _, _, _, .., 0] => Some("socks4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_are_told_from_their_first_bytes_on() {
        let hello = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 9];
        assert_eq!(begins(&hello, true), Begins::Hello(true));
        assert_eq!(begins(&hello, false), Begins::No);
        for end in 1..10 {
            assert_eq!(begins(&hello[..end], true), Begins::Perhaps, "{end}");
        }
        let server = [22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3, 9];
        assert_eq!(begins(&server, true), Begins::Hello(false));
        assert_eq!(begins(&[22, 3, 1, 0, 1, 1], true), Begins::Hello(true));
        assert_eq!(begins(&[22, 3, 1, 0, 200, 1, 0, 0, 196, 9], true), Begins::No);
        assert_eq!(begins(b"GET / HTTP/1.1\r\n", true), Begins::No);
        assert_eq!(begins(&[23, 3, 3, 0, 2, 1, 2, 21, 3, 3, 0, 2, 1, 0], true), Begins::Record);
        assert_eq!(begins(&[23, 3, 3, 0, 2, 1, 2, 3], true), Begins::No);
    }

    #[test]
    fn commands_name_their_protocols() {
        for (bytes, expected) in [
            (&b"STARTTLS\r\n"[..], Some("starttls")),
            (b"a001 starttls\r\n", Some("imap")),
            (b"STLS\r\n", Some("pop3")),
            (b"AUTH TLS\r\n", Some("ftp")),
            (POSTGRESQL, Some("postgresql")),
            (b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", Some("xmpp")),
            (b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037", Some("ldap")),
            (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", Some("http_connect")),
            (b"\x05\x01\x00", Some("socks5")),
            (b"EHLO example.com\r\n", None),
            (b"please read about STARTTLS here\r\n", None),
        ] {
            assert_eq!(command(bytes, Greeting::Other), expected);
        }
        assert_eq!(command(b"starttls\r\n", Greeting::Ready), Some("smtp"));
    }
}
