//! Captures from a seed, written to a stream in bounded memory: the same seed gives the same bytes.

mod dhcp;
mod dns;
pub mod frame;
mod local;
mod quic;
mod talk;
mod tcp;
mod tls;
mod voice;
pub mod world;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use talk::Talk;
use world::World;

/// When captures begin: 2026-01-01 00:00 UTC, in microseconds since 1970.
const BEGIN: u64 = 1_767_225_600_000_000;

/// What a capture is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Web over TCP and QUIC, DNS, calls with media, DHCP, pings, ARP, mDNS.
    Mixed,
    /// DNS over UDP alone.
    Dns,
    /// HTTP and TLS over TCP alone.
    Tcp,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
        }
    }
}

/// How many conversations go on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flows {
    /// 16, which last long, between few hosts, about few names.
    Few,
    /// 4,096, which are short, between many hosts, about many names.
    Many,
}

impl Flows {
    /// Conversations at a time.
    pub fn at_once(self) -> u32 {
        match self {
            Self::Few => 16,
            Self::Many => 4_096,
        }
    }

    /// Clients.
    pub fn hosts(self) -> u32 {
        match self {
            Self::Few => 8,
            Self::Many => 4_000,
        }
    }

    /// Servers.
    pub fn servers(self) -> u32 {
        match self {
            Self::Few => 4,
            Self::Many => 600,
        }
    }

    /// Domains that are asked for.
    pub fn names(self) -> u32 {
        match self {
            Self::Few => 50,
            Self::Many => 20_000,
        }
    }
}

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What it is made of.
    pub kind: Kind,
    /// Frames.
    pub frames: u64,
    /// Conversations at a time.
    pub flows: Flows,
    /// Where chance begins.
    pub seed: u64,
}

/// What was generated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames.
    pub frames: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// DNS queries over UDP port 53.
    pub dns_queries: u64,
    /// Responses to them.
    pub dns_responses: u64,
    /// Those that say that a name does not exist.
    pub nxdomain: u64,
    /// Messages of mDNS.
    pub mdns: u64,
    /// TCP connections: SYN segments without ACK.
    pub connections: u64,
    /// TCP segments with data that were seen before.
    pub sent_again: u64,
    /// Connections of QUIC.
    pub quic: u64,
    /// INVITE requests of SIP.
    pub calls: u64,
    /// Messages of SIP.
    pub sip_messages: u64,
    /// Packets of RTP.
    pub rtp: u64,
    /// Messages of DHCP.
    pub dhcp: u64,
    /// Echo requests of both families.
    pub echo_requests: u64,
    /// Echo replies of both families.
    pub echo_replies: u64,
    /// Messages of ARP.
    pub arp: u64,
    /// IPv6 packets.
    pub ipv6: u64,
    /// Tagged frames.
    pub tagged: u64,
}

/// Writes a capture: pcap, with microseconds, Ethernet. It takes memory for the conversations that go on, whatever its length.
///
/// # Errors
/// As writing fails.
pub fn write(options: Options, out: &mut impl Write) -> io::Result<Counts> {
    let mut world = World::new(options.seed, options.flows);
    world.now = BEGIN;
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        out.write_all(&word.to_le_bytes())?;
    }
    world.counts.bytes = 24;
    let mut talks: Vec<Talk> = Vec::new();
    let mut next = BinaryHeap::new();
    for place in 0..options.flows.at_once() {
        talks.push(Talk::new(options.kind, &mut world));
        next.push(Reverse((BEGIN + u64::from(world.below(2_000_000)), place)));
    }
    while world.counts.frames < options.frames {
        let Some(Reverse((time, place))) = next.pop() else { break };
        let Some(talk) = talks.get_mut(place as usize) else { break };
        world.now = time;
        let pause = match talk.step(&mut world) {
            Some(pause) => pause,
            None => {
                *talk = Talk::new(options.kind, &mut world);
                u64::from(world.between(500, 400_000))
            }
        };
        next.push(Reverse((time + pause.max(1), place)));
        let frame = world.frame.bytes();
        let length = frame.len() as u32;
        let mut header = [0; 16];
        for (place, word) in header.as_chunks_mut::<4>().0.iter_mut().zip([
            (time / 1_000_000) as u32,
            (time % 1_000_000) as u32,
            length,
            length,
        ]) {
            *place = word.to_le_bytes();
        }
        out.write_all(&header)?;
        out.write_all(frame)?;
        let (tagged, ipv6) = kinds(frame);
        world.counts.tagged += u64::from(tagged);
        world.counts.ipv6 += u64::from(ipv6);
        world.counts.frames += 1;
        world.counts.bytes += 16 + u64::from(length);
    }
    out.flush()?;
    Ok(world.counts)
}

/// Whether a frame is tagged, and whether it is IPv6.
fn kinds(frame: &[u8]) -> (bool, bool) {
    let ethertype =
        |at: usize| frame.get(at..at + 2).map_or(0, |two| two.iter().fold(0, |all, one| all << 8 | u32::from(*one)));
    match ethertype(12) {
        0x8100 => (true, ethertype(16) == 0x86dd),
        other => (false, other == 0x86dd),
    }
}
