//! How decoding went, for the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Packet, Stop, Unread};
use crate::finding::{Evidence, Kept};
use crate::is_default;
use crate::stats::{Lists, PageInfo, Window, within};

/// Frame numbers that are given for each reason and name, unless a page of them is asked for.
const FRAMES_KEPT: usize = 10;

/// The lists of frames within a report's [`Statistics`].
pub(crate) const FRAMES: [&str; 2] = ["decoding.stopped[].frames", "decoding.not_looked_into[].frames"];

/// Names that are counted one by one; what comes after them is counted together.
const NAMES_KEPT: usize = 32;

/// Frames that ended before the transport's payload, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopCount {
    /// Why.
    pub reason: Stop,
    /// Whether it means that something in these frames could not be read; otherwise they hold what is not taken apart here.
    pub undecoded: bool,
    /// How many.
    pub count: u64,
    /// Numbers of the first of them. Of many this is a page.
    pub frames: Vec<u64>,
}

/// Frames with one protocol that is not looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotLookedInto {
    /// What they carry: a tunnel that is encrypted or not supported (`esp`, `esp in udp`, `wireguard`, `gtp`), or an unknown protocol
    /// (`ethertype 0x88b5`, `ip protocol 99`, `link type 147`). `other`: further ones, beyond the first 32.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// How many.
    pub count: u64,
    /// Numbers of the first of them. Of many this is a page.
    pub frames: Vec<u64>,
}

/// IP fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FragmentCounts {
    /// Frames that carry a fragment, also of packets within tunnels.
    pub frames: u64,
    /// Datagrams that were put together.
    pub completed: u64,
    /// Datagrams given up after their time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: u64,
    /// Datagrams given up for lack of memory.
    #[serde(default, skip_serializing_if = "is_default")]
    pub evicted: u64,
    /// Fragments that contradict others, reach beyond their datagram's end or have a length that none can have. Their datagrams are
    /// given up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refused: u64,
    /// Datagrams that are still incomplete.
    #[serde(default, skip_serializing_if = "is_default")]
    pub waiting: u64,
}

/// How decoding went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Frames that were given to the decoder.
    pub frames: u64,
    /// Frames that were taken apart up to the transport's payload.
    pub decoded: u64,
    /// Frames that were not, by reason. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<StopCount>,
    /// What was not looked into although packets may be in it, the most frequent first. A tool that found nothing did not look
    /// there. Tunnels over UDP are here too; their datagrams count as decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_looked_into: Vec<NotLookedInto>,
    /// IP fragments. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fragments: FragmentCounts,
}

impl Statistics {
    /// What a report tells: nothing when every frame could be looked into, and no fragment is missing.
    pub fn told(self) -> Option<Self> {
        let lost = FragmentCounts { frames: 0, completed: 0, ..self.fragments };
        (self.frames_not_seen() > 0 || !is_default(&lost)).then_some(self)
    }

    /// Frames with something that was not looked into although packets may be in it.
    pub fn frames_not_looked_into(&self) -> u64 {
        self.not_looked_into.iter().fold(0, |sum, entry| sum.saturating_add(entry.count))
    }

    /// What was not looked into, in words: `esp in 2 frames, gtp in 1 frame`. `None` when all was.
    pub fn not_looked_into_in_words(&self) -> Option<String> {
        const NAMED: usize = 5;
        let words = |entry: &NotLookedInto| {
            format!("{} in {} {}", entry.protocol, entry.count, if entry.count == 1 { "frame" } else { "frames" })
        };
        let mut named: Vec<String> = self.not_looked_into.iter().take(NAMED).map(words).collect();
        let others = self.not_looked_into.iter().skip(NAMED).fold(0_u64, |sum, entry| sum.saturating_add(entry.count));
        if others > 0 {
            named.push(format!("others in {others}"));
        }
        (!named.is_empty()).then(|| named.join(", "))
    }

    /// Frames in which a tool may have missed something: those not looked into, and those that could not be read.
    pub fn frames_not_seen(&self) -> u64 {
        // Unknown link types are among those not looked into.
        let failures = self.stopped.iter().filter(|stop| stop.undecoded && stop.reason != Stop::UnknownLinkType);
        failures.fold(self.frames_not_looked_into(), |sum, stop| sum.saturating_add(stop.count))
    }
}

/// Frames of a kind: how many, and the first, or those of the page that is asked for.
#[derive(Debug, Clone, Default)]
struct Seen {
    count: u64,
    frames: Vec<u64>,
    /// Whether others follow.
    goes_on: bool,
}

impl Seen {
    /// `after`: the frame behind which the page begins.
    fn add(&mut self, frame: u64, after: Option<u64>) {
        self.count = self.count.saturating_add(1);
        if self.frames.len() >= after.map_or(FRAMES_KEPT, |_| Window::MOST) {
            self.goes_on = true;
        } else if after.is_none_or(|after| frame > after) {
            self.frames.push(frame);
        }
    }

    /// Says that there are more.
    fn tell(&self, list: &str, place: usize, lists: &mut Lists) {
        if let (true, Some(last)) = (self.goes_on, self.frames.last()) {
            let list = within::named(list, &[place]).into();
            let returned = self.frames.len() as u64;
            lists.add(PageInfo { list, total: self.count, offset: 0, returned, next: Some(*last) });
        }
    }
}

/// Counts while frames are taken apart. Names are written when they are asked for.
#[derive(Debug, Default)]
pub(super) struct Counts {
    frames: u64,
    decoded: u64,
    stopped: Vec<(Stop, Seen)>,
    unread: Vec<(Unread, Seen)>,
    /// What is beyond [`NAMES_KEPT`].
    other: Seen,
    /// All frames in which something could not be read.
    failed: Evidence,
    /// Where the pages begin that are asked for of the lists of [`FRAMES`].
    pages: [Option<u64>; 2],
}

impl Counts {
    /// Keeps of the lists the page that is asked for.
    pub(super) fn listing(&mut self, window: &Window) {
        let within = window.within.as_ref();
        self.pages = FRAMES.map(|list| within.filter(|within| within.list.ends_with(list)).map(|within| within.after));
    }

    /// Frames in which something could not be read.
    pub(super) fn failed(&self) -> Kept {
        self.failed.cited().kept()
    }

    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        self.frames = self.frames.saturating_add(1);
        let [of_stopped, of_unread] = self.pages;
        match packet.stop {
            None => self.decoded = self.decoded.saturating_add(1),
            Some(reason) => {
                entry(&mut self.stopped, reason, usize::MAX, &mut self.other).add(packet.frame, of_stopped);
                if reason.is_failure() {
                    self.failed.add(packet.frame);
                }
            }
        }
        if let Some(unread) = packet.unread {
            entry(&mut self.unread, unread, NAMES_KEPT, &mut self.other).add(packet.frame, of_unread);
        }
    }

    /// The rows of what stopped, in the order of the report.
    fn stopped(&self) -> Vec<&(Stop, Seen)> {
        let mut stopped: Vec<_> = self.stopped.iter().collect();
        stopped.sort_by_key(|(reason, _)| *reason);
        stopped
    }

    /// The rows of what was not looked into, likewise.
    fn unread(&self) -> Vec<(String, &Seen)> {
        let mut names: Vec<_> = self.unread.iter().map(|(unread, seen)| (unread.name().into_owned(), seen)).collect();
        // Stable, so equal ones stay in the order they came.
        names.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
        if self.other.count > 0 {
            names.push(("other".into(), &self.other));
        }
        names
    }

    /// Says of which frames there are more than the report holds.
    pub(super) fn tell(&self, lists: &mut Lists) {
        let [of_stopped, of_unread] = FRAMES;
        self.stopped().into_iter().enumerate().for_each(|(place, (_, seen))| seen.tell(of_stopped, place, lists));
        self.unread().into_iter().enumerate().for_each(|(place, (_, seen))| seen.tell(of_unread, place, lists));
    }

    pub(super) fn statistics(&self, fragments: FragmentCounts) -> Statistics {
        let stop = |(reason, seen): &(Stop, Seen)| StopCount {
            reason: *reason,
            undecoded: reason.is_failure(),
            count: seen.count,
            frames: seen.frames.clone(),
        };
        let name = |(protocol, seen): (String, &Seen)| NotLookedInto {
            protocol,
            count: seen.count,
            frames: seen.frames.clone(),
        };
        Statistics {
            frames: self.frames,
            decoded: self.decoded,
            stopped: self.stopped().into_iter().map(stop).collect(),
            not_looked_into: self.unread().into_iter().map(name).collect(),
            fragments,
        }
    }
}

/// The entry of a key, which is made where there is room; else `other`.
fn entry<'a, K: Copy + PartialEq>(
    entries: &'a mut Vec<(K, Seen)>,
    key: K,
    most: usize,
    other: &'a mut Seen,
) -> &'a mut Seen {
    let at = match entries.iter().position(|(known, _)| *known == key) {
        Some(at) => at,
        None if entries.len() < most => {
            entries.push((key, Seen::default()));
            entries.len().saturating_sub(1)
        }
        None => return other,
    };
    entries.get_mut(at).map_or(other, |(_, seen)| seen)
}
