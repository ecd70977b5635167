//! How often what came.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::numbers::add_one;
use mcpcap_analyzer::stats::{Lists, TopK};
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::limits;
use crate::seen::{Family, Seen};
use crate::{v4, v6};

/// The counts.
pub struct Counts {
    /// By family and type; types have one byte.
    types: BTreeMap<(Family, Option<u8>), u64>,
    /// Messages within those of relays.
    relayed: BTreeMap<u8, u64>,
    options_v4: BTreeMap<u8, u64>,
    /// At most 65,536.
    options_v6: BTreeMap<u16, u64>,
    ops: BTreeMap<u8, u64>,
    via_relay: u64,
    hostnames: TopK<String>,
    vendors: TopK<String>,
    malformed: Vec<(&'static str, Evidence)>,
}

impl Counts {
    /// Nothing counted yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            types: BTreeMap::new(),
            relayed: BTreeMap::new(),
            options_v4: BTreeMap::new(),
            options_v6: BTreeMap::new(),
            ops: BTreeMap::new(),
            via_relay: 0,
            hostnames: TopK::of("statistics.hostnames", limits::ENTRIES, lists),
            vendors: TopK::of("statistics.vendor_classes", limits::ENTRIES, lists),
            malformed: Vec::new(),
        }
    }

    /// Counts a message.
    pub fn take(&mut self, seen: &Seen) {
        add_one(self.types.entry((seen.family, seen.kind)).or_default());
        if seen.segment.relay.is_some() {
            add_one(&mut self.via_relay);
        }
    }

    /// Counts what a DHCPv4 message holds.
    pub fn v4(&mut self, message: &v4::Message) {
        add_one(self.ops.entry(message.op).or_default());
        for option in message.options.iter().flatten() {
            let count = self.options_v4.entry(option.code).or_default();
            *count = count.saturating_add(option.parts.into());
        }
        if let Some(code) = message.broken {
            add_one(self.options_v4.entry(code).or_default());
        }
        if let Some(name) = message.string(v4::code::HOSTNAME) {
            self.hostnames.add(name, 1);
        }
        if let Some(vendor) = message.string(v4::code::VENDOR_CLASS) {
            self.vendors.add(vendor, 1);
        }
    }

    /// Counts what a DHCPv6 message holds.
    pub fn v6(&mut self, message: &v6::Message) {
        for kind in &message.kinds {
            add_one(self.relayed.entry(*kind).or_default());
        }
        message.options.iter().for_each(|option| add_one(self.options_v6.entry(option.code).or_default()));
    }

    /// Counts a message without a header that could be read.
    pub fn unread(&mut self, family: Family) {
        add_one(self.types.entry((family, None)).or_default());
    }

    /// Notes what is wrong with a message.
    pub fn malformed(&mut self, reason: &'static str, frame: u64) {
        match self.malformed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, evidence)) => evidence.add(frame),
            None => {
                let mut evidence = Evidence::default();
                evidence.add(frame);
                self.malformed.push((reason, evidence));
            }
        }
    }

    /// The report.
    pub fn report(self, lists: &mut Lists) -> CountsReport {
        let types = self.types.iter().map(|((family, kind), count)| TypeCount {
            ip_version: family.number(),
            message_type: match (family, kind) {
                (Family::V4, None) => "BOOTP".into(),
                (Family::V6, None) => "unreadable".into(),
                (Family::V4, Some(kind)) => named(v4::type_name(*kind), "type", (*kind).into()),
                (Family::V6, Some(kind)) => named(v6::type_name(*kind), "type", (*kind).into()),
            },
            code: *kind,
            count: *count,
        });
        let relayed = self.relayed.iter().map(|(kind, count)| TypeCount {
            ip_version: 6,
            message_type: named(v6::type_name(*kind), "type", (*kind).into()),
            code: Some(*kind),
            count: *count,
        });
        let options_v4 = self.options_v4.iter().map(|(code, count)| OptionCount {
            ip_version: 4,
            code: (*code).into(),
            name: named(v4::names::option(*code).map(|(name, _)| name), "option", (*code).into()),
            count: *count,
        });
        let mut options_v6: Vec<(u16, u64)> = self.options_v6.into_iter().collect();
        // Stable, so equal ones stay in the order of their codes.
        options_v6.sort_by_key(|(_, count)| Reverse(*count));
        let options_v6 = options_v6.into_iter().map(|(code, count)| OptionCount {
            ip_version: 6,
            code,
            name: named(v6::names::option(code), "option", code),
            count,
        });
        let option_counts: Vec<OptionCount> = options_v4.chain(options_v6).collect();
        CountsReport {
            message_type_counts: types.collect(),
            message_types_with_relayed: relayed.collect(),
            bootp_requests: self.ops.get(&1).copied().unwrap_or_default(),
            bootp_replies: self.ops.get(&2).copied().unwrap_or_default(),
            via_relay: self.via_relay,
            option_counts: lists.cut(OPTION_COUNTS, limits::OPTION_CODES, option_counts.into_iter()).collect(),
            hostnames: texts(&self.hostnames, lists),
            hostnames_total: self.hostnames.different(),
            vendor_classes: texts(&self.vendors, lists),
            vendor_classes_total: self.vendors.different(),
            malformed: self
                .malformed
                .into_iter()
                .enumerate()
                .map(|(place, (reason, evidence))| Malformed {
                    reason,
                    count: evidence.total(),
                    frames: lists.evidence(MALFORMED_FRAMES, place, &evidence),
                })
                .collect(),
        }
    }
}

/// The most frequent texts of a table.
fn texts(table: &TopK<String>, lists: &mut Lists) -> Vec<TextCount> {
    let listed = table.list(limits::LIST_ENTRIES, lists).into_iter();
    listed.map(|top| TextCount { text: top.key, count: top.count, count_too_high: top.error }).collect()
}

/// A name, or what it is with its number.
pub fn named(name: Option<&'static str>, what: &str, number: u16) -> Cow<'static, str> {
    name.map_or_else(|| format!("{what}_{number}").into(), Cow::Borrowed)
}

/// Counts over all messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CountsReport {
    /// By the client's or server's own type, or the relay's where it holds no other message.
    pub message_type_counts: Vec<TypeCount>,
    /// DHCPv6: relays' messages and those within them, each by its type.
    pub message_types_with_relayed: Vec<TypeCount>,
    /// DHCPv4 messages with op 1.
    pub bootp_requests: u64,
    /// DHCPv4 messages with op 2.
    pub bootp_replies: u64,
    /// Messages that came through a relay.
    pub via_relay: u64,
    /// Options by code; parts of one that was split count each, and one that is longer than its message.
    pub option_counts: Vec<OptionCount>,
    /// Option 12, the most frequent first; behind the first 2,048 in no order. Text from the capture.
    pub hostnames: Vec<TextCount>,
    /// Different host names in all; beyond 4,096 an estimate with a standard error of 0.8 %.
    pub hostnames_total: u64,
    /// Option 60, likewise. Text from the capture.
    pub vendor_classes: Vec<TextCount>,
    /// Different vendor classes in all, likewise.
    pub vendor_classes_total: u64,
    /// What is wrong with messages.
    pub malformed: Vec<Malformed>,
}

/// Messages of a type.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TypeCount {
    /// 4 for DHCPv4 and BOOTP, 6 for DHCPv6.
    pub ip_version: u8,
    /// Name of the type: `DISCOVER`, `SOLICIT`; `BOOTP` for a message without one.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message_type: Cow<'static, str>,
    /// Number of the type. Absent for BOOTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// Messages of that type.
    pub count: u64,
}

/// How often an option came.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OptionCount {
    /// 4 for DHCPv4, 6 for DHCPv6.
    pub ip_version: u8,
    /// Number of the option.
    pub code: u16,
    /// Name of the option.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// Messages that have it.
    pub count: u64,
}

/// How often a text came.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextCount {
    /// The text. From the capture.
    pub text: String,
    /// Messages that have it.
    pub count: u64,
    /// By how much `count` may be too high, as there were more texts than are counted one by one.
    #[serde(skip_serializing_if = "is_default")]
    pub count_too_high: u64,
}

/// The list of options.
pub const OPTION_COUNTS: &str = "statistics.option_counts";
/// The list of frames of each fault.
pub const MALFORMED_FRAMES: &str = "statistics.malformed[].frames";

/// Messages with something wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Malformed {
    /// What is wrong.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub reason: &'static str,
    /// Messages with that fault.
    pub count: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}
