//! A report as people read it: what was found first, then a summary, then tables, then what more there is.

use serde_json::Value;

use super::lists::{self, List, cell, parts};
use super::table::{beside, draw};
use crate::cli::named::short;
use crate::contract::Tool;
use crate::contract::tidy::is_nothing;
use crate::progress::grouped;
use crate::service::STANDARD_INPUT;
use crate::text::neutral;

/// Findings, values of the summary, tables, and rows of each that are shown where nobody asked for more.
pub const FINDINGS: usize = 12;
const VALUES: usize = 10;
const TABLES: usize = 2;
const ROWS: usize = 5;
/// Rows of the list of a tool that only lists.
pub const ENTRIES: usize = 40;
/// Characters of a value.
const TEXT: usize = 300;
/// The same in a short summary, and the entries of a list in one.
const BRIEF: usize = 90;
const LISTED: usize = 4;
/// Lists that are named at the end.
const NAMED: usize = 10;
/// What is the same in all rows of a table.
const SAME: usize = 3;
/// Frames that are shown of a finding.
const FRAMES: usize = 5;

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Everything that the report has.
    pub all: bool,
    /// Parts of the report.
    pub parts: bool,
    /// The width of the terminal.
    pub width: usize,
}

/// The page.
pub fn page(report: &Value, tool: &Tool, asked: Asked) -> String {
    let parts = parts(report);
    let mut page = head(report, tool);
    // Which parts were asked for shows in what is there.
    if !asked.parts || report.get("findings").is_some() {
        page.push_str(&findings(report, asked));
        page.push_str(&next(report));
    }
    page.push_str(&summary(&parts.scalars, asked));
    let usual = if has_findings(tool) { ROWS } else { ENTRIES };
    let (tables, rows) = if asked.all || asked.parts { (usize::MAX, usize::MAX) } else { (TABLES, usual) };
    let is_told = |list: &&List| !list.rows.is_empty() || list.matched.is_some();
    let mut lists: Vec<&List> = parts.lists.iter().filter(is_told).collect();
    let main = super::main_list(tool);
    // The list that the tool is for comes first, then those that tell most.
    lists.sort_by_key(|list| (Some(&list.name) != main.as_ref(), list.rows.len() < 2));
    for list in lists.iter().take(tables) {
        page.push_str(&table(list, rows, asked));
    }
    let shown: Vec<&str> = lists.iter().take(tables).map(|list| list.name.as_str()).collect();
    page.push_str(&more(&parts.lists, &shown, tool, asked));
    page
}

fn text(value: &Value) -> String {
    neutral(&cell(value), TEXT).into_owned()
}

/// The name of a value without what nearly all of them have in front.
fn plain(name: &str) -> String {
    ["statistics.", "summary."].iter().find_map(|front| name.strip_prefix(front)).unwrap_or(name).to_owned()
}

/// A value of a summary. Of a list of many, their number.
fn brief(value: &Value) -> String {
    match value {
        Value::Array(entries) if entries.len() > LISTED => grouped(entries.len() as u64),
        value => neutral(&cell(value), BRIEF).into_owned(),
    }
}

/// What it is about, and how much of it was read.
fn head(report: &Value, tool: &Tool) -> String {
    let field = |path: &str| report.pointer(path).map(text).unwrap_or_default();
    let file = field("/file");
    let file = if file == STANDARD_INPUT { "standard input".to_owned() } else { file };
    let mut read = vec![field("/capture/format")];
    read.splice(0..0, report.get("total_packets").and_then(Value::as_u64).map(|packets| counted(packets, "packet")));
    read.push(match super::damage(report) {
        Some(damage) => damage,
        None if report.pointer("/capture/complete").is_some_and(|complete| *complete == true) => "complete".into(),
        None => format!("read to frame {}: no more was needed", field("/capture/read_to_frame")),
    });
    let mut head = format!("{file}: {}\n{}\n", tool.title, read.join(", "));
    if let Some(matched) = report.get("matched_packets").and_then(Value::as_u64) {
        head.push_str(&format!("{} of them match what was asked for\n", grouped(matched)));
    }
    if let Some(warning) = report.get("warning") {
        head.push_str(&format!("Warning: {}\n", text(warning)));
    }
    head
}

fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

fn rank(severity: &str) -> usize {
    ["critical", "high", "medium", "low", "info"].iter().position(|known| *known == severity).unwrap_or(usize::MAX)
}

fn findings(report: &Value, asked: Asked) -> String {
    let all = lists::list(report, "findings");
    if all.total == 0 {
        // Who does not look for any, or found nothing to look at, found none.
        return match (report.get("findings"), report.get(PROTOCOLS)) {
            (None, _) => String::new(),
            (_, None) => "\nNo findings.\n".into(),
            (_, Some(_)) => "\nNo findings about the file itself. For what is in it, see NEXT.\n".into(),
        };
    }
    let mut rows = all.rows;
    let severity = |row: &lists::Row| row.get("severity").map(text).unwrap_or_default();
    rows.sort_by_key(|row| rank(&severity(row)));
    let most = if asked.all || asked.parts { usize::MAX } else { FINDINGS };
    let shown = rows.iter().take(most).map(|row| {
        let field = |name: &str| row.get(name).map(text).unwrap_or_default();
        let (subject, observation) = (field("subject"), field("observation"));
        // Most observations name whom they are about.
        let is_named = subject.split_whitespace().all(|word| word == "to" || observation.contains(word));
        let subject = if is_named { String::new() } else { format!("{subject}: ") };
        let mut said = format!("{subject}{observation}\n{}", field("rule"));
        if !field("confidence").is_empty() {
            said.push_str(&format!(", confidence {}", field("confidence")));
        }
        said.push_str(&frames(row));
        if asked.parts || asked.all {
            said.push_str(&format!("\nthreshold: {}", field("threshold")));
            said.push_str(&format!("\nfalse alarm: {}", field("false_alarm")));
        }
        vec![severity(row).to_uppercase(), said]
    });
    let shown: Vec<Vec<String>> = shown.collect();
    let count = shown.len() as u64;
    let mut text = format!("\nFINDINGS ({})\n{}", grouped(all.total), beside(shown, asked.width));
    if count < all.total {
        text.push_str(&format!(
            "and {}: --section findings\n",
            counted(all.total.saturating_sub(count), "more finding")
        ));
    }
    text
}

/// The list of the overview that names the tool for each protocol.
const PROTOCOLS: &str = "protocols";

/// Whether a tool looks for something, or only lists.
pub fn has_findings(tool: &Tool) -> bool {
    tool.sections().iter().any(|section| section == "findings")
}

/// What to type next: a command for each tool that the overview names.
fn next(report: &Value) -> String {
    let mut tools: Vec<(String, Vec<String>)> = Vec::new();
    for row in lists::list(report, PROTOCOLS).rows {
        let field = |name: &str| row.get(name).map(text).unwrap_or_default();
        let (tool, protocol) = (field("next"), field("protocol"));
        if tool.is_empty() {
            continue;
        }
        match tools.iter_mut().find(|(known, _)| *known == tool) {
            Some((_, protocols)) => protocols.push(protocol),
            None => tools.push((tool, vec![protocol])),
        }
    }
    if tools.is_empty() {
        return String::new();
    }
    let file = report.get("file").map(text).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/+:@%,=".contains(&byte);
    let file = if file.bytes().all(is_plain) { file } else { format!("'{}'", file.replace('\'', "'\\''")) };
    let lines = tools.iter().map(|(tool, protocols)| {
        let named = if protocols.len() > LISTED {
            [protocols.get(..LISTED).unwrap_or_default(), &["...".into()]].concat()
        } else {
            protocols.clone()
        };
        format!("mcpcap analyze {} {file}    # {}\n", short(tool), named.join(", "))
    });
    format!("\nNEXT\n{}", lines.collect::<String>())
}

/// The frames that show a finding.
fn frames(finding: &lists::Row) -> String {
    let Some(frames) = finding.get("frames").and_then(Value::as_array).filter(|frames| !frames.is_empty()) else {
        return String::new();
    };
    let first: Vec<String> = frames.iter().take(FRAMES).map(text).collect();
    let more = frames.len().saturating_sub(first.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(", frame{} {}{more}", if frames.len() == 1 { "" } else { "s" }, first.join(", "))
}

fn summary(scalars: &[lists::Scalar<'_>], asked: Asked) -> String {
    let tells = |value: &Value| asked.all || !is_nothing(value);
    // That a number is exact goes without saying.
    let is_plain = |name: &str| asked.all || !(name.ends_with("_exact") || name.ends_with(".exact"));
    let told: Vec<Vec<String>> = scalars
        .iter()
        .filter(|(name, value)| tells(value) && is_plain(name))
        .map(|(name, value)| vec![plain(name), if asked.all || asked.parts { text(value) } else { brief(value) }])
        .collect();
    if told.is_empty() {
        return String::new();
    }
    let most = if asked.all || asked.parts { usize::MAX } else { VALUES };
    let left = told.len().saturating_sub(most);
    let shown: Vec<Vec<String>> = told.into_iter().take(most).collect();
    let mut text = format!("\nSUMMARY\n{}", halved(shown, asked.width));
    if left > 0 {
        text.push_str(&format!("and {}: --all\n", counted(left as u64, "more value")));
    }
    text
}

/// Names and values side by side, twice in a line where that fits.
fn halved(pairs: Vec<Vec<String>>, width: usize) -> String {
    let widest = |place: usize| pairs.iter().filter_map(|pair| pair.get(place)).map(|text| text.chars().count()).max();
    let one = widest(0).unwrap_or_default().saturating_add(widest(1).unwrap_or_default()).saturating_add(4);
    if one.saturating_mul(2) > width || pairs.len() < 6 {
        return beside(pairs, width);
    }
    let (left, right) = pairs.split_at(pairs.len().div_ceil(2));
    let none = Vec::new();
    let lines =
        left.iter().enumerate().map(|(place, pair)| [pair.as_slice(), right.get(place).unwrap_or(&none)].concat());
    beside(lines.collect(), width)
}

fn table(list: &List, rows: usize, asked: Asked) -> String {
    let drawn = draw(list, rows, asked.width);
    let shown = list.rows.len().min(rows) as u64;
    let of = match list.matched {
        Some((matched, looked_at)) => {
            let which =
                if looked_at < list.total { format!("the first {} of ", grouped(looked_at)) } else { String::new() };
            let some =
                if shown < matched { format!("{} of {}", grouped(shown), grouped(matched)) } else { grouped(matched) };
            format!("{some} that fit, of {which}{}", grouped(list.total))
        }
        None if shown < list.total => format!("{} of {}", grouped(shown), grouped(list.total)),
        None => grouped(shown),
    };
    let left = if drawn.left_out == 0 {
        String::new()
    } else {
        format!(", {} left out", counted(drawn.left_out as u64, "column"))
    };
    let same = match drawn.same.get(..SAME).filter(|_| !asked.all && !asked.parts) {
        _ if drawn.same.is_empty() => String::new(),
        Some(first) if drawn.same.len() > SAME => first.join(", ") + " and more",
        _ => drawn.same.join(", "),
    };
    let same = if same.is_empty() { same } else { beside(vec![vec![format!("in all rows: {same}")]], asked.width) };
    format!("\n{} ({of}{left})\n{same}{}", list.name.to_uppercase(), drawn.text)
}

/// What is not on the page, and how to get it.
fn more(lists: &[List], shown: &[&str], tool: &Tool, asked: Asked) -> String {
    if asked.all {
        return String::new();
    }
    let others = lists.iter().filter(|list| list.total > 0 && !shown.contains(&list.name.as_str()));
    let others: Vec<String> = others.map(|list| format!("{} ({})", list.name, grouped(list.total))).collect();
    let of_tool = format!("mcpcap tools {}", short(&tool.name));
    let of_shown = lists.iter().find(|list| shown.contains(&list.name.as_str()) && list.total > list.rows.len() as u64);
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !asked.parts && !others.is_empty() {
        let named = match others.get(..NAMED) {
            Some(first) if others.len() > NAMED => format!("{} and more: {of_tool}", first.join(", ")),
            _ => others.join(", "),
        };
        rows.push(vec!["--section NAME".into(), format!("a list of: {named}")]);
    }
    if !asked.parts || of_shown.is_some() {
        rows.push(vec!["--all".into(), "all that a report can hold".into()]);
    }
    rows.push(vec!["--format csv".into(), "all fields of a list; also ndjson, json, table".into()]);
    rows.push(vec!["--help".into(), format!("what {} can be asked", short(&tool.name))]);
    format!("\nMORE\n{}", beside(rows, asked.width))
}
