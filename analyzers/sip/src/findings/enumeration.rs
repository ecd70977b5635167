//! User enumeration: one client asks for many users that are not there.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::thresholds::{USERS, USERS_PERCENT};
use super::{View, pair};
use crate::limits;
use crate::message::facts::{Facts, hash};

const RULE: Rule = Rule {
    name: "sip_user_enumeration",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "10 or more users (80 % of all it asked for) for whom one client got only refusals, or challenges it never answered, from one server",
    false_alarm: "A gateway or dialler with a list of outdated numbers, or a capture that lacks the answers to challenges.",
};

/// Users that are told apart of one pair; an enumeration of more is still one.
const KEPT: usize = 256;

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
}

#[derive(Default)]
struct Pair {
    users: BTreeMap<u64, Tried>,
    /// Requests for users beyond.
    others: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Asked,
    /// With the frame that says so.
    Refused(u64),
    Challenged(u64),
    /// Accepted, or asked for with credentials.
    Fine,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { pairs: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        let facts = view.facts;
        if view.begins() && asks_for_users(facts) {
            let user = facts.uri.map(|uri| uri.user).filter(|_| !facts.is("REGISTER")).unwrap_or(facts.to.uri.user);
            if user.is_empty() {
                return;
            }
            let (pair, _) = self.pairs.get_or_insert_with(view.pair(), Pair::default);
            let user = hash(user);
            if pair.users.len() >= KEPT && !pair.users.contains_key(&user) {
                pair.others = pair.others.saturating_add(1);
                return;
            }
            let tried = pair.users.entry(user).or_insert(Tried::Asked);
            if !facts.credentials.is_empty() {
                *tried = Tried::Fine;
            }
            return;
        }
        let Some((status, _)) = view.completed().filter(|_| asks_for_users(facts)) else { return };
        let Some(pair) = self.pairs.get_mut(&view.pair()) else { return };
        let Some(tried) = pair.users.get_mut(&hash(facts.to.uri.user)) else { return };
        match (status, *tried) {
            (200..=299, _) => *tried = Tried::Fine,
            (_, Tried::Fine) => {}
            (401 | 407, _) => *tried = Tried::Challenged(view.seen.frame),
            // The user is there, and busy, away or unwilling.
            (480 | 486 | 487 | 600 | 603, _) => *tried = Tried::Fine,
            (400..=499 | 604, _) => *tried = Tried::Refused(view.seen.frame),
            _ => {}
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.pairs.iter().filter_map(finding).collect()
    }
}

fn asks_for_users(facts: &Facts<'_>) -> bool {
    ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE"].into_iter().any(|method| facts.is(method))
}

fn finding((ends, found): (&(IpAddr, IpAddr), &Pair)) -> Option<Finding> {
    let mut frames = Vec::new();
    let mut refused = 0_usize;
    for tried in found.users.values() {
        match tried {
            Tried::Refused(frame) => {
                refused = refused.saturating_add(1);
                frames.push(*frame);
            }
            Tried::Challenged(frame) => frames.push(*frame),
            Tried::Asked | Tried::Fine => {}
        }
    }
    let vain = frames.len();
    let challenged = vain.saturating_sub(refused);
    let all = found.users.len();
    if vain < USERS || vain.saturating_mul(100) < all.saturating_mul(USERS_PERCENT) {
        return None;
    }
    frames.sort_unstable();
    let mut evidence = Evidence::default();
    frames.into_iter().for_each(|frame| evidence.add(frame));
    let least = at_least(found.others > 0);
    let (client, server) = ends;
    Some(RULE.finding(
        pair(ends),
        format!(
            "{client} asked {server} for {least}{all} users: {refused} refused, {challenged} challenged without an answer."
        ),
        vec![
            Measure::count("users", all as u64).or_more(found.others > 0),
            Measure::count("refused", refused as u64),
            Measure::count("challenged", challenged as u64),
        ],
        &evidence,
    ))
}
