//! The table of what reports found. The host makes its rows of reports, as they come out of their analyzers, so that it has what these have, of whoever's
//! analyzers, with the same ids.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use crate::rows::{Cells, Checked, Column, Kind, Lie, OF_FINDINGS, Table, Texts, Values};

/// Bytes of one text, so that all of a row fit into it.
const TEXT: usize = 800;
/// Values of one list.
const LIST: usize = 1000;
/// Rows that are made at once.
const ROWS: usize = 1000;

/// The table.
static TABLE: LazyLock<Arc<Table>> = LazyLock::new(|| {
    let column = |name: &str, kind, captured, meaning: &str| Column {
        name: name.into(),
        kind,
        unit: None,
        meaning: meaning.into(),
        captured,
    };
    Arc::new(Table {
        name: OF_FINDINGS.into(),
        row: "A finding of a report. What several tools of an analyzer find alike is one row.".into(),
        tool: String::new(),
        columns: vec![
            column("id", Kind::Text, false, "As in the report."),
            column("tool", Kind::Text, false, "The tool whose report has it."),
            column("rule", Kind::Text, false, "Name of the rule."),
            column("severity", Kind::Text, false, "info, low, medium or high."),
            column("confidence", Kind::Text, false, "low, medium or high."),
            column("subject", Kind::Text, true, "What it is about: an address, two ends, a domain."),
            column("hosts", Kind::Texts, false, "Addresses in the subject."),
            column("observation", Kind::Text, true, "What was observed, in one sentence."),
            column("measures", Kind::Text, true, "Its numbers by name, as a JSON object: measures ->> 'queries'."),
            column("threshold", Kind::Text, false, "The condition that was met."),
            column("frame", Kind::Integer, false, "The first frame that shows it."),
            column("frames", Kind::Integers, false, "Frames that show it, the first 1,000."),
            column("frames_total", Kind::Integer, false, "How many show it in all."),
            column("false_alarm", Kind::Text, false, "What could make it a false alarm."),
        ],
    })
});

/// The table.
pub fn table() -> Arc<Table> {
    Arc::clone(&TABLE)
}

/// The rows of findings of a tool's report.
///
/// # Errors
/// When one of them is no row, which cannot be.
pub fn rows(tool: &str, findings: &[Value]) -> Result<Vec<Checked>, Lie> {
    let found: Vec<&Map<String, Value>> = findings.iter().filter_map(Value::as_object).collect();
    found
        .chunks(ROWS)
        .map(|some| Checked::new(&TABLE, TABLE.columns.iter().map(|one| column(one, tool, some)).collect()))
        .collect()
}

/// A column of them.
fn column(column: &Column, tool: &str, found: &[&Map<String, Value>]) -> Values {
    match column.kind {
        Kind::Texts => {
            let (mut texts, mut ends) = (Texts::default(), Vec::new());
            for finding in found {
                let subject = finding.get("subject").and_then(Value::as_str).unwrap_or_default();
                hosts(cut(subject)).iter().for_each(|host| push(&mut texts, host));
                ends.push(length(texts.ends.len()));
            }
            Values { cells: Cells::TextLists { texts, ends }, absent: Vec::new() }
        }
        Kind::Integers => {
            let (mut values, mut ends) = (Vec::new(), Vec::new());
            for finding in found {
                values.extend(frames(finding));
                ends.push(length(values.len()));
            }
            Values { cells: Cells::IntegerLists { values, ends }, absent: Vec::new() }
        }
        Kind::Integer => {
            let number = |finding: &Map<String, Value>| match column.name.as_str() {
                "frame" => frames(finding).next(),
                name => finding.get(name).and_then(Value::as_i64),
            };
            let numbers: Vec<Option<i64>> = found.iter().map(|finding| number(finding)).collect();
            let absent = absent(&numbers);
            Values { cells: Cells::Integers(numbers.into_iter().map(Option::unwrap_or_default).collect()), absent }
        }
        _ => {
            let values: Vec<Option<String>> = found.iter().map(|finding| text(&column.name, tool, finding)).collect();
            let mut texts = Texts::default();
            values.iter().for_each(|value| push(&mut texts, value.as_deref().unwrap_or_default()));
            Values { cells: Cells::Texts(texts), absent: absent(&values) }
        }
    }
}

fn text(column: &str, tool: &str, finding: &Map<String, Value>) -> Option<String> {
    match column {
        "tool" => Some(tool.to_owned()),
        "measures" => measures(finding),
        name => finding.get(name)?.as_str().map(str::to_owned),
    }
}

fn frames(finding: &Map<String, Value>) -> impl Iterator<Item = i64> {
    let listed = finding.get("frames").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_i64).take(LIST)
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT)).unwrap_or_default()
}

fn push(texts: &mut Texts, text: &str) {
    texts.text.push_str(cut(text));
    texts.ends.push(length(texts.text.len()));
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn absent<T>(values: &[Option<T>]) -> Vec<u32> {
    (0..).zip(values).filter(|(_, value)| value.is_none()).map(|(row, _)| row).collect()
}

/// The numbers of a finding by their names, as many as fit.
fn measures(finding: &Map<String, Value>) -> Option<String> {
    let mut named = Map::new();
    // Two are the braces.
    let mut room = TEXT.saturating_sub(2);
    for measure in finding.get("measures")?.as_array()? {
        let (Some(name), Some(value)) = (measure.get("name").and_then(Value::as_str), measure.get("value")) else {
            continue;
        };
        if !value.is_number() {
            continue;
        }
        // With the colon and the comma.
        let size = [Value::from(name), value.clone()].iter().map(|one| one.to_string().len().saturating_add(1)).sum();
        match room.checked_sub(size) {
            Some(left) => room = left,
            None => break,
        }
        named.insert(name.to_owned(), value.clone());
    }
    Some(Value::Object(named).to_string())
}

/// The addresses that stand in the subject of a finding, as "192.0.2.1 to [2001:db8::1]:80", each once.
fn hosts(subject: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in subject.split([' ', ',', '(', ')']).take(LIST) {
        let address: Option<IpAddr> = word.parse().ok().or_else(|| word.parse::<SocketAddr>().ok().map(|end| end.ip()));
        let Some(address) = address.map(|address| address.to_string()) else { continue };
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_finding_is_a_row() {
        TABLE.columns.iter().for_each(|column| assert!(column.meaning.len() < 400, "{}", column.name));
        let whole = json!({
            "id": "0a", "rule": "r", "severity": "high", "confidence": "low", "subject": "192.0.2.1 to [2001:db8::1]:80, 192.0.2.1:5",
            "observation": "o", "measures": [{ "name": "a\"b", "value": 1.5 }, { "name": "n", "value": 3 }, { "name": 1 }], "threshold": "t",
            "frames": [3, 9], "frames_total": 2, "false_alarm": "f",
        });
        let made = rows("t", &[whole, json!({ "frames": [], "subject": 7 }), json!("a line")]).unwrap();
        assert_eq!((made.len(), made[0].count), (1, 2));
        let of = |name: &str| {
            let place = TABLE.columns.iter().position(|column| column.name == name).unwrap();
            &made[0].columns()[place]
        };
        let texts = |name: &str| match &of(name).cells {
            Cells::Texts(texts) => texts.get(0).to_owned(),
            Cells::TextLists { texts, .. } => texts.text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(texts("measures"), "{\"a\\\"b\":1.5,\"n\":3}");
        assert_eq!((texts("hosts"), texts("tool")), ("192.0.2.12001:db8::1".into(), "t".into()));
        assert_eq!((&of("frame").cells, &of("frame").absent), (&Cells::Integers(vec![3, 0]), &vec![1]));
        assert_eq!((of("subject").absent.as_slice(), of("tool").absent.len()), (&[1][..], 0));
    }

    #[test]
    fn what_is_long_is_cut_so_that_a_row_holds_it() {
        let long = "ä".repeat(100_000);
        let many: Vec<Value> = (0..5000).map(|n| json!({ "name": format!("n{n}"), "value": n })).collect();
        let frames: Vec<u64> = (0..5000).collect();
        let finding = json!({
            "id": long, "rule": long, "severity": long, "confidence": long, "subject": long, "observation": long, "threshold": long,
            "false_alarm": long, "measures": many, "frames": frames, "frames_total": u64::MAX,
        });
        let made = rows(&long, &vec![finding; ROWS + 1]);
        assert!(made.is_ok_and(|made| made.len() == 2));
        // A network is no host.
        assert_eq!(hosts("10.0.0.0/8 by udp (fe80::1)"), ["fe80::1"]);
    }
}
