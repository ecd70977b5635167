//! DHCPv4 and BOOTP messages (RFC 951, RFC 2131).

pub mod names;
pub mod values;

use std::net::Ipv4Addr;

use mcpcap_analyzer::text;

use crate::limits;

/// Bytes of the fixed part, up to the options.
const FIXED: usize = 236;
/// Bytes up to the end of an Ethernet address: what a message needs to be told from others.
const NEEDED: usize = 34;
/// Why a message is not whole when it is the capture's fault.
const CUT: &str = "cut off in the capture";
/// What comes before options (RFC 2132 §2).
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Option codes that this crate looks into.
pub mod code {
    #![allow(missing_docs, reason = "the names are the registry's")]
    pub const PAD: u8 = 0;
    pub const ROUTER: u8 = 3;
    pub const DNS: u8 = 6;
    pub const HOSTNAME: u8 = 12;
    pub const DOMAIN: u8 = 15;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const OVERLOAD: u8 = 52;
    pub const MESSAGE_TYPE: u8 = 53;
    pub const SERVER_ID: u8 = 54;
    pub const PARAMETERS: u8 = 55;
    pub const MESSAGE: u8 = 56;
    pub const RENEWAL_TIME: u8 = 58;
    pub const REBINDING_TIME: u8 = 59;
    pub const VENDOR_CLASS: u8 = 60;
    pub const CLIENT_ID: u8 = 61;
    pub const FQDN: u8 = 81;
    pub const RELAY: u8 = 82;
    pub const END: u8 = 255;
}

/// Message types (option 53).
pub mod kind {
    #![allow(missing_docs, reason = "the names are the registry's")]
    pub const DISCOVER: u8 = 1;
    pub const OFFER: u8 = 2;
    pub const REQUEST: u8 = 3;
    pub const DECLINE: u8 = 4;
    pub const ACK: u8 = 5;
    pub const NAK: u8 = 6;
    pub const RELEASE: u8 = 7;
    pub const INFORM: u8 = 8;
    pub const LEASE_QUERY: u8 = 10;
    pub const LEASE_UNASSIGNED: u8 = 11;
    pub const LEASE_UNKNOWN: u8 = 12;
    pub const LEASE_ACTIVE: u8 = 13;
}

/// A message.
#[derive(Debug)]
pub struct Message {
    /// 1: of a client; 2: of a server.
    pub op: u8,
    /// Hardware type (IANA "Hardware Types"); 1 is Ethernet.
    pub hardware: u8,
    /// Relays that it passed.
    pub hops: u8,
    /// Transaction id.
    pub xid: u32,
    /// Seconds since the client began.
    pub seconds: u16,
    /// Flags; the highest bit asks for broadcasts.
    pub flags: u16,
    /// The client's own address (ciaddr).
    pub client: Ipv4Addr,
    /// The client's new address (yiaddr).
    pub your: Ipv4Addr,
    /// The next server (siaddr).
    pub server: Ipv4Addr,
    /// The first relay (giaddr).
    pub relay: Ipv4Addr,
    /// The client's hardware address.
    pub mac: String,
    /// Server name and boot file, unless they hold options.
    pub server_name: Option<String>,
    /// See `server_name`.
    pub boot_file: Option<String>,
    /// Options in order of appearance; those that come several times are joined (RFC 3396). `None`: BOOTP without options.
    pub options: Option<Vec<DhcpOption>>,
    /// The option that is longer than the message.
    pub broken: Option<u8>,
    /// What is wrong with it.
    pub malformed: Option<&'static str>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpOption {
    /// Its code.
    pub code: u8,
    /// Its value, parts joined.
    pub value: Vec<u8>,
    /// How often it came.
    pub parts: u32,
}

impl Message {
    /// Reads a message as far as it goes. `cut`: less was captured than there was.
    ///
    /// # Errors
    /// When it ends before the client's address does.
    pub fn read(octets: &[u8], cut: bool) -> Result<Self, &'static str> {
        let missing = if cut { CUT } else { "ends within the fixed part" };
        if octets.len() < NEEDED {
            return Err(missing);
        }
        // What is missing of the fixed part reads as zero, which is "nothing" in every field.
        let mut fixed = [0; FIXED];
        fixed.iter_mut().zip(octets).for_each(|(octet, given)| *octet = *given);
        let [op, hardware, length, hops, rest @ ..] = &fixed;
        let word =
            |at: usize| -> [u8; 4] { rest.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default() };
        let [seconds, seconds_low, flags, flags_low] = word(4);
        let length = usize::from(*length).min(16);
        let (server_name, boot_file) = (&fixed[44..108], &fixed[108..236]);
        let mut message = Self {
            op: *op,
            hardware: *hardware,
            hops: *hops,
            xid: u32::from_be_bytes(word(0)),
            seconds: u16::from_be_bytes([seconds, seconds_low]),
            flags: u16::from_be_bytes([flags, flags_low]),
            client: word(8).into(),
            your: word(12).into(),
            server: word(16).into(),
            relay: word(20).into(),
            mac: text::hexadecimal(fixed[28..44].get(..length).unwrap_or_default(), ":", 16),
            server_name: None,
            boot_file: None,
            options: None,
            broken: None,
            malformed: (octets.len() < FIXED).then_some(missing),
        };
        let mut overload = 0;
        if let Some((&COOKIE, area)) = octets.get(FIXED..).unwrap_or_default().split_first_chunk() {
            let mut options = Vec::new();
            message.take(walk(area, &mut options, cut));
            overload = match find(&options, code::OVERLOAD).map(|option| option.value.as_slice()) {
                Some([value]) => *value,
                _ => 0,
            };
            // The file field first, then the server name (RFC 2131 §4.1).
            for (bit, area) in [(1, boot_file), (2, server_name)] {
                if overload & bit != 0 {
                    message.take(walk(area, &mut options, false));
                }
            }
            message.options = Some(options);
        }
        let string = |area: &[u8]| {
            let end = area.iter().position(|octet| *octet == 0).unwrap_or(area.len());
            let written = area.get(..end).filter(|written| !written.is_empty())?;
            Some(text::printable(written, limits::CHARACTERS))
        };
        message.boot_file = if overload & 1 == 0 { string(boot_file) } else { None };
        message.server_name = if overload & 2 == 0 { string(server_name) } else { None };
        Ok(message)
    }

    fn take(&mut self, walked: Result<(), Broken>) {
        if let Err(broken) = walked {
            self.broken = self.broken.or(broken.option);
            self.malformed = self.malformed.or(Some(broken.reason));
        }
    }

    /// The value of an option.
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        find(self.options.as_deref()?, code).map(|option| option.value.as_slice())
    }

    /// The message type.
    pub fn kind(&self) -> Option<u8> {
        self.option(code::MESSAGE_TYPE)?.first().copied()
    }

    /// An option that is one address.
    pub fn address(&self, code: u8) -> Option<Ipv4Addr> {
        self.option(code)?.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets))
    }

    /// An option that is a number of 32 bits.
    pub fn number(&self, code: u8) -> Option<u32> {
        self.option(code)?.first_chunk().map(|octets| u32::from_be_bytes(*octets))
    }

    /// An option that is text.
    pub fn string(&self, code: u8) -> Option<String> {
        let value = self.option(code)?;
        // Some clients end text with a zero byte, which does not belong to it (RFC 2132 §2).
        let end = value.iter().rposition(|octet| *octet != 0).map_or(0, |at| at.saturating_add(1));
        Some(text::printable(value.get(..end).unwrap_or_default(), limits::CHARACTERS)).filter(|text| !text.is_empty())
    }
}

fn find(options: &[DhcpOption], code: u8) -> Option<&DhcpOption> {
    options.iter().find(|option| option.code == code)
}

/// Why options end early.
struct Broken {
    option: Option<u8>,
    reason: &'static str,
}

/// Reads options, up to where they break.
fn walk(mut area: &[u8], options: &mut Vec<DhcpOption>, cut: bool) -> Result<(), Broken> {
    while let Some((&code, rest)) = area.split_first() {
        match code {
            code::PAD => area = rest,
            code::END => return Ok(()),
            _ => {
                let Some((length, rest)) = rest.split_first() else {
                    let reason = if cut { CUT } else { "an option ends before its length" };
                    return Err(Broken { option: None, reason });
                };
                let Some((value, rest)) = rest.split_at_checked((*length).into()) else {
                    let reason = if cut { CUT } else { "an option is longer than the message" };
                    return Err(Broken { option: Some(code), reason });
                };
                area = rest;
                if let Some(known) = options.iter_mut().find(|known| known.code == code) {
                    known.value.extend_from_slice(value);
                    known.parts = known.parts.saturating_add(1);
                } else if options.len() < limits::OPTIONS {
                    options.push(DhcpOption { code, value: value.to_vec(), parts: 1 });
                }
            }
        }
    }
    // Many servers leave the end mark out.
    Ok(())
}

/// The name of a message type.
pub fn type_name(kind: u8) -> Option<&'static str> {
    let name = match kind {
        1 => "DISCOVER",
        2 => "OFFER",
        3 => "REQUEST",
        4 => "DECLINE",
        5 => "ACK",
        6 => "NAK",
        7 => "RELEASE",
        8 => "INFORM",
        9 => "FORCERENEW",
        10 => "LEASEQUERY",
        11 => "LEASEUNASSIGNED",
        12 => "LEASEUNKNOWN",
        13 => "LEASEACTIVE",
        14 => "BULKLEASEQUERY",
        15 => "LEASEQUERYDONE",
        16 => "ACTIVELEASEQUERY",
        17 => "LEASEQUERYSTATUS",
        18 => "TLS",
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(options: &[u8]) -> Vec<u8> {
        let mut octets = vec![0; FIXED];
        octets[..8].copy_from_slice(&[1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78]);
        octets[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
        octets.extend_from_slice(&COOKIE);
        octets.extend_from_slice(options);
        octets
    }

    #[test]
    fn parts_of_an_option_are_joined() {
        let octets = message(&[53, 1, 1, 12, 3, b'a', b'b', b'c', 12, 2, b'd', b'e', 255]);
        let read = Message::read(&octets, false).unwrap();
        assert_eq!((read.xid, read.mac.as_str(), read.kind()), (0x1234_5678, "02:00:00:00:00:01", Some(1)));
        assert_eq!(read.string(code::HOSTNAME).as_deref(), Some("abcde"));
        assert_eq!(read.options.unwrap()[1].parts, 2);
        assert_eq!(read.malformed, None);
    }

    #[test]
    fn overloaded_fields_hold_options() {
        let mut octets = message(&[52, 1, 3, 255]);
        octets[108..113].copy_from_slice(&[53, 1, 2, 255, 9]);
        octets[44..49].copy_from_slice(&[12, 1, b'x', 255, 9]);
        let read = Message::read(&octets, false).unwrap();
        assert_eq!((read.kind(), read.string(code::HOSTNAME).as_deref()), (Some(2), Some("x")));
        assert_eq!((read.boot_file, read.server_name), (None, None));
    }

    #[test]
    fn without_cookie_it_is_bootp_with_names() {
        let mut octets = message(&[]);
        octets.truncate(FIXED);
        octets[108..113].copy_from_slice(b"boot\0");
        let read = Message::read(&octets, false).unwrap();
        assert_eq!((read.kind(), read.options.is_none(), read.boot_file.as_deref()), (None, true, Some("boot")));
    }

    #[test]
    fn broken_options_are_named_and_those_before_them_kept() {
        let read = Message::read(&message(&[53, 1, 1, 12, 200, b'a']), false).unwrap();
        assert_eq!((read.kind(), read.malformed), (Some(1), Some("an option is longer than the message")));
        assert_eq!(read.broken, Some(12));
        let read = Message::read(&message(&[53, 1, 1, 12]), true).unwrap();
        assert_eq!(read.malformed, Some("cut off in the capture"));
        assert_eq!(read.broken, None);
        assert_eq!(Message::read(&[1; 33], false).unwrap_err(), "ends within the fixed part");
        let read = Message::read(&message(&[])[..100], true).unwrap();
        assert_eq!((read.mac.as_str(), read.malformed), ("02:00:00:00:00:01", Some("cut off in the capture")));
    }
}
