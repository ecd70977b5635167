//! Rules about clients: starvation, clients without an answer, addresses in use twice.

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};
use mcpcap_analyzer::text::counted;

use super::thresholds::{ATTEMPT, STARVATION_CLIENTS, UNANSWERED, WINDOW};
use super::{Place, place};
use crate::limits;
use crate::seen::{Family, Role, Seen};

const STARVATION: Rule = Rule {
    name: "dhcp_starvation",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "50 or more different clients that look for a server on one segment within 60 seconds",
    false_alarm: "Many hosts that start together after a power failure, or a large wireless network.",
};
const UNANSWERED_CLIENT: Rule = Rule {
    name: "dhcp_unanswered",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "2 or more DISCOVER or SOLICIT of a client that are half a second or more apart, and no OFFER, ADVERTISE, ACK or REPLY to it in the whole capture",
    false_alarm: "A network without a server for that family, a capture of one direction, or one that ends before the answer. Where \
        `limits.findings_evicted` is not 0, an answer may have been forgotten.",
};
const CONFLICT: Rule = Rule {
    name: "dhcp_address_conflict",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a client declines an address, or a server grants one to a client while another client's lease of it in the same VLAN is valid",
    false_alarm: "A client that changed its identifier between two systems (dual boot, network boot), which then holds both leases.",
};

/// What is kept of clients.
pub struct Watch {
    segments: BoundedMap<Place, Crowd>,
    waiting: BoundedMap<(Family, String), Waiting>,
    /// By address, and there by VLAN: networks may use the same private addresses.
    held: BoundedMap<String, Vec<Held>>,
    conflicts: BoundedMap<String, Conflict>,
}

/// Clients that look for a server on a segment.
#[derive(Default)]
struct Crowd {
    /// Those of the window that runs now, which begins with the first message after the one before.
    now: Distinct,
    start: u64,
    /// The most clients of the windows before, and whether that is exact.
    most: (u64, bool),
    messages: u64,
    evidence: Evidence,
}

#[derive(Default)]
struct Waiting {
    looked: u64,
    last: Option<u64>,
    messages: u64,
    answered: bool,
    evidence: Evidence,
}

struct Held {
    vlan: Option<u16>,
    client: String,
    until: u64,
    frame: u64,
}

#[derive(Default)]
struct Conflict {
    declines: u64,
    double: u64,
    evidence: Evidence,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            segments: BoundedMap::new(limits::SEGMENTS),
            waiting: BoundedMap::new(limits::ENTRIES),
            held: BoundedMap::new(limits::ENTRIES),
            conflicts: BoundedMap::new(limits::ENTRIES),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        [self.segments.evicted(), self.waiting.evicted(), self.held.evicted(), self.conflicts.evicted()]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        let client = (seen.family, seen.client.clone());
        match seen.role {
            Role::Discover => {
                self.segments.get_or_insert_with(place(seen), Crowd::default).0.take(seen);
                let (waiting, _) = self.waiting.get_or_insert_with(client, Waiting::default);
                waiting.messages = waiting.messages.saturating_add(1);
                // What comes again within moments is the same attempt.
                let again = waiting.last.zip(seen.time).is_some_and(|(last, now)| now.abs_diff(last) < ATTEMPT);
                waiting.looked = waiting.looked.saturating_add((!again).into());
                waiting.last = seen.time.or(waiting.last);
                waiting.evidence.add(seen.frame);
            }
            Role::Offer | Role::Grant | Role::Refuse => {
                self.waiting.get_or_insert_with(client, Waiting::default).0.answered = true;
                if seen.role == Role::Grant {
                    self.granted(seen);
                }
            }
            Role::Decline => {
                for lease in &seen.leases {
                    let (conflict, _) = self.conflicts.get_or_insert_with(lease.address.clone(), Conflict::default);
                    conflict.declines = conflict.declines.saturating_add(1);
                    conflict.evidence.add(seen.frame);
                }
                self.give_back(seen);
            }
            Role::Release => self.give_back(seen),
            _ => {}
        }
    }

    fn granted(&mut self, seen: &Seen) {
        let now = seen.time.unwrap_or_default();
        for lease in &seen.leases {
            // An ACK to an INFORM has no lease time, and grants nothing.
            let Some(valid) = lease.valid else { continue };
            let until = now.saturating_add(u64::from(valid).saturating_mul(1_000_000_000));
            let vlan = seen.segment.vlan;
            let (held, _) = self.held.get_or_insert_with(lease.address.clone(), Vec::new);
            if let Some(held) = held.iter().find(|held| held.vlan == vlan)
                && held.client != seen.client
                && held.until > now
            {
                let (conflict, _) = self.conflicts.get_or_insert_with(lease.address.clone(), Conflict::default);
                conflict.double = conflict.double.saturating_add(1);
                conflict.evidence.add(held.frame);
                conflict.evidence.add(seen.frame);
            }
            held.retain(|held| held.vlan != vlan);
            if held.len() >= limits::HELD_VLANS {
                held.remove(0);
            }
            held.push(Held { vlan, client: seen.client.clone(), until, frame: seen.frame });
        }
    }

    /// Ends what a client holds, in whatever VLAN: the two directions may bear different tags.
    fn give_back(&mut self, seen: &Seen) {
        for lease in &seen.leases {
            if let Some(held) = self.held.get_mut(&lease.address) {
                held.retain(|held| held.client != seen.client);
            }
        }
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 3] {
        let crowds = self.segments.iter().map(|(place, crowd)| (place, crowd, crowd.most()));
        let crowds = crowds.filter(|(.., (most, _))| *most >= STARVATION_CLIENTS);
        let starvation = crowds.map(|(place, crowd, (most, is_exact))| {
            let (about, error) = if is_exact { ("", "") } else { ("about ", " (standard error 0.8 %)") };
            let observation =
                format!("{about}{most} different clients looked for a server {place} within 60 seconds{error}.");
            let measures =
                vec![Measure::count("clients_in_60_seconds", most), Measure::count("messages", crowd.messages)];
            STARVATION.finding(place.to_string(), observation, measures, &crowd.evidence)
        });
        let waiting = self.waiting.iter().filter(|(_, waiting)| !waiting.answered && waiting.looked >= UNANSWERED);
        let unanswered = waiting.map(|((_, client), waiting)| {
            let observation =
                format!("Client {client} looked for a server {} and got no answer.", counted(waiting.looked, "time"));
            let measures =
                vec![Measure::count("attempts", waiting.looked), Measure::count("messages", waiting.messages)];
            UNANSWERED_CLIENT.finding(client.clone(), observation, measures, &waiting.evidence)
        });
        let conflicts = self.conflicts.iter().map(|(address, conflict)| {
            let observation = format!(
                "{address} was declined {}, and granted to another client during a lease {}.",
                counted(conflict.declines, "time"),
                counted(conflict.double, "time")
            );
            let measures =
                vec![Measure::count("declines", conflict.declines), Measure::count("granted_twice", conflict.double)];
            CONFLICT.finding(address.clone(), observation, measures, &conflict.evidence)
        });
        [
            lower_bounds(starvation.collect(), self.segments.evicted()),
            lower_bounds(unanswered.collect(), self.waiting.evicted()),
            lower_bounds(conflicts.collect(), self.held.evicted().saturating_add(self.conflicts.evicted())),
        ]
    }
}

impl Crowd {
    fn take(&mut self, seen: &Seen) {
        let time = seen.time.unwrap_or_default();
        self.evidence.add(seen.frame);
        self.messages = self.messages.saturating_add(1);
        if time.abs_diff(self.start) > WINDOW {
            self.most = self.most();
            self.now = Distinct::new();
            self.start = time;
        }
        self.now.add(&seen.client);
    }

    /// The most clients of all windows, and whether that is exact. It reads all registers of an estimate, so not for each message.
    fn most(&self) -> (u64, bool) {
        #[cfg(test)]
        ESTIMATES.with(|estimates| estimates.set(estimates.get() + 1));
        self.most.max((self.now.count(), self.now.is_exact()))
    }
}

#[cfg(test)]
thread_local! {
    /// How often clients were counted.
    static ESTIMATES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::build::{V4, every};
    use crate::tests::report;

    #[test]
    fn clients_are_counted_once_for_each_window_and_not_for_each_message() {
        ESTIMATES.with(|estimates| estimates.set(0));
        // 6,000 clients within 60 seconds, then one in the next window.
        let mut frames = every(5, (0..6000).map(|n| V4::new(1, n, 1).hardware(n).frame()));
        frames.push((frames[0].0 + 100_000_000, V4::new(1, 7000, 1).frame()));
        let report = report(&frames);
        let starvation = &report["findings"][0];
        assert_eq!(starvation["rule"], "dhcp_starvation");
        assert!((starvation["measures"][0]["value"].as_f64().unwrap() - 6000.0).abs() < 180.0, "{starvation}");
        assert!(starvation["observation"].as_str().unwrap().contains("standard error 0.8 %"));
        // The first message ends the window before it (of 1970), the last one that of all others; then the end.
        assert_eq!(ESTIMATES.with(std::cell::Cell::get), 3);
    }
}
