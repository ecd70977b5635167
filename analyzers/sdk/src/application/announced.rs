//! Conversations that others announce: FTP's data connections, the answers to TFTP's requests and to searches by multicast.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Protocol;
use crate::stats::BoundedMap;

/// Ends that are remembered.
const ENDS: usize = 1_024;

/// One end of a conversation that is to come, and whether it is TCP.
type End = (SocketAddr, bool);

/// Ends at which something was announced.
pub struct Announced {
    ends: BoundedMap<End, Protocol>,
}

impl Default for Announced {
    fn default() -> Self {
        Self::new()
    }
}

impl Announced {
    /// None yet.
    pub fn new() -> Self {
        Self { ends: BoundedMap::new(ENDS) }
    }

    /// What was announced at either end of a conversation that begins. An end of TCP is for one connection, those of UDP for all who answer.
    pub fn find(&mut self, source: SocketAddr, destination: SocketAddr, is_tcp: bool) -> Option<Protocol> {
        if self.ends.is_empty() {
            return None;
        }
        let mut at = |end: SocketAddr| {
            let end = (end, is_tcp);
            if is_tcp { self.ends.remove(&end) } else { self.ends.get(&end).copied() }
        };
        at(destination).or_else(|| at(source))
    }

    /// Ends that were forgotten for want of room.
    pub fn evicted(&self) -> u64 {
        self.ends.evicted()
    }

    /// Looks for an announcement in a packet of a protocol.
    pub fn look(&mut self, protocol: Protocol, source: SocketAddr, destination: SocketAddr, payload: &[u8]) {
        match protocol {
            Protocol::Ftp => {
                if let Some(end) = ftp_data(source.ip(), payload) {
                    self.ends.insert((end, true), Protocol::FtpData);
                }
            }
            // RFC 1350 §4: the answer comes from a port of its own.
            Protocol::Tftp if matches!(payload, [0, 1 | 2, ..]) => {
                self.ends.insert((source, false), protocol);
            }
            // RFC 6762 §6.7, RFC 4795 §2.4: the answers go back to the port that asked.
            Protocol::Mdns | Protocol::Llmnr | Protocol::Ssdp
                if destination.ip().is_multicast() && source.port() != destination.port() =>
            {
                self.ends.insert((source, false), protocol);
            }
            _ => {}
        }
    }
}

/// The end of a data connection: replies 227 and 229, commands PORT and EPRT (RFC 959 §4.1.2, RFC 2428).
fn ftp_data(sender: IpAddr, payload: &[u8]) -> Option<SocketAddr> {
    let line = payload.get(..128).unwrap_or(payload);
    let line = std::str::from_utf8(line.split(|octet| matches!(octet, b'\r' | b'\n')).next()?).ok()?;
    if line.starts_with("229 ") || line.starts_with("EPRT ") {
        let mut fields = line.rsplit('|').skip(1);
        let port = fields.next()?.parse().ok()?;
        let address = fields.next().and_then(|text| text.parse().ok()).unwrap_or(sender);
        return Some(SocketAddr::new(address, port));
    }
    if !(line.starts_with("227 ") || line.starts_with("PORT ")) {
        return None;
    }
    let numbers = line.get(4..)?.trim_start_matches(|c: char| !c.is_ascii_digit());
    let numbers = numbers.trim_end_matches(|c: char| !c.is_ascii_digit());
    let mut numbers = numbers.split(',').map(|number| number.trim().parse::<u8>());
    let mut next = || numbers.next()?.ok();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    Some(SocketAddr::new(address.into(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_connections_are_read_from_replies_and_commands() {
        let sender = IpAddr::from([192, 0, 2, 9]);
        let found = |text: &str| ftp_data(sender, text.as_bytes()).map(|end| end.to_string());
        // The examples of RFC 959 and RFC 2428.
        assert_eq!(found("227 Entering Passive Mode (192,0,2,7,4,1).\r\n").as_deref(), Some("192.0.2.7:1025"));
        assert_eq!(found("PORT 132,235,1,2,24,131\r\n").as_deref(), Some("132.235.1.2:6275"));
        assert_eq!(found("EPRT |2|1080::8:800:200C:417A|5282|\r\n").as_deref(), Some("[1080::8:800:200c:417a]:5282"));
        assert_eq!(found("229 Entering Extended Passive Mode (|||6446|)\r\n").as_deref(), Some("192.0.2.9:6446"));
        assert_eq!((found("227 no\r\n"), found("RETR x\r\n"), found("PORT 1,2,3,4,5,999\r\n")), (None, None, None));
    }
}
