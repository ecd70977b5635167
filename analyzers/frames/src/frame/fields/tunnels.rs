//! Headers of tunnels, tags and link types: what tells one from another.

use mcpcap_analyzer::decode::Layer;

use super::Fields;

impl Fields<'_> {
    /// The fields of a layer between the link and the network, or around a packet.
    pub(super) fn tunnel(&mut self, layer: Layer) {
        match layer {
            Layer::Vxlan(vni) => {
                self.hex("flags", self.u16(0));
                self.add("vni", vni);
            }
            Layer::Geneve(vni) => {
                self.hex("proto_type", self.u16(2));
                self.add("vni", vni);
            }
            Layer::PppoeSession(id) => {
                self.add("session_id", format!("0x{id:04x}"));
                self.number("payload_length", self.u16(4));
            }
            Layer::Gre => self.gre(),
            Layer::Gtp(teid) => {
                self.number("flags", self.u8(0).map(|flags| format!("0x{flags:02x}")));
                self.number("message", self.u8(1).map(|kind| format!("0x{kind:02x}")));
                self.number("length", self.u16(2));
                self.add("teid", format!("0x{teid:08x}"));
            }
            Layer::L2tp(session) => self.l2tp(session),
            Layer::FrameRelay(dlci) => self.add("dlci", dlci),
            Layer::Pbb(isid) => {
                self.number("priority", self.u32(0).map(|tag| tag >> 29));
                self.add("isid", isid);
            }
            Layer::VnTag => {
                let tag = self.u32(0);
                self.number("dir", tag.map(|tag| tag >> 31));
                self.number("dst", tag.map(|tag| tag >> 16 & 0x3fff));
                self.number("looped", tag.map(|tag| tag >> 15 & 1));
                self.number("src", tag.map(|tag| tag & 0xfff));
                self.hex("etype", self.u16(4));
            }
            Layer::Etag => {
                self.number("pcp", self.u16(0).map(|tag| tag >> 13));
                self.hex("iecid_base", self.u16(0).map(|tag| tag & 0xfff));
                self.hex("ecid_base", self.u16(2).map(|tag| tag & 0xfff));
                self.hex("etype", self.u16(6));
            }
            Layer::CiscoMetadata => {
                self.number("sgt", self.u16(4));
                self.hex("type", self.u16(6));
            }
            Layer::Hsr => {
                self.number("path", self.u16(0).map(|tag| tag >> 12));
                self.number("lsdu_size", self.u16(0).map(|tag| tag & 0xfff));
                self.number("sequence_nr", self.u16(2));
                self.hex("type", self.u16(4));
            }
            Layer::Macsec => {
                self.number("TCI", self.u8(0).map(|tag| format!("0x{:02x}", tag >> 2)));
                self.number("AN", self.u8(0).map(|tag| format!("0x{:02x}", tag & 3)));
                self.number("SL", self.u8(1));
                self.number("PN", self.u32(2));
            }
            Layer::Nsh => {
                self.number("length", self.u8(1).map(|length| length & 0x3f));
                self.number("mdtype", self.u8(2).map(|kind| kind & 0xf));
                self.number("nextproto", self.u8(3));
                self.number("spi", self.u32(4).map(|path| path >> 8));
                self.number("si", self.u8(7));
            }
            Layer::Capwap => {
                self.number("header.length", self.u8(1).map(|octet| octet >> 3));
                self.number("header.wbid", self.u8(2).map(|octet| octet >> 1 & 0x1f));
                self.number("header.flags.t", self.u8(2).map(|octet| octet & 1));
            }
            Layer::Tzsp => {
                self.number("version", self.u8(0));
                self.number("type", self.u8(1));
                self.number("encap", self.u16(2));
            }
            _ => {}
        }
    }

    /// RFC 2784, 2890.
    fn gre(&mut self) {
        let flags = self.u16(0).unwrap_or_default();
        self.hex("flags_and_version", self.u16(0));
        self.hex("proto", self.u16(2));
        let mut at = if flags & 0xc000 == 0 { 4_usize } else { 8 };
        if flags & 0x2000 != 0 {
            self.number("key", self.u32(at).map(|key| format!("0x{key:08x}")));
            at = at.saturating_add(4);
        }
        if flags & 0x1000 != 0 {
            self.number("sequence_number", self.u32(at));
        }
    }

    /// RFC 2661 and RFC 3931.
    fn l2tp(&mut self, session: u32) {
        let flags = self.u16(0).unwrap_or_default();
        // A length stands before the tunnel.
        let at = if flags & 0x4000 == 0 { 2_usize } else { 4 };
        // Over IP, version 3 has no flags.
        if flags & 0x000f == 2 && self.u16(at.saturating_add(2)).map(u32::from) == Some(session) {
            self.add("version", 2);
            self.number("tunnel", self.u16(at));
            self.add("session", session);
        } else {
            self.add("version", 3);
            self.add("sid", format!("0x{session:08x}"));
        }
    }
}
