//! The lists of a report, wherever they stand in it, as rows with fields by name.

use serde_json::{Map, Value};

use crate::contract::table::MORE;

/// What the host says in each report, and what is shown elsewhere.
pub const HEAD: [&str; 8] =
    ["file", "total_packets", "capture", "shown", "warning", "matched_packets", "findings", "findings_total"];

/// An entry of a list: names and values; what is nested has names with dots.
pub type Row = Map<String, Value>;

/// A list of details.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Its name, with dots where it stands within something.
    pub name: String,
    pub rows: Vec<Row>,
    /// How many entries there are, with those that are not here.
    pub total: u64,
    /// What asks for the entries that follow.
    pub next: Option<String>,
    /// How many entries fit what was asked for, and how many were looked at.
    pub matched: Option<(u64, u64)>,
}

/// A value of a report that is no list of details.
pub type Scalar<'a> = (String, &'a Value);

/// What is in a report.
pub struct Parts<'a> {
    pub scalars: Vec<Scalar<'a>>,
    pub lists: Vec<List>,
}

/// Takes a report apart, in its order.
pub fn parts(report: &Value) -> Parts<'_> {
    let mut parts = Parts { scalars: Vec::new(), lists: Vec::new() };
    let pages = pages(report);
    for (name, value) in report.as_object().into_iter().flatten().filter(|(name, _)| !HEAD.contains(&name.as_str())) {
        walk(name, value, &pages, &mut parts);
    }
    // Those of which nothing is here.
    for page in &pages {
        if let Some(name) = page.get("list").and_then(Value::as_str)
            && !HEAD.contains(&name)
            && !parts.lists.iter().any(|list| list.name == name)
        {
            parts.lists.push(List::new(name, Vec::new(), &pages));
        }
    }
    parts
}

/// What the host says of the lists: how many entries each has, and what gives more.
fn pages(report: &Value) -> Vec<Row> {
    report.pointer("/shown/lists").and_then(rows).unwrap_or_default()
}

fn walk<'a>(name: &str, value: &'a Value, pages: &[Row], parts: &mut Parts<'a>) {
    let is_paged = || pages.iter().any(|page| page.get("list").is_some_and(|list| list == name));
    if let Some(rows) = rows(value).or_else(|| is_paged().then(|| values(name, value)).flatten()) {
        parts.lists.push(List::new(name, rows.iter().map(flat).collect(), pages));
    } else if let Value::Object(fields) = value {
        for (inner, value) in fields {
            walk(&format!("{name}.{inner}"), value, pages, parts);
        }
    } else {
        parts.scalars.push((name.to_owned(), value));
    }
}

impl List {
    fn new(name: &str, rows: Vec<Row>, pages: &[Row]) -> Self {
        let page = pages.iter().find(|page| page.get("list").is_some_and(|list| list == name));
        let total = page.and_then(|page| page.get("total")?.as_u64()).unwrap_or_default().max(rows.len() as u64);
        let next = page.and_then(|page| page.get("next")?.as_str()).map(str::to_owned);
        let number = |field: &str| page.and_then(|page| page.get(field)?.as_u64());
        let matched = number("matched").zip(number("looked_at"));
        Self { name: name.to_owned(), rows, total, next, matched }
    }
}

/// One list of a report.
pub fn list(report: &Value, name: &str) -> List {
    let pages = pages(report);
    let value = name.split('.').try_fold(report, |value, part| value.get(part));
    let rows = value.and_then(|value| rows(value).or_else(|| values(name, value))).unwrap_or_default();
    List::new(name, rows.iter().map(flat).collect(), &pages)
}

/// The entries of a list of objects, whichever way it is written: as objects, or as a table with the names once.
pub fn rows(value: &Value) -> Option<Vec<Row>> {
    match value {
        Value::Array(entries) if entries.iter().all(Value::is_object) && !entries.is_empty() => {
            Some(entries.iter().filter_map(Value::as_object).cloned().collect())
        }
        Value::Object(table) if table.len() == 2 => {
            let (columns, rows) = (table.get("columns")?.as_array()?, table.get("rows")?.as_array()?);
            let row = |row: &Value| {
                let mut fields = Row::new();
                for (name, value) in columns.iter().filter_map(Value::as_str).zip(row.as_array()?) {
                    match value {
                        Value::Null => {}
                        Value::Object(more) if name == MORE => fields.extend(more.clone()),
                        value => {
                            fields.insert(name.to_owned(), value.clone());
                        }
                    }
                }
                Some(fields)
            };
            Some(rows.iter().filter_map(row).collect())
        }
        _ => None,
    }
}

/// The entries of a list of texts or numbers, under the list's own name.
fn values(name: &str, value: &Value) -> Option<Vec<Row>> {
    let name = last(name);
    Some(value.as_array()?.iter().map(|entry| [(name.to_owned(), entry.clone())].into_iter().collect()).collect())
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// An entry with the fields of what is nested in it beside its own.
pub fn flat(row: &Row) -> Row {
    fn add(name: &str, value: &Value, out: &mut Row) {
        match value {
            Value::Object(fields) if rows(value).is_none() => {
                for (inner, value) in fields {
                    add(&format!("{name}.{inner}"), value, out);
                }
            }
            _ => {
                out.insert(name.to_owned(), value.clone());
            }
        }
    }
    let mut out = Row::new();
    for (name, value) in row {
        add(name, value, &mut out);
    }
    out
}

/// A value in one cell.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(entries) if entries.iter().all(|entry| !entry.is_object() && !entry.is_array()) => {
            entries.iter().map(cell).collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => match number.as_f64() {
            Some(fraction) if number.is_f64() && fraction.fract() == 0.0 && fraction.abs() < 1e15 => {
                format!("{fraction:.0}")
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// The names of the fields that a list's entries can have, as the tool's schema has them.
pub fn columns(schema: &Value, list: &str) -> Vec<String> {
    let within = |schema, part| crate::contract::schema::property(schema, part);
    let items = crate::contract::schema::items(list.split('.').fold(schema, within));
    if !items.is_null() && items.get("properties").is_none() {
        return vec![last(list).to_owned()];
    }
    let mut names = Vec::new();
    add_columns("", items, &mut names);
    names
}

fn add_columns(prefix: &str, schema: &Value, names: &mut Vec<String>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = format!("{prefix}{name}");
        if field.get("properties").is_some() {
            add_columns(&format!("{name}."), field, names);
        } else {
            names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_the_same_list() {
        let objects = json!([{ "a": 1, "b": "x" }, { "a": 2 }]);
        let table = json!({ "columns": ["a", "more"], "rows": [[1, { "b": "x" }], [2]] });
        assert_eq!(rows(&objects), rows(&table));
        assert_eq!(rows(&json!([1, 2])), None);
        assert_eq!(rows(&json!({ "columns": 3, "rows": 4 })), None);
    }

    #[test]
    fn a_report_is_taken_apart() {
        let report = json!({
            "file": "x", "shown": { "lists": [{ "list": "s.l", "total": 9, "next": "c" }, { "list": "gone", "total": 3 }] },
            "n": 1, "s": { "m": 2, "l": [{ "a": { "b": 3 }, "c": [1, 2] }] }, "names": ["p", "q"],
        });
        let parts = parts(&report);
        let scalars: Vec<(&str, String)> =
            parts.scalars.iter().map(|(name, value)| (name.as_str(), cell(value))).collect();
        assert_eq!(scalars, [("n", "1".into()), ("s.m", "2".into()), ("names", "p q".into())]);
        let names: Vec<(&str, u64)> = parts.lists.iter().map(|list| (list.name.as_str(), list.total)).collect();
        assert_eq!(names, [("s.l", 9), ("gone", 3)]);
        assert_eq!(Value::Object(parts.lists[0].rows[0].clone()), json!({ "a.b": 3, "c": [1, 2] }));
        assert_eq!(list(&report, "s.l"), parts.lists[0]);
    }

    #[test]
    fn columns_are_the_schemas() {
        let schema = json!({ "properties": { "s": { "properties": { "l": { "items": { "properties": {
            "a": { "type": "integer" }, "n": { "properties": { "x": {}, "y": {} } }, "z": { "type": "array" } } } } } } } });
        assert_eq!(columns(&schema, "s.l"), ["a", "n.x", "n.y", "z"]);
        let texts = json!({ "properties": { "s": { "properties": { "l": { "items": { "type": "string" } } } } } });
        assert_eq!(columns(&texts, "s.l"), ["l"]);
        assert!(columns(&texts, "s").is_empty() && columns(&texts, "other").is_empty());
    }
}
