//! Registrations as the report lists them.

use std::net::IpAddr;

use mcpcap_analyzer::finding::Frames;
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::tallies::CodeCount;

/// Numbers over all registrations. Retransmissions do not count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistrationsReport {
    /// REGISTER requests, each once.
    pub requests: u64,
    /// Requests answered with 2xx: registered, removed, or told of the bindings.
    pub accepted: u64,
    /// Requests without credentials, or with an old nonce, answered with 401 or 407: the usual first step.
    pub challenged: u64,
    /// Requests with credentials answered with 401, 403 or 407.
    pub rejected: u64,
    /// Requests answered with another code from 300 on.
    pub failed: u64,
    /// Different combinations of account, client and server.
    pub total: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub total_is_exact: bool,
}

/// An account that a client registered at a server. Texts are from the capture.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistrationReport {
    /// User and host of To.
    pub account: String,
    /// Address that registers.
    pub client: IpAddr,
    /// Address that it registers at.
    pub server: IpAddr,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// What came last: `registered`, `removed`, `no_binding` (a 2xx that lists none, to a request without Contact or one that is not in the
    /// capture), `challenged`, `rejected`, `failed`, `unanswered`. What came before is in `history`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub state: &'static str,
    /// Whether the server confirmed a binding at any time, whatever came later.
    pub was_registered: bool,
    /// REGISTER requests, each once.
    pub requests: u64,
    /// Requests without credentials, or with an old nonce, answered with 401 or 407.
    pub challenged: u64,
    /// Requests with credentials answered with 401, 403 or 407.
    pub rejected: u64,
    /// Requests answered with 2xx.
    pub accepted: u64,
    /// What the server said, in the order of the capture, with the frames that say so; the same several times in a row is one entry.
    /// On its pages, behind the entries that are here without one, it is an entry for each 20.
    pub history: Vec<HistoryReport>,
    /// Entries of `history` in all. Of many `history` is a page; `packets` has all messages, with the arguments `method` REGISTER and `user`.
    pub history_total: u64,
    /// Final codes.
    pub codes: Vec<CodeCount>,
    /// Different ones. Of many `codes` is a page.
    pub codes_total: u64,
    /// Bindings as the server last said, else as the client asked for. Of many this is a page.
    pub contacts: Vec<Contact>,
    /// Bindings in that message.
    pub contacts_total: u64,
    /// Names in credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usernames: Vec<String>,
    /// Different ones.
    #[serde(skip_serializing_if = "is_default")]
    pub usernames_total: u64,
    /// `codes_total` or `usernames_total` is an estimate with a standard error of 2.3 %; where also the counters were used up, there are
    /// at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub totals_are_estimates: bool,
    /// User-Agent of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// What the server said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryReport {
    /// As in `state`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub state: &'static str,
    /// UTC, RFC 3339: of the first of these responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// How many responses.
    pub count: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
    /// How many frames there are in all.
    pub frames_total: u64,
}

/// A binding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Contact {
    /// URI of the contact.
    pub uri: String,
    /// Seconds; absent when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
}
