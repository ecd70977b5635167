//! The columns of a table for people: fewer than the fields of a list, and what is the same in all rows is said once.

use serde_json::Value;

use super::lists::{Row, cell, rows};
use crate::contract::tidy::is_nothing;
use crate::text::neutral;

/// Characters of a text in a table.
const CELL: usize = 200;
/// The width up to which a text stays in one line, and what longer ones have at least.
const WHOLE: usize = 24;
const WRAPPED: usize = 18;
/// Fields by which programs join tables.
const FOR_PROGRAMS: [&str; 3] = ["community_id", "completeness", "client_known"];
/// Characters of the date in front of a time, `2026-11-23T`.
const DATE: usize = 11;

/// A column of texts.
#[derive(Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub cells: Vec<String>,
    /// Whether it says yes or no: such columns come last.
    is_flag: bool,
}

/// What there is to show of some rows.
#[derive(Debug)]
pub struct Columns {
    pub columns: Vec<Column>,
    /// What is the same in all rows.
    pub same: Vec<String>,
    pub rows: usize,
}

impl Columns {
    pub fn of(rows: &[Row]) -> Self {
        let mut names: Vec<&String> = Vec::new();
        for (name, _) in rows.iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.retain(|name| rows.iter().filter_map(|row| row.get(*name)).any(|value| !is_nothing(value)));
        let mut columns: Vec<Column> = Vec::new();
        for name in &names {
            // An address and its port are one thing.
            let port = name.strip_suffix("_ip").map(|end| format!("{end}_port")).filter(|port| names.contains(&port));
            let is_port = name.strip_suffix("_port").is_some_and(|end| names.contains(&&format!("{end}_ip")));
            match port {
                Some(port) => columns.push(Column {
                    name: name.strip_suffix("_ip").unwrap_or(name).to_owned(),
                    cells: rows.iter().map(|row| ends(row.get(*name), row.get(&port))).collect(),
                    is_flag: false,
                }),
                None if is_port => {}
                None => columns.push(Column::of(name, rows)),
            }
        }
        let mut same = Vec::new();
        columns.retain_mut(|column| {
            same.extend(column.without_date());
            let first = column.cells.first();
            let is_same = rows.len() > 1 && column.cells.iter().all(|cell| Some(cell) == first);
            if let Some(first) = first.filter(|_| is_same) {
                same.push(format!("{} {first}", column.name));
            }
            !is_same
        });
        // What tells a person least comes last, and is left out first.
        columns.sort_by_key(|column| column.is_flag || FOR_PROGRAMS.contains(&column.name.as_str()));
        Self { columns, same, rows: rows.len() }
    }
}

impl Column {
    fn of(name: &str, rows: &[Row]) -> Self {
        let values = || rows.iter().filter_map(|row| row.get(name));
        let is_flag = values().all(Value::is_boolean);
        let cells = rows.iter().map(|row| row.get(name).map(shown).unwrap_or_default()).collect();
        Self { name: name.to_owned(), cells, is_flag }
    }

    /// What it takes at least: its head and its texts, where these are not so long that they wrap.
    pub fn least(&self) -> usize {
        let widths = self.cells.iter().map(|cell| cell.chars().count());
        let least = widths.map(|width| if width <= WHOLE { width } else { WRAPPED }).max();
        least.unwrap_or_default().max(self.name.chars().count())
    }

    /// Leaves the time of times that are all of one day; gives the day.
    fn without_date(&mut self) -> Option<String> {
        let date = self.cells.first()?.get(..DATE)?.to_owned();
        let digits = |place: usize, byte: u8| match place {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            _ => byte.is_ascii_digit(),
        };
        let is_date = date.bytes().enumerate().all(|(place, byte)| digits(place, byte));
        if !is_date
            || !self.cells.iter().all(|cell| cell.is_empty() || (cell.starts_with(&date) && cell.ends_with('Z')))
        {
            return None;
        }
        for cell in &mut self.cells {
            *cell = cell.get(DATE..).unwrap_or_default().trim_end_matches('Z').to_owned();
        }
        Some(format!("{} on {} (UTC)", self.name, date.trim_end_matches('T')))
    }
}

/// An address with its port.
fn ends(address: Option<&Value>, port: Option<&Value>) -> String {
    let (address, port) = (address.map(shown).unwrap_or_default(), port.map(shown).unwrap_or_default());
    match (port.as_str(), address.contains(':')) {
        ("" | "0", _) => address,
        (port, true) => format!("[{address}]:{port}"),
        (port, false) => format!("{address}:{port}"),
    }
}

/// A value in a cell: in one line, whatever stands in it. Of lists of objects the texts, which tell most.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => String::new(),
        value => match rows(value) {
            Some(entries) => entries.iter().map(texts).collect::<Vec<_>>().join("; "),
            None => cell(value),
        },
    };
    neutral(&text, CELL).into_owned()
}

fn texts(entry: &Row) -> String {
    let texts: Vec<&str> = entry.iter().filter_map(|(_, value)| value.as_str()).collect();
    if texts.is_empty() {
        entry.iter().map(|(_, value)| cell(value)).collect::<Vec<_>>().join(" ")
    } else {
        texts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_is_said_once() {
        let row = |frame: u64, time: &str, reply: bool| {
            let row = json!({ "frame": frame, "reply": reply, "time": format!("2026-11-23T{time}Z"), "a_ip": "192.0.2.1",
                "a_port": 50_000 + frame, "protocol": "UDP", "zero": 0, "questions": [{ "name": "x.example", "type": 1, "class": "IN" }] });
            row.as_object().unwrap().clone()
        };
        let columns = Columns::of(&[row(1, "10:00:00.5", false), row(2, "10:00:01", true)]);
        assert_eq!(columns.same, ["time on 2026-11-23 (UTC)", "protocol UDP", "questions x.example IN"]);
        let shown: Vec<(&str, Vec<&str>)> =
            columns.columns.iter().map(|c| (c.name.as_str(), c.cells.iter().map(String::as_str).collect())).collect();
        assert_eq!(
            shown,
            [
                ("frame", vec!["1", "2"]),
                ("time", vec!["10:00:00.5", "10:00:01"]),
                ("a", vec!["192.0.2.1:50001", "192.0.2.1:50002"]),
                ("reply", vec!["", "yes"]),
            ]
        );
    }

    #[test]
    fn a_cell_is_one_line_without_commands() {
        assert_eq!(shown(&json!("a\n\u{1b}[2Jb")), "a\\u{a}\\u{1b}[2Jb");
        assert_eq!(ends(Some(&json!("2001:db8::1")), Some(&json!(53))), "[2001:db8::1]:53");
    }
}
