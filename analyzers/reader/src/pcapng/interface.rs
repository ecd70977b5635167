//! Interface description block (section 4.2).

use crate::classic::max_packet;
use crate::facts::{Facts, On, some_text};
use crate::page::Part;
use crate::pcapng::block::{Block, too_short};
use crate::pcapng::options::{Opt, Options};
use crate::pcapng::state::{Interface, Pcapng};
use crate::summary::{Counters, InterfaceSummary};
use crate::time::Clock;
use crate::types::Link;
use pcap_parser::OptionCode;
use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most interfaces of a section. Each costs memory for as long as the section lasts.
const MAX_INTERFACES: usize = 65_536;
/// Bytes of the names of all interfaces. Whoever takes the links keeps them for the rest of the file.
const MAX_NAMES: usize = 4 << 20;

impl Pcapng {
    pub(crate) fn interface_description(&mut self, block: &Block, facts: &mut Facts) -> Result<Link, String> {
        let mut fields = block.fields();
        let (Some(link_type), Some(_reserved), Some(snap_length)) = (fields.u16(), fields.u16(), fields.u32()) else {
            return Err(too_short(block, 8));
        };
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(format!("this section has more than {MAX_INTERFACES} interfaces, which is the limit"));
        }
        let options = Options::checked(fields.rest(), block.order)?;
        let clock = clock(options)?;
        let mut link = Link {
            link_type,
            snap_length,
            section: self.sections.saturating_sub(1),
            interface_id: self.interfaces.len() as u32,
            ..Link::default()
        };
        let mut interface = InterfaceSummary::default();
        for option in options {
            describe(&option, &mut link, &mut interface);
            match option.code {
                OptionCode::Comment => facts.comment(On::Interface(link.section, link.interface_id), option.value),
                OptionCode::IfIpv4Addr | IF_IPV6_ADDR => listed(&option, &mut interface, facts.addresses()),
                _ => {}
            }
        }
        facts.interface(&link, clock, interface);
        self.names = self.names.saturating_add(link.name.as_ref().map_or(0, String::len));
        if self.names > MAX_NAMES {
            link.name = None;
        }
        let (max_packet, counters) = (max_packet(link_type), Counters::default());
        self.interfaces.push(Interface { link: self.links, snap_length, max_packet, clock, counters });
        self.links = self.links.checked_add(1).ok_or("more interfaces than can be numbered")?;
        Ok(link)
    }
}

/// `if_tsresol` and `if_tsoffset`; the first of each counts, as in Wireshark. Without: microseconds.
fn clock(mut options: Options) -> Result<Clock, String> {
    let offset = options.clone().find(|option| option.code == OptionCode::IfTsoffset).and_then(|option| option.i64());
    let resolution = options.find(|option| option.code == OptionCode::IfTsresol).and_then(|option| option.u8());
    let clock = match resolution {
        None => Clock::MICROSECONDS,
        Some(tsresol) => Clock::from_tsresol(tsresol).ok_or_else(|| {
            let (base, exponent) = (if tsresol & 0x80 == 0 { 10 } else { 2 }, tsresol & 0x7f);
            format!(
                "this interface has a time resolution of {base}^-{exponent} s, finer than 64-bit timestamps can have"
            )
        })?,
    };
    Ok(clock.shifted(offset.unwrap_or(0)))
}

/// Codes of section 4.2 that `pcap-parser` has no name for.
const IF_IPV6_ADDR: OptionCode = OptionCode(5);
const IF_FCSLEN: OptionCode = OptionCode(13);
const IF_HARDWARE: OptionCode = OptionCode(15);

fn describe(option: &Opt, link: &mut Link, interface: &mut InterfaceSummary) {
    let value = option.value;
    match option.code {
        OptionCode::IfName => link.name = option.text(),
        OptionCode::IfDescription => interface.description = option.text(),
        OptionCode::IfOs => interface.operating_system = option.text(),
        IF_HARDWARE => interface.hardware = option.text(),
        OptionCode::IfMacAddr => {
            interface.mac_address = <&[u8; 6]>::try_from(value)
                .ok()
                .map(|[a, b, c, d, e, f]| format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"));
        }
        OptionCode::IfSpeed => interface.speed_bps = option.u64(),
        // The first octet says what follows: 0 for a filter expression, 1 for a BPF program of 8-octet instructions.
        OptionCode::IfFilter => match value {
            [0, expression @ ..] => interface.filter = some_text(expression),
            [1, program @ ..] => interface.filter_instructions = Some((program.len() / 8) as u32),
            _ => {}
        },
        IF_FCSLEN => link.fcs_length = option.u8().and_then(fcs_octets),
        _ => {}
    }
}

/// Lists an address, when it is in a part of them.
fn listed(option: &Opt, interface: &mut InterfaceSummary, part: Part) {
    let Some(address) = Address::of(option) else { return };
    if part.has(interface.addresses_total) {
        interface.addresses.push(address.to_string());
    }
    interface.addresses_total = interface.addresses_total.saturating_add(1);
}

/// `if_fcslen` is in bits by the text of the draft, and in octets by its example (4).
fn fcs_octets(length: u8) -> Option<u8> {
    match length {
        0..8 => Some(length),
        8..=64 if length.is_multiple_of(8) => Some(length / 8),
        _ => None,
    }
}

/// An address of an interface: an IPv4 address with its mask, an IPv6 address with its prefix length.
enum Address {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, u8),
}

impl Address {
    fn of(option: &Opt) -> Option<Self> {
        if option.code == OptionCode::IfIpv4Addr {
            let [address, mask] = *option.value.as_chunks::<4>().0 else { return None };
            return Some(Self::V4(address.into(), mask.into()));
        }
        let (address, [prefix]) = option.value.split_first_chunk::<16>()? else { return None };
        Some(Self::V6((*address).into(), *prefix))
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address, mask) => write!(f, "{address}/{mask}"),
            Self::V6(address, prefix) => write!(f, "{address}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Order;
    use crate::testing::{File, Value, read};
    use crate::types::NO_TIME;

    #[test]
    fn resolutions_and_offsets_in_both_byte_orders() {
        let hour = Value::I64(3_600);
        let cases = [
            (None, None, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
            (Some(9), None, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
            (Some(0), None, 1_700_000_000, 1_700_000_000_000_000_000),
            (Some(12), None, 1_700_000_000_123_456, 1_700_000_000_123),
            (Some(0x80 | 10), None, 1_700_000_000 * 1_024 + 1, 1_700_000_000_000_976_562),
            (None, Some(hour), 1_000_001, 3_601_000_001_000),
            (None, Some(Value::I64(-3_600)), 3_600_000_001, 1_000),
            (None, Some(Value::I64(-3_600)), 3_599_999_999, NO_TIME),
            (Some(0x80 | 1), Some(hour), 3, 3_601_500_000_000),
            (Some(0), None, u64::MAX, NO_TIME),
        ];
        for order in [Order::Little, Order::Big] {
            for (resolution, offset, ticks, expected) in cases {
                let octet = [resolution.unwrap_or(0)];
                let mut options = Vec::new();
                options.extend(resolution.map(|_| (9, Value::Raw(&octet))));
                options.extend(offset.map(|offset| (14, offset)));
                let file = File::section(order, &[]).interface(1, 0, &options).enhanced(0, ticks, b"", &[]);
                let outcome = read(&file.octets);
                assert_eq!(outcome.times(), [expected], "{resolution:?} {order:?}");
                assert_eq!(outcome.summary.frames_without_time, u64::from(expected == NO_TIME));
            }
        }
    }

    #[test]
    fn a_resolution_that_64_bits_cannot_hold_is_damage() {
        for (octet, name) in [(20, "10^-20"), (0x80 | 64, "2^-64")] {
            let outcome = read(&File::section(Order::Little, &[]).interface(1, 0, &[(9, Value::Raw(&[octet]))]).octets);
            assert!(outcome.broken().2.contains(name));
            assert_eq!((outcome.broken().1, outcome.links.len()), (28, 0));
        }
    }

    #[test]
    fn options_are_told_as_they_are() {
        let address = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 64];
        let options = [
            (2, Value::Text("eth0")),
            (3, Value::Text("uplink")),
            (4, Value::Raw(&[192, 0, 2, 1, 255, 255, 255, 0])),
            (5, Value::Raw(&address)),
            (6, Value::Raw(&[2, 0, 0, 0, 0, 0x0a])),
            (8, Value::I64(1_000_000_000)),
            (9, Value::Raw(&[9])),
            (11, Value::Text("\0udp port 53")),
            (12, Value::Text("Linux 6.1")),
            (13, Value::Raw(&[32])),
            (15, Value::Text("Intel")),
            (1, Value::Text("first")),
        ];
        for order in [Order::Little, Order::Big] {
            let outcome = read(&File::section(order, &[]).interface(1, 262_144, &options).octets);
            assert_eq!((outcome.links[0].name.as_deref(), outcome.links[0].fcs_length), (Some("eth0"), Some(4)));
            assert_eq!(
                serde_json::to_value(&outcome.summary.interfaces[0]).unwrap(),
                serde_json::json!({
                    "section": 0, "id": 0, "link_type": 1, "snap_length": 262_144, "fcs_length": 4, "name": "eth0",
                    "description": "uplink", "filter": "udp port 53", "hardware": "Intel", "operating_system": "Linux 6.1",
                    "mac_address": "02:00:00:00:00:0a", "addresses": ["192.0.2.1/255.255.255.0", "2001:db8::1/64"],
                    "speed_bps": 1_000_000_000, "time_digits": 9, "ticks_per_second": 1_000_000_000,
                    "time_offset_seconds": 0, "frames": 0,
                })
            );
            let text = &outcome.summary.comments.unwrap().texts[0];
            assert_eq!(
                (text.place, text.section, text.interface, &*text.text),
                ("interface", Some(0), Some(0), "first")
            );
        }
    }

    #[test]
    fn names_beyond_what_is_kept_of_them_are_left_out() {
        let name = "n".repeat(1024);
        let mut file = File::section(Order::Little, &[]);
        for _ in 0..MAX_NAMES / 1024 + 10 {
            file = file.interface(1, 0, &[(2, Value::Text(&name))]);
        }
        let named = read(&file.octets).links.iter().filter(|link| link.name.is_some()).count();
        assert_eq!(named, MAX_NAMES / 1024);
    }

    #[test]
    fn options_of_a_wrong_size_are_passed_over() {
        let options = [
            (6, Value::Raw(b"12345")),
            (8, Value::U32(1)),
            (9, Value::U32(9)),
            (13, Value::U32(4)),
            (11, Value::Raw(b"\x01123456789")),
        ];
        let outcome = read(&File::section(Order::Little, &[]).interface(1, 0, &options).octets);
        let interface = &outcome.summary.interfaces[0];
        assert_eq!((&interface.mac_address, interface.speed_bps, interface.time_digits), (&None, None, 6));
        assert_eq!((interface.fcs_length, interface.filter_instructions), (None, Some(1)));
    }

    #[test]
    fn fcs_lengths_in_bits_and_octets() {
        assert_eq!([0, 4, 16, 32, 33, 255].map(fcs_octets), [Some(0), Some(4), Some(2), Some(4), None, None]);
    }

    #[test]
    fn interfaces_of_a_section_are_limited() {
        let mut file = File::section(Order::Little, &[]);
        for _ in 0..=MAX_INTERFACES {
            file = file.interface(1, 0, &[]);
        }
        let outcome = read(&file.octets);
        assert_eq!((outcome.links.len(), outcome.summary.interfaces.len()), (MAX_INTERFACES, 1_000));
        assert!(outcome.broken().2.contains("more than 65536 interfaces"));
    }
}
