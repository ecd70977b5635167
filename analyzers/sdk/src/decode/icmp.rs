//! ICMP and ICMPv6: names of types and codes (IANA registries "ICMP Parameters" and "ICMPv6 Parameters").

use std::borrow::Cow;

/// ICMP (RFC 792) or ICMPv6 (RFC 4443).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// ICMP.
    V4,
    /// ICMPv6.
    V6,
}

impl Version {
    /// 4 or 6.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }
}

/// Types that analyzers look into.
pub mod kind {
    #![allow(missing_docs, reason = "the names are the registries'")]
    pub const ECHO_REPLY: u8 = 0;
    pub const UNREACHABLE: u8 = 3;
    pub const REDIRECT: u8 = 5;
    pub const ECHO: u8 = 8;
    pub const ROUTER_ADVERTISEMENT: u8 = 9;
    pub const TIME_EXCEEDED: u8 = 11;
    pub const PARAMETER_PROBLEM: u8 = 12;
    pub const TIMESTAMP: u8 = 13;
    pub const ADDRESS_MASK: u8 = 17;
    pub const V6_UNREACHABLE: u8 = 1;
    pub const V6_TOO_BIG: u8 = 2;
    pub const V6_TIME_EXCEEDED: u8 = 3;
    pub const V6_PARAMETER_PROBLEM: u8 = 4;
    pub const V6_ECHO: u8 = 128;
    pub const V6_ECHO_REPLY: u8 = 129;
    pub const V6_ROUTER_ADVERTISEMENT: u8 = 134;
    pub const V6_NEIGHBOR_SOLICITATION: u8 = 135;
    pub const V6_NEIGHBOR_ADVERTISEMENT: u8 = 136;
    pub const V6_REDIRECT: u8 = 137;
}

/// The name of a type.
pub fn type_name(version: Version, kind: u8) -> Cow<'static, str> {
    let name = match (version, kind) {
        (Version::V4, 0) => "Echo Reply",
        (Version::V4, 3) => "Destination Unreachable",
        (Version::V4, 4) => "Source Quench",
        (Version::V4, 5) => "Redirect",
        (Version::V4, 6) => "Alternate Host Address",
        (Version::V4, 8) => "Echo Request",
        (Version::V4, 9) => "Router Advertisement",
        (Version::V4, 10) => "Router Solicitation",
        (Version::V4, 11) => "Time Exceeded",
        (Version::V4, 12) => "Parameter Problem",
        (Version::V4, 13) => "Timestamp Request",
        (Version::V4, 14) => "Timestamp Reply",
        (Version::V4, 15) => "Information Request",
        (Version::V4, 16) => "Information Reply",
        (Version::V4, 17) => "Address Mask Request",
        (Version::V4, 18) => "Address Mask Reply",
        (Version::V4, 30) => "Traceroute",
        (Version::V4, 40) => "Photuris",
        (Version::V4, 42) => "Extended Echo Request",
        (Version::V4, 43) => "Extended Echo Reply",
        (Version::V6, 1) => "Destination Unreachable",
        (Version::V6, 2) => "Packet Too Big",
        (Version::V6, 3) => "Time Exceeded",
        (Version::V6, 4) => "Parameter Problem",
        (Version::V6, 128) => "Echo Request",
        (Version::V6, 129) => "Echo Reply",
        (Version::V6, 130) => "Multicast Listener Query",
        (Version::V6, 131) => "Multicast Listener Report",
        (Version::V6, 132) => "Multicast Listener Done",
        (Version::V6, 133) => "Router Solicitation",
        (Version::V6, 134) => "Router Advertisement",
        (Version::V6, 135) => "Neighbor Solicitation",
        (Version::V6, 136) => "Neighbor Advertisement",
        (Version::V6, 137) => "Redirect",
        (Version::V6, 138) => "Router Renumbering",
        (Version::V6, 139) => "Node Information Query",
        (Version::V6, 140) => "Node Information Response",
        (Version::V6, 143) => "Multicast Listener Report Version 2",
        (Version::V6, 144) => "Home Agent Address Discovery Request",
        (Version::V6, 145) => "Home Agent Address Discovery Reply",
        (Version::V6, 146) => "Mobile Prefix Solicitation",
        (Version::V6, 147) => "Mobile Prefix Advertisement",
        (Version::V6, 148) => "Certification Path Solicitation",
        (Version::V6, 149) => "Certification Path Advertisement",
        (Version::V6, 151) => "Multicast Router Advertisement",
        (Version::V6, 152) => "Multicast Router Solicitation",
        (Version::V6, 153) => "Multicast Router Termination",
        (Version::V6, 155) => "RPL Control",
        (Version::V6, 157) => "Duplicate Address Request",
        (Version::V6, 158) => "Duplicate Address Confirmation",
        (Version::V6, 160) => "Extended Echo Request",
        (Version::V6, 161) => "Extended Echo Reply",
        _ => return format!("Type {kind}").into(),
    };
    name.into()
}

/// The name of a code; `None` for types whose codes have no names.
pub fn code_name(version: Version, kind: u8, code: u8) -> Option<Cow<'static, str>> {
    let names: &[&str] = match (version, kind) {
        (Version::V4, 3) => &[
            "Network Unreachable",
            "Host Unreachable",
            "Protocol Unreachable",
            "Port Unreachable",
            "Fragmentation Needed",
            "Source Route Failed",
            "Destination Network Unknown",
            "Destination Host Unknown",
            "Source Host Isolated",
            "Network Administratively Prohibited",
            "Host Administratively Prohibited",
            "Network Unreachable for Type of Service",
            "Host Unreachable for Type of Service",
            "Communication Administratively Prohibited",
            "Host Precedence Violation",
            "Precedence Cutoff in Effect",
        ],
        (Version::V4, 5) => &[
            "Redirect for the Network",
            "Redirect for the Host",
            "Redirect for the Type of Service and Network",
            "Redirect for the Type of Service and Host",
        ],
        (Version::V4, 9) if code == 16 => return Some("Does Not Route Common Traffic".into()),
        (Version::V4, 9) => &["Normal Router Advertisement"],
        (Version::V4, 11) => &["TTL Exceeded in Transit", "Fragment Reassembly Time Exceeded"],
        (Version::V4, 12) => &["Pointer Indicates the Error", "Missing a Required Option", "Bad Length"],
        (Version::V4, 43) | (Version::V6, 161) => &[
            "No Error",
            "Malformed Query",
            "No Such Interface",
            "No Such Table Entry",
            "Multiple Interfaces Satisfy Query",
        ],
        (Version::V6, 1) => &[
            "No Route to Destination",
            "Administratively Prohibited",
            "Beyond Scope of Source Address",
            "Address Unreachable",
            "Port Unreachable",
            "Source Address Failed Ingress/Egress Policy",
            "Reject Route to Destination",
            "Error in Source Routing Header",
            "Headers Too Long",
        ],
        (Version::V6, 3) => &["Hop Limit Exceeded in Transit", "Fragment Reassembly Time Exceeded"],
        (Version::V6, 4) => &[
            "Erroneous Header Field",
            "Unrecognized Next Header Type",
            "Unrecognized IPv6 Option",
            "IPv6 First Fragment Has Incomplete Header Chain",
            "SR Upper-layer Header Error",
            "Unrecognized Next Header Type by Intermediate Node",
            "Extension Header Too Big",
            "Extension Header Chain Too Long",
            "Too Many Extension Headers",
            "Too Many Options in Extension Header",
            "Option Too Big",
        ],
        _ => return (code != 0).then(|| format!("Code {code}").into()),
    };
    let name = names.get(usize::from(code)).copied();
    Some(name.map_or_else(|| format!("Code {code}").into(), Cow::Borrowed))
}

/// The name of an IP protocol, for quoted packets.
pub fn protocol_name(protocol: u8) -> Cow<'static, str> {
    match protocol {
        1 => "ICMP".into(),
        2 => "IGMP".into(),
        6 => "TCP".into(),
        17 => "UDP".into(),
        33 => "DCCP".into(),
        47 => "GRE".into(),
        50 => "ESP".into(),
        51 => "AH".into(),
        58 => "ICMPv6".into(),
        132 => "SCTP".into(),
        136 => "UDP-Lite".into(),
        other => format!("protocol {other}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_registries() {
        assert_eq!(type_name(Version::V4, 42), "Extended Echo Request");
        assert_eq!(type_name(Version::V4, 200), "Type 200");
        assert_eq!(code_name(Version::V4, 3, 13).unwrap(), "Communication Administratively Prohibited");
        assert_eq!(code_name(Version::V4, 3, 99).unwrap(), "Code 99");
        assert_eq!(code_name(Version::V6, 1, 4).unwrap(), "Port Unreachable");
        assert_eq!(code_name(Version::V4, 8, 0), None);
    }
}
