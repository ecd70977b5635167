//! How a port was probed, and what it answered.

use mcpcap_analyzer::decode::TcpFlags;

use crate::flow::Told;
use crate::key::Carrier;
use crate::table::Ended;

/// The ways of scanners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// SYN, and no more.
    Syn,
    /// The whole handshake, and nothing said.
    Connect,
    /// FIN without a connection.
    Fin,
    /// No control bit at all.
    Null,
    /// FIN, PSH and URG.
    Xmas,
    /// FIN with ACK, as Uriel Maimon found.
    Maimon,
    /// ACK without a connection: tells filters.
    Ack,
    /// Datagrams.
    Udp,
    /// Echo requests.
    Ping,
    /// Who-has, of ARP.
    Arp,
    /// Neighbour solicitations.
    Neighbour,
}

impl Method {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::Connect => "connect",
            Self::Fin => "fin",
            Self::Null => "null",
            Self::Xmas => "xmas",
            Self::Maimon => "maimon",
            Self::Ack => "ack",
            Self::Udp => "udp",
            Self::Ping => "ping",
            Self::Arp => "arp",
            Self::Neighbour => "neighbour",
        }
    }
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing, or that it is not let through. Of FIN, NULL, Xmas and UDP the port may be open all the same.
    Filtered,
    /// RST, or port unreachable.
    Closed,
    /// SYN-ACK, or an answer.
    Open,
}

/// A flow, as a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// How.
    pub method: Method,
    /// What came back.
    pub outcome: Outcome,
    /// The client had something to say: more than a probe.
    pub used: bool,
}

/// What a flow is as a probe; `None`: it says nothing about who tried to reach whom.
pub fn of(ended: &Ended<'_>) -> Option<Probe> {
    let Ended { key, flow } = ended;
    let (client, server) = flow.roles(key);
    let (sent, got) = flow.by_role();
    if sent.packets == 0 || server.address.is_group() || client.address == server.address {
        return None;
    }
    let answered = if got.packets > 0 { Outcome::Open } else { Outcome::Filtered };
    let told = match flow.told {
        Told::Closed => Outcome::Closed,
        Told::Nothing | Told::Filtered => Outcome::Filtered,
    };
    match key.carrier {
        Carrier::TCP => tcp(ended, told),
        Carrier::UDP => {
            let outcome = answered.max(told);
            Some(Probe { method: Method::Udp, outcome, used: outcome == Outcome::Open })
        }
        Carrier::Ip(1) if client.port == Some(8) => {
            Some(Probe { method: Method::Ping, outcome: answered, used: false })
        }
        Carrier::Ip(58) if client.port == Some(128) => {
            Some(Probe { method: Method::Ping, outcome: answered, used: false })
        }
        Carrier::Arp => Some(Probe { method: Method::Arp, outcome: answered, used: false }),
        _ => None,
    }
}

fn tcp(ended: &Ended<'_>, told: Outcome) -> Option<Probe> {
    let flow = ended.flow;
    let connection = flow.connection.as_ref()?;
    let refused = if connection.refused { Outcome::Closed } else { Outcome::Filtered };
    if connection.has_syn() {
        let outcome = if connection.accepted { Outcome::Open } else { refused.max(told) };
        let method = if connection.completed { Method::Connect } else { Method::Syn };
        return Some(Probe { method, outcome, used: flow.by_role().0.payload > 0 });
    }
    const ALL: u16 = TcpFlags::FIN | TcpFlags::SYN | TcpFlags::RST | TcpFlags::PSH | TcpFlags::ACK | TcpFlags::URG;
    const XMAS: u16 = TcpFlags::FIN | TcpFlags::PSH | TcpFlags::URG;
    const MAIMON: u16 = TcpFlags::FIN | TcpFlags::ACK;
    let method = match connection.first.0 & ALL {
        0 => Method::Null,
        TcpFlags::FIN => Method::Fin,
        XMAS => Method::Xmas,
        MAIMON => Method::Maimon,
        TcpFlags::ACK => Method::Ack,
        _ => return None,
    };
    flow.is_short().then_some(Probe { method, outcome: refused.max(told), used: false })
}
