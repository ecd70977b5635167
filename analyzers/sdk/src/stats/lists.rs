//! The short lists of a report, of which it holds the first entries unless a page of one is asked for.

use std::hash::Hash;

use crate::finding::{self, Evidence, Finding, Frames};
use crate::stats::{Beyond, PageInfo, Sequence, Several, Window, within};

/// Cuts the lists that [`Tool::CUT`](crate::Tool::CUT) names, and tells how many entries each has.
///
/// ```
/// use mcpcap_analyzer::stats::{Lists, Window};
///
/// let mut lists = Lists::new(Window::default());
/// let first: Vec<u32> = lists.cut("statistics.servers", 2, [7, 8, 9].into_iter()).collect();
/// assert_eq!(first, [7, 8]);
/// let told = lists.into_pages();
/// assert_eq!((&*told[0].list, told[0].total, told[0].offset, told[0].returned), ("statistics.servers", 3, 0, 2));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Lists {
    window: Window,
    pages: Vec<PageInfo>,
}

impl Lists {
    /// For what is asked for in [`Tool::open`](crate::Tool::open).
    pub fn new(window: Window) -> Self {
        Self { window, pages: Vec::new() }
    }

    /// Which entries of a list the report is to hold: the `usual` first ones, or those of the page of it that is asked for.
    pub fn part(&self, list: &str, usual: usize) -> Part {
        if self.after(list).is_some() {
            return Part { offset: 0, limit: 0 };
        }
        if self.window.list.as_deref() == Some(list) {
            let offset = usize::try_from(self.window.offset).unwrap_or(usize::MAX);
            return Part { offset, limit: self.window.limit.min(Window::MOST) };
        }
        Part { offset: 0, limit: usual }
    }

    /// The entries of that part.
    pub fn cut<I: ExactSizeIterator>(
        &mut self,
        list: &'static str,
        usual: usize,
        entries: I,
    ) -> std::iter::Take<std::iter::Skip<I>> {
        let part = self.part(list, usual);
        self.told(list, entries.len(), part);
        entries.skip(part.offset).take(part.limit)
    }

    /// Says how many entries a list has, of which the caller itself takes the `part`.
    pub fn told(&mut self, list: &'static str, total: usize, part: Part) {
        let returned = total.saturating_sub(part.offset).min(part.limit);
        if returned < total {
            self.pages.push(PageInfo::new(list, total as u64, part.offset as u64, returned));
        }
    }

    /// Behind which digest the page of a list begins, when one is asked for of those of its entries that stand in the order of digests.
    pub fn after(&self, list: &str) -> Option<u64> {
        self.window.within.as_ref().filter(|within| within.list == list).map(|within| within.after)
    }

    /// Says of a list what it holds, which goes on in the order of digests: `next` is where these begin, or go on, behind the entries that are here.
    pub fn told_further(&mut self, list: &'static str, total: u64, offset: usize, returned: usize, next: Option<u64>) {
        // Where nobody knows how many there are, a page may have more.
        let total = if next.is_some() { total.max((returned as u64).saturating_add(1)) } else { total };
        if (returned as u64) < total {
            self.pages.push(PageInfo { next, ..PageInfo::new(list, total, offset as u64, returned) });
        }
    }

    /// The list `findings`: the gravest first, of each rule the `usual` ones with most frames; further pages hold the others, likewise.
    pub fn findings(&mut self, rules: impl IntoIterator<Item = Vec<Finding>>, usual: usize) -> Vec<Finding> {
        self.findings_and(rules, usual, Beyond::new(Part { offset: 0, limit: 0 }))
    }

    /// What of findings beyond the usual ones of their rules a page may hold, where at most `before` stand before them. [`Lists::findings_and`] lists
    /// them.
    pub fn findings_beyond(&self, before: usize) -> Beyond<Finding> {
        let Part { offset, limit } = self.part(FINDINGS, 0);
        let first = offset.saturating_sub(before);
        Beyond::new(Part { offset: first, limit: offset.saturating_sub(first).saturating_add(limit) })
    }

    /// As [`Lists::findings`], for rules that find more than can be kept: of these the rules hold the `usual` ones, and all others come next.
    pub fn findings_and(
        &mut self,
        rules: impl IntoIterator<Item = Vec<Finding>>,
        usual: usize,
        beyond: Beyond<Finding>,
    ) -> Vec<Finding> {
        let (first, rest) = finding::ranked(rules, usual);
        let (usual, others) = (first.len(), beyond.total());
        let mut all: Vec<Finding> = first.into_iter().chain(rest).collect();
        finding::number_twins(&mut all);
        let rest = all.split_off(usual);
        let part = self.part(FINDINGS, usual);
        self.told(FINDINGS, usual.saturating_add(others).saturating_add(rest.len()), part);
        let behind = |before: usize| {
            let offset = part.offset.saturating_sub(before);
            Part { offset, limit: part.end().saturating_sub(before.saturating_add(offset)) }
        };
        let (of_beyond, of_rest) = (behind(usual), behind(usual.saturating_add(others)));
        let mut shown: Vec<Finding> = all.into_iter().skip(part.offset).take(part.limit).collect();
        shown.extend(beyond.part(of_beyond));
        shown.extend(rest.into_iter().skip(of_rest.offset).take(of_rest.limit));
        self.frames_of(&mut shown, part.offset);
        shown
    }

    /// Says of findings, the first of which stands at a place of `findings`, which cite more frames than are here.
    pub fn frames_of(&mut self, findings: &mut [Finding], from: usize) {
        for (place, finding) in (from..).zip(findings) {
            self.frames(finding::FRAMES, place, &mut finding.frames, finding.frames_total);
        }
    }

    /// The place of the first entry of a list that the report holds.
    pub fn place(&self, list: &str) -> usize {
        self.part(list, 0).offset
    }

    /// The frames of the entry at a place, as [`Lists::frames`].
    pub fn evidence(&mut self, list: &str, place: usize, evidence: &Evidence) -> Frames {
        let mut frames = evidence.cited();
        self.frames(list, place, &mut frames, evidence.total());
        frames
    }

    /// A list of frames within the entry at a place of another list: the smallest ones, or those of the page of it that is asked for. `list` is its
    /// name, for example `findings[].frames`, and stands in [`Tool::CUT`](crate::Tool::CUT).
    pub fn frames(&mut self, list: &str, place: usize, frames: &mut Frames, total: u64) {
        self.frames_at(list, &[place], frames, total);
    }

    /// The same within an entry within an entry: `registrations[].history[].frames`.
    pub fn frames_at(&mut self, list: &str, places: &[usize], frames: &mut Frames, total: u64) {
        if self.window.within.as_ref().is_some_and(|within| within.list == list) {
            frames.turn();
        }
        self.goes_on(list, places, total, frames.len(), frames.next());
    }

    /// A list of different values within the entry at some places: those that came first, or those of the page of it that is asked for. `list` is the
    /// name that they were made with, and stands in [`Tool::CUT`](crate::Tool::CUT).
    pub fn several<'a, T: Hash + Eq>(
        &mut self,
        list: &str,
        places: &[usize],
        values: &'a Several<T>,
    ) -> Vec<&'a (T, u64)> {
        let (shown, next) = values.page();
        self.goes_on(list, places, values.total(), shown.len(), next);
        shown
    }

    /// The same where the report shows others than those that came first: the most frequent ones.
    pub fn several_or<T: Hash + Eq + Clone>(
        &mut self,
        list: &str,
        places: &[usize],
        values: &Several<T>,
        shown: Vec<T>,
    ) -> Vec<T> {
        if self.window.within.as_ref().is_some_and(|within| within.list == list) {
            return self.several(list, places, values).into_iter().map(|(value, _)| value.clone()).collect();
        }
        let total = values.total();
        self.goes_on(list, places, total, shown.len(), Some(0).filter(|_| (shown.len() as u64) < total));
        shown
    }

    /// A list of values that came one after the other, likewise.
    pub fn sequence<T>(&mut self, list: &str, places: &[usize], values: Sequence<T>) -> Vec<T> {
        let total = values.total();
        let (shown, next) = values.into_page();
        self.goes_on(list, places, total, shown.len(), next);
        shown
    }

    /// Which values the report is to hold of a list within an entry that stands in the capture as a whole, such as the records of a message: the
    /// `usual` first ones, or those of the page of it that is asked for. In a run with such a page its entry is the only one of its list, so the
    /// values of it need no room that others want.
    pub fn part_within(&self, list: &str, usual: usize) -> Part {
        match self.window.within.as_ref().filter(|within| within.list == list) {
            Some(within) => Part { offset: usize::try_from(within.after).unwrap_or(usize::MAX), limit: Window::MOST },
            None => Part { offset: 0, limit: usual },
        }
    }

    /// The values of that part.
    pub fn cut_within<I: ExactSizeIterator>(
        &mut self,
        list: &str,
        places: &[usize],
        usual: usize,
        values: I,
    ) -> std::iter::Take<std::iter::Skip<I>> {
        let part = self.part_within(list, usual);
        let returned = values.len().saturating_sub(part.offset).min(part.limit);
        self.told_within(list, places, values.len() as u64, part, returned);
        values.skip(part.offset).take(part.limit)
    }

    /// Says how many values such a list has, of which the caller itself took so many from the beginning of the `part` on.
    pub fn told_within(&mut self, list: &str, places: &[usize], total: u64, part: Part, returned: usize) {
        let end = (part.offset as u64).saturating_add(returned as u64);
        self.goes_on(list, places, total, returned, Some(end).filter(|end| *end < total));
    }

    /// Says of a list within the entry at some places how many values it has and how many the report holds, where the page behind these begins
    /// somewhere.
    pub fn goes_on(&mut self, list: &str, places: &[usize], total: u64, returned: usize, next: Option<u64>) {
        // An entry has no place behind those that have an order, so its lists have no pages there.
        let is_placed = self
            .window
            .within
            .as_ref()
            .is_none_or(|within| list.strip_prefix(&within.list).is_none_or(|rest| !rest.starts_with("[]")));
        if next.is_some() && is_placed {
            let list = within::named(list, places).into();
            self.pages.push(PageInfo { list, total, offset: 0, returned: returned as u64, next });
        }
    }

    /// Takes over what others say of their lists.
    pub fn extend(&mut self, others: Self) {
        self.pages.extend(others.pages);
    }

    /// Says of a list that somebody else cut what it holds.
    pub fn add(&mut self, page: PageInfo) {
        self.pages.push(page);
    }

    /// What the report's `pages` says of the lists that hold less than all.
    pub fn into_pages(self) -> Vec<PageInfo> {
        self.pages
    }
}

/// The name of the list of findings.
const FINDINGS: &str = "findings";

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Entries before the first one.
    pub offset: usize,
    /// Entries at the most.
    pub limit: usize,
}

impl Part {
    /// The number of the first entry behind the part: so many entries have to be found to fill it.
    pub fn end(self) -> usize {
        self.offset.saturating_add(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Evidence, Measure, Rule, Severity};

    fn asking(list: &str, offset: u64, limit: usize) -> Lists {
        Lists::new(Window { offset, limit, list: Some(list.to_owned()), ..Window::default() })
    }

    #[test]
    fn only_the_list_that_is_asked_for_has_a_page() {
        let mut lists = asking("a", 3, 2);
        assert_eq!(lists.cut("a", 10, 0..9).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(lists.cut("b", 2, 0..9).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(lists.cut("c", 9, 0..9).count(), 9);
        let told: Vec<_> = lists.into_pages().into_iter().map(|p| (p.list, p.total, p.offset, p.returned)).collect();
        assert_eq!(told, [("a".into(), 9, 3, 2), ("b".into(), 9, 0, 2)]);
        let mut behind = asking("a", u64::MAX, usize::MAX);
        assert_eq!((behind.cut("a", 1, 0..9).count(), behind.part("a", 1).end()), (0, usize::MAX));
    }

    #[test]
    fn pages_of_a_list_that_is_whole_in_its_entry_joined_are_all_of_it() {
        const LIST: &str = "packets[].parts[].labels";
        let (mut after, mut joined, mut pages) = (0, Vec::new(), 0);
        let run = |within: Option<(&str, u64)>| {
            let within = within.map(|(list, after)| within::Within { list: list.into(), after });
            let mut lists = Lists::new(Window { within, ..Window::default() });
            let shown: Vec<u32> = lists.cut_within(LIST, &[3, 1], 8, 1..2_501_u32).collect();
            (shown, lists.into_pages())
        };
        loop {
            let (shown, told) = run(Some((LIST, after)));
            joined.extend(shown);
            pages += 1;
            let Some(page) = told.first() else { break };
            assert_eq!((&*page.list, page.total), ("packets[3].parts[1].labels", 2_500));
            after = page.next.unwrap();
        }
        assert!(joined.into_iter().eq(1..2_501) && pages == 3, "{pages}");
        for other in [None, Some(("packets[].labels", 7))] {
            let (shown, told) = run(other);
            assert_eq!((shown.len(), told[0].returned, told[0].next), (8, 8, Some(8)));
        }
        assert_eq!(run(Some((LIST, u64::MAX))), (Vec::new(), Vec::new()));
        let mut lists = Lists::default();
        assert_eq!((lists.cut_within(LIST, &[0, 0], 8, 0..8).count(), lists.into_pages().len()), (8, 0));
    }

    #[test]
    fn pages_of_findings_joined_are_all_of_them() {
        const RULE: [Rule; 2] = [rule("a", Severity::Low), rule("b", Severity::High)];
        const fn rule(name: &'static str, severity: Severity) -> Rule {
            Rule { name, severity, confidence: Confidence::Low, threshold: "", false_alarm: "" }
        }
        let rules = || {
            RULE.map(|rule| {
                let of = |frames: u64| {
                    let mut evidence = Evidence::default();
                    (1..=frames).for_each(|frame| evidence.add(frame));
                    rule.finding(String::new(), String::new(), Vec::<Measure>::new(), &evidence)
                };
                (1..=30).map(of).collect::<Vec<_>>()
            })
        };
        let shown = |found: Vec<Finding>| found.iter().map(|f| (f.rule, f.frames_total)).collect::<Vec<_>>();
        let mut first = Lists::new(Window::default());
        let mut joined = shown(first.findings(rules(), 2));
        assert_eq!(joined, [("b", 30), ("b", 29), ("a", 30), ("a", 29)]);
        assert_eq!(first.into_pages()[0].total, 60);
        while joined.len() < 60 {
            joined.extend(shown(asking("findings", joined.len() as u64, 7).findings(rules(), 2)));
        }
        assert_eq!((joined[4], joined[32]), (("b", 28), ("a", 28)));
        joined.sort_unstable();
        joined.dedup();
        assert_eq!(joined.len(), 60);
        // All 30 of a rule have the same subject.
        let mut twins = Vec::new();
        for offset in (0..60).step_by(7) {
            let page = asking("findings", offset, 7).findings(rules(), 2);
            twins.extend(page.into_iter().map(|finding| (finding.rule, finding.twins_before)));
        }
        twins.sort_unstable();
        assert!(twins.into_iter().eq(["a", "b"].into_iter().flat_map(|rule| (0..30).map(move |nth| (rule, nth)))));
    }

    #[test]
    fn findings_that_were_turned_away_follow_the_usual_ones() {
        const RULE: Rule =
            Rule { name: "a", severity: Severity::Low, confidence: Confidence::Low, threshold: "", false_alarm: "" };
        let found = |subject: String, frame: u64| {
            RULE.finding(subject, String::new(), Vec::<Measure>::new(), &Evidence::from_iter([frame]))
        };
        let run = |mut lists: Lists| {
            let mut beyond = lists.findings_beyond(5);
            (0..2_000).for_each(|n| beyond.push(|| found("of many".into(), n + 1).beyond(n)));
            let rules = [4, 30].map(|count| (0..count).map(|n| found(format!("{n} of {count}"), n)).collect());
            let shown = lists.findings_and(rules, 2, beyond);
            (shown, lists.into_pages())
        };
        let (mut shown, told) = run(Lists::default());
        assert_eq!((shown.len(), told[0].total, told[0].returned), (4, 2_034, 4));
        while (shown.len() as u64) < told[0].total {
            shown.extend(run(asking("findings", shown.len() as u64, 137)).0);
        }
        let mut different: Vec<_> = shown.iter().map(|found| (&found.subject, found.twins_before)).collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!((shown.len(), different.len()), (2_034, 2_034));
        assert!(shown[4..2_004].iter().zip(1..).all(|(found, frame)| found.frames[0] == frame));
        assert!(run(asking("findings", 1_000, 137)).0 == shown[1_000..1_137]);
    }
}
