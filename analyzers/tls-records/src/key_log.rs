//! Key logs in the format of NSS (draft-ietf-tls-keylogfile): a line for each secret, with its label, the random number of the ClientHello, and itself.

use std::fmt;

use mcpcap_analyzer::stream::Side;

/// Bytes of the random number of a hello.
pub(crate) const RANDOM: usize = 32;
/// Bytes of the longest secret: those of TLS 1.3 with SHA-384, and master secrets.
const LONGEST: usize = 48;
/// Secrets that are kept, in 82 bytes each. Those behind are counted.
const MOST: usize = 32_768;
/// Bytes of a line. The longest one with a secret has less than half of that.
const LINE: usize = 512;

/// The random number of a ClientHello, by which key logs name sessions.
pub(crate) type Random = [u8; RANDOM];

/// A secret. It cannot be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Secret {
    bytes: [u8; LONGEST],
    length: u8,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// One of 32 or 48 bytes.
    pub(crate) fn new(from: &[u8]) -> Option<Self> {
        if !matches!(from.len(), 32 | LONGEST) {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self { bytes, length: u8::try_from(from.len()).ok()? })
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Which secret of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Label {
    /// The master secret up to TLS 1.2.
    Master,
    /// Of data before the handshake (0-RTT).
    Early,
    /// Of the handshake of TLS 1.3.
    ClientHandshake,
    ServerHandshake,
    /// Of application data of TLS 1.3, before the first KeyUpdate.
    ClientTraffic,
    ServerTraffic,
}

impl Label {
    /// The one that a line names, if it is used here.
    fn parse(label: &[u8]) -> Option<Self> {
        Some(match label {
            b"CLIENT_RANDOM" => Self::Master,
            b"CLIENT_EARLY_TRAFFIC_SECRET" => Self::Early,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::ClientHandshake,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::ServerHandshake,
            b"CLIENT_TRAFFIC_SECRET_0" => Self::ClientTraffic,
            b"SERVER_TRAFFIC_SECRET_0" => Self::ServerTraffic,
            _ => return None,
        })
    }

    /// Of the handshake of TLS 1.3, what a side sends.
    pub(crate) fn handshake(side: Side) -> Self {
        if side == Side::Client { Self::ClientHandshake } else { Self::ServerHandshake }
    }

    /// Of application data of TLS 1.3, what a side sends.
    pub(crate) fn traffic(side: Side) -> Self {
        if side == Side::Client { Self::ClientTraffic } else { Self::ServerTraffic }
    }
}

/// A secret, by whose it is.
#[derive(Debug, Clone)]
struct Entry {
    session: Random,
    label: Label,
    secret: Secret,
}

impl Entry {
    fn name(&self) -> (&Random, Label) {
        (&self.session, self.label)
    }
}

/// How many lines there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// With a label that decrypts nothing here.
    pub(crate) unused: u64,
    /// That are not as they should be.
    pub(crate) malformed: u64,
    /// Secrets for which there was no room.
    pub(crate) left_out: u64,
}

/// The secrets of key logs.
#[derive(Debug, Clone, Default)]
pub struct KeyLog {
    /// In the order of their names, once a part was added.
    entries: Vec<Entry>,
    /// The beginning of a line.
    line: Vec<u8>,
    lines: Lines,
    /// How often something was added.
    edition: u32,
}

impl KeyLog {
    /// Adds a part of a text, which may end anywhere; `ends`: the text ends with it. Of two secrets with the same name the first counts.
    pub fn add(&mut self, part: &[u8], ends: bool) {
        let mut rest = part;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, behind) = rest.split_at_checked(end).unwrap_or_default();
            rest = behind.get(1..).unwrap_or_default();
            self.line(line);
        }
        // What is too long is no secret, however it goes on.
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(rest.get(..room).unwrap_or(rest));
        if ends {
            self.line(&[]);
        }
        // A stable order: the first of those with the same name stays.
        self.entries.sort_by(|one, other| one.name().cmp(&other.name()));
        self.entries.dedup_by(|later, first| later.name() == first.name());
        self.edition = self.edition.saturating_add(1);
    }

    /// A line ends with some bytes.
    fn line(&mut self, end: &[u8]) {
        let begun = std::mem::take(&mut self.line);
        let whole = [&begun, end.get(..LINE).unwrap_or(end)].concat();
        let line = whole.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return;
        }
        match read(line) {
            Read::Secret(_) if self.entries.len() >= MOST => {
                self.lines.left_out = self.lines.left_out.saturating_add(1)
            }
            Read::Secret(entry) => self.entries.push(entry),
            Read::Unused => self.lines.unused = self.lines.unused.saturating_add(1),
            Read::Malformed => self.lines.malformed = self.lines.malformed.saturating_add(1),
        }
    }

    /// Whether nothing was ever added.
    pub fn is_empty(&self) -> bool {
        self.edition == 0
    }

    /// Another number whenever something was added.
    pub(crate) fn edition(&self) -> u32 {
        self.edition
    }

    /// A secret of a session.
    pub(crate) fn find(&self, session: &Random, label: Label) -> Option<&Secret> {
        let place = self.entries.binary_search_by(|entry| entry.name().cmp(&(session, label))).ok()?;
        self.entries.get(place).map(|entry| &entry.secret)
    }

    /// Whether there is any secret of a session.
    pub(crate) fn has(&self, session: &Random) -> bool {
        let first = self.entries.partition_point(|entry| entry.session < *session);
        self.entries.get(first).is_some_and(|entry| entry.session == *session)
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> u64 {
        self.entries.chunk_by(|one, other| one.session == other.session).count() as u64
    }

    /// How many secrets there are.
    pub(crate) fn secrets(&self) -> u64 {
        self.entries.len() as u64
    }

    /// How many other lines there were.
    pub(crate) fn lines(&self) -> Lines {
        self.lines
    }
}

/// What a line is.
enum Read {
    Secret(Entry),
    Unused,
    Malformed,
}

fn read(line: &[u8]) -> Read {
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let (label, session, secret) = (words.next(), words.next(), words.next());
    let (Some(name), Some(session), Some(secret), None) = (label, session, secret, words.next()) else {
        return Read::Malformed;
    };
    let Some(label) = Label::parse(name) else {
        let is_label = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
        return if is_label { Read::Unused } else { Read::Malformed };
    };
    let entry = || {
        let session = hexadecimal(session)?.try_into().ok()?;
        let secret = Secret::new(&hexadecimal(secret)?)?;
        let fits = label != Label::Master || secret.bytes().len() == LONGEST;
        fits.then_some(Entry { session, label, secret })
    };
    entry().map_or(Read::Malformed, Read::Secret)
}

/// Bytes that are written as hexadecimal digits, at most as many as a secret has.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if text.len() > LONGEST.saturating_mul(2) || !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2).map(|pair| pair.iter().try_fold(0_u8, |byte, half| Some((byte << 4) | digit(half)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn random() -> Random {
        hexadecimal(NAME.as_bytes()).unwrap().try_into().unwrap()
    }

    fn text() -> String {
        let (short, long) = ("ab".repeat(32), "cd".repeat(48));
        format!(
            "# a remark\r\nCLIENT_RANDOM {NAME} {long}\r\nCLIENT_HANDSHAKE_TRAFFIC_SECRET {NAME} {short}\n\n\
             SERVER_TRAFFIC_SECRET_0\t{NAME}  {long}\nSERVER_TRAFFIC_SECRET_0 {NAME} {short}\nRSA 0011223344556677 {long}\n\
             EXPORTER_SECRET {NAME} {short}\nCLIENT_TRAFFIC_SECRET_1 {NAME} {short}\nCLIENT_RANDOM {NAME} {short}\n\
             CLIENT_RANDOM {NAME}\nCLIENT_RANDOM 00 {long}\nCLIENT_RANDOM {NAME} {long} more\nclient random {NAME}\n\
             CLIENT_RANDOM {NAME} {}\n\u{0}\u{1}\n{}\nCLIENT_EARLY_TRAFFIC_SECRET {NAME} {short}",
            "x".repeat(96),
            "y".repeat(5_000)
        )
    }

    #[track_caller]
    fn check(log: &KeyLog) {
        let lines = Lines { unused: 3, malformed: 8, left_out: 0 };
        assert_eq!((log.sessions(), log.secrets(), log.lines()), (1, 4, lines));
        let length = |label| log.find(&random(), label).map(|secret| secret.bytes().len());
        assert_eq!((length(Label::Master), length(Label::Early)), (Some(48), Some(32)));
        assert_eq!((length(Label::ClientHandshake), length(Label::ServerHandshake)), (Some(32), None));
        assert_eq!((length(Label::ClientTraffic), length(Label::ServerTraffic)), (None, Some(48)));
        assert!(log.has(&random()) && !log.has(&[0; 32]) && !log.has(&[255; 32]));
    }

    #[test]
    fn lines_become_secrets_and_the_others_are_counted() {
        let mut log = KeyLog::default();
        assert!(log.is_empty());
        log.add(text().as_bytes(), true);
        check(&log);
        // The same once more adds nothing but lines that are no secrets.
        log.add(text().as_bytes(), true);
        assert_eq!((log.secrets(), log.lines().unused), (4, 6));
    }

    #[test]
    fn parts_may_end_anywhere() {
        for size in [1, 3, 64, 100, 511, 512, 513] {
            let (mut log, text) = (KeyLog::default(), text());
            text.as_bytes().chunks(size).for_each(|part| log.add(part, false));
            log.add(&[], true);
            check(&log);
        }
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut log = KeyLog::default();
        let line = |place| format!("CLIENT_EARLY_TRAFFIC_SECRET {place:064x} {}\n", "ab".repeat(32));
        let text: String = (0..MOST + 7).map(line).collect();
        text.as_bytes().chunks(256 << 10).for_each(|part| log.add(part, false));
        assert_eq!((log.secrets(), log.lines().left_out, size_of::<Entry>()), (MOST as u64, 7, 82));
    }

    #[test]
    fn a_secret_has_no_way_to_be_shown() {
        let mut log = KeyLog::default();
        log.add(text().as_bytes(), true);
        let shown = format!("{log:?}");
        assert!(!shown.contains("171, 171") && !shown.contains("205, 205") && shown.contains("Secret"), "{shown}");
    }
}
