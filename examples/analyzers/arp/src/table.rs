//! The tool: what it keeps of the messages.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use mcpcap_analyzer::decode::{Layer, Packet};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::{Capture, Ends, Flow, Frame, Problem, Tool, Window};

use crate::findings::{duplicates, floods};
use crate::message::{self, Mac, Message, Read};
use crate::report::{Arguments, Binding, Report, Unanswered};

// A capture decides how much there is to keep, so every table has a bound.
const BINDINGS: usize = 4096;
const TARGETS: usize = 4096;
const SENDERS: usize = 4096;
const MALFORMED_CITED: usize = 10;
const UNANSWERED_LISTED: usize = 100;

/// Messages that claim an address for a hardware address.
pub struct Claim {
    /// How many.
    pub packets: u64,
    /// Frame of the first.
    pub first: u64,
    last: u64,
}

/// Claims, in the order of their addresses.
pub type Bindings = BTreeMap<(Ipv4Addr, Mac), Claim>;

/// One run.
#[derive(Default)]
pub struct ArpTable {
    max_packets: Option<u64>,
    /// The counts, as they will be reported.
    report: Report,
    bindings: Bindings,
    /// How often an address was asked for, and first in which frame.
    targets: BTreeMap<Ipv4Addr, (u64, u64)>,
    answered: BTreeSet<Ipv4Addr>,
    gratuitous: BTreeMap<Mac, Evidence>,
}

impl Tool for ArpTable {
    const NAME: &'static str = "arp_table";
    const TITLE: &'static str = "ARP table";
    const DESCRIPTION: &'static str = "Reads the ARP messages of a packet capture: which hardware address claimed which IPv4 address, requests, \
        replies, probes and announcements, addresses claimed by several hardware addresses, and floods of gratuitous announcements. Use it to look \
        for ARP spoofing and address conflicts in Ethernet captures.";
    type Arguments = Arguments;
    type Report = Report;
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, _: Window) -> Result<Self, Problem> {
        Ok(Self { max_packets: arguments.max_packets, ..Self::default() })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.layers.last() != Some(&Layer::Arp) {
            return Ok(Flow::More);
        }
        self.report.arp_packets_found += 1;
        match message::read(packet.payload) {
            Read::Malformed => {
                self.report.malformed += 1;
                if self.report.malformed_frames.len() < MALFORMED_CITED {
                    self.report.malformed_frames.push(frame.number);
                }
            }
            Read::OtherHardware => self.report.other_hardware += 1,
            Read::OtherOperation => self.report.other_operations += 1,
            Read::Message(message) => self.message(frame.number, &message),
        }
        let is_enough = self.max_packets == Some(self.report.arp_packets_found);
        Ok(if is_enough { Flow::Enough } else { Flow::More })
    }

    fn finish(mut self, _: &Capture) -> Result<Report, Problem> {
        let mut unanswered: Vec<(Ipv4Addr, u64, u64)> = self
            .targets
            .iter()
            .filter(|(ip, _)| !self.answered.contains(ip))
            .map(|(ip, (requests, first))| (*ip, *requests, *first))
            .collect();
        unanswered.sort_by_key(|(ip, requests, _)| (Reverse(*requests), *ip));
        self.report.unanswered_total = unanswered.len() as u64;
        let listed = unanswered.into_iter().take(UNANSWERED_LISTED);
        self.report.unanswered = listed
            .map(|(ip, requests, first_frame)| Unanswered { ip: ip.to_string(), requests, first_frame })
            .collect();
        self.report.findings = [duplicates(&self.bindings), floods(&self.gratuitous)].concat();
        self.report.bindings = self.bindings.into_iter().map(binding).collect();
        Ok(self.report)
    }
}

impl ArpTable {
    fn message(&mut self, frame: u64, message: &Message) {
        if message.is_reply {
            self.report.replies += 1;
            self.report.gratuitous_replies += u64::from(message.ip == message.target);
            // What was not asked for yet may be asked for later.
            if self.targets.contains_key(&message.ip) || self.answered.len() < TARGETS {
                self.answered.insert(message.ip);
            }
        } else {
            self.report.requests += 1;
            if message.is_gratuitous() {
                self.report.announcements += 1;
            } else if message.ip.is_unspecified() {
                self.report.probes += 1;
            } else {
                self.asked(frame, message.target);
            }
        }
        if message.is_gratuitous() && (self.gratuitous.len() < SENDERS || self.gratuitous.contains_key(&message.mac)) {
            self.gratuitous.entry(message.mac).or_default().add(frame);
        }
        if !message.ip.is_unspecified() {
            self.claimed(frame, message);
        }
    }

    fn asked(&mut self, frame: u64, target: Ipv4Addr) {
        if self.targets.len() < TARGETS || self.targets.contains_key(&target) {
            self.targets.entry(target).or_insert((0, frame)).0 += 1;
        } else {
            self.report.limits.targets_left_out += 1;
        }
    }

    fn claimed(&mut self, frame: u64, message: &Message) {
        let key = (message.ip, message.mac);
        if self.bindings.len() < BINDINGS || self.bindings.contains_key(&key) {
            let claim = self.bindings.entry(key).or_insert(Claim { packets: 0, first: frame, last: frame });
            claim.packets += 1;
            claim.last = frame;
        } else {
            self.report.limits.bindings_left_out += 1;
        }
    }
}

fn binding(((ip, mac), claim): ((Ipv4Addr, Mac), Claim)) -> Binding {
    Binding {
        ip: ip.to_string(),
        mac: mac.to_string(),
        packets: claim.packets,
        first_frame: claim.first,
        last_frame: claim.last,
    }
}
