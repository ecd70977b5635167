//! Media in session descriptions (RFC 8866): where RTP will go, and how it is coded.

use mcpcap_analyzer::stats::Part;

use super::{line, number, split_at};
use crate::limits;

/// One media description.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Media<'a> {
    /// `audio`, `video`, ...
    pub kind: &'a [u8],
    /// Its own connection address, or the session's; empty when there is none.
    pub address: &'a [u8],
    /// 0: refused or ended (RFC 3264 §6).
    pub port: u16,
    pub protocol: &'a [u8],
    pub formats: Vec<Format<'a>>,
    /// How many there are; as of suites and candidates, no more than [`Keep`] says are kept.
    pub formats_total: u64,
    pub direction: Direction,
    /// From `a=rtcp`, else absent: the next port, or the same with `a=rtcp-mux`.
    pub rtcp_port: Option<u16>,
    pub rtcp_mux: bool,
    /// Suites of `a=crypto` (RFC 4568), without their keys.
    pub crypto: Vec<&'a [u8]>,
    pub crypto_total: u64,
    /// `a=fingerprint`: keys come by DTLS (RFC 5763).
    pub fingerprint: bool,
    /// `a=ice-ufrag` (RFC 8839).
    pub ice: bool,
    /// Candidates: address and port of each.
    pub candidates: Vec<(&'a [u8], u16)>,
    pub candidates_total: u64,
}

/// A payload type and its coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format<'a> {
    pub name: &'a [u8],
    /// From `a=rtpmap`, else by RFC 3551: `PCMU/8000`.
    pub codec: Option<&'a [u8]>,
}

/// Who sends (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    #[default]
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

impl Direction {
    /// As SDP writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// What a session says for all of its media.
#[derive(Default)]
struct Session<'a> {
    address: &'a [u8],
    direction: Direction,
    fingerprint: bool,
    ice: bool,
}

/// Which parts of a session description are kept; the others are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Of its media.
    pub media: Part,
    /// Of the formats of each.
    pub formats: Part,
    /// Of the suites of each.
    pub suites: Part,
    /// Of the candidates of each.
    pub candidates: Part,
    /// Lines that are read; of those behind, media are counted.
    pub lines: usize,
}

impl Default for Keep {
    fn default() -> Self {
        let first = |limit| Part { offset: 0, limit };
        let few = first(limits::FORMATS);
        let (media, lines) = (first(limits::MEDIA), limits::SDP_LINES);
        Self { media, formats: few, suites: few, candidates: few, lines }
    }
}

/// Adds a value, where the part has room for it, to those of which `total` came before, and counts it.
fn keep<T>(part: Part, kept: &mut Vec<T>, total: &mut u64, value: T) {
    if (part.offset as u64..part.end() as u64).contains(total) {
        kept.push(value);
    }
    *total = total.saturating_add(1);
}

/// What the lines are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Session,
    /// The last medium that is kept.
    Kept,
    /// One that is not.
    Skipped,
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description<'a> {
    pub media: Vec<Media<'a>>,
    /// How many there are; no more than [`Keep`] says are kept.
    pub total: u64,
    /// Whether it goes on behind what was read.
    pub goes_on: bool,
}

/// The session description of a body, when its type says that it holds a session description, alone or as a part (RFC 5621).
pub fn of_body<'a>(content_type: &[u8], body: &'a [u8], keep: &Keep) -> Description<'a> {
    let (kind, parameters) = split_at(content_type, b';').unwrap_or((content_type, b""));
    let kind = kind.trim_ascii().to_ascii_lowercase();
    if kind == b"application/sdp" {
        return media(body, keep);
    }
    let boundary = super::address::parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty());
    let Some(boundary) = boundary.filter(|_| kind.starts_with(b"multipart/")) else { return Description::default() };
    parts(body, boundary).find_map(|part| session_part(part, keep)).unwrap_or_default()
}

/// The parts of a multipart body, each with its header.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = body;
    let mut part: Option<&'a [u8]> = None;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (text, behind, _) = line(rest);
            let here = rest;
            rest = behind;
            if text.strip_prefix(b"--").is_some_and(|text| text.starts_with(boundary)) {
                let ended = part.replace(behind);
                let length = |start: &[u8]| start.len().saturating_sub(here.len());
                if let Some(found) = ended.and_then(|start| start.get(..length(start))) {
                    return Some(found);
                }
            }
        }
        part.take().filter(|part| !part.is_empty())
    })
}

fn session_part<'a>(part: &'a [u8], keep: &Keep) -> Option<Description<'a>> {
    let mut rest = part;
    let mut is_session = false;
    loop {
        let (text, behind, whole) = line(rest);
        rest = behind;
        if text.is_empty() || !whole {
            return is_session.then(|| media(rest, keep));
        }
        let (name, value) = split_at(text, b':').unwrap_or((text, b""));
        let value = value.trim_ascii().to_ascii_lowercase();
        is_session |= name.trim_ascii().eq_ignore_ascii_case(b"content-type") && value.starts_with(b"application/sdp");
    }
}

/// The media of a session description.
pub fn media<'a>(body: &'a [u8], keep: &Keep) -> Description<'a> {
    let mut session = Session::default();
    let mut goes_on = false;
    let mut all: Vec<Media<'_>> = Vec::new();
    let (mut total, mut at) = (0_u64, At::Session);
    let mut rest = body;
    let mut lines = 0..keep.lines;
    while !rest.is_empty() {
        let (text, behind, _) = line(rest);
        rest = behind;
        goes_on |= lines.next().is_none();
        let Some((kind, value)) = text.split_at_checked(2) else { continue };
        match kind {
            b"m=" if goes_on || total >= keep.media.end() as u64 => {
                goes_on = true;
                total = total.saturating_add(described(value, &session, keep).is_some().into());
            }
            _ if goes_on => {}
            b"m=" => {
                if let Some(media) = described(value, &session, keep) {
                    at = if total < keep.media.offset as u64 { At::Skipped } else { At::Kept };
                    all.extend((at == At::Kept).then_some(media));
                    total = total.saturating_add(1);
                }
            }
            b"c=" => match (at, all.last_mut()) {
                (At::Session, _) => session.address = connection(value),
                (At::Kept, Some(media)) => media.address = connection(value),
                _ => {}
            },
            b"a=" => match (at, all.last_mut()) {
                (At::Session, _) => session_attribute(value, &mut session),
                (At::Kept, Some(media)) => attribute(value, media, keep),
                _ => {}
            },
            _ => {}
        }
    }
    Description { total, media: all, goes_on }
}

/// `audio 49170/2 RTP/AVP 0 8`
fn described<'a>(value: &'a [u8], session: &Session<'a>, parts: &Keep) -> Option<Media<'a>> {
    let mut words = words(value);
    let kind = words.next()?;
    let port = words.next()?;
    let (port, _) = split_at(port, b'/').unwrap_or((port, b""));
    let port = u16::try_from(number(port)?).ok()?;
    let protocol = words.next()?;
    let is_rtp = protocol.windows(3).any(|part| part == b"RTP");
    let mut formats = Vec::new();
    let mut formats_total = 0_u64;
    for name in words {
        let format = Format { name, codec: fixed(name).filter(|_| is_rtp) };
        keep(parts.formats, &mut formats, &mut formats_total, format);
    }
    Some(Media {
        kind,
        address: session.address,
        port,
        protocol,
        formats,
        formats_total,
        direction: session.direction,
        fingerprint: session.fingerprint,
        ice: session.ice,
        ..Media::default()
    })
}

/// `IN IP4 192.0.2.1/127`
fn connection(value: &[u8]) -> &[u8] {
    let address = words(value).nth(2).unwrap_or_default();
    split_at(address, b'/').map_or(address, |(address, _)| address)
}

fn direction(name: &[u8]) -> Option<Direction> {
    Some(match name {
        b"sendrecv" => Direction::SendReceive,
        b"sendonly" => Direction::SendOnly,
        b"recvonly" => Direction::ReceiveOnly,
        b"inactive" => Direction::Inactive,
        _ => return None,
    })
}

fn session_attribute(value: &[u8], session: &mut Session<'_>) {
    let (name, _) = split_at(value, b':').unwrap_or((value, b""));
    match name.trim_ascii() {
        b"fingerprint" => session.fingerprint = true,
        b"ice-ufrag" => session.ice = true,
        name => session.direction = direction(name).unwrap_or(session.direction),
    }
}

fn attribute<'a>(value: &'a [u8], media: &mut Media<'a>, parts: &Keep) {
    let (name, value) = split_at(value, b':').unwrap_or((value, b""));
    let mut words = words(value);
    match name.trim_ascii() {
        b"rtpmap" => {
            let (Some(kind), Some(codec)) = (words.next(), words.next()) else { return };
            if let Some(format) = media.formats.iter_mut().find(|format| format.name == kind) {
                format.codec = Some(codec);
            }
        }
        b"rtcp" => media.rtcp_port = words.next().and_then(number).and_then(|port| u16::try_from(port).ok()),
        b"rtcp-mux" => media.rtcp_mux = true,
        b"crypto" => {
            let Some(suite) = words.nth(1) else { return };
            keep(parts.suites, &mut media.crypto, &mut media.crypto_total, suite);
        }
        b"fingerprint" => media.fingerprint = true,
        b"ice-ufrag" => media.ice = true,
        b"candidate" => {
            // foundation component transport priority address port
            let (address, port) =
                (words.nth(4), words.next().and_then(number).and_then(|port| u16::try_from(port).ok()));
            let Some(candidate) = address.zip(port) else { return };
            keep(parts.candidates, &mut media.candidates, &mut media.candidates_total, candidate);
        }
        name => media.direction = direction(name).unwrap_or(media.direction),
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Payload types whose coding RFC 3551 §6 fixes.
fn fixed(name: &[u8]) -> Option<&'static [u8]> {
    Some(match name {
        b"0" => b"PCMU/8000",
        b"3" => b"GSM/8000",
        b"4" => b"G723/8000",
        b"5" => b"DVI4/8000",
        b"6" => b"DVI4/16000",
        b"7" => b"LPC/8000",
        b"8" => b"PCMA/8000",
        b"9" => b"G722/8000",
        b"10" => b"L16/44100/2",
        b"11" => b"L16/44100",
        b"12" => b"QCELP/8000",
        b"13" => b"CN/8000",
        b"14" => b"MPA/90000",
        b"15" => b"G728/8000",
        b"16" => b"DVI4/11025",
        b"17" => b"DVI4/22050",
        b"18" => b"G729/8000",
        b"25" => b"CelB/90000",
        b"26" => b"JPEG/90000",
        b"28" => b"nv/90000",
        b"31" => b"H261/90000",
        b"32" => b"MPV/90000",
        b"33" => b"MP2T/90000",
        b"34" => b"H263/90000",
        _ => return None,
    })
}
