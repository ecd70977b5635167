//! The fields of headers, under Wireshark's names.

mod options;
mod tunnels;

use std::net::{Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::decode::{Header, Layer};
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::Serialize;

/// A field of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Field {
    /// As in Wireshark, without the protocol: `src`, `ttl`, `flags`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: &'static str,
    /// Numbers in decimal, unless they begin with `0x`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub value: String,
}

/// Octets of options that are shown.
const OPTIONS: usize = 60;

/// The fields of a header; of layers without a table here, the octets. A header that was cut has those that are whole.
pub fn fields(header: &Header) -> Vec<Field> {
    let mut fields = Fields { octets: &header.octets, list: Vec::new() };
    match header.layer {
        Layer::Ethernet => fields.ethernet(),
        Layer::Vlan(_) => fields.vlan(),
        Layer::Mpls(_) => fields.mpls(),
        Layer::Arp => fields.arp(),
        Layer::Ipv4 => fields.ipv4(),
        Layer::Ipv6 => fields.ipv6(),
        Layer::Udp => fields.udp(),
        Layer::Tcp => fields.tcp(),
        Layer::Icmp | Layer::Icmpv6 => fields.icmp(),
        Layer::OtherEthertype(kind) => fields.add("type", format!("0x{kind:04x}")),
        Layer::OtherIp(protocol) => fields.add("proto", protocol),
        Layer::OtherLink(kind) => fields.add("link_type", kind),
        other => fields.tunnel(other),
    }
    if fields.list.is_empty() && !header.octets.is_empty() {
        fields.add("octets", hexadecimal(&header.octets, " ", OPTIONS));
    }
    fields.list
}

struct Fields<'a> {
    octets: &'a [u8],
    list: Vec<Field>,
}

impl Fields<'_> {
    fn add(&mut self, name: &'static str, value: impl ToString) {
        self.list.push(Field { name, value: value.to_string() });
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.octets.get(at..)?.first_chunk::<N>().copied()
    }

    fn u8(&self, at: usize) -> Option<u8> {
        self.octets.get(at).copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    fn number(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn hex(&mut self, name: &'static str, value: Option<u16>) {
        self.number(name, value.map(|value| format!("0x{value:04x}")));
    }

    fn mac(&mut self, name: &'static str, at: usize) {
        self.number(name, self.array::<6>(at).map(|mac| hexadecimal(&mac, ":", 6)));
    }

    fn v4(&mut self, name: &'static str, at: usize) {
        self.number(name, self.array::<4>(at).map(Ipv4Addr::from));
    }

    fn options(&mut self, at: usize) {
        if let Some(octets) = self.octets.get(at..).filter(|octets| !octets.is_empty()) {
            self.add("options", hexadecimal(octets, " ", OPTIONS));
        }
    }

    fn ethernet(&mut self) {
        self.mac("dst", 0);
        self.mac("src", 6);
        self.hex("type", self.u16(12));
    }

    fn vlan(&mut self) {
        let tag = self.u16(0);
        self.number("priority", tag.map(|tag| tag >> 13));
        self.number("dei", tag.map(|tag| tag >> 12 & 1));
        self.number("id", tag.map(|tag| tag & 0xfff));
        self.hex("etype", self.u16(2));
    }

    fn mpls(&mut self) {
        let entry = self.u32(0);
        self.number("label", entry.map(|entry| entry >> 12));
        self.number("exp", entry.map(|entry| entry >> 9 & 7));
        self.number("bottom", entry.map(|entry| entry >> 8 & 1));
        self.number("ttl", entry.map(|entry| entry & 0xff));
    }

    /// RFC 826.
    fn arp(&mut self) {
        self.number("hw.type", self.u16(0));
        self.hex("proto.type", self.u16(2));
        self.number("opcode", self.u16(6));
        if self.array(0) == Some([0_u8, 1, 8, 0, 6, 4]) {
            self.mac("src.hw_mac", 8);
            self.v4("src.proto_ipv4", 14);
            self.mac("dst.hw_mac", 18);
            self.v4("dst.proto_ipv4", 24);
        }
    }

    /// RFC 791.
    fn ipv4(&mut self) {
        self.number("version", self.u8(0).map(|octet| octet >> 4));
        self.number("hdr_len", self.u8(0).map(|octet| u16::from(octet & 0xf) << 2));
        self.number("dsfield", self.u8(1).map(|octet| format!("0x{octet:02x}")));
        self.number("len", self.u16(2));
        self.hex("id", self.u16(4));
        let flags = self.u16(6);
        let bits = [(0x8000, "RB"), (0x4000, "DF"), (0x2000, "MF")];
        self.number("flags", flags.map(|flags| names(flags, &bits)));
        self.number("frag_offset", flags.map(|flags| (flags & 0x1fff) << 3));
        self.number("ttl", self.u8(8));
        self.number("proto", self.u8(9));
        self.hex("checksum", self.u16(10));
        self.v4("src", 12);
        self.v4("dst", 16);
        self.options(20);
    }

    /// RFC 8200.
    fn ipv6(&mut self) {
        let first = self.u32(0);
        self.number("version", first.map(|first| first >> 28));
        self.number("tclass", first.map(|first| format!("0x{:02x}", first >> 20 & 0xff)));
        self.number("flow", first.map(|first| format!("0x{:05x}", first & 0xf_ffff)));
        self.number("plen", self.u16(4));
        self.number("nxt", self.u8(6));
        self.number("hlim", self.u8(7));
        self.number("src", self.array::<16>(8).map(Ipv6Addr::from));
        self.number("dst", self.array::<16>(24).map(Ipv6Addr::from));
    }

    /// RFC 768.
    fn udp(&mut self) {
        self.number("srcport", self.u16(0));
        self.number("dstport", self.u16(2));
        self.number("length", self.u16(4));
        self.hex("checksum", self.u16(6));
    }

    /// RFC 9293.
    fn tcp(&mut self) {
        self.number("srcport", self.u16(0));
        self.number("dstport", self.u16(2));
        self.number("seq_raw", self.u32(4));
        self.number("ack_raw", self.u32(8));
        let offset = self.u16(12);
        self.number("hdr_len", offset.map(|offset| (offset >> 12) << 2));
        let bits = [
            (0x100, "AE"),
            (0x80, "CWR"),
            (0x40, "ECE"),
            (0x20, "URG"),
            (0x10, "ACK"),
            (0x08, "PSH"),
            (0x04, "RST"),
            (0x02, "SYN"),
            (0x01, "FIN"),
        ];
        self.number("flags", offset.map(|flags| names(flags, &bits)));
        self.number("window_size_value", self.u16(14));
        self.hex("checksum", self.u16(16));
        self.number("urgent_pointer", self.u16(18));
        self.number("options", self.octets.get(20..).and_then(options::named));
    }

    /// RFC 792 and RFC 4443.
    fn icmp(&mut self) {
        self.number("type", self.u8(0));
        self.number("code", self.u8(1));
        self.hex("checksum", self.u16(2));
    }
}

/// The names of bits that are set, joined by commas; `none` without any.
fn names(flags: u16, bits: &[(u16, &str)]) -> String {
    let set: Vec<&str> = bits.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "none".into() } else { set.join(",") }
}
