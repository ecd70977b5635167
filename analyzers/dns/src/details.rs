//! One message as the report lists it.

mod room;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::net::IpAddr;

use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::brief::Differs;
use crate::limits;
use crate::lists;
use crate::message::fault::Fault;
use crate::message::{Message, Record, Section, codes, rdata};
use crate::seen::{Seen, Service, Transport};

pub use room::{Budget, Room};

/// A message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PacketDetails {
    /// Number of the frame that completed the message.
    pub frame: u64,
    /// UTC, RFC 3339. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub timestamp: Option<String>,
    /// Sender's address.
    pub source_ip: IpAddr,
    /// Sender's port.
    pub source_port: u16,
    /// Receiver's address.
    pub destination_ip: IpAddr,
    /// Receiver's port.
    pub destination_port: u16,
    /// What carried it.
    pub protocol: Transport,
    /// Which of the protocols with this message format.
    pub service: Service,
    /// Bytes of the message.
    pub size: usize,
    /// Identifier of the transaction.
    pub dns_id: u16,
    pub flags: Flags,
    /// Operation code by name.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub opcode: Cow<'static, str>,
    /// Response code by name, extended by EDNS. Absent in queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub rcode: Option<Cow<'static, str>>,
    /// Questions, as far as there is room for them.
    pub questions: Vec<QuestionDetails>,
    /// Present where `questions` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions_total: Option<u64>,
    /// Records of the answer section, likewise.
    pub answers: Vec<RecordDetails>,
    /// Present where `answers` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_total: Option<u64>,
    /// Records of the authority section, likewise.
    pub authority: Vec<RecordDetails>,
    /// Present where `authority` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority_total: Option<u64>,
    /// Without the OPT record, which is `edns`.
    pub additional: Vec<RecordDetails>,
    /// Present where `additional` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_total: Option<u64>,
    /// Questions and records of the message that could be read, without the OPT record. The first 1,000 are given, as far as the texts of
    /// all messages have room; each of the lists has pages.
    pub records_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edns: Option<EdnsDetails>,
    /// What is wrong with the message, first thing first. What was read before it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malformed: Option<Fault>,
    /// Milliseconds since the query was first sent. Only in the first response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Frame of the query that this answers, in its first transmission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_frame: Option<u64>,
    /// Frame of the first response to this query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_frame: Option<u64>,
    /// The open query that has the addresses, ports and identifier of this response, and asks something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_question: Option<OtherQuestion>,
    /// What is special about it: sent again, answered before, not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub note: Option<&'static str>,
}

/// An open query to which a response does not belong, although ends and identifier agree.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OtherQuestion {
    /// Its frame.
    pub query_frame: u64,
    /// What differs first.
    pub differs: Differs,
}

/// Bits of the header.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "the header has so many bits")]
pub struct Flags {
    /// QR: whether it is a response.
    pub is_response: bool,
    /// AA: the server has authority for the zone.
    pub authoritative: bool,
    /// TC: the message was cut to fit.
    pub truncated: bool,
    /// RD: the client wants recursion.
    pub recursion_desired: bool,
    /// RA: the server offers recursion.
    pub recursion_available: bool,
    /// AD: the data was verified with DNSSEC.
    pub authentic_data: bool,
    /// CD: the client does not want verification.
    pub checking_disabled: bool,
}

/// A question; in an update, the zone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuestionDetails {
    /// The name as it was written. Absent when it is not valid. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of the record type asked for.
    #[serde(rename = "type")]
    pub kind: u16,
    /// Name of that type: `A`, `MX`; `TYPE65280` for one without a name.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub type_name: Cow<'static, str>,
    /// Class: `IN`, nearly always.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub class: Cow<'static, str>,
    /// mDNS: an answer to the asker alone is wanted.
    #[serde(skip_serializing_if = "is_default")]
    pub unicast_response: bool,
}

/// A record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecordDetails {
    /// The owner's name as it was written. Absent when it is not valid. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of the record type.
    #[serde(rename = "type")]
    pub kind: u16,
    /// Name of that type: `A`, `MX`; `TYPE65280` for one without a name.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub type_name: Cow<'static, str>,
    /// Class: `IN`, nearly always.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub class: Cow<'static, str>,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// mDNS: older records of this name and type are void.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_flush: bool,
    /// Address of an A or AAAA record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub address: Option<String>,
    /// Record data of other types as zone files have it; `\# length hex` for types without such a form. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Bytes of record data, where `data` does not hold all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_cut_from: Option<u16>,
}

/// The OPT record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EdnsDetails {
    /// Version of EDNS; 0 is the only one so far.
    pub version: u8,
    /// The largest UDP payload that the sender takes.
    pub udp_size: u16,
    /// DO: DNSSEC records are wanted.
    pub dnssec_ok: bool,
    /// The first options.
    pub options: Vec<OptionDetails>,
    /// How many options there are.
    pub options_total: u64,
}

/// An EDNS option.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OptionDetails {
    /// Number of the option.
    pub code: u16,
    /// Name of the option in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// Length of its value, in bytes.
    pub length: u16,
    /// Its data; hexadecimal where its format is not known. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Whether `data` is not all of it.
    #[serde(skip_serializing_if = "is_default")]
    pub data_is_cut: bool,
}

/// Characters that a record takes besides its texts, roughly.
const RECORD_OVERHEAD: usize = 120;

/// Describes a message, as far as there is room.
pub fn describe(seen: &Seen, message: &Message<'_>, timestamp: Option<String>, room: &mut Room<'_>) -> PacketDetails {
    let header = message.header;
    let mut left = limits::RECORDS_LISTED;
    let (questions, questions_total) = questions(seen, message, room, &mut left);
    let mut section = |section| records(seen, message, section, room, &mut left);
    let (answers, answers_total) = section(Section::Answer);
    let (authority, authority_total) = section(Section::Authority);
    let (additional, additional_total) = section(Section::Additional);
    PacketDetails {
        frame: seen.frame,
        timestamp,
        source_ip: seen.source.address,
        source_port: seen.source.port,
        destination_ip: seen.destination.address,
        destination_port: seen.destination.port,
        protocol: seen.transport,
        service: seen.service,
        size: message.octets().len(),
        dns_id: header.id,
        flags: Flags {
            is_response: header.is_response(),
            authoritative: header.authoritative(),
            truncated: header.truncated(),
            recursion_desired: header.recursion_desired(),
            recursion_available: header.recursion_available(),
            authentic_data: header.authentic_data(),
            checking_disabled: header.checking_disabled(),
        },
        opcode: codes::opcode(header.opcode()),
        rcode: header.is_response().then(|| codes::rcode(message.rcode())),
        questions,
        questions_total,
        answers,
        answers_total,
        authority,
        authority_total,
        additional,
        additional_total,
        records_total: total(message),
        edns: edns(message, room),
        malformed: message.fault,
        latency_ms: None,
        request_frame: None,
        response_frame: None,
        other_question: None,
        note: None,
    }
}

fn total(message: &Message<'_>) -> u64 {
    let records = message.records.iter().filter(|record| record.kind != codes::kind::OPT).count();
    (message.questions.len() as u64).saturating_add(records as u64)
}

/// The questions, and how many there are if these are not all.
fn questions(
    seen: &Seen,
    message: &Message<'_>,
    room: &mut Room<'_>,
    left: &mut usize,
) -> (Vec<QuestionDetails>, Option<u64>) {
    let mask = seen.service.class_mask();
    let part = room.lists.part_within(lists::QUESTIONS, *left);
    let mut list = Vec::new();
    for question in message.questions.iter().skip(part.offset).take(part.limit) {
        let name = message.question_name(question).map(|name| name.to_string());
        let length = name.as_ref().map_or(0, String::len).saturating_add(RECORD_OVERHEAD);
        if !room.budget.take(length) {
            break;
        }
        list.push(QuestionDetails {
            name,
            kind: question.kind,
            type_name: codes::record_type(question.kind),
            class: codes::class(question.class & mask),
            unicast_response: question.class & !mask != 0,
        });
    }
    *left = left.saturating_sub(list.len());
    let total = message.questions.len();
    room.lists.told_within(lists::QUESTIONS, &[room.place], total as u64, part, list.len());
    let is_cut = list.len() < total;
    (list, is_cut.then_some(total as u64))
}

/// The records of a section, and how many there are if these are not all.
fn records(
    seen: &Seen,
    message: &Message<'_>,
    section: Section,
    room: &mut Room<'_>,
    left: &mut usize,
) -> (Vec<RecordDetails>, Option<u64>) {
    let name = match section {
        Section::Answer => lists::ANSWERS,
        Section::Authority => lists::AUTHORITY,
        Section::Additional => lists::ADDITIONAL,
    };
    let part = room.lists.part_within(name, *left);
    let mut list = Vec::new();
    for record in message.section(section).skip(part.offset).take(part.limit) {
        let details = describe_record(seen, message, record);
        let length = |details: &RecordDetails| {
            let texts = [&details.name, &details.address, &details.data];
            texts.into_iter().flatten().map(String::len).sum::<usize>().saturating_add(RECORD_OVERHEAD)
        };
        if !room.budget.take(length(&details)) {
            break;
        }
        list.push(details);
    }
    *left = left.saturating_sub(list.len());
    let total = message.section(section).count();
    room.lists.told_within(name, &[room.place], total as u64, part, list.len());
    let is_cut = list.len() < total;
    (list, is_cut.then_some(total as u64))
}

/// A record's data as text, and whether that is not all of it.
pub fn data(message: &Message<'_>, record: &Record) -> (String, bool) {
    let mut text = Capped { text: String::new(), full: false };
    // The text itself never refuses.
    let _ = rdata::write(message.octets(), record, &mut text);
    (text.text, text.full)
}

fn describe_record(seen: &Seen, message: &Message<'_>, record: &Record) -> RecordDetails {
    let mask = seen.service.class_mask();
    let (text, full) = data(message, record);
    let is_address =
        matches!(record.kind, codes::kind::A | codes::kind::AAAA) && !text.starts_with('\\') && !text.is_empty();
    let (address, data) = if is_address { (Some(text), None) } else { (None, (!text.is_empty()).then_some(text)) };
    RecordDetails {
        name: message.owner_name(record).map(|name| name.to_string()),
        kind: record.kind,
        type_name: codes::record_type(record.kind),
        class: codes::class(record.class & mask),
        ttl: record.ttl,
        cache_flush: record.class & !mask != 0,
        address,
        data,
        data_cut_from: full.then_some(record.data_length),
    }
}

fn edns(message: &Message<'_>, room: &mut Room<'_>) -> Option<EdnsDetails> {
    let edns = message.edns.as_ref()?;
    let options = room.lists.cut_within(lists::OPTIONS, &[room.place], limits::OPTIONS_LISTED, edns.options.iter());
    let options = options.map(|option| {
        let mut data = option.text(message.octets());
        let data_is_cut = data.as_ref().is_some_and(|text| text.len() > limits::DATA_CHARACTERS);
        // Text of options is ASCII, so each place is a boundary.
        data.iter_mut().for_each(|text| text.truncate(limits::DATA_CHARACTERS));
        let (code, length) = (option.code, option.length);
        OptionDetails { code, name: codes::edns_option(code), length, data, data_is_cut }
    });
    Some(EdnsDetails {
        version: edns.version,
        udp_size: edns.udp_size,
        dnssec_ok: edns.dnssec_ok,
        options: options.collect(),
        options_total: edns.options.len() as u64,
    })
}

/// Text that takes a limited number of characters and drops the rest. All that is written to it is ASCII.
struct Capped {
    text: String,
    full: bool,
}

impl rdata::Output for Capped {}

impl Write for Capped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = limits::DATA_CHARACTERS.saturating_sub(self.text.len());
        match text.get(..room) {
            Some(start) if text.len() > room => {
                self.text.push_str(start);
                self.full = true;
            }
            _ => self.text.push_str(text),
        }
        Ok(())
    }
}
