//! The goals, and whether what was measured reaches them.

use crate::figures::{Figures, NOTHING_OF_TCP};
use crate::generate::Kind;

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What is wanted.
    pub what: &'static str,
    /// "holds" or "does not hold", with the figure that decides; or that it was not measured.
    pub verdict: String,
}

/// Every goal with its verdict.
pub fn judge(figures: &Figures) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut add = |what, verdict: Option<(bool, String)>| {
        let verdict = match verdict {
            None => "not measured".into(),
            Some((true, figure)) => format!("holds: {figure}"),
            Some((false, figure)) => format!("does not hold: {figure}"),
        };
        goals.push(Goal { what, verdict });
    };
    let rivals = |kind: Kind, limit: f64| {
        let all = || figures.rows.iter().filter(move |row| row.kind == kind);
        let (holds, figure) = at_least(least(all().filter_map(|row| Some((row.tool, row.rival?.1))))?, limit);
        let (_, again) = at_least(least(all().filter_map(|row| Some((row.tool, row.again_rival?))))?, limit);
        Some((holds, format!("{figure}; from the second question on {again}")))
    };
    add("every tool at least 20 times as fast as tshark, mixed capture", rivals(Kind::Mixed, 20.0));
    add("the same, TCP capture", rivals(Kind::Tcp, 20.0));
    add("at least 10 times, DNS capture", rivals(Kind::Dns, 10.0));
    let python = least(figures.python.iter().map(|python| (python.tool, python.ours / python.theirs)));
    add("at least 300 times as fast as Python mcpcap 0.10.0", python.map(|it| at_least(it, 300.0)));
    let native = most(figures.rows.iter().filter_map(|row| Some((row.tool, row.native?))));
    add("sandbox at most 1.35 times native processor time", native.map(|it| at_most(it, 1.35, " times")));
    let line = figures.line.map(|line| (line <= 250.0, format!("{line:.0} ns")));
    add("reader, decoder and crossings at most 250 ns of processor time a frame", line);
    let foreign = figures.foreign.iter().filter(|(tool, ..)| *tool == NOTHING_OF_TCP);
    let foreign = most(foreign.map(|(tool, _, took)| (*tool, *took)));
    add("a frame that is not an analyzer's costs it less than 20 ns", foreign.map(|it| at_most(it, 20.0, " ns")));
    let pass = figures.one_pass.map(|times| (times <= 1.5, format!("{times:.2} times")));
    add("all tools in one pass at most 1.5 times the slowest alone", pass);
    let milliseconds = |seconds: Option<f64>, limit: f64| {
        seconds.map(|took| (took * 1000.0 < limit, format!("{:.1} ms", took * 1000.0)))
    };
    add("start to the first tools/list below 30 ms", milliseconds(figures.start, 30.0));
    add("first report on 38 frames below 45 ms after the start", milliseconds(figures.first_report, 45.0));
    add("a further page below 20 ms", milliseconds(figures.page.map(|(_, further)| further), 20.0));
    let peak = most(figures.memory.iter().flat_map(|it| it.peaks.iter().map(|peak| (it.tool, *peak as f64 / 1e6))));
    add("memory below 150 MB for each tool", peak.map(|it| at_most(it, 150.0, " MB")));
    let flat = most(
        figures.memory.iter().filter_map(|it| Some((it.tool, *it.peaks.last()? as f64 / *it.peaks.first()? as f64))),
    );
    add(
        "memory flat (within 25 %) from the smallest to the largest capture",
        flat.map(|it| at_most(it, 1.25, " times")),
    );
    let growth = most(figures.growth.iter().filter_map(|it| Some((it.tool, spread(&it.points)?))));
    add(
        "cost for each frame flat (within 25 %)",
        growth.map(|it| at_most(it, 1.25, " times between the cheapest and the dearest length")),
    );
    goals
}

/// The dearest length as a multiple of the cheapest.
fn spread(points: &[(u64, f64)]) -> Option<f64> {
    let costs = || points.iter().map(|(_, cost)| *cost);
    let (low, high) = (costs().reduce(f64::min)?, costs().reduce(f64::max)?);
    (low > 0.0).then_some(high / low)
}

fn least(of: impl Iterator<Item = (&'static str, f64)>) -> Option<(&'static str, f64)> {
    of.min_by(|one, other| one.1.total_cmp(&other.1))
}

fn most(of: impl Iterator<Item = (&'static str, f64)>) -> Option<(&'static str, f64)> {
    of.max_by(|one, other| one.1.total_cmp(&other.1))
}

fn at_least((tool, figure): (&str, f64), limit: f64) -> (bool, String) {
    (figure >= limit, format!("{figure:.1} times (`{tool}`)"))
}

fn at_most((tool, figure): (&str, f64), limit: f64, unit: &str) -> (bool, String) {
    (figure <= limit, format!("{figure:.2}{unit} (`{tool}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_what_decided() {
        let figures = Figures { start: Some(0.031), line: Some(249.6), ..Figures::default() };
        let said = |what: &str| judge(&figures).into_iter().find(|goal| goal.what.starts_with(what)).unwrap().verdict;
        assert_eq!(said("start to"), "does not hold: 31.0 ms");
        assert_eq!(said("reader, decoder"), "holds: 250 ns");
        assert_eq!(said("all tools in one pass"), "not measured");
    }
}
