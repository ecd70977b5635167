//! What an analyst would want to be told.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

mod evidence;

pub(crate) use evidence::Kept;
pub use evidence::{Evidence, Frames};

/// The name of the list of a finding's frames.
pub(crate) const FRAMES: &str = "findings[].frames";

/// How bad it is if it is what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A fact worth knowing.
    Info,
    /// Unusual; harmless in many networks.
    Low,
    /// Worth an investigation.
    Medium,
    /// Worth an investigation now.
    High,
}

/// How sure the rule is that it saw what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Other explanations are as likely.
    Low,
    /// It is the likeliest explanation.
    Medium,
    /// The frames allow hardly any other.
    High,
}

/// One number of an observation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Measure {
    /// What was counted or measured, with its unit: `queries`, `entropy_bits_per_character`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: f64,
    #[serde(skip)]
    is_count: bool,
}

/// One finding: numbers, the frames that show them, and the rule that was applied. No guess at causes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Name of the rule, for example `dns_nxdomain_burst`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub rule: &'static str,
    /// What it is about: an address, a domain. May be text from the capture.
    pub subject: String,
    /// How bad it is if it is what it looks like.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// What was observed, in one sentence without captured text.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub observation: String,
    /// The numbers of the observation.
    pub measures: Vec<Measure>,
    /// The condition that was met, with its numbers.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub threshold: &'static str,
    /// Numbers of frames that show it, rising. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
    /// How many frames show it in all.
    pub frames_total: u64,
    /// What could make it a false alarm.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub false_alarm: &'static str,
    /// Findings of the same rule and subject that stand before it in the whole list, whatever page this is: its id is made of that. For those that
    /// follow the usual ones of a rule, another number that tells them from each other.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub twins_before: u64,
}

impl Finding {
    fn or_more(&mut self) {
        self.observation.push_str(LOWER_BOUNDS);
        let measures = std::mem::take(&mut self.measures);
        self.measures = measures.into_iter().map(|measure| measure.or_more(true)).collect();
    }

    /// The same for [`Lists::findings_and`](crate::stats::Lists::findings_and): nobody counts those before it, so `number` tells it from others of its
    /// rule and subject.
    #[must_use]
    pub fn beyond(self, number: u64) -> Self {
        Self { twins_before: number.saturating_add(1 << 32), ..self }
    }
}

impl Measure {
    /// A number.
    pub fn new(name: &'static str, value: impl Into<f64>) -> Self {
        Self { name: name.into(), value: value.into(), is_count: false }
    }

    /// How many of something.
    pub fn count(name: &'static str, value: u64) -> Self {
        Self { is_count: true, ..Self::new(name, value as f64) }
    }

    /// A count of which some may be missing, if `is`: its name ends with `_at_least` then.
    #[must_use]
    pub fn or_more(mut self, is: bool) -> Self {
        if is && self.is_count && !self.name.ends_with(AT_LEAST) {
            self.name.to_mut().push_str(AT_LEAST);
        }
        self
    }
}

/// The end of the names of counts of which some may be missing.
const AT_LEAST: &str = "_at_least";
/// What an observation says when its numbers may be too low.
const LOWER_BOUNDS: &str = " Counts: at least.";

/// The findings of a rule, `evicted` entries of whose table had to make room: who comes again is counted anew, so that no count is more than a lower
/// bound. Observations and measures say so.
pub fn lower_bounds(mut findings: Vec<Finding>, evicted: u64) -> Vec<Finding> {
    if evicted > 0 {
        findings.iter_mut().for_each(Finding::or_more);
    }
    findings
}

/// The fixed parts of a rule's findings; see [`Finding`] for what each is.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Its condition.
    pub threshold: &'static str,
    /// What could make it a false alarm.
    pub false_alarm: &'static str,
}

impl Rule {
    /// A finding of the rule.
    pub fn finding(
        &self,
        subject: String,
        observation: String,
        measures: Vec<Measure>,
        evidence: &Evidence,
    ) -> Finding {
        Finding {
            rule: self.name,
            subject,
            severity: self.severity,
            confidence: self.confidence,
            observation,
            measures,
            threshold: self.threshold,
            frames: evidence.cited(),
            frames_total: evidence.total(),
            false_alarm: self.false_alarm,
            twins_before: 0,
        }
    }
}

/// The findings of all rules, the gravest first: of each rule those with most frames, up to `most_of_one_rule`, and apart from them all others.
pub fn ranked(rules: impl IntoIterator<Item = Vec<Finding>>, most_of_one_rule: usize) -> (Vec<Finding>, Vec<Finding>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for mut of_rule in rules {
        of_rule.sort_by(|a, b| (a.rule, Reverse(a.frames_total)).cmp(&(b.rule, Reverse(b.frames_total))));
        rest.extend(of_rule.split_off(most_of_one_rule.min(of_rule.len())));
        first.extend(of_rule);
    }
    for list in [&mut first, &mut rest] {
        list.sort_by(|a, b| {
            let key = |finding: &Finding| (Reverse(finding.severity), finding.rule, Reverse(finding.frames_total));
            (key(a), &a.subject).cmp(&(key(b), &b.subject))
        });
    }
    (first, rest)
}

/// Counts for each finding of a whole list those of the same rule and subject before it.
pub(crate) fn number_twins(findings: &mut [Finding]) {
    let mut seen: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let before = findings.iter().map(|finding| {
        let count = seen.entry((finding.rule, &finding.subject)).or_default();
        std::mem::replace(count, count.saturating_add(1))
    });
    let before: Vec<u64> = before.collect();
    findings.iter_mut().zip(before).for_each(|(finding, before)| finding.twins_before = before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_table_that_was_too_small_are_lower_bounds() {
        let rule = Rule {
            name: "rule",
            severity: Severity::Info,
            confidence: Confidence::Low,
            threshold: "",
            false_alarm: "",
        };
        let found = |evicted| {
            let measures = vec![
                Measure::count("queries", 3),
                Measure::new("share", 0.5),
                Measure::count("names", 9).or_more(true),
                Measure::count("hosts", 2).or_more(false),
            ];
            let found = rule.finding("a".into(), "a sent 3 queries.".into(), measures, &Evidence::default());
            let mut found = lower_bounds(vec![found], evicted);
            let found = found.remove(0);
            (found.observation, found.measures.into_iter().map(|measure| measure.name).collect::<Vec<_>>())
        };
        let names = ["queries", "share", "names_at_least", "hosts"].map(Cow::from).to_vec();
        assert_eq!(found(0), ("a sent 3 queries.".into(), names));
        let names = ["queries_at_least", "share", "names_at_least", "hosts_at_least"].map(Cow::from).to_vec();
        assert_eq!(found(1), ("a sent 3 queries. Counts: at least.".into(), names));
    }

    #[test]
    fn the_gravest_come_first_and_each_rule_has_its_share() {
        let rule =
            |name, severity| Rule { name, severity, confidence: Confidence::Low, threshold: "", false_alarm: "" };
        let finding = |rule: &Rule, frames: u64| {
            let mut evidence = Evidence::default();
            (1..=frames).rev().for_each(|n| evidence.add(n));
            rule.finding(format!("{frames}"), String::new(), vec![Measure::count("n", frames)], &evidence)
        };
        let (mild, grave) = (rule("mild", Severity::Info), rule("grave", Severity::High));
        let (all, rest) =
            ranked([vec![finding(&mild, 9)], vec![finding(&grave, 1), finding(&grave, 3), finding(&grave, 2)]], 2);
        let order: Vec<_> = all.iter().map(|found| (found.rule, found.subject.as_str())).collect();
        assert_eq!(order, [("grave", "3"), ("grave", "2"), ("mild", "9")]);
        assert_eq!((&all[0].frames[..], rest[0].subject.as_str()), (&[1, 2, 3][..], "1"));
    }
}
