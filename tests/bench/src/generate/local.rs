//! What is heard on every network: pings, ARP, mDNS.

use super::dns::{decimal, header, label, record};
use super::frame::{Address, Host, Path};
use super::world::World;

/// Echo requests and replies.
pub struct Ping {
    path: Path,
    identifier: u16,
    /// The request that is sent next, or whose reply is.
    sequence: u16,
    count: u16,
    is_reply: bool,
}

impl Ping {
    /// 5 to 50 requests.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let servers = world.flows().servers();
        let server = world.below(servers);
        let path = world.path(talk, server);
        Self { path, identifier: talk as u16, sequence: 1, count: world.between(5, 50) as u16, is_reply: false }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        let (path, sequence) = (if self.is_reply { self.path.back() } else { self.path }, self.sequence);
        world.frame.echo(&path, !self.is_reply, self.identifier, sequence);
        if self.is_reply {
            world.counts.echo_replies += 1;
        } else {
            world.counts.echo_requests += 1;
            if !world.is_one_of(20) {
                self.is_reply = true;
                return Some(u64::from(world.between(200, 60_000)));
            }
        }
        self.is_reply = false;
        self.sequence += 1;
        (self.sequence <= self.count).then_some(1_000_000)
    }
}

/// ARP (RFC 826): who has an address, and the answer.
pub struct Resolution {
    asker: Host,
    asked: Host,
    is_reply: bool,
}

impl Resolution {
    /// Between two of the clients.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let hosts = world.flows().hosts();
        let other = world.below(hosts);
        // No host asks for itself: that would be an announcement.
        let other = if other == talk % hosts { (other + 1) % hosts } else { other };
        Self { asker: Host::client(talk % hosts, false), asked: Host::client(other, false), is_reply: false }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        world.counts.arp += 1;
        let (from, to) = if self.is_reply { (self.asked, self.asker) } else { (self.asker, self.asked) };
        let (Address::V4(source), Address::V4(target)) = (from.ip, to.ip) else { return None };
        let mut message = [0; 46];
        let known = if self.is_reply { to.mac } else { [0; 6] };
        let parts: [&[u8]; 6] =
            [&[0, 1, 8, 0, 6, 4, 0, 1 + u8::from(self.is_reply)], &from.mac, &source, &known, &target, &[0; 18]];
        for (place, byte) in message.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        let mac = if self.is_reply { to.mac } else { [0xff; 6] };
        let path = Path { source: from, destination: Host { mac, ..to }, vlan: None, hops: 0 };
        world.frame.ethernet(&path, 0x0806, &message);
        let pause = u64::from(world.between(100, 3_000));
        let more = !self.is_reply;
        self.is_reply = true;
        more.then_some(pause)
    }
}

/// mDNS (RFC 6762): a service is asked for, and a host answers.
pub struct Announcement {
    source: Host,
    number: u32,
    is_v6: bool,
    is_answer: bool,
}

impl Announcement {
    /// By one of the clients.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let number = talk % world.flows().hosts();
        let is_v6 = world.is_one_of(400);
        Self { source: Host::client(number, is_v6), number, is_v6, is_answer: false }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        world.counts.mdns += 1;
        let destination = match self.is_v6 {
            true => Host {
                mac: [0x33, 0x33, 0, 0, 0, 0xfb],
                ip: Address::V6([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb]),
            },
            false => Host { mac: [1, 0, 0x5e, 0, 0, 0xfb], ip: Address::V4([224, 0, 0, 251]) },
        };
        let path = Path { source: self.source, destination, vlan: None, hops: 255 };
        let (is_answer, number) = (self.is_answer, self.number);
        world.frame.udp(&path, (5353, 5353), |out| message(out, is_answer, number));
        let pause = u64::from(world.between(20_000, 120_000));
        self.is_answer = true;
        (!is_answer).then_some(pause)
    }
}

fn message(out: &mut Vec<u8>, is_answer: bool, number: u32) {
    header(out, 0, if is_answer { 0x8400 } else { 0 }, if is_answer { [0, 1, 0, 0] } else { [1, 0, 0, 0] });
    for part in ["_ipp", "_tcp", "local"] {
        label(out, part);
    }
    out.push(0);
    if !is_answer {
        // PTR, class IN.
        return out.extend_from_slice(&[0, 12, 0, 1]);
    }
    record(out, 12, 4_500, |out| {
        let mut name = b"printer".to_vec();
        decimal(&mut name, number);
        out.push(name.len() as u8);
        out.extend_from_slice(&name);
        out.extend_from_slice(&[0xc0, 12]);
    });
}
