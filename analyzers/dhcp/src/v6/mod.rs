//! DHCPv6 messages (RFC 8415).

pub mod names;
pub mod values;

use std::net::Ipv6Addr;

use crate::limits;

/// Option codes that this crate looks into.
pub mod code {
    #![allow(missing_docs, reason = "the names are the registry's")]
    pub const CLIENT_ID: u16 = 1;
    pub const SERVER_ID: u16 = 2;
    pub const IA_NA: u16 = 3;
    pub const IA_TA: u16 = 4;
    pub const IA_ADDRESS: u16 = 5;
    pub const OPTION_REQUEST: u16 = 6;
    pub const RELAY_MESSAGE: u16 = 9;
    pub const STATUS: u16 = 13;
    pub const RAPID_COMMIT: u16 = 14;
    pub const VENDOR_CLASS: u16 = 16;
    pub const INTERFACE_ID: u16 = 18;
    pub const DNS: u16 = 23;
    pub const IA_PD: u16 = 25;
    pub const IA_PREFIX: u16 = 26;
    pub const REMOTE_ID: u16 = 37;
    pub const FQDN: u16 = 39;
    pub const LINK_LAYER: u16 = 79;
}

/// Message types.
pub mod kind {
    #![allow(missing_docs, reason = "the names are the registry's")]
    pub const SOLICIT: u8 = 1;
    pub const ADVERTISE: u8 = 2;
    pub const REQUEST: u8 = 3;
    pub const RENEW: u8 = 5;
    pub const REBIND: u8 = 6;
    pub const REPLY: u8 = 7;
    pub const RELEASE: u8 = 8;
    pub const DECLINE: u8 = 9;
    pub const RECONFIGURE: u8 = 10;
    pub const RELAY_FORWARD: u8 = 12;
    pub const RELAY_REPLY: u8 = 13;
}

/// A message, with those of relays around it.
#[derive(Debug)]
pub struct Message {
    /// Types, outermost first; the last one is the client's or server's own, unless the relay's message holds none.
    pub kinds: Vec<u8>,
    /// Relays, outermost first.
    pub relays: Vec<Relay>,
    /// Transaction id of the innermost message, 24 bits.
    pub xid: Option<u32>,
    /// Options of the innermost message.
    pub options: Vec<DhcpOption>,
    /// What is wrong with it.
    pub malformed: Option<&'static str>,
}

/// What a relay added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Relays before it.
    pub hops: u8,
    /// An address on the client's link.
    pub link: Ipv6Addr,
    /// Where the relayed message came from.
    pub peer: Ipv6Addr,
    /// Its options but for the relayed message.
    pub options: Vec<DhcpOption>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpOption {
    /// Its code.
    pub code: u16,
    /// Its value.
    pub value: Vec<u8>,
}

impl Message {
    /// Reads a message as far as it goes. `cut`: less was captured than there was.
    ///
    /// # Errors
    /// When not even its type and transaction are there: what is missing.
    pub fn read(octets: &[u8], cut: bool) -> Result<Self, &'static str> {
        let mut message =
            Self { kinds: Vec::new(), relays: Vec::new(), xid: None, options: Vec::new(), malformed: None };
        let mut rest = octets.to_vec();
        let missing = if cut { "cut off in the capture" } else { "ends within its header" };
        for depth in 0..=limits::RELAYS {
            let Some((&kind, behind)) = rest.split_first() else {
                if depth == 0 {
                    return Err(missing);
                }
                message.malformed = Some("a relay's message is empty");
                return Ok(message);
            };
            message.kinds.push(kind);
            if !matches!(kind, kind::RELAY_FORWARD | kind::RELAY_REPLY) {
                let Some(([a, b, c], area)) = behind.split_first_chunk() else {
                    message.malformed = Some(missing);
                    return Ok(message);
                };
                message.xid = Some(u32::from_be_bytes([0, *a, *b, *c]));
                message.malformed = walk(area, &mut message.options, cut);
                return Ok(message);
            }
            let Some(([hops, addresses @ ..], area)) = behind.split_first_chunk::<33>() else {
                message.malformed = Some(missing);
                return Ok(message);
            };
            let address = |at: usize| {
                let octets: [u8; 16] =
                    addresses.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
                Ipv6Addr::from(octets)
            };
            let mut options = Vec::new();
            message.malformed = message.malformed.or(walk(area, &mut options, cut));
            let inner = options.iter().position(|option| option.code == code::RELAY_MESSAGE);
            let inner = inner.map(|at| options.remove(at).value);
            message.relays.push(Relay { hops: *hops, link: address(0), peer: address(16), options });
            match inner {
                Some(value) => rest = value,
                None => {
                    message.malformed = message.malformed.or(Some("a relay's message holds no other"));
                    return Ok(message);
                }
            }
        }
        message.malformed = Some("more relays than any network has");
        Ok(message)
    }

    /// The value of an option of the innermost message.
    pub fn option(&self, code: u16) -> Option<&[u8]> {
        self.options.iter().find(|option| option.code == code).map(|option| option.value.as_slice())
    }

    /// The client's or server's own type.
    pub fn kind(&self) -> Option<u8> {
        self.xid.and(self.kinds.last().copied())
    }

    /// What identity associations hold: addresses and prefixes; one more than is kept, if there are more.
    pub fn bindings(&self) -> Vec<Binding> {
        let mut found = Vec::new();
        for option in &self.options {
            let header = match option.code {
                code::IA_NA | code::IA_PD => 12,
                code::IA_TA => 4,
                _ => continue,
            };
            let times = |at: usize| {
                let octets = option.value.get(at..).and_then(|rest| rest.first_chunk::<4>());
                octets.map(|octets| u32::from_be_bytes(*octets)).filter(|_| header == 12)
            };
            let mut inner = Vec::new();
            let _ = walk(option.value.get(header..).unwrap_or_default(), &mut inner, false);
            for held in inner {
                let (renewal, rebinding) = (times(4), times(8));
                let binding = binding(&held).map(|binding| Binding { renewal, rebinding, ..binding });
                found.extend(binding.filter(|_| found.len() <= limits::OPTION_VALUES));
            }
        }
        found
    }

    /// Identity associations: code of the option, and IAID (RFC 8415 §21.4, §21.5, §21.21).
    pub fn associations(&self) -> Vec<(u16, u32)> {
        let held = self.options.iter().filter(|option| matches!(option.code, code::IA_NA | code::IA_TA | code::IA_PD));
        let named = held.filter_map(|option| Some((option.code, u32::from_be_bytes(*option.value.first_chunk()?))));
        named.take(limits::OPEN_OFFERS).collect()
    }

    /// The first status that is no success: of the message, or of what it holds (RFC 8415 §21.13).
    pub fn status(&self) -> Option<(u16, Vec<u8>)> {
        status(&self.options, 0)
    }
}

/// An address or prefix of an identity association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `2001:db8::1` or `2001:db8:1::/48`.
    pub address: String,
    /// Seconds.
    pub preferred: u32,
    /// Seconds.
    pub valid: u32,
    /// T1 in seconds.
    pub renewal: Option<u32>,
    /// T2 in seconds.
    pub rebinding: Option<u32>,
}

impl Binding {
    /// Whether it may be used; a lifetime of 0 takes it back.
    pub fn is_valid(&self) -> bool {
        self.valid > 0
    }
}

fn binding(option: &DhcpOption) -> Option<Binding> {
    let word = |at: usize| option.value.get(at..)?.first_chunk::<4>().map(|octets| u32::from_be_bytes(*octets));
    let address = |at: usize| option.value.get(at..)?.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets));
    let (address, preferred, valid) = match option.code {
        code::IA_ADDRESS => (address(0)?.to_string(), word(16)?, word(20)?),
        code::IA_PREFIX => (format!("{}/{}", address(9)?, option.value.get(8)?), word(0)?, word(4)?),
        _ => return None,
    };
    Some(Binding { address, preferred, valid, renewal: None, rebinding: None })
}

fn status(options: &[DhcpOption], depth: usize) -> Option<(u16, Vec<u8>)> {
    for option in options {
        let header = match option.code {
            code::STATUS => match option.value.split_first_chunk::<2>() {
                Some((code, text)) if *code != [0, 0] => return Some((u16::from_be_bytes(*code), text.to_vec())),
                _ => continue,
            },
            code::IA_NA | code::IA_PD => 12,
            code::IA_TA => 4,
            code::IA_ADDRESS => 24,
            code::IA_PREFIX => 25,
            _ => continue,
        };
        if depth < limits::DEPTH {
            let mut inner = Vec::new();
            let _ = walk(option.value.get(header..).unwrap_or_default(), &mut inner, false);
            if let Some(found) = status(&inner, depth.saturating_add(1)) {
                return Some(found);
            }
        }
    }
    None
}

/// Reads options; what is wrong with them, if anything.
pub fn walk(mut area: &[u8], options: &mut Vec<DhcpOption>, cut: bool) -> Option<&'static str> {
    while !area.is_empty() {
        let Some(([a, b, c, d], rest)) = area.split_first_chunk() else {
            return Some(if cut { "cut off in the capture" } else { "an option ends before its length" });
        };
        let Some((value, rest)) = rest.split_at_checked(u16::from_be_bytes([*c, *d]).into()) else {
            return Some(if cut { "cut off in the capture" } else { "an option is longer than the message" });
        };
        area = rest;
        if options.len() >= limits::OPTIONS {
            return Some("more options than any message has");
        }
        options.push(DhcpOption { code: u16::from_be_bytes([*a, *b]), value: value.to_vec() });
    }
    None
}

/// The name of a message type.
pub fn type_name(kind: u8) -> Option<&'static str> {
    let name = match kind {
        1 => "SOLICIT",
        2 => "ADVERTISE",
        3 => "REQUEST",
        4 => "CONFIRM",
        5 => "RENEW",
        6 => "REBIND",
        7 => "REPLY",
        8 => "RELEASE",
        9 => "DECLINE",
        10 => "RECONFIGURE",
        11 => "INFORMATION-REQUEST",
        12 => "RELAY-FORW",
        13 => "RELAY-REPL",
        14 => "LEASEQUERY",
        15 => "LEASEQUERY-REPLY",
        16 => "LEASEQUERY-DONE",
        17 => "LEASEQUERY-DATA",
        18 => "RECONFIGURE-REQUEST",
        19 => "RECONFIGURE-REPLY",
        20 => "DHCPV4-QUERY",
        21 => "DHCPV4-RESPONSE",
        _ => return None,
    };
    Some(name)
}

/// The name of a status code (IANA "Status Codes").
pub fn status_name(code: u16) -> &'static str {
    match code {
        0 => "Success",
        1 => "UnspecFail",
        2 => "NoAddrsAvail",
        3 => "NoBinding",
        4 => "NotOnLink",
        5 => "UseMulticast",
        6 => "NoPrefixAvail",
        7 => "UnknownQueryType",
        8 => "MalformedQuery",
        9 => "NotConfigured",
        10 => "NotAllowed",
        11 => "QueryTerminated",
        _ => "unknown status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(code: u16, value: &[u8]) -> Vec<u8> {
        [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    }

    fn address(value: &str) -> [u8; 16] {
        value.parse::<Ipv6Addr>().unwrap().octets()
    }

    #[test]
    fn associations_hold_addresses_and_prefixes() {
        let held = option(5, &[&address("2001:db8::9")[..], &[0, 0, 0, 60, 0, 0, 0, 120]].concat());
        let prefix = option(26, &[&[0, 0, 0, 60, 0, 0, 0, 120, 48][..], &address("2001:db8:1::")].concat());
        let na = option(3, &[&[0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 50][..], &held].concat());
        let pd = option(25, &[&[0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 50][..], &prefix].concat());
        let octets = [&[7, 0, 1, 2][..], &na, &pd].concat();
        let read = Message::read(&octets, false).unwrap();
        assert_eq!((read.kind(), read.xid, read.malformed), (Some(7), Some(0x0102), None));
        let bindings = read.bindings();
        assert_eq!(bindings[0].address, "2001:db8::9");
        assert_eq!((bindings[0].preferred, bindings[0].valid, bindings[0].renewal), (60, 120, Some(30)));
        assert_eq!(bindings[1].address, "2001:db8:1::/48");
    }

    #[test]
    fn relays_are_looked_through() {
        let solicit = [&[1, 0, 0, 9][..], &option(1, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1])].concat();
        let relayed =
            [&[12, 0][..], &address("2001:db8::1"), &address("fe80::9"), &option(18, b"eth0"), &option(9, &solicit)]
                .concat();
        let read = Message::read(&relayed, false).unwrap();
        assert_eq!((&read.kinds[..], read.kind(), read.xid), (&[12, 1][..], Some(1), Some(9)));
        assert_eq!(read.relays[0].peer, "fe80::9".parse::<Ipv6Addr>().unwrap());
        assert_eq!(read.relays[0].options.len(), 1);
    }

    #[test]
    fn all_relays_are_read_that_pass_a_message_on() {
        // The hop count of the outermost is 8 then (RFC 8415 §19.1.2).
        let read = |relays: u8| {
            let relayed = |octets: Vec<u8>, hops| [&[12, hops][..], &[0; 32], &option(9, &octets)].concat();
            Message::read(&(0..relays).fold(vec![1, 0, 0, 1], relayed), false).unwrap()
        };
        let most = read(9);
        assert_eq!((most.malformed, most.kind(), most.xid), (None, Some(1), Some(1)));
        assert!(most.relays.iter().map(|relay| relay.hops).eq((0..9).rev()));
        assert_eq!(read(10).malformed, Some("more relays than any network has"));
        assert_eq!(read(20).malformed, Some("more relays than any network has"));
    }

    #[test]
    fn a_status_within_an_association_is_found() {
        let status = option(13, b"\x00\x02none left");
        let na = option(3, &[&[0; 12][..], &status].concat());
        let read = Message::read(&[&[7, 0, 0, 1][..], &na].concat(), false).unwrap();
        assert_eq!(read.status(), Some((2, b"none left".to_vec())));
        assert_eq!(status_name(2), "NoAddrsAvail");
    }

    #[test]
    fn broken_messages_say_what_is_wrong() {
        assert_eq!(Message::read(&[], false).unwrap_err(), "ends within its header");
        assert_eq!(Message::read(&[1, 0], false).unwrap().malformed, Some("ends within its header"));
        assert_eq!(
            Message::read(&[1, 0, 0, 1, 0, 1, 0, 9], false).unwrap().malformed,
            Some("an option is longer than the message")
        );
        assert_eq!(Message::read(&[1, 0, 0, 1, 0], true).unwrap().malformed, Some("cut off in the capture"));
        assert_eq!(
            Message::read(&[&[13, 0][..], &[0; 32]].concat(), false).unwrap().malformed,
            Some("a relay's message holds no other")
        );
    }
}
