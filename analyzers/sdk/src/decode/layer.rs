//! The layers of a frame, and their names.

use smallvec::SmallVec;

/// One layer of a frame. [`Layer::name`] is Wireshark's short name of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the protocols'")]
pub enum Layer {
    Ethernet,
    /// IEEE 802.1Q or 802.1ad, with its VLAN id.
    Vlan(u16),
    /// IEEE 802.2, with or without SNAP.
    Llc,
    LinuxCooked,
    LinuxCooked2,
    Loopback,
    RawIp,
    Ppp,
    PppoeDiscovery,
    /// PPPoE session stage, with its session id.
    PppoeSession(u16),
    CiscoHdlc,
    Radiotap,
    Ieee80211,
    /// With its label.
    Mpls(u32),
    Gre,
    /// With its network identifier.
    Vxlan(u32),
    /// With its network identifier.
    Geneve(u32),
    Erspan,
    /// With its session id.
    L2tp(u32),
    /// GTP-U, with its tunnel endpoint identifier.
    Gtp(u32),
    Teredo,
    /// CAPWAP data.
    Capwap,
    Tzsp,
    Ayiya,
    /// Generic UDP Encapsulation.
    Gue,
    /// Locator/ID Separation Protocol, data.
    Lisp,
    /// Ethernet over IP (RFC 3378).
    EtherIp,
    /// Network Service Header.
    Nsh,
    /// Web Cache Communication Protocol, in GRE.
    Wccp,
    /// Cisco VN-Tag.
    VnTag,
    /// IEEE 802.1BR E-tag.
    Etag,
    /// Cisco MetaData, with a security group tag.
    CiscoMetadata,
    /// IEEE 802.1ah, with its service identifier.
    Pbb(u32),
    /// High-availability Seamless Redundancy.
    Hsr,
    /// IEEE 802.1AE.
    Macsec,
    /// IEEE 802.1CB redundancy tag.
    Rtag,
    Trill,
    /// Cisco FabricPath.
    FabricPath,
    /// A register message of Protocol Independent Multicast.
    Pim,
    /// Per-Packet Information.
    Ppi,
    /// With its data link connection identifier.
    FrameRelay(u32),
    Ipnet,
    /// IP over InfiniBand.
    Ipoib,
    Nflog,
    Fddi,
    Arcnet,
    /// A header of Juniper's.
    Juniper,
    /// Apple's header before frames of any link type.
    Pktap,
    /// OpenBSD's packet filter.
    Pflog,
    /// OpenBSD's encapsulation interface.
    Enc,
    /// A wireless driver's header.
    Prism,
    /// A wireless driver's header.
    Avs,
    TokenRing,
    Arp,
    Ipv4,
    Ipv6,
    Ipv6HopByHop,
    Ipv6Routing,
    Ipv6Fragment,
    Ipv6DestinationOptions,
    AuthenticationHeader,
    Udp,
    Tcp,
    Sctp,
    Icmp,
    Icmpv6,
    Igmp,
    /// An IP protocol that this crate does not take apart, with its number.
    OtherIp(u8),
    /// An EtherType that this crate does not take apart.
    OtherEthertype(u16),
    /// A link type that this crate does not take apart.
    OtherLink(u16),
}

/// The layers of a frame, outermost first. Few frames have more than eight.
pub(super) type Layers = SmallVec<[Layer; 16]>;

impl Layer {
    /// Wireshark's short name of the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "eth",
            Self::Vlan(_) => "vlan",
            Self::Llc => "llc",
            Self::LinuxCooked | Self::LinuxCooked2 => "sll",
            Self::Loopback => "null",
            Self::RawIp => "raw",
            Self::Ppp => "ppp",
            Self::PppoeDiscovery => "pppoed",
            Self::PppoeSession(_) => "pppoes",
            Self::CiscoHdlc => "chdlc",
            Self::Radiotap => "radiotap",
            Self::Ieee80211 => "wlan",
            Self::Mpls(_) => "mpls",
            Self::Gre => "gre",
            Self::Vxlan(_) => "vxlan",
            Self::Geneve(_) => "geneve",
            Self::Erspan => "erspan",
            Self::L2tp(_) => "l2tp",
            Self::Gtp(_) => "gtp",
            Self::Teredo => "teredo",
            Self::Capwap => "capwap.data",
            Self::Tzsp => "tzsp",
            Self::Ayiya => "ayiya",
            Self::Gue => "gue",
            Self::Lisp => "lisp-data",
            Self::EtherIp => "etherip",
            Self::Nsh => "nsh",
            Self::Wccp => "wccp",
            Self::VnTag => "vntag",
            Self::Etag => "etag",
            Self::CiscoMetadata => "cmd",
            Self::Pbb(_) => "ieee8021ah",
            Self::Hsr => "hsr",
            Self::Macsec => "macsec",
            Self::Rtag => "ieee8021cb",
            Self::Trill => "trill",
            Self::FabricPath => "cfp",
            Self::Pim => "pim",
            Self::Ppi => "ppi",
            Self::FrameRelay(_) => "fr",
            Self::Ipnet => "ipnet",
            Self::Ipoib => "ipoib",
            Self::Nflog => "nflog",
            Self::Fddi => "fddi",
            Self::Arcnet => "arcnet",
            Self::Juniper => "juniper",
            Self::Pktap => "pktap",
            Self::Pflog => "pflog",
            Self::Enc => "enc",
            Self::Prism => "prism",
            Self::Avs => "wlancap",
            Self::TokenRing => "tr",
            Self::Arp => "arp",
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ipv6",
            Self::Ipv6HopByHop => "ipv6.hopopts",
            Self::Ipv6Routing => "ipv6.routing",
            Self::Ipv6Fragment => "ipv6.fraghdr",
            Self::Ipv6DestinationOptions => "ipv6.dstopts",
            Self::AuthenticationHeader => "ah",
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Sctp => "sctp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::Igmp => "igmp",
            Self::OtherIp(_) => "other_ip",
            Self::OtherEthertype(_) => "other_ethertype",
            Self::OtherLink(_) => "other_link",
        }
    }
}
