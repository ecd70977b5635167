//! Lists of details as tables: the names of fields once, and a row for each entry. Takes a third to a half of the characters that objects take.

use serde_json::{Map, Value, json};

use super::schema::{items, property};
use super::size::{size, text_size};
use super::tidy::{is_empty, said};

/// The column of the fields that few entries have.
pub const MORE: &str = "more";
/// Characters of an empty cell.
const EMPTY: usize = 5;
/// Objects within objects that become columns.
const DEPTH: usize = 4;

/// In which form lists of objects are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// As tables, where that is shorter, and without fields that say nothing.
    #[default]
    Table,
    /// As objects with all of their fields.
    Objects,
}

/// What the columns of a list are.
pub struct Layout<'a> {
    /// That of the entries.
    schema: &'a Value,
    columns: Vec<Column>,
    has_more: bool,
}

struct Column {
    /// Dotted, for fields of objects within the entry.
    name: String,
    /// The fields that lead to it.
    path: Vec<String>,
}

impl<'a> Layout<'a> {
    /// The columns of a list, by the entries that it has: those that take less room as columns than as fields.
    pub fn of<'e>(entries: impl Iterator<Item = &'e Value>, schema: &'a Value) -> Self {
        let mut known: Vec<(Column, usize)> = Vec::new();
        named(schema, &mut Vec::new(), &mut known);
        let mut count = 0_usize;
        for entry in entries {
            count = count.saturating_add(1);
            if let Value::Object(fields) = entry {
                counted(fields, &mut Vec::new(), &mut known, &mut 0);
            }
        }
        let mut has_more = false;
        let columns = known.into_iter().filter_map(|(column, present)| {
            let name = text_size(&column.name).saturating_add(1);
            let as_column = name.saturating_add(count.saturating_sub(present).saturating_mul(EMPTY));
            let as_field = present.saturating_mul(name.saturating_add(1));
            let is_column = as_column <= as_field;
            has_more |= !is_column && present > 0;
            is_column.then_some(column)
        });
        Self { schema, columns: columns.collect(), has_more }
    }

    /// Names of the columns.
    fn names(&self) -> Value {
        let more = self.has_more.then(|| json!(MORE));
        self.columns.iter().map(|column| json!(column.name)).chain(more).collect()
    }

    /// Characters of the table without its rows.
    pub fn size(&self) -> usize {
        size(&self.names()).saturating_add("{\"columns\":,\"rows\":}".len())
    }

    /// The row of an entry: cells at its end that would be empty are not there.
    pub fn row(&self, entry: &Value) -> Value {
        let Value::Object(fields) = entry else { return json!([entry]) };
        let mut row: Vec<Value> = self.columns.iter().map(|column| cell(fields, &column.path, self.schema)).collect();
        if self.has_more {
            row.push(self.rest(fields, &mut Vec::new()).into());
        }
        while row.last().is_some_and(|cell| cell.is_null() || cell.as_object().is_some_and(Map::is_empty)) {
            row.pop();
        }
        row.into()
    }

    /// The fields that are not in columns and say something.
    fn rest(&self, fields: &Map<String, Value>, path: &mut Vec<String>) -> Map<String, Value> {
        let mut rest = Map::new();
        for (name, value) in said(fields) {
            path.push(name.clone());
            if !self.columns.iter().any(|column| column.path == *path) {
                match value {
                    Value::Object(inner) if path.len() < DEPTH => {
                        let inner = self.rest(inner, path);
                        if !inner.is_empty() {
                            rest.insert(name.clone(), inner.into());
                        }
                    }
                    value => {
                        let schema = path.iter().fold(self.schema, |schema, name| property(schema, name));
                        rest.insert(name.clone(), dressed(value, schema));
                    }
                }
            }
            path.pop();
        }
        rest
    }
}

/// The leaves of the schema of a list's entries, in its order.
fn named(schema: &Value, path: &mut Vec<String>, known: &mut Vec<(Column, usize)>) {
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        path.push(name.clone());
        if field.get("properties").is_some() && path.len() < DEPTH {
            named(field, path, known);
        } else {
            known.push((Column { name: path.join("."), path: path.clone() }, 0));
        }
        path.pop();
    }
}

/// Counts the fields of an entry that say something. `place` is where the last one was found: they mostly come in the schema's order.
fn counted(fields: &Map<String, Value>, path: &mut Vec<String>, known: &mut [(Column, usize)], place: &mut usize) {
    for (name, value) in said(fields) {
        path.push(name.clone());
        let here =
            known.iter().skip(*place).position(|(column, _)| column.path == *path).map(|n| n.saturating_add(*place));
        let found = here.or_else(|| known.iter().position(|(column, _)| column.path == *path));
        match (found, value) {
            (Some(found), _) => {
                *place = found;
                if let Some((_, count)) = known.get_mut(found) {
                    *count = count.saturating_add(1);
                }
            }
            (None, Value::Object(inner)) if path.len() < DEPTH => counted(inner, path, known, place),
            // What the schema does not name is refused before.
            (None, _) => {}
        }
        path.pop();
    }
}

/// A cell: what the field is, also when it says nothing; null where it is not there.
fn cell(fields: &Map<String, Value>, path: &[String], schema: &Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::Null };
    let schema = property(schema, first);
    match (fields.get(first), rest.is_empty()) {
        (Some(value), true) => dressed(value, schema),
        (Some(Value::Object(inner)), false) => cell(inner, rest, schema),
        _ => Value::Null,
    }
}

/// A value within an entry: without what says nothing, and long lists as tables.
pub fn dressed(value: &Value, schema: &Value) -> Value {
    match value {
        Value::Array(entries) => list(entries, schema),
        Value::Object(fields) => {
            let inner = |(name, value): (&String, &Value)| (name.clone(), dressed(value, property(schema, name)));
            said(fields).map(inner).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// A list in its form.
fn list(entries: &[Value], schema: &Value) -> Value {
    let objects: Value = entries.iter().map(|entry| dressed(entry, items(schema))).collect();
    if entries.len() < 2 || !entries.iter().all(Value::is_object) {
        return objects;
    }
    let layout = Layout::of(entries.iter(), items(schema));
    let rows: Vec<Value> = entries.iter().map(|entry| layout.row(entry)).collect();
    let table = json!({ "columns": layout.names(), "rows": rows });
    if size(&table) < size(&objects) { table } else { objects }
}

/// A part of a report with its lists in their form.
pub fn rendered(value: &Value, schema: &Value, form: Form) -> Value {
    match value {
        _ if form == Form::Objects => value.clone(),
        Value::Array(entries) => list(entries, schema),
        Value::Object(fields) => {
            let inner =
                |(name, value): (&String, &Value)| (name.clone(), rendered(value, property(schema, name), form));
            fields.iter().map(inner).filter(|(_, value)| !is_empty(value)).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The schema of a table, for lists that can be one.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "description": "The list as a table: a row for each entry, its cells in the order of `columns`. Dots lead into objects. Cells that are null or \
                        missing at the end, and fields without a column, are not there, zero, empty or false; `more` holds fields that few rows have.",
        "properties": {
            "columns": { "type": "array", "items": { "type": "string" } },
            "rows": { "type": "array", "items": { "type": "array" } },
        },
        "required": ["columns", "rows"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of_entries() -> Value {
        json!({ "items": { "properties": {
            "frame": { "type": "integer" },
            "client": { "type": "object", "properties": { "ip": {}, "port": {} } },
            "rare": {}, "zero": {}, "list": { "items": {} },
        } } })
    }

    #[test]
    fn a_table_has_names_once_and_says_the_same() {
        let entries: Vec<Value> = (1..=20)
            .map(|n| json!({ "frame": n, "client": { "ip": "192.0.2.1", "port": n % 2 }, "zero": 0, "list": [], "rare": if n == 7 { json!({ "x": 1 }) } else { Value::Null } }))
            .collect();
        let table =
            rendered(&json!({ "all": entries }), &json!({ "properties": { "all": schema_of_entries() } }), Form::Table);
        let all = &table["all"];
        assert_eq!(all["columns"], json!(["frame", "client.ip", "client.port", "more"]));
        assert_eq!((&all["rows"][0], &all["rows"][1]), (&json!([1, "192.0.2.1", 1]), &json!([2, "192.0.2.1", 0])));
        assert_eq!(all["rows"][6], json!([7, "192.0.2.1", 1, { "rare": { "x": 1 } }]));
        assert!(size(all) * 2 < size(&json!(entries)));
    }

    #[test]
    fn short_lists_are_objects_without_what_says_nothing() {
        let schema = schema_of_entries();
        let one = json!([{ "frame": 1, "zero": 0, "client": { "ip": "", "port": 0 } }]);
        assert_eq!(rendered(&one, &schema, Form::Table), json!([{ "frame": 1 }]));
        assert_eq!(rendered(&one, &schema, Form::Objects), one);
        assert_eq!(rendered(&json!([3, 0, 1]), &json!({}), Form::Table), json!([3, 0, 1]));
    }

    #[test]
    fn the_layout_knows_its_size() {
        let entries =
            [json!({ "frame": 1, "rare": 5 }), json!({ "frame": 2 }), json!({ "frame": 3 }), json!({ "frame": 4 })];
        let schema = schema_of_entries();
        let layout = Layout::of(entries.iter(), items(&schema));
        let rows: Vec<Value> = entries.iter().map(|entry| layout.row(entry)).collect();
        let table = json!({ "columns": layout.names(), "rows": [] });
        assert_eq!(layout.size() + 2, size(&table));
        assert_eq!(rows[3], json!([4]));
    }
}
