//! The table `dns`: transactions, and the messages that belong to none.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use mcpcap_analyzer::community;
use mcpcap_analyzer::table::{self, Captured, Time};

use crate::brief::{Decision, Judged, Outcome, Settled};
use crate::details;
use crate::message::{Message, Section, codes};
use crate::seen::{Seen, Service, Transport};

mcpcap_analyzer::table! {
    /// A DNS transaction (a query with its first response), or a DNS, mDNS or LLMNR message that belongs to none: each message that was read is in one row.
    pub struct Transaction in "dns" {
        /// Frame of the query; where there is none, of the message.
        frame: u64,
        /// Frame of the first response.
        response_frame: Option<u64>,
        /// When the query was first sent; where there is none, the message.
        time: Option<Time>,
        /// From the query to its first response.
        #[unit = "ms"]
        latency_ms: Option<f64>,
        /// answered, unanswered; of other messages retransmission (of a query), further_response, other_question (a response with the ends and identifier of an open query), other_payload (it answers what is no DNS), unasked (a response without a query), unpaired (mDNS).
        status: &'static str,
        /// dns, mdns or llmnr.
        service: &'static str,
        /// udp or tcp.
        transport: &'static str,
        /// Who asks, or would be the one who asked.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Who is asked.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// VLAN of its first frame, and of TCP of the connection's: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Cow<'static, str>,
        /// Number of the TCP connection, from 0.
        connection: Option<u64>,
        /// Identifier of the transaction.
        id: u16,
        /// Operation code by name: QUERY, UPDATE, ..
        opcode: Cow<'static, str>,
        /// The name asked for, in lower case.
        name: Option<Captured<String>>,
        /// Record type asked for: A, MX, ..
        qtype: Option<Cow<'static, str>>,
        /// Number of that type.
        qtype_number: Option<u16>,
        /// Class asked for: IN, nearly always.
        qclass: Option<Cow<'static, str>>,
        /// Number of that class.
        qclass_number: Option<u16>,
        /// Response code by name: NOERROR, NXDOMAIN, ..
        rcode: Option<Cow<'static, str>>,
        /// Number of that code, extended by EDNS.
        rcode_number: Option<u16>,
        /// Data of the answer records: addresses, names, texts. The first ones where there are many; none where room was short.
        answers: Option<Captured<Vec<String>>>,
        /// How long each of these may be kept.
        #[unit = "s"]
        ttls: Option<Vec<u64>>,
        /// Record type of each of these.
        answer_types: Option<Vec<Cow<'static, str>>>,
        /// The name that the first answer record is about, in lower case.
        answer_name: Option<Captured<String>>,
        /// How many answer records there are.
        answers_total: Option<u64>,
        /// Size of the query.
        #[unit = "bytes"]
        query_size: Option<u64>,
        /// Size of the response.
        #[unit = "bytes"]
        response_size: Option<u64>,
        /// AA: the server has authority for the zone.
        is_authoritative: Option<bool>,
        /// TC: the response was cut to fit.
        is_truncated: Option<bool>,
        /// TC of the query.
        query_truncated: Option<bool>,
        /// RD: the client wants recursion.
        recursion_desired: bool,
        /// RA: the server offers recursion.
        recursion_available: Option<bool>,
        /// AD: the data was verified with DNSSEC.
        is_authentic: Option<bool>,
        /// The three bits before the response code, of the query, or of a message alone: 2 is AD, 1 is CD.
        z: u8,
        /// Whether the response has no records at all, or an error and no question: Zeek's rejected.
        is_rejected: Option<bool>,
        /// Whether something is wrong with a message of it, so that not all of it was read.
        is_malformed: bool,
    }
}

/// Bytes of answers that wait for their rows. Beyond, rows have none.
const HELD: usize = 8 << 20;
/// Records of a message whose data is told, and bytes of it.
const RECORDS: usize = 100;
const DATA: usize = 8 << 10;
/// Messages that belong to no transaction, as it seems. Which of them is judged anew, it is soon.
const JUDGED: usize = 1024;

/// Records of an answer.
#[derive(Default)]
struct Answers {
    texts: Vec<String>,
    ttls: Vec<u64>,
    kinds: Vec<u16>,
    /// What the first one is about.
    name: Option<String>,
}

/// A message that waits for its row.
struct Said {
    seen: Seen,
    header: crate::message::Header,
    question: Option<(String, u16, u16)>,
    rcode: u16,
    answers: Option<Answers>,
    answers_total: u64,
    size: u64,
    is_malformed: bool,
    /// What it is, when it belongs to no transaction.
    status: Option<&'static str>,
}

impl Said {
    fn of(seen: &Seen, message: &Message<'_>, has_room: bool) -> Self {
        let question = message.questions.first().and_then(|question| {
            let name = message.question_name(question)?.to_string().to_ascii_lowercase();
            Some((name, question.kind, question.class & seen.service.class_mask()))
        });
        let is_response = message.header.is_response();
        let answers = (is_response && has_room).then(|| {
            let (mut answers, mut left) = (Answers::default(), DATA);
            for record in message.section(Section::Answer).take(RECORDS) {
                if answers.name.is_none() {
                    answers.name = message.owner_name(record).map(|name| name.to_string().to_ascii_lowercase());
                }
                let (text, _) = details::data(message, record);
                match left.checked_sub(text.len()) {
                    Some(rest) => left = rest,
                    None => break,
                }
                answers.texts.push(text);
                answers.ttls.push(record.ttl.into());
                answers.kinds.push(record.kind);
            }
            answers
        });
        Self {
            seen: *seen,
            header: message.header,
            question,
            rcode: message.rcode(),
            answers,
            answers_total: message.section(Section::Answer).count() as u64,
            size: message.octets().len() as u64,
            is_malformed: message.fault.is_some() || !message.complete,
            status: None,
        }
    }

    /// Bytes of its answers.
    fn held(&self) -> usize {
        self.answers.iter().flat_map(|answers| &answers.texts).map(|text| text.len().saturating_add(48)).sum()
    }
}

/// Rows in the making.
pub struct Rows {
    /// By their places, in the order of their coming.
    messages: BTreeMap<usize, Said>,
    next: usize,
    /// Places of those that belong to no transaction, as it seems.
    judged: VecDeque<usize>,
    held: usize,
}

impl Rows {
    /// None yet; nothing where nobody wants them.
    pub fn wanted() -> Option<Self> {
        table::is_wanted::<Transaction>().then(|| Self {
            messages: BTreeMap::new(),
            next: 0,
            judged: VecDeque::new(),
            held: 0,
        })
    }

    /// Takes a message; gives the place by which decisions name it.
    pub fn take(&mut self, seen: &Seen, message: &Message<'_>) -> usize {
        let said = Said::of(seen, message, self.held < HELD);
        self.held = self.held.saturating_add(said.held());
        let place = self.next;
        self.next = place.saturating_add(1);
        self.messages.insert(place, said);
        place
    }

    /// A message without a transaction, for certain.
    pub fn is_alone(&mut self, place: usize) {
        if let Some(said) = self.remove(place) {
            one(&said, "unpaired");
        }
    }

    /// Takes a decision about messages.
    pub fn decided(&mut self, decision: &Decision) {
        match decision {
            Decision::Judged(judged) => self.judged(judged),
            Decision::Settled(settled) => self.settled(settled),
            Decision::Unanswered(place) => {
                if let Some(said) = place.and_then(|place| self.remove(place)) {
                    one(&said, "unanswered");
                }
            }
        }
    }

    fn judged(&mut self, judged: &Judged) {
        let Some((place, said)) = judged.place.and_then(|place| Some((place, self.messages.get_mut(&place)?))) else {
            return;
        };
        said.status = match judged.outcome {
            Outcome::Retransmitted => Some("retransmission"),
            Outcome::AnsweredAgain { .. } => Some("further_response"),
            Outcome::OtherQuestion { .. } => Some("other_question"),
            Outcome::OtherPayload { .. } => Some("other_payload"),
            Outcome::Unasked => Some("unasked"),
            // Whatever it seemed to be, it belongs to a transaction.
            Outcome::Asked | Outcome::AskedAnew | Outcome::Answered { .. } => None,
            Outcome::Waiting | Outcome::Unpaired => None,
        };
        if said.status.is_some() {
            self.judged.push_back(place);
        }
        if self.judged.len() > JUDGED
            && let Some(oldest) = self.judged.pop_front()
            && let Some(status) = self.messages.get(&oldest).and_then(|said| said.status)
            && let Some(said) = self.remove(oldest)
        {
            one(&said, status);
        }
    }

    fn settled(&mut self, settled: &Settled) {
        let query = settled.request.1.and_then(|place| self.remove(place));
        let response = settled.response.1.and_then(|place| self.remove(place));
        let Some(first) = query.as_ref().or(response.as_ref()) else { return };
        row(first, response.as_ref(), settled.latency, "answered");
    }

    fn remove(&mut self, place: usize) -> Option<Said> {
        let said = self.messages.remove(&place)?;
        self.held = self.held.saturating_sub(said.held());
        Some(said)
    }

    /// Ends the run: gives what is left.
    pub fn finish(self) {
        for said in self.messages.values() {
            let is_response = said.header.is_response();
            one(said, said.status.unwrap_or(if is_response { "unpaired" } else { "unanswered" }));
        }
    }
}

/// Gives the row of a message alone.
fn one(said: &Said, status: &'static str) {
    let response = said.header.is_response().then_some(said);
    row(said, response, None, status);
}

/// Whether a response has no records at all, or an error and no question.
fn is_rejected(response: &Said) -> bool {
    let [questions, records @ ..] = response.header.counts;
    let has_records = records.iter().any(|count| *count > 0);
    if questions == 0 { response.rcode != 0 } else { !has_records }
}

/// Gives the row of a query with its response, or of one of them.
fn row(first: &Said, response: Option<&Said>, latency: Option<u64>, status: &'static str) {
    let seen = &first.seen;
    let is_response = first.header.is_response();
    let (client, server) = seen.ends(is_response);
    let (transport, protocol) = match seen.transport {
        Transport::Udp => ("udp", community::UDP),
        Transport::Tcp => ("tcp", community::TCP),
    };
    let question = first.question.as_ref().or_else(|| response?.question.as_ref());
    let answers = response.and_then(|response| response.answers.as_ref());
    let is = |bit: fn(crate::message::Header) -> bool| response.map(|response| bit(response.header));
    table::add(|| Transaction {
        frame: seen.frame,
        response_frame: response.filter(|_| !is_response).map(|response| response.seen.frame),
        time: seen.timestamp.map(Time),
        latency_ms: latency.map(|latency| latency as f64 / 1e6),
        status,
        service: match seen.service {
            Service::Dns => "dns",
            Service::Mdns => "mdns",
            Service::Llmnr => "llmnr",
        },
        transport,
        client: client.address,
        client_port: client.port,
        server: server.address,
        server_port: server.port,
        vlan: seen.vlan,
        community_id: community::id(protocol, (client.address, Some(client.port)), (server.address, Some(server.port)))
            .into(),
        connection: seen.connection,
        id: first.header.id,
        opcode: codes::opcode(first.header.opcode()),
        name: question.map(|(name, ..)| Captured(name.clone())),
        qtype: question.map(|(_, kind, _)| codes::record_type(*kind)),
        qtype_number: question.map(|(_, kind, _)| *kind),
        qclass: question.map(|(.., class)| codes::class(*class)),
        qclass_number: question.map(|(.., class)| *class),
        rcode: response.map(|response| codes::rcode(response.rcode)),
        rcode_number: response.map(|response| response.rcode),
        answers: answers.map(|answers| Captured(answers.texts.clone())),
        ttls: answers.map(|answers| answers.ttls.clone()),
        answer_types: answers.map(|answers| answers.kinds.iter().map(|kind| codes::record_type(*kind)).collect()),
        answer_name: answers.and_then(|answers| answers.name.clone()).map(Captured),
        answers_total: response.map(|response| response.answers_total),
        query_size: (!is_response).then_some(first.size),
        response_size: response.map(|response| response.size),
        is_authoritative: is(|header| header.authoritative()),
        is_truncated: is(|header| header.truncated()),
        query_truncated: (!is_response).then(|| first.header.truncated()),
        recursion_desired: first.header.recursion_desired(),
        recursion_available: is(|header| header.recursion_available()),
        is_authentic: is(|header| header.authentic_data()),
        z: first.header.z(),
        is_rejected: response.map(is_rejected),
        is_malformed: first.is_malformed || response.is_some_and(|response| response.is_malformed),
    });
}
