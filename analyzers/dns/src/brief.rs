//! What is decided about a message after its bytes are gone.

use mcpcap_analyzer::stream::Endpoint;

use mcpcap_analyzer::JsonSchema;
use serde::Serialize;

use crate::message::{Message, Section};
use crate::question::Asked;
use crate::seen::{Seen, Service};

/// What a message says it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Its first question, by hash, and the parts of it.
    Question { hash: u64, name: u64, kind: u16, class: u16 },
    /// It has no question: an error (RFC 1035 §4.1.1 leaves that open), or the next message of a transfer (RFC 5936 §2.2.1); or the
    /// question was cut off.
    None,
    /// It should have one, which cannot be read.
    Unreadable,
}

impl Topic {
    /// What a message is about; `asked` is its first question, `cut` says that its end is not there.
    pub fn of(message: &Message<'_>, asked: Option<&Asked>, cut: bool) -> Self {
        match asked {
            Some(asked) => {
                Self::Question { hash: asked.hash, name: asked.name.hash(), kind: asked.kind, class: asked.class }
            }
            None if cut || message.header.counts.first() == Some(&0) => Self::None,
            None => Self::Unreadable,
        }
    }

    /// QTYPE.
    pub fn kind(self) -> Option<u16> {
        if let Self::Question { kind, .. } = self { Some(kind) } else { None }
    }

    /// A hash of the name asked for.
    pub fn name(self) -> Option<u64> {
        if let Self::Question { name, .. } = self { Some(name) } else { None }
    }
}

/// What later decisions need of a message.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    /// QR.
    pub is_response: bool,
    /// What it is about.
    pub topic: Topic,
    /// The response code, extended by EDNS.
    pub rcode: u16,
    /// Bytes of the message.
    pub size: u64,
    /// Records of its answer section.
    pub answers: u64,
    /// TC.
    pub truncated: bool,
    /// Whether all that the header announces was found.
    pub complete: bool,
}

impl Brief {
    /// Of a message; `asked` is its first question.
    pub fn of(seen: &Seen, message: &Message<'_>, asked: Option<&Asked>) -> Self {
        let is_response = message.header.is_response();
        Self {
            is_response,
            topic: Topic::of(message, asked, seen.short.is_some()),
            rcode: message.rcode(),
            size: message.octets().len() as u64,
            answers: if is_response { message.section(Section::Answer).count() as u64 } else { 0 },
            truncated: message.header.truncated(),
            complete: message.complete,
        }
    }
}

/// In what a response's question is another one than that of the open query with its ends and identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// Another name.
    Name,
    /// The same name and another type.
    Type,
    /// The same name and type, and another class.
    Class,
    /// The response's question cannot be read.
    Unreadable,
}

/// What a message turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A question that was not open.
    Asked,
    /// The same query again, before an answer.
    Retransmitted,
    /// One that was judged to be that, until a response came that was sent before it: a query of its own.
    AskedAnew,
    /// A response to a query that had none.
    Answered {
        /// QTYPE of the query; a response may leave the question out.
        kind: Option<u16>,
    },
    /// A further response to the same query.
    AnsweredAgain {
        /// Frame of the query.
        request: u64,
        /// Whether it is the next message of the same answer (RFC 5936 §2.2), not another answer.
        continued: bool,
        /// QTYPE of the query.
        kind: Option<u16>,
    },
    /// A response with the addresses, ports and identifier of an open query, but another question.
    OtherQuestion {
        /// Frame of that query.
        request: u64,
        /// What differs.
        differs: Differs,
    },
    /// A response with the ends and the identifier of a payload that is no message: servers answer such with an error.
    OtherPayload {
        /// Frame of that payload.
        request: u64,
    },
    /// A response without a query in the capture.
    Unasked,
    /// A response whose query did not come yet: it may stand behind it in the file.
    Waiting,
    /// Not paired: mDNS has no transactions.
    Unpaired,
}

/// A message about which is decided now: it, or one that waited.
#[derive(Debug)]
pub struct Judged {
    /// Where and when it was seen.
    pub seen: Seen,
    /// What it says.
    pub brief: Brief,
    /// What it turned out to be.
    pub outcome: Outcome,
    /// Where it stands in the page of listed messages. When a message stands in the file before one that it follows, this is that other.
    pub place: Option<usize>,
}

/// An answered query of which nothing more is expected.
#[derive(Debug)]
pub struct Settled {
    /// Its protocol.
    pub service: Service,
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// Frame of its first transmission, and where that stands in the page of listed messages.
    pub request: (u64, Option<usize>),
    /// Frame of its first response, and where that stands.
    pub response: (u64, Option<usize>),
    /// Nanoseconds from the one to the other.
    pub latency: Option<u64>,
    /// How many responses say something else than the first, more than the query was sent again.
    pub conflicting: u64,
    /// The first of them.
    pub conflicts: Vec<(u64, Option<usize>)>,
}

/// What the pairing of a message brought.
#[derive(Debug)]
pub enum Decision {
    /// A message was judged.
    Judged(Judged),
    /// A transaction ended.
    Settled(Settled),
    /// A query of which nothing more is expected, and which nobody answered. Where it stands in the page of listed messages.
    Unanswered(Option<usize>),
}
