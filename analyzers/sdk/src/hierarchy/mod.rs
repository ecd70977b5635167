//! The protocol hierarchy, as in Wireshark: a tree of protocols, with packets and bytes at each level.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};

use crate::application::{By, Protocol, Settled};
use crate::decode::Layer;
use crate::numbers::percent;
use crate::stats::{Distinct, FixedHash, Lists, Others, Pool, Several, TopK};
use smallvec::SmallVec;

pub mod names;
mod recent;
mod report;

use recent::Recent;
pub use report::{ProtocolHierarchy, ProtocolRow};

/// The name of the list of its rows, for [`Tool::CUT`](crate::Tool::CUT).
pub const ROWS: &str = "protocol_hierarchy.rows";

/// Nodes that are kept. Real captures have below a hundred.
const NODES: usize = 5_000;
/// Children of one node that are known by number only. It bounds the search among them.
const NUMBERED: usize = 24;
/// Rows that a report holds first.
const LISTED: usize = 100;
/// Server ports of one protocol that are counted, to find those with most packets.
const PORTS: usize = 256;
/// Server ports of all protocols that are told apart.
const ALL_PORTS: usize = 16_384;
/// The list of ports of each protocol.
pub const PORT_LIST: &str = "protocols[].ports";

/// Counts packets along the paths of their layers. A packet counts once at each level of its path, whole.
pub struct Hierarchy {
    nodes: Vec<Node>,
    not_placed: u64,
    ports: BTreeMap<Application, Ports>,
    room: Pool,
    recent: Recent,
    /// Protocols without a node, and how many different ones there are.
    others: Others<Path, Counted>,
    different: Distinct,
}

/// The protocols down to one, and how it was recognised.
type Path = (String, Option<&'static str>);

/// Packets, and the sum of their original lengths.
type Counted = (u64, u64);

/// Server ports of an application.
pub struct Ports {
    /// Those with most packets.
    pub top: TopK<u16>,
    /// All of them.
    pub all: Several<u16>,
}

impl Default for Ports {
    fn default() -> Self {
        Self { top: TopK::new(PORTS), all: Several::of(PORT_LIST) }
    }
}

/// Something with a place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A layer, as the first packet has it.
    Layer(Layer),
    /// What a layer carries that is no layer of its own.
    Inner(&'static str),
    /// What UDP or TCP carry.
    Application(Application),
}

/// What UDP or TCP carry: a protocol and how it was recognised, or neither; and whether it is TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Application {
    /// The protocol; `None` when neither bytes nor ports tell.
    pub protocol: Option<(Protocol, By)>,
    /// Whether TCP carries it.
    pub is_tcp: bool,
}

struct Node {
    /// `None`: the root.
    kind: Option<Kind>,
    parent: usize,
    packets: u64,
    bytes: u64,
    ended: Ended,
    children: Vec<usize>,
}

/// Packets whose innermost protocol a node is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ended {
    /// How many.
    pub packets: u64,
    /// Sum of their original lengths.
    pub bytes: u64,
    /// The first one's frame; 0 without any.
    pub first_frame: u64,
}

impl Ended {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        if other.packets == 0 {
            return;
        }
        self.first_frame = if self.packets == 0 { other.first_frame } else { self.first_frame.min(other.first_frame) };
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Default for Hierarchy {
    fn default() -> Self {
        Self::new(&Lists::default())
    }
}

impl Node {
    fn new(kind: Option<Kind>, parent: usize) -> Self {
        Self { kind, parent, packets: 0, bytes: 0, ended: Ended::default(), children: Vec::new() }
    }

    fn count(&mut self, packets: u64, bytes: u64) {
        self.packets = self.packets.saturating_add(packets);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl Kind {
    /// The protocol's name.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Layer(layer) => names::layer(layer),
            Self::Inner(name) => name.into(),
            // Wireshark's word for what no dissector takes.
            Self::Application(application) => {
                application.protocol.map_or("data", |(protocol, _)| protocol.name()).into()
            }
        }
    }

    fn by(self) -> Option<&'static str> {
        match self {
            Self::Application(application) => application.protocol.map(|(_, by)| by.name()),
            _ => None,
        }
    }

    /// Whether both are the same protocol, whatever differs between its packets: VLAN ids, labels, session numbers.
    fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Layer(one), Self::Layer(other)) if !names::is_numbered(one) => {
                one == other || one.name() == other.name()
            }
            _ => self == other,
        }
    }

    fn is_numbered(self) -> bool {
        matches!(self, Self::Layer(layer) if names::is_numbered(layer))
    }
}

/// As protocols are told from each other: see [`Kind::is_same`].
impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Layer(layer) if names::is_numbered(*layer) => layer.hash(state),
            Self::Layer(layer) => layer.name().hash(state),
            Self::Inner(name) => name.hash(state),
            Self::Application(application) => application.hash(state),
        }
    }
}

impl Hierarchy {
    /// Nothing counted yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            nodes: vec![Node::new(None, 0)],
            not_placed: 0,
            ports: BTreeMap::new(),
            room: Pool::new(ALL_PORTS),
            recent: Recent::default(),
            others: Others::new(ROWS, lists),
            different: Distinct::new(),
        }
    }

    /// Counts a packet of a length on the wire, in bytes, along its layers and what the last one carries by name. Its place, and whether that is
    /// where its path ends: there may be no room for all of it.
    pub fn add(&mut self, layers: &[Layer], inner: Option<&'static str>, original: u32) -> (usize, bool) {
        let Self { nodes, recent, .. } = self;
        if let Some(places) = recent.find(layers, inner) {
            for place in places {
                if let Some(node) = nodes.get_mut(*place) {
                    node.count(1, original.into());
                }
            }
            return (places.last().copied().unwrap_or_default(), true);
        }
        let mut at = 0;
        let mut found = SmallVec::new();
        let mut path = layers.iter().map(|layer| Kind::Layer(*layer)).chain(inner.map(Kind::Inner));
        while let Some(kind) = path.next() {
            let Some(child) = self.child(at, kind) else {
                self.not_placed = self.not_placed.saturating_add(1);
                self.without_node(at, std::iter::once(kind).chain(path), (1, original.into()));
                return (at, false);
            };
            at = child;
            found.push(at);
            if let Some(node) = self.nodes.get_mut(at) {
                node.count(1, original.into());
            }
        }
        self.recent.add(layers, inner, found);
        (at, true)
    }

    /// Says that packets at a place have nothing further in them.
    pub fn ended(&mut self, place: usize, ended: Ended) {
        if let Some(node) = self.nodes.get_mut(place) {
            node.ended.add(ended);
        }
    }

    /// Counts packets of a conversation, which were counted down to their transport before.
    pub fn settled(&mut self, settled: Settled) {
        let application = Application { protocol: settled.protocol, is_tcp: settled.is_tcp };
        let ports = self.ports.entry(application).or_default();
        ports.top.add(settled.port, settled.packets);
        ports.all.add(&settled.port, &mut self.room);
        let place = settled.place as usize;
        let child = self.child(place, Kind::Application(application));
        if child.is_none() {
            self.not_placed = self.not_placed.saturating_add(settled.packets);
            let kind = std::iter::once(Kind::Application(application));
            self.without_node(place, kind, (settled.packets, settled.bytes));
        }
        if let Some(node) = child.and_then(|child| self.nodes.get_mut(child)) {
            node.count(settled.packets, settled.bytes);
        }
        let ended = Ended { packets: settled.packets, bytes: settled.bytes, first_frame: settled.first_frame };
        self.ended(child.unwrap_or(place), ended);
    }

    /// Counts packets along protocols below a node that have none.
    fn without_node(&mut self, at: usize, kinds: impl Iterator<Item = Kind>, (packets, bytes): Counted) {
        let (mut digest, hash) = (at as u64, FixedHash::default());
        let mut path = self.others.are_asked().then(|| self.path(at));
        for kind in kinds {
            digest = hash.hash_one((digest, kind));
            self.different.add(&digest);
            let Some(path) = &mut path else { continue };
            *path = below(path, kind);
            let name = (path.clone(), kind.by());
            if let Some((_, counted)) = self.others.entry(&name, || name.clone(), Counted::default) {
                *counted = (counted.0.saturating_add(packets), counted.1.saturating_add(bytes));
            }
        }
    }

    /// The protocols down to a node.
    fn path(&self, at: usize) -> String {
        let Some(node) = self.nodes.get(at) else { return String::new() };
        // A parent was there before its children.
        node.kind.map_or_else(String::new, |kind| below(&self.path(node.parent), kind))
    }

    fn child(&mut self, parent: usize, kind: Kind) -> Option<usize> {
        let is = |at: usize, wanted: Kind| {
            self.nodes.get(at).is_some_and(|node| node.kind.is_some_and(|kind| kind.is_same(wanted)))
        };
        let children = &self.nodes.get(parent)?.children;
        if let Some(found) = children.iter().copied().find(|at| is(*at, kind)) {
            return Some(found);
        }
        // Protocols with a name always find a place among their siblings, whatever numbers a capture makes up.
        let numbered = |at: &&usize| self.nodes.get(**at).is_some_and(|node| node.kind.is_some_and(Kind::is_numbered));
        let full = kind.is_numbered() && children.iter().filter(numbered).count() >= NUMBERED;
        if full || self.nodes.len() >= NODES {
            return None;
        }
        let new = self.nodes.len();
        self.nodes.push(Node::new(Some(kind), parent));
        self.nodes.get_mut(parent)?.children.push(new);
        Some(new)
    }

    /// What packets end with: each innermost protocol with its packets.
    pub fn ends(&self) -> impl Iterator<Item = (Kind, Ended)> + '_ {
        self.nodes.iter().filter_map(|node| Some((node.kind?, node.ended))).filter(|(_, ended)| ended.packets > 0)
    }

    /// The server ports of an application.
    pub fn ports(&self, application: Application) -> Option<&Ports> {
        self.ports.get(&application)
    }

    /// The tree as rows, each below its parent, of `packets` in all.
    pub fn report(&self, packets: u64, lists: &mut Lists) -> ProtocolHierarchy {
        let mut tree = Vec::new();
        self.walk(0, "", &mut tree);
        // No node has more packets than its parent. Applications get their nodes late, but below a parent that was there.
        let mut order: Vec<usize> = (1..self.nodes.len()).collect();
        order.sort_by_key(|at| Reverse(self.packets(*at)));
        let mut is_first = vec![false; self.nodes.len()];
        for at in order.into_iter().take(LISTED) {
            if let Some(flag) = is_first.get_mut(at) {
                *flag = true;
            }
        }
        // Stable, so both those with most packets and the others behind them stay in the order of the tree.
        tree.sort_by_key(|(at, ..)| !is_first.get(*at).is_some_and(|first| *first));
        let rows_total = (tree.len() as u64).saturating_add(self.different.count());
        let row = |path: String, by, (counted, bytes): Counted| {
            let percent = percent(counted, packets);
            ProtocolRow { path, by, packets: counted, percent, bytes }
        };
        let rows = tree.into_iter().filter_map(|(at, kind, path)| {
            let node = self.nodes.get(at)?;
            Some(row(path, kind.by(), (node.packets, node.bytes)))
        });
        let other = |(path, by): &Path, counted: &Counted| Some(row(path.clone(), *by, *counted));
        let rows = self.others.made(rows.collect(), LISTED, rows_total, other, lists);
        ProtocolHierarchy { rows, rows_total, packets_not_placed: self.not_placed }
    }

    fn packets(&self, at: usize) -> u64 {
        self.nodes.get(at).map_or(0, |node| node.packets)
    }

    /// The nodes below a node, with their paths. Recursion ends with the deepest path, and the decoder bounds those.
    fn walk(&self, at: usize, path: &str, found: &mut Vec<(usize, Kind, String)>) {
        let Some(node) = self.nodes.get(at) else { return };
        let mut children = node.children.clone();
        children.sort_by_key(|child| Reverse(self.packets(*child)));
        for child in children {
            let Some(kind) = self.nodes.get(child).and_then(|node| node.kind) else { continue };
            let path = below(path, kind);
            found.push((child, kind, path.clone()));
            self.walk(child, &path, found);
        }
    }
}

/// The path of a protocol below another.
fn below(path: &str, kind: Kind) -> String {
    let protocol = kind.name();
    if path.is_empty() { protocol.into_owned() } else { format!("{path}:{protocol}") }
}

#[cfg(test)]
mod tests;
