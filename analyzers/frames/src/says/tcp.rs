//! What a TCP segment says, with numbers relative to its connection.

use mcpcap_analyzer::decode::{Tcp, TcpFlags, TcpOptions};
use mcpcap_analyzer::stream::{Identity, Side, Taken, Tracked};

/// How the windows of one end are scaled (RFC 7323 §2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Scale {
    /// Its SYN was not captured.
    #[default]
    Unknown,
    /// One of the ends did not offer it.
    None,
    /// By so many bits.
    Shift(u8),
}

/// A connection, as far as its segments' lines need it.
pub struct Connection {
    /// Its number and ends.
    pub identity: Identity,
    scales: [Scale; 2],
}

impl Tracked for Connection {
    fn open(identity: Identity, _: Side) -> Self {
        Self { identity, scales: [Scale::default(); 2] }
    }
    fn identity(&self) -> &Identity {
        &self.identity
    }
    fn identity_mut(&mut self) -> &mut Identity {
        &mut self.identity
    }
}

impl Connection {
    /// Takes a segment.
    pub fn take(&mut self, tcp: &Tcp, taken: Taken) {
        if taken.turned {
            self.scales.swap(0, 1);
        }
        if !tcp.flags.syn() {
            return;
        }
        let offered = TcpOptions::new(tcp.options).find_map(|(kind, value)| match (kind, value) {
            (3, [shift]) => Some((*shift).min(14)),
            _ => None,
        });
        let [client, server] = &mut self.scales;
        let (own, other) = if taken.side == Side::Client { (client, server) } else { (server, client) };
        match offered {
            // What a SYN-ACK offers counts for nothing when the SYN did not.
            Some(_) if tcp.flags.ack() && *other == Scale::None => *own = Scale::None,
            Some(shift) => *own = Scale::Shift(shift),
            None => (*own, *other) = (Scale::None, Scale::None),
        }
    }

    /// The window of a segment in bytes; as it is in the header where the scale is not known.
    fn window(&self, tcp: &Tcp, side: Side) -> u32 {
        let [client, server] = self.scales;
        let scale = if side == Side::Client { client } else { server };
        match scale {
            // A window on a SYN is never scaled.
            Scale::Shift(shift) if !tcp.flags.syn() => u32::from(tcp.window) << shift.min(14),
            _ => tcp.window.into(),
        }
    }

    /// The segment in one line, as Wireshark writes it: `[SYN, ACK] Seq=0 Ack=1 Win=65535 Len=0 MSS=1460`.
    pub fn line(&self, tcp: &Tcp, side: Side, length: usize) -> String {
        let relative = |number: u32, side: Side| number.wrapping_sub(self.identity.base(side).unwrap_or_default());
        let mut line = format!("[{}] Seq={}", flags(tcp.flags), relative(tcp.sequence, side));
        if tcp.flags.ack() {
            line += &format!(" Ack={}", relative(tcp.acknowledgment, side.other()));
        }
        line += &format!(" Win={} Len={length}", self.window(tcp, side));
        if tcp.flags.syn() {
            for (kind, value) in TcpOptions::new(tcp.options) {
                match (kind, value) {
                    (2, [high, low]) => line += &format!(" MSS={}", u16::from_be_bytes([*high, *low])),
                    (3, [shift]) => line += &format!(" WS={}", 1_u32 << (*shift).min(14)),
                    (4, []) => line += " SACK_PERM",
                    _ => {}
                }
            }
        }
        line
    }
}

fn flags(flags: TcpFlags) -> String {
    let set: Vec<&str> = flags.names().collect();
    if set.is_empty() { "none".into() } else { set.join(", ") }
}
