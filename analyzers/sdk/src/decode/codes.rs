//! The numbers by which the contract knows layers, what was not looked into, and why decoding ended. `wit/README.md` lists them; a number is never
//! given to anything else.

use super::{Layer, Stop, Unread};

/// Writes the table of a type once, for both directions: its kinds, and the number that some of them have.
macro_rules! codes {
    ($type:ident { $($kind:literal => $name:ident $(($number:ident))?,)+ }) => {
        impl $type {
            /// Its kind and number.
            fn parts(self) -> (u32, u32) {
                match self {
                    $(codes!(@pattern $type $name $(value $number)?) => ($kind, codes!(@number $(value $number)?)),)+
                }
            }

            /// What has this kind and number, if anything has.
            #[allow(unused_variables, reason = "not every type has numbers")]
            fn from_parts(kind: u32, number: u32) -> Option<Self> {
                Some(match kind {
                    $($kind => codes!(@value $type $name number $($number)?),)+
                    _ => return None,
                })
            }

            #[cfg(test)]
            const KINDS: &'static [(u32, &'static str)] = &[$(($kind, stringify!($name $(($number))?))),+];
        }
    };
    (@pattern $type:ident $name:ident) => { $type::$name };
    (@pattern $type:ident $name:ident $value:ident $number:ident) => { $type::$name($value) };
    (@number) => { 0 };
    (@number $value:ident $number:ident) => { u32::from($value) };
    (@value $type:ident $name:ident $from:ident) => { $type::$name };
    (@value $type:ident $name:ident $from:ident $number:ident) => { $type::$name($number::try_from($from).ok()?) };
}

codes! {
    Layer {
        1 => Ethernet,
        2 => Vlan(u16),
        3 => Llc,
        4 => LinuxCooked,
        5 => LinuxCooked2,
        6 => Loopback,
        7 => RawIp,
        8 => Ppp,
        9 => PppoeDiscovery,
        10 => PppoeSession(u16),
        11 => CiscoHdlc,
        12 => Radiotap,
        13 => Ieee80211,
        14 => Mpls(u32),
        15 => Gre,
        16 => Vxlan(u32),
        17 => Geneve(u32),
        18 => Erspan,
        19 => L2tp(u32),
        20 => Gtp(u32),
        21 => Teredo,
        22 => Capwap,
        23 => Tzsp,
        24 => Ayiya,
        25 => Gue,
        26 => Lisp,
        27 => EtherIp,
        28 => Nsh,
        29 => Wccp,
        30 => VnTag,
        31 => Etag,
        32 => CiscoMetadata,
        33 => Pbb(u32),
        34 => Hsr,
        35 => Macsec,
        36 => Rtag,
        37 => Trill,
        38 => FabricPath,
        39 => Pim,
        40 => Ppi,
        41 => FrameRelay(u32),
        42 => Ipnet,
        43 => Ipoib,
        44 => Nflog,
        45 => Fddi,
        46 => Arcnet,
        47 => Juniper,
        48 => Pktap,
        49 => Pflog,
        50 => Enc,
        51 => Prism,
        52 => Avs,
        53 => TokenRing,
        54 => Arp,
        55 => Ipv4,
        56 => Ipv6,
        57 => Ipv6HopByHop,
        58 => Ipv6Routing,
        59 => Ipv6Fragment,
        60 => Ipv6DestinationOptions,
        61 => AuthenticationHeader,
        62 => Udp,
        63 => Tcp,
        64 => Sctp,
        65 => Icmp,
        66 => Icmpv6,
        67 => Igmp,
        68 => OtherIp(u8),
        69 => OtherEthertype(u16),
        70 => OtherLink(u16),
    }
}

codes! {
    Unread {
        1 => Ethertype(u16),
        2 => IpProtocol(u8),
        3 => LinkType(u16),
        4 => Ppp(u16),
        5 => Llc(u8),
        6 => Nlpid(u8),
        7 => AddressFamily(u16),
        8 => NextProtocol(u8),
        9 => Mpls,
        10 => WlanEncrypted,
        11 => WlanFragment,
        12 => WlanAggregate,
        13 => MacsecEncrypted,
        14 => ArcnetFragment,
        15 => Juniper,
        16 => Gtp,
        17 => VxlanInvalid,
        18 => Vxlan,
        19 => Teredo,
        20 => Ayiya,
        21 => Lisp,
        22 => Gue,
        23 => GreInUdp,
        24 => Geneve,
        25 => CapwapEncrypted,
        26 => CapwapFragment,
        27 => Capwap,
        28 => Tzsp,
        29 => L2tp,
        30 => EspInUdp,
        31 => Wireguard,
        32 => Openvpn,
    }
}

codes! {
    Stop {
        1 => UnknownLinkType,
        2 => OtherNetworkLayer,
        3 => OtherTransport,
        4 => Cut,
        5 => Malformed,
        6 => FragmentKept,
        7 => FragmentRefused,
        8 => TooDeep,
    }
}

impl Layer {
    /// Its number in the contract: the kind in bits 32 to 63, and below its own number (VLAN id, label, network identifier), where it has one.
    pub fn code(self) -> u64 {
        let (kind, number) = self.parts();
        u64::from(kind) << 32 | u64::from(number)
    }

    /// What has this number.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::from_parts((code >> 32) as u32, code as u32)
    }
}

impl Unread {
    /// Its number in the contract: the kind in bits 16 to 31, and below its own number, where it has one.
    pub fn code(self) -> u32 {
        let (kind, number) = self.parts();
        kind << 16 | number
    }

    /// What has this number.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::from_parts(code >> 16, code & 0xffff)
    }
}

impl Stop {
    /// Its number in the contract.
    pub fn code(self) -> u8 {
        self.parts().0 as u8
    }

    /// What has this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::from_parts(code.into(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_leads_to_what_has_it() {
        for (kind, _) in Layer::KINDS {
            for number in [0, 1, 200] {
                let layer = Layer::from_code(u64::from(*kind) << 32 | number).unwrap();
                let expected = if layer.parts().1 == 0 { 0 } else { number };
                assert_eq!(layer.code(), u64::from(*kind) << 32 | expected, "{layer:?}");
            }
        }
        for (kind, _) in Unread::KINDS {
            let unread = Unread::from_code(kind << 16 | 200).unwrap();
            assert_eq!(unread.code() >> 16, *kind, "{unread:?}");
            assert_eq!(Unread::from_code(unread.code()), Some(unread));
        }
        for (kind, _) in Stop::KINDS {
            assert_eq!(u32::from(Stop::from_code(*kind as u8).unwrap().code()), *kind);
        }
        assert_eq!((Layer::from_code(0), Unread::from_code(0), Stop::from_code(0)), (None, None, None));
        // Of a VLAN id and of an IP protocol, not every number is one.
        assert_eq!((Layer::from_code(2 << 32 | 70_000), Unread::from_code(2 << 16 | 300)), (None, None));
    }

    #[test]
    fn the_contract_lists_them() {
        let page = include_str!("../../../../wit/README.md");
        for (kind, name) in Layer::KINDS.iter().chain(Unread::KINDS).chain(Stop::KINDS) {
            let name = name.split(['(', ' ']).next().unwrap_or_default();
            assert!(page.contains(&format!("{kind} {name}")), "{kind} {name}");
        }
    }
}
