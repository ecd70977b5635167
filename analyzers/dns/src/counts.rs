//! What is counted over all messages of one protocol.

use std::borrow::Cow;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::Evidence;
use serde::Serialize;

use crate::message::fault::Malformed;
use crate::message::{Message, codes};
use crate::seen::{Seen, Service, Transport};

/// Different codes of one kind that are kept apart. Real traffic has a few dozen.
const CODES_KEPT: usize = 256;

/// How often each number of a kind came.
#[derive(Debug, Clone)]
pub struct CodeCounts {
    kept: usize,
    /// By code. They are so few that this is shorter than any tree.
    counts: Vec<(u16, u64)>,
    others: u64,
}

impl Default for CodeCounts {
    fn default() -> Self {
        Self::keeping(CODES_KEPT)
    }
}

/// A number, its name and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeCount {
    /// The number in the message.
    pub code: u16,
    /// Its name in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// How often it came.
    pub count: u64,
}

impl CodeCounts {
    /// Nothing yet; `kept` different codes will be kept apart.
    pub fn keeping(kept: usize) -> Self {
        Self { kept, counts: Vec::new(), others: 0 }
    }

    /// Counts one.
    pub fn add(&mut self, code: u16) {
        // Mostly there are so few that it is quicker to look at one after the other.
        let place = match self.counts.len() {
            ..=16 => match self.counts.iter().position(|(other, _)| *other == code) {
                Some(at) => Ok(at),
                None => Err(self.counts.partition_point(|(other, _)| *other < code)),
            },
            _ => self.counts.binary_search_by_key(&code, |(code, _)| *code),
        };
        match place {
            Ok(at) => self.counts.get_mut(at).into_iter().for_each(|(_, count)| *count = count.saturating_add(1)),
            Err(at) if self.counts.len() < self.kept => self.counts.insert(at, (code, 1)),
            Err(_) => self.others = self.others.saturating_add(1),
        }
    }

    /// How many came whose code found no place.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// All of them, the most frequent first.
    pub fn list(&self, name: fn(u16) -> Cow<'static, str>) -> Vec<CodeCount> {
        let mut list: Vec<CodeCount> =
            self.counts.iter().map(|&(code, count)| CodeCount { code, name: name(code), count }).collect();
        list.sort_by_key(|entry| (std::cmp::Reverse(entry.count), entry.code));
        list
    }
}

/// Counts of one protocol.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    messages: u64,
    responses: u64,
    over_tcp: u64,
    octets: u64,
    truncated: u64,
    authentic_data: u64,
    checking_disabled: u64,
    edns: u64,
    dnssec_ok: u64,
    signed: u64,
    opcodes: CodeCounts,
    rcodes: CodeCounts,
    extended_rcodes: CodeCounts,
    classes: CodeCounts,
    query_types: CodeCounts,
    response_question_types: CodeCounts,
    record_types: CodeCounts,
    edns_versions: CodeCounts,
    edns_options: CodeCounts,
    malformed: [Evidence; Malformed::ALL.len()],
}

/// What was counted over all messages of one protocol.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// `dns`, `mdns` (port 5353) or `llmnr` (port 5355).
    pub service: Service,
    /// Messages with a header, the malformed ones too.
    pub messages: u64,
    /// Messages with QR 0.
    pub queries: u64,
    /// Messages with QR 1.
    pub responses: u64,
    /// Messages over TCP.
    pub over_tcp: u64,
    /// Bytes of all messages.
    pub octets: u64,
    /// Messages with TC.
    pub truncated: u64,
    /// Messages with AD.
    pub authentic_data: u64,
    /// Messages with CD.
    pub checking_disabled: u64,
    /// Messages with an OPT record.
    pub edns: u64,
    /// Messages with DO in it.
    pub dnssec_ok: u64,
    /// Messages with a TSIG record, or a SIG record of transaction signatures.
    pub signed: u64,
    /// Operation codes.
    pub opcodes: Vec<CodeCount>,
    /// Response codes in the headers of responses: four bits.
    pub rcodes: Vec<CodeCount>,
    /// Response codes above 15, which OPT extends.
    pub extended_rcodes: Vec<CodeCount>,
    /// Classes of questions.
    pub classes: Vec<CodeCount>,
    /// Types of the questions in queries.
    pub query_types: Vec<CodeCount>,
    /// Types of the questions in responses.
    pub response_question_types: Vec<CodeCount>,
    /// Types of the records of all sections, OPT and TSIG too.
    pub record_types: Vec<CodeCount>,
    /// Versions of EDNS.
    pub edns_versions: Vec<CodeCount>,
    /// EDNS options.
    pub edns_options: Vec<CodeCount>,
    /// Malformed messages by what is wrong first.
    pub malformed: Vec<MalformedCount>,
}

/// Malformed messages of one kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MalformedCount {
    /// What is wrong.
    pub reason: Malformed,
    /// How many.
    pub count: u64,
    /// Frames of the first ones.
    pub frames: Vec<u64>,
}

impl Counts {
    /// Counts a message.
    pub fn add(&mut self, seen: &Seen, message: &Message<'_>) {
        let header = message.header;
        let one = |count: &mut u64, when: bool| *count = count.saturating_add(u64::from(when));
        one(&mut self.messages, true);
        one(&mut self.responses, header.is_response());
        one(&mut self.over_tcp, seen.transport == Transport::Tcp);
        one(&mut self.truncated, header.truncated());
        one(&mut self.authentic_data, header.authentic_data());
        one(&mut self.checking_disabled, header.checking_disabled());
        self.octets = self.octets.saturating_add(message.octets().len() as u64);
        self.opcodes.add(header.opcode().into());
        if header.is_response() {
            self.rcodes.add(header.rcode());
            if message.rcode() > 15 {
                self.extended_rcodes.add(message.rcode());
            }
        }
        for question in &message.questions {
            self.classes.add(question.class & seen.service.class_mask());
            let types = if header.is_response() { &mut self.response_question_types } else { &mut self.query_types };
            types.add(question.kind);
        }
        for record in &message.records {
            self.record_types.add(record.kind);
        }
        let is_signature = |kind| matches!(kind, codes::kind::TSIG | codes::kind::SIG);
        one(&mut self.signed, message.records.iter().any(|record| is_signature(record.kind)));
        if let Some(edns) = &message.edns {
            one(&mut self.edns, true);
            one(&mut self.dnssec_ok, edns.dnssec_ok);
            self.edns_versions.add(edns.version.into());
            for option in &edns.options {
                self.edns_options.add(option.code);
            }
        }
        if let Some(fault) = message.fault {
            self.malformed(fault.reason, seen.frame);
        }
    }

    /// Counts something malformed, which need not have been a message.
    pub fn malformed(&mut self, reason: Malformed, frame: u64) {
        if let Some(evidence) = self.malformed.get_mut(reason.index()) {
            evidence.add(frame);
        }
    }

    /// Messages counted.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Messages with QR 1.
    pub fn responses(&self) -> u64 {
        self.responses
    }

    /// How often codes of all kinds came that found no place in their list.
    pub fn codes_not_kept(&self) -> u64 {
        [
            &self.extended_rcodes,
            &self.classes,
            &self.query_types,
            &self.response_question_types,
            &self.record_types,
            &self.edns_versions,
            &self.edns_options,
        ]
        .iter()
        .map(|counts| counts.others())
        .sum()
    }

    /// The counts as the report has them; `None` when nothing was seen.
    pub fn report(&self, service: Service) -> Option<ServiceReport> {
        let malformed: Vec<MalformedCount> = Malformed::ALL
            .into_iter()
            .zip(&self.malformed)
            .filter(|(_, evidence)| evidence.total() > 0)
            .map(|(reason, evidence)| MalformedCount {
                reason,
                count: evidence.total(),
                frames: evidence.frames().to_vec(),
            })
            .collect();
        if self.messages == 0 && malformed.is_empty() {
            return None;
        }
        Some(ServiceReport {
            service,
            messages: self.messages,
            queries: self.messages.saturating_sub(self.responses),
            responses: self.responses,
            over_tcp: self.over_tcp,
            octets: self.octets,
            truncated: self.truncated,
            authentic_data: self.authentic_data,
            checking_disabled: self.checking_disabled,
            edns: self.edns,
            dnssec_ok: self.dnssec_ok,
            signed: self.signed,
            opcodes: self.opcodes.list(|code| codes::opcode(u8::try_from(code).unwrap_or(u8::MAX))),
            rcodes: self.rcodes.list(codes::rcode),
            extended_rcodes: self.extended_rcodes.list(codes::rcode),
            classes: self.classes.list(codes::class),
            query_types: self.query_types.list(codes::record_type),
            response_question_types: self.response_question_types.list(codes::record_type),
            record_types: self.record_types.list(codes::record_type),
            edns_versions: self.edns_versions.list(|version| Cow::Owned(format!("EDNS({version})"))),
            edns_options: self.edns_options.list(codes::edns_option),
            malformed,
        })
    }
}
