//! What `get_stream` answers.

use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::stats::{Beyond, PageInfo, Part};
use mcpcap_analyzer::text::counted;
use mcpcap_analyzer::{Capture, JsonSchema, is_default, schemars};
use serde::Serialize;

use super::choice::{Choice, Kind};
use super::pieces::{PieceReport, Sent};
use super::slot::{Id, More, Slot};
use super::what::{self, What};
use super::{GetStream, OTHER_CONNECTIONS, OTHERS};

/// What `get_stream` answers.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// What it is: the protocol by its bytes, and what both ends said first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// How that is known: signature (its bytes show it), announced (by another conversation), or port (only the port suggests it). Absent:
    /// not recognised.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recognised_by: Option<&'static str>,
    /// tcp, udp, icmp, or dns for what names carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Kind>,
    /// The TCP connection's `id`, as in analyze_tcp_connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// The end that began.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The other end.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The roles are a guess: the capture does not have the beginning.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub roles_guessed: bool,
    /// Its first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u64>,
    /// Its last frame, as far as was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<u64>,
    /// What the client sent in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_sent: Option<Sent>,
    /// What the server sent in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_sent: Option<Sent>,
    /// Segments that said otherwise about bytes that were there before: tampering, or a damaged capture.
    #[serde(skip_serializing_if = "is_default")]
    pub conflicting_segments: u64,
    /// Numbers of other connections between these ends, rising. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_connections: Vec<u64>,
    /// How many there are of those.
    #[serde(skip_serializing_if = "is_default")]
    pub other_connections_total: u64,
    /// Says that there is nothing, when there is nothing.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Says that something of it is not here for want of memory, and how to get it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What both ends sent, in the order in which it was sent and acknowledged.
    pub pieces: Vec<PieceReport>,
    /// What part of `pieces` this is, and of `other_connections` when there are more.
    pub pages: Vec<PageInfo>,
}

impl GetStream {
    /// Says that there is nothing.
    pub(super) fn nothing(&self, capture: &Capture) -> String {
        match self.choice {
            Choice::Connection(id) if self.connections.seen() > 0 => {
                let seen = self.connections.seen();
                format!("There is no connection {id} among the {}, counted from 0", counted(seen, "TCP connection"))
            }
            Choice::Frame(frame) => {
                format!("Frame {frame} is not there, or belongs to no conversation of the kind that is asked for")
            }
            _ => capture.nothing_found("such conversations", &capture.decoder.decoding),
        }
    }

    pub(super) fn page(&self, total: u64, returned: usize) -> PageInfo {
        PageInfo::new("pieces", total, self.wanted.offset(), returned)
    }

    /// The connections besides a conversation that fit, and how many there are.
    pub(super) fn others(&mut self, id: &Id) -> (Vec<u64>, u64) {
        let fitting = std::mem::replace(&mut self.fitting, Beyond::new(Part { offset: 0, limit: 0 }));
        let (all, mut others) = (fitting.total(), fitting.into_entries());
        let part = self.lists.part(OTHER_CONNECTIONS, OTHERS);
        let mut total = all;
        if let Id::Tcp(number) = id {
            total = all.saturating_sub(1);
            // They rise. Where it stands before them, the list of the others begins one later.
            let is_before = part.offset > 0 && others.first().is_some_and(|first| number < first);
            let place = others.iter().position(|other| other == number).or(is_before.then_some(0));
            if let Some(place) = place {
                others.remove(place);
            }
        }
        others.truncate(part.limit);
        self.lists.told(OTHER_CONNECTIONS, total, part);
        (others, total as u64)
    }

    /// What there is to tell of the conversation, where others fit too.
    pub(super) fn report(mut self, id: &Id, slot: &Slot, (others, others_total): (Vec<u64>, u64)) -> Report {
        let What { text, by } = match &slot.more {
            More::None => what::conversation(slot.pieces.starts(), &self.settled),
            More::Echoes(echoes) => echoes.what(),
            More::Names(names) => names.what(),
        };
        let (wanted, lists) = (&self.wanted, &mut self.lists);
        let pieces = match &slot.more {
            More::Names(names) => slot.pieces.report(wanted, lists, |from, bytes| names.read(from, bytes)),
            _ => slot.pieces.report(wanted, lists, |_, bytes| bytes.to_vec()),
        };
        let number = if let Id::Tcp(number) = id { Some(*number) } else { None };
        let (total, lost) = slot.pieces.totals();
        // Until it is known which one is asked for, others take room too.
        let note = (lost > 0 || !slot.whole).then(|| {
            let others = counted(self.evicted, "conversation");
            let again = number.map_or("client and server".to_owned(), |id| format!("connection {id}"));
            format!("Not all of it is here: it was one of many that might be meant, and {others} had to make room; ask again by {again}")
        });
        let [client_sent, server_sent] = slot.pieces.sent();
        let paged = self.page(total, pieces.len());
        Report {
            what: Some(text),
            recognised_by: by,
            protocol: Some(id.kind()),
            connection: number,
            client: Some(named(slot.client)),
            server: Some(named(slot.server)),
            roles_guessed: number.is_some() && !slot.client_known,
            first_frame: Some(slot.frames.0),
            last_frame: Some(slot.frames.1),
            client_sent: Some(client_sent),
            server_sent: Some(server_sent),
            conflicting_segments: slot.conflicting,
            other_connections_total: others_total,
            other_connections: others,
            message: None,
            note,
            pages: [paged].into_iter().chain(self.lists.into_pages()).collect(),
            pieces,
        }
    }
}

/// `192.0.2.1:80`, or an address alone.
fn named((address, port): (IpAddr, Option<u16>)) -> String {
    port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
}
