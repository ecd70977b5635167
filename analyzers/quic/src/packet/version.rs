//! Versions of QUIC: their names, and how packets of those that are read are protected.

use std::borrow::Cow;

/// How packets of a version are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Drafts 29 to 32, which differ from version 1 in salt and keys.
    Draft,
    /// Version 1 (RFC 9000), and drafts 33 and 34.
    One,
    /// Version 2 (RFC 9369).
    Two,
}

/// Version 1.
pub const ONE: u32 = 1;
/// Version 2.
pub const TWO: u32 = 0x6b33_43cf;
/// A version negotiation packet.
pub const NEGOTIATION: u32 = 0;

/// How packets of a version are read, if they are.
pub fn form(version: u32) -> Option<Form> {
    match version {
        ONE | 0xff00_0021 | 0xff00_0022 => Some(Form::One),
        TWO => Some(Form::Two),
        0xff00_001d..=0xff00_0020 => Some(Form::Draft),
        _ => None,
    }
}

/// Whether it is reserved to provoke version negotiation (RFC 9000 §15).
pub fn is_grease(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Of versions of Google's own QUIC, `Q` and `T` with three digits: these.
pub fn google(version: u32) -> Option<[u8; 4]> {
    let bytes = version.to_be_bytes();
    matches!(bytes, [b'Q' | b'T', b'0', b'0'..=b'9', b'0'..=b'9']).then_some(bytes)
}

/// Whether nobody should use it any more: drafts, and Google's own.
pub fn is_obsolete(version: u32) -> bool {
    matches!(version, 0xff00_0000..=0xff02_00ff | 0x709a_50c4) || google(version).is_some()
}

/// Its name, if it has one.
pub fn known(version: u32) -> Option<Cow<'static, str>> {
    let name = match version {
        ONE => "QUIC 1",
        TWO => "QUIC 2",
        0xff00_0001..=0xff00_00ff => return Some(Cow::Owned(format!("QUIC draft {}", version & 0xff))),
        0xff01_0000..=0xff02_00ff | 0x709a_50c4 => "QUIC 2 draft",
        // What follows is used by one implementation each (RFC 9000 §22.2; github.com/quicwg/base-drafts/wiki/QUIC-Versions).
        0xface_b000..=0xface_b01f => "mvfst",
        0x4547_4700..=0x4547_47ff => "Quant",
        0x5043_5130..=0x5043_5131 => "picoquic",
        0x5052_4f58 => "Proxied QUIC",
        0x5147_4f00..=0x5147_4fff => "quic-go",
        0x5c10_0000..=0x5c10_000f => "QUIC over SCION",
        0x91c1_7000..=0x91c1_70ff => "quicly",
        0xabcd_0000..=0xabcd_000f => "MsQuic",
        0x0700_7000..=0x0700_700f => "Tencent QUIC",
        0xf0f0_f0f0..=0xf0f0_f1ff => "QUIC measurement",
        0xf0f0_f2f0..=0xf0f0_f2ff => "Quinn Noise",
        0xf123_f0c0..=0xf123_f0cf => "MozQuic",
        _ if is_grease(version) => "GREASE",
        _ => {
            let digits = google(version)?;
            return Some(Cow::Owned(format!("Google {}", digits.map(char::from).iter().collect::<String>())));
        }
    };
    Some(Cow::Borrowed(name))
}

/// Its name, or its number where it has none.
pub fn name(version: u32) -> Cow<'static, str> {
    known(version).unwrap_or_else(|| Cow::Owned(format!("0x{version:08x}")))
}
