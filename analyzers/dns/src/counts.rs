//! What is counted over all messages of one protocol.

use std::borrow::Cow;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::stats::Lists;
use serde::Serialize;

use crate::code_counts::{CodeCount, CodeCounts};
use crate::lists::{self, MALFORMED_FRAMES};
use crate::message::fault::Malformed;
use crate::message::{Message, codes};
use crate::seen::{Seen, Service, Transport};

/// Counts of one protocol.
#[derive(Debug, Clone)]
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
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            messages: 0,
            responses: 0,
            over_tcp: 0,
            octets: 0,
            truncated: 0,
            authentic_data: 0,
            checking_disabled: 0,
            edns: 0,
            dnssec_ok: 0,
            signed: 0,
            opcodes: CodeCounts::of(lists::OPCODES),
            rcodes: CodeCounts::of(lists::RCODES),
            extended_rcodes: CodeCounts::of(lists::EXTENDED_RCODES),
            classes: CodeCounts::of(lists::CLASSES),
            query_types: CodeCounts::of(lists::QUERY_TYPES),
            response_question_types: CodeCounts::of(lists::RESPONSE_QUESTION_TYPES),
            record_types: CodeCounts::of(lists::RECORD_TYPES),
            edns_versions: CodeCounts::of(lists::EDNS_VERSIONS),
            edns_options: CodeCounts::of(lists::EDNS_OPTIONS),
            malformed: Default::default(),
        }
    }
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

    /// The counts as the report has them at a place; `None` when nothing was seen.
    pub fn report(&self, service: Service, place: usize, lists: &mut Lists) -> Option<ServiceReport> {
        let malformed: Vec<MalformedCount> = Malformed::ALL
            .into_iter()
            .zip(&self.malformed)
            .filter(|(_, evidence)| evidence.total() > 0)
            .enumerate()
            .map(|(nth, (reason, evidence))| {
                let mut frames = evidence.cited();
                lists.frames_at(MALFORMED_FRAMES, &[place, nth], &mut frames, evidence.total());
                MalformedCount { reason, count: evidence.total(), frames }
            })
            .collect();
        if self.messages == 0 && malformed.is_empty() {
            return None;
        }
        let at = &[place];
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
            opcodes: self.opcodes.list(|code| codes::opcode(u8::try_from(code).unwrap_or(u8::MAX)), at, lists),
            rcodes: self.rcodes.list(codes::rcode, at, lists),
            extended_rcodes: self.extended_rcodes.list(codes::rcode, at, lists),
            classes: self.classes.list(codes::class, at, lists),
            query_types: self.query_types.list(codes::record_type, at, lists),
            response_question_types: self.response_question_types.list(codes::record_type, at, lists),
            record_types: self.record_types.list(codes::record_type, at, lists),
            edns_versions: self.edns_versions.list(|version| Cow::Owned(format!("EDNS({version})")), at, lists),
            edns_options: self.edns_options.list(codes::edns_option, at, lists),
            malformed,
        })
    }
}
