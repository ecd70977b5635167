//! Names of link types: LINKTYPE_ value (https://www.tcpdump.org/linktypes.html), and what Wireshark calls it.
//!
//! The names are those that capinfos 4.0.17 prints for a pcap file with that value: all values that it knows.

/// A link type that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkType {
    number: u16,
    /// As capinfos prints it: `Ethernet`.
    pub name: &'static str,
    /// Wireshark's short name: `ether`.
    pub short_name: &'static str,
}

/// The link type of a LINKTYPE_ value; `None` for one without a name here.
pub fn known(number: u16) -> Option<LinkType> {
    let at = LINK_TYPES.binary_search_by_key(&number, |entry| entry.number).ok()?;
    LINK_TYPES.get(at).copied()
}

/// Its name as capinfos prints it, else `linktype 300`.
pub fn name(number: u16) -> String {
    known(number).map_or_else(|| format!("linktype {number}"), |entry| entry.name.to_owned())
}

/// Wireshark's short name, else `linktype-300`.
pub fn short_name(number: u16) -> String {
    known(number).map_or_else(|| format!("linktype-{number}"), |entry| entry.short_name.to_owned())
}

const fn entry(number: u16, name: &'static str, short_name: &'static str) -> LinkType {
    LinkType { number, name, short_name }
}

/// By number. Values below 100 that stand for the same as a later one are DLT_ values of single systems.
const LINK_TYPES: &[LinkType] = &[
    entry(0, "NULL/Loopback", "null"),
    entry(1, "Ethernet", "ether"),
    entry(2, "Xerox 3MB Ethernet", "xeth"),
    entry(3, "Amateur Radio AX.25", "ax25"),
    entry(6, "Token Ring", "tr"),
    entry(7, "ARCNET", "arcnet"),
    entry(8, "SLIP", "slip"),
    entry(9, "PPP", "ppp"),
    entry(10, "FDDI with bit-swapped MAC addresses", "fddi-swapped"),
    entry(11, "RFC 1483 ATM", "atm-rfc1483"),
    entry(12, "Raw IP", "rawip"),
    entry(13, "OpenBSD enc(4) encapsulating interface", "enc"),
    entry(14, "Raw IP", "rawip"),
    entry(16, "Linux ATM CLIP", "linux-atm-clip"),
    entry(18, "Linux ATM CLIP", "linux-atm-clip"),
    entry(19, "Linux ATM CLIP", "linux-atm-clip"),
    entry(32, "Redback SmartEdge", "redback"),
    entry(50, "PPP", "ppp"),
    entry(51, "PPP-over-Ethernet session", "pppoes"),
    entry(99, "Symantec Enterprise Firewall", "symantec"),
    entry(100, "RFC 1483 ATM", "atm-rfc1483"),
    entry(101, "Raw IP", "rawip"),
    entry(104, "Cisco HDLC", "chdlc"),
    entry(105, "IEEE 802.11 Wireless LAN", "ieee-802-11"),
    entry(106, "Linux ATM CLIP", "linux-atm-clip"),
    entry(107, "Frame Relay", "frelay"),
    entry(108, "OpenBSD loopback", "loop"),
    entry(109, "OpenBSD enc(4) encapsulating interface", "enc"),
    entry(112, "Cisco HDLC", "chdlc"),
    entry(113, "Linux cooked-mode capture v1", "linux-sll"),
    entry(114, "Localtalk", "ltalk"),
    entry(117, "OpenBSD PF Firewall logs", "pflog"),
    entry(118, "Cisco IOS internal", "ios"),
    entry(119, "IEEE 802.11 plus Prism II monitor mode radio header", "ieee-802-11-prism"),
    entry(121, "HiPath HDLC", "hhdlc"),
    entry(122, "RFC 2625 IP-over-Fibre Channel", "ip-over-fc"),
    entry(123, "ATM PDUs", "atm-pdus"),
    entry(127, "IEEE 802.11 plus radiotap radio header", "ieee-802-11-radiotap"),
    entry(128, "Tazmen sniffer protocol", "tzsp"),
    entry(129, "Linux ARCNET", "arcnet_linux"),
    entry(130, "Juniper MLPPP", "juniper-mlppp"),
    entry(131, "Juniper MLFR", "juniper-mlfr"),
    entry(133, "Juniper GGSN", "juniper-ggsn"),
    entry(135, "Juniper ATM2", "juniper-atm2"),
    entry(136, "Juniper Services", "juniper-svcs"),
    entry(137, "Juniper ATM1", "juniper-atm1"),
    entry(138, "Apple IP-over-IEEE 1394", "ap1394"),
    entry(139, "MTP2 with pseudoheader", "mtp2-with-phdr"),
    entry(140, "SS7 MTP2", "mtp2"),
    entry(141, "SS7 MTP3", "mtp3"),
    entry(142, "SS7 SCCP", "sccp"),
    entry(143, "Data Over Cable Service Interface Specification", "docsis"),
    entry(144, "IrDA", "irda"),
    entry(147, "USER 0", "user0"),
    entry(148, "USER 1", "user1"),
    entry(149, "USER 2", "user2"),
    entry(150, "USER 3", "user3"),
    entry(151, "USER 4", "user4"),
    entry(152, "USER 5", "user5"),
    entry(153, "USER 6", "user6"),
    entry(154, "USER 7", "user7"),
    entry(155, "USER 8", "user8"),
    entry(156, "USER 9", "user9"),
    entry(157, "USER 10", "user10"),
    entry(158, "USER 11", "user11"),
    entry(159, "USER 12", "user12"),
    entry(160, "USER 13", "user13"),
    entry(161, "USER 14", "user14"),
    entry(162, "USER 15", "user15"),
    entry(163, "IEEE 802.11 plus AVS radio header", "ieee-802-11-avs"),
    entry(165, "BACnet MS/TP", "bacnet-ms-tp"),
    entry(167, "Juniper PPPoE", "juniper-pppoe"),
    entry(169, "GPRS LLC", "gprs-llc"),
    entry(170, "ITU-T G.7041/Y.1303 Generic Framing Procedure Transparent mode", "gfp-t"),
    entry(171, "ITU-T G.7041/Y.1303 Generic Framing Procedure Frame-mapped mode", "gfp-f"),
    entry(172, "GCOM TIE1", "gcom-tie1"),
    entry(173, "GCOM Serial", "gcom-serial"),
    entry(177, "LAPD with Linux pseudo-header", "linux-lapd"),
    entry(178, "Juniper Ethernet", "juniper-ether"),
    entry(179, "Juniper PPP", "juniper-ppp"),
    entry(180, "Juniper Frame-Relay", "juniper-frelay"),
    entry(181, "Juniper C-HDLC", "juniper-chdlc"),
    entry(183, "Juniper Voice PIC", "juniper-vp"),
    entry(184, "Juniper VN", "juniper-vn"),
    entry(186, "USB packets with FreeBSD header", "usb-freebsd"),
    entry(187, "Bluetooth H4", "bluetooth-h4"),
    entry(188, "IEEE 802.16 MAC Common Part Sublayer", "ieee-802-16-mac-cps"),
    entry(189, "USB packets with Linux header", "usb-linux"),
    entry(190, "Controller Area Network 2.0B", "can20b"),
    entry(192, "Per-Packet Information header", "ppi"),
    entry(195, "IEEE 802.15.4 Wireless PAN", "wpan"),
    entry(196, "SITA WAN packets", "sita-wan"),
    entry(199, "Intelligent Platform Management Bus with Kontron pseudo-header", "ipmb-kontron"),
    entry(200, "Juniper Secure Tunnel Information", "juniper-st"),
    entry(201, "Bluetooth H4 with linux header", "bluetooth-h4-linux"),
    entry(202, "AX.25 with KISS header", "ax25-kiss"),
    entry(203, "LAPD", "lapd"),
    entry(204, "PPP with Directional Info", "ppp-with-direction"),
    entry(209, "I2C with Linux-specific pseudo-header", "i2c-linux"),
    entry(210, "FlexRay", "flexray"),
    entry(211, "Media Oriented Systems Transport", "most"),
    entry(212, "Local Interconnect Network", "lin"),
    entry(213, "X2E serial line capture", "x2e-serial"),
    entry(214, "X2E Xoraya", "x2e-xoraya"),
    entry(215, "IEEE 802.15.4 Wireless PAN non-ASK PHY", "wpan-nonask-phy"),
    entry(220, "USB packets with Linux header and padding", "usb-linux-mmap"),
    entry(224, "Fibre Channel FC-2", "fc2"),
    entry(225, "Fibre Channel FC-2 With Frame Delimiter", "fc2sof"),
    entry(226, "Solaris IPNET", "ipnet"),
    entry(227, "SocketCAN", "socketcan"),
    entry(228, "Raw IPv4", "rawip4"),
    entry(229, "Raw IPv6", "rawip6"),
    entry(230, "IEEE 802.15.4 Wireless PAN with FCS not present", "wpan-nofcs"),
    entry(231, "D-Bus", "dbus"),
    entry(235, "DVB-CI (Common Interface)", "dvbci"),
    entry(236, "MUX27010", "mux27010"),
    entry(237, "STANAG 5066 Data Transfer Sublayer PDUs(D_PDU)", "s5066-dpdu"),
    entry(239, "NFLOG", "nflog"),
    entry(240, "Hilscher netANALYZER", "netanalyzer"),
    entry(241, "Hilscher netANALYZER-Transparent", "netanalyzer-transparent"),
    entry(242, "IP over IB", "ip-ib"),
    entry(243, "ISO/IEC 13818-1 MPEG2-TS", "mp2ts"),
    entry(245, "NFC LLCP", "nfc-llcp"),
    entry(248, "SCTP", "sctp"),
    entry(249, "USB packets with USBPcap header", "usb-usbpcap"),
    entry(250, "RTAC serial-line", "rtac-serial"),
    entry(251, "Bluetooth Low Energy Link Layer", "bluetooth-le-ll"),
    entry(252, "Wireshark Upper PDU export", "wireshark-upper-pdu"),
    entry(253, "Linux Netlink", "netlink"),
    entry(254, "Bluetooth Linux Monitor", "bluetooth-linux-monitor"),
    entry(255, "Bluetooth BR/EDR Baseband RF", "bluetooth-bredr-bb-rf"),
    entry(256, "Bluetooth Low Energy Link Layer RF", "bluetooth-le-ll-rf"),
    entry(258, "Apple PKTAP", "pktap"),
    entry(259, "Ethernet Passive Optical Network", "epon"),
    entry(260, "IPMI Trace Data Collection", "ipmi-trace"),
    entry(264, "ISO 14443 contactless smartcard standards", "iso14443"),
    entry(266, "USB packets with Darwin (macOS, etc.) headers", "usb-darwin"),
    entry(268, "SDLC", "sdlc"),
    entry(270, "LoRaTap", "loratap"),
    entry(271, "Linux vsock", "vsock"),
    entry(272, "nRF Sniffer for Bluetooth LE", "nordic_ble"),
    entry(273, "DOCSIS with Excentis XRA pseudo-header", "docsis31_xra31"),
    entry(274, "IEEE 802.3br mPackets", "ether-mpacket"),
    entry(275, "DisplayPort AUX channel with Unigraf pseudo-header", "dpauxmon"),
    entry(276, "Linux cooked-mode capture v2", "linux-sll2"),
    entry(279, "Elektrobit High Speed Capture and Replay", "ebhscr"),
    entry(280, "Vector Packet Processing graph dispatch trace", "vpp"),
    entry(283, "IEEE 802.15.4 Wireless with TAP pseudo-header", "wpan-tap"),
    entry(287, "Z-Wave Serial API packets", "zwave-serial"),
    entry(288, "USB 2.0/1.1/1.0 packets", "usb-20"),
    entry(290, "Event Tracing for Windows messages", "etw"),
    entry(292, "ZBOSS NCP", "zbncp"),
    entry(293, "Low-Speed USB 2.0/1.1/1.0 packets", "usb-20-low"),
    entry(294, "Full-Speed USB 2.0/1.1/1.0 packets", "usb-20-full"),
    entry(295, "High-Speed USB 2.0 packets", "usb-20-high"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(LINK_TYPES.is_sorted_by(|a, b| a.number < b.number));
    }

    #[test]
    fn names_are_those_of_capinfos() {
        for (number, expected, short) in [
            (0, "NULL/Loopback", "null"),
            (1, "Ethernet", "ether"),
            (12, "Raw IP", "rawip"),
            (101, "Raw IP", "rawip"),
            (127, "IEEE 802.11 plus radiotap radio header", "ieee-802-11-radiotap"),
            (276, "Linux cooked-mode capture v2", "linux-sll2"),
            (65_535, "linktype 65535", "linktype-65535"),
        ] {
            assert_eq!((name(number).as_str(), short_name(number).as_str()), (expected, short));
        }
    }
}
