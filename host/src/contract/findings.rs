//! Findings come first and all of them: in full as far as there is room, the others as a line each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::size::size;
use crate::text::neutral;

/// Tenths of the room that findings may take, when there is something else to show.
const SHARE: usize = 4;
/// Tenths that they may take before they lose their lines.
const MOST: usize = 8;
/// Characters of a line: at first, and at the end.
const LINES: [usize; 5] = [300, 200, 140, 90, 60];
/// Frames that a line names, and that a finding has where there is no room for all.
const FRAMES: usize = 3;
const CITED: usize = 20;

/// Findings as they fit into a room in which others want their place too: what they are then, and its size.
pub fn fitted(findings: &[Value], room: usize, others: usize) -> (Vec<Value>, usize) {
    let sizes: Vec<usize> = findings.iter().map(|finding| size(finding).saturating_add(1)).collect();
    let whole = sum(&sizes);
    if whole.saturating_add(others) <= room || whole <= tenths(room, SHARE) {
        return (findings.to_vec(), whole);
    }
    // Hundreds of frame numbers would take the room of other findings. All are in the section of findings.
    let findings: Vec<Value> = findings.iter().map(with_few_frames).collect();
    let sizes: Vec<usize> = findings.iter().map(|finding| size(finding).saturating_add(1)).collect();
    if sum(&sizes).saturating_add(others) <= room || sum(&sizes) <= tenths(room, SHARE) {
        let used = sum(&sizes);
        return (findings, used);
    }
    let share = tenths(room, SHARE).max(room.saturating_sub(others).min(tenths(room, MOST)));
    for (nth, most) in LINES.into_iter().enumerate() {
        let lines: Vec<Value> = findings.iter().map(|finding| line(finding, most).into()).collect();
        let mut of_lines: Vec<usize> = lines.iter().map(|line| size(line).saturating_add(1)).collect();
        let is_last = nth.saturating_add(1) == LINES.len();
        if sum(&of_lines) > if is_last { tenths(room, MOST) } else { share } {
            continue;
        }
        // The gravest stand in front, and get their details back first.
        let mut shown = lines;
        let mut used = sum(&of_lines);
        for (((shown, line), whole), finding) in shown.iter_mut().zip(&mut of_lines).zip(&sizes).zip(&findings) {
            let with = used.saturating_sub(*line).saturating_add(*whole);
            if with > share {
                break;
            }
            (used, *shown) = (with, finding.clone());
        }
        return (shown, used);
    }
    let groups = grouped(&findings, tenths(room, MOST));
    let used = groups.iter().map(|group| size(group).saturating_add(1)).fold(0, usize::saturating_add);
    (groups, used)
}

/// A finding with its first frames.
fn with_few_frames(finding: &Value) -> Value {
    let mut finding = finding.clone();
    if let Some(Value::Array(frames)) = finding.get_mut("frames") {
        frames.truncate(CITED);
    }
    finding
}

fn sum(sizes: &[usize]) -> usize {
    sizes.iter().copied().fold(0, usize::saturating_add)
}

fn tenths(room: usize, tenths: usize) -> usize {
    room.saturating_mul(tenths) / 10
}

fn text<'a>(finding: &'a Value, field: &str) -> &'a str {
    finding.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A finding in one line of so many characters at most: severity, rule, subject, observation, frames.
pub fn line(finding: &Value, most: usize) -> String {
    let (severity, rule) = (text(finding, "severity"), text(finding, "rule"));
    let (subject, observation) = (text(finding, "subject"), text(finding, "observation"));
    // Most observations name what they are about.
    let is_named = subject.split_whitespace().all(|word| word == "to" || observation.contains(word));
    let about = if is_named { observation.to_owned() } else { format!("{subject}: {observation}") };
    let cited = frames(finding);
    let room = most.saturating_sub(cited.chars().count());
    let head = format!("{severity} {rule} {about}");
    let shortest = severity.len().saturating_add(rule.len()).saturating_add(20);
    if cited.is_empty() || room < shortest {
        return cut(&head, most);
    }
    format!("{}{cited}", cut(&head, room))
}

/// A text of so many characters at most, the sign that it was cut among them.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() > most {
        neutral(text, most.saturating_sub(1)).into_owned()
    } else {
        neutral(text, most).into_owned()
    }
}

/// The frames that a line names, in brackets.
fn frames(finding: &Value) -> String {
    let frames = finding.get("frames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let total = finding.get("frames_total").and_then(Value::as_u64).unwrap_or(0).max(frames.len() as u64);
    if frames.is_empty() {
        return String::new();
    }
    let named: Vec<String> = frames.iter().take(FRAMES).map(Value::to_string).collect();
    let noun = if total == 1 { "frame" } else { "frames" };
    let more = if total > named.len() as u64 { format!(" of {total}") } else { String::new() };
    format!(" [{noun} {}{more}]", named.join(", "))
}

/// A line for each rule, when there is no room for one each; where there is none for these either, one for each severity that names the rules.
fn grouped(findings: &[Value], room: usize) -> Vec<Value> {
    let mut order: Vec<(&str, &str)> = Vec::new();
    let mut groups: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for finding in findings {
        let key = (text(finding, "severity"), text(finding, "rule"));
        let group = groups.entry(key).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(finding);
    }
    let named: Vec<(&str, &str, &[&Value])> =
        order.into_iter().filter_map(|key| groups.get(&key).map(|group| (key.0, key.1, group.as_slice()))).collect();
    let lines = |line: &dyn Fn(&str, &str, &[&Value]) -> String| -> Vec<Value> {
        named.iter().map(|(severity, rule, group)| cut(&line(severity, rule, group), 100).into()).collect()
    };
    let forms = [
        lines(&|severity, rule, group| match group {
            [one] => line(one, 60),
            group => format!("{severity} {rule} {} findings", group.len()),
        }),
        lines(&|severity, rule, group| counted(&format!("{severity} {rule}"), group)),
    ];
    let fits = |lines: &Vec<Value>| lines.iter().map(|line| size(line).saturating_add(1)).sum::<usize>() <= room;
    forms.into_iter().find(fits).unwrap_or_else(|| by_severity(&named, room))
}

/// A rule, and how often it has found something where that is more than once.
fn counted(rule: &str, group: &[&Value]) -> String {
    if group.len() > 1 { format!("{rule} {}", group.len()) } else { rule.to_owned() }
}

/// A line for each severity, the gravest first, as far as there is room.
fn by_severity(named: &[(&str, &str, &[&Value])], room: usize) -> Vec<Value> {
    let (mut lines, mut left) = (Vec::new(), room);
    for same in named.chunk_by(|(one, ..), (other, ..)| one == other) {
        let rules: Vec<String> = same.iter().map(|(_, rule, group)| counted(rule, group)).collect();
        let severity = same.first().map_or("", |(severity, ..)| *severity);
        // With its quotes and a comma.
        let most = left.saturating_sub(3);
        if most < severity.len().saturating_add(20) {
            break;
        }
        let line = Value::from(cut(&format!("{severity}: {}", rules.join(", ")), most));
        left = left.saturating_sub(size(&line).saturating_add(1));
        lines.push(line);
    }
    lines
}

/// The schema of an entry of `findings`: a finding, or its line.
pub fn schema(finding: Value) -> Value {
    json!({ "anyOf": [
        finding,
        { "type": "string", "description": "Where there is no room for more: severity, rule, what it is about and what was observed, some of its frames." },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(n: u64) -> Value {
        json!({
            "id": "0123456789ab", "rule": "tcp_port_scan", "subject": format!("192.0.2.{n}"), "severity": "high", "confidence": "high",
            "observation": format!("192.0.2.{n} tried 1,000 different ports of 198.51.100.7 within 4 s"), "measures": [{ "name": "ports", "value": 1000 }],
            "threshold": "15 ports within 60 s", "frames": [n, n + 1, n + 2, n + 3], "frames_total": 2000, "false_alarm": "An inventory of services.",
        })
    }

    #[test]
    fn each_has_its_line_and_the_gravest_have_details() {
        let all: Vec<Value> = (0..12).map(finding).collect();
        assert_eq!(fitted(&all, 100_000, 50_000).0, all);
        let (some, used) = fitted(&all, 6_000, 9_000);
        assert_eq!(some.len(), 12);
        assert!(some[0].is_object() && some[11].is_string() && used <= 2_400, "{used}: {some:?}");
        let (lines, used) = fitted(&all, 1_500, 9_000);
        assert!(lines.len() == 12 && used <= 1_200 && lines.iter().all(Value::is_string), "{used}: {lines:?}");
        assert!(lines[3].as_str().unwrap().starts_with("high tcp_port_scan 192.0.2.3 tried"));
        let (groups, _) = fitted(&all, 300, 9_000);
        assert_eq!(groups, [json!("high tcp_port_scan 12 findings")]);
    }

    #[test]
    fn each_rule_is_named_however_little_room_there_is() {
        let all: Vec<Value> = (0..40)
            .map(|n| {
                let mut finding = finding(n);
                finding["rule"] = format!("http_rule_of_some_kind_{}", n / 2 * 2).into();
                finding["severity"] = if n < 14 { "high".into() } else { "medium".into() };
                finding
            })
            .collect();
        let named = |room: usize| {
            let (shown, used) = fitted(&all, room, 9_000);
            assert!(used <= tenths(room, MOST), "{used} of {room}");
            let text = shown.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n");
            let count = (0..20).filter(|n| text.contains(&format!("http_rule_of_some_kind_{}", n * 2))).count();
            (count, shown.len(), text)
        };
        // A line for each rule with what it is, with the bare name, and a line for each severity.
        assert_eq!((named(1_500).0, named(1_500).1), (20, 20));
        assert_eq!((named(1_050).0, named(1_050).1), (20, 20));
        let (count, lines, text) = named(850);
        assert_eq!((count, lines), (20, 2), "{text}");
        assert!(text.starts_with("high: http_rule_of_some_kind_0 2, http_rule_of_some_kind_2 2"), "{text}");
        // What is not whole says so.
        assert!(named(400).2.ends_with('…'));
        assert!(named(20).2.is_empty());
    }

    #[test]
    fn many_frames_do_not_take_the_room_of_details() {
        let mut many = finding(1);
        many["frames"] = (1..=1000).collect();
        let (shown, used) = fitted(&[many.clone(), finding(2)], 5_000, 9_000);
        assert_eq!(
            (shown[0]["frames"].as_array().map(Vec::len), &shown[0]["frames_total"]),
            (Some(CITED), &json!(2000))
        );
        assert!(shown[1].is_object() && used < 2_000);
        assert_eq!(fitted(&[many.clone()], 20_000, 9_000).0, [many]);
    }

    #[test]
    fn a_line_says_what_about_whom_and_where() {
        let text = line(&finding(5), 300);
        assert_eq!(
            text,
            "high tcp_port_scan 192.0.2.5 tried 1,000 different ports of 198.51.100.7 within 4 s [frames 5, 6, 7 of 2000]"
        );
        let short = line(&finding(5), 90);
        assert!(short.chars().count() <= 90 && short.ends_with("[frames 5, 6, 7 of 2000]"), "{short}");
        let one = json!({ "severity": "low", "rule": "r", "subject": "s", "observation": "one query", "frames": [3], "frames_total": 1 });
        assert_eq!(line(&one, 100), "low r s: one query [frame 3]");
    }
}
