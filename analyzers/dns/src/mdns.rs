//! mDNS told from ordinary DNS on its port.

use mcpcap_analyzer::stream::Endpoint;

use mcpcap_analyzer::stats::BoundedMap;
use smallvec::SmallVec;

use crate::limits;
use crate::message::Message;
use crate::message::name::{Folded, Labels};
use crate::seen::{MDNS_PORT, Service};

/// Domains whose names are only asked for by mDNS (RFC 6762 §3, §4 and §12), as labels from the right.
const DOMAINS: [&[&str]; 6] = [
    &["local"],
    &["arpa", "in-addr", "169", "254"],
    &["arpa", "ip6", "f", "e", "8"],
    &["arpa", "ip6", "f", "e", "9"],
    &["arpa", "ip6", "f", "e", "a"],
    &["arpa", "ip6", "f", "e", "b"],
];

/// Tells what is mDNS on port 5353.
pub struct Mdns {
    /// Ends that asked the group from another port: they are answered there (RFC 6762 §6.7).
    one_shot: BoundedMap<Endpoint, ()>,
}

impl Mdns {
    /// Nobody asked yet.
    pub fn new() -> Self {
        Self { one_shot: BoundedMap::new(limits::ONE_SHOT_QUERIERS) }
    }

    /// The protocol of a datagram from or to port 5353.
    ///
    /// mDNS goes to a group, and back from port 5353 to one end: to port 5353, or to the port from which somebody asked the group. A
    /// responder may be asked alone too (RFC 6762 §5.5). Then the names tell, or the bit that mDNS took from the class; and between two
    /// ports 5353 the header, in which mDNS sets neither RD nor RA nor a response code (RFC 6762 §18).
    pub fn service(&mut self, source: Endpoint, destination: Endpoint, octets: &[u8]) -> Service {
        if destination.address.is_multicast() {
            if source.port != MDNS_PORT {
                self.one_shot.insert(source, ());
            }
            return Service::Mdns;
        }
        let both = source.port == MDNS_PORT && destination.port == MDNS_PORT;
        let peer = if source.port == MDNS_PORT { destination } else { source };
        if !both && self.one_shot.get(&peer).is_some() {
            return Service::Mdns;
        }
        let Ok(message) = Message::parse(octets, None) else { return Service::Mdns };
        let header = message.header;
        let is_plain = header.recursion_desired() || header.recursion_available() || header.rcode() != 0;
        if has_mark(&message) || (both && !is_plain) { Service::Mdns } else { Service::Dns }
    }

    /// Askers that had to make room.
    pub fn evicted(&self) -> u64 {
        self.one_shot.evicted()
    }
}

/// Whether only mDNS has such names or classes.
fn has_mark(message: &Message<'_>) -> bool {
    let top_bit = |class: u16| class == 0x8001;
    let questions = message.questions.iter().map(|question| (question.place(), question.class));
    // A response to the group's question need not repeat it.
    let owners = message.records.iter().take(1).map(|record| (record.place(), record.class));
    let mut all = questions.chain(owners);
    all.any(|(name, class)| top_bit(class) || name.is_some_and(|at| is_local(message.octets(), at)))
}

fn is_local(message: &[u8], at: usize) -> bool {
    let mut folded = Folded::default();
    folded.read(message, at);
    let labels: SmallVec<[&[u8]; 16]> = Labels::of(&folded).collect();
    let ends_with = |domain: &[&str]| {
        labels.len() >= domain.len() && labels.iter().rev().zip(domain).all(|(label, own)| *label == own.as_bytes())
    };
    DOMAINS.iter().any(|domain| ends_with(domain))
}
