//! What tables there are, as their components declare them.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Columns of a table.
const COLUMNS: usize = 100;
/// Characters of a name.
const NAME: usize = 40;
/// Characters of what a component says about a table or column.
const WORDS: usize = 400;
/// The table of all tables, which is the host's.
pub const OF_TABLES: &str = "tables_and_columns";
/// The column that names the capture of a row, where rows are of several captures. It is the host's.
pub const OF_CAPTURE: &str = "capture";
/// The table of what reports found, which the host makes of them.
pub const OF_FINDINGS: &str = "findings";

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Integer,
    /// Nanoseconds since 1970.
    Time,
    /// Numbers with a fraction.
    Float,
    /// True or false.
    Truth,
    /// Text.
    Text,
    /// IPv4 and IPv6 addresses.
    Address,
    /// Lists of whole numbers.
    Integers,
    /// Lists of texts.
    Texts,
}

impl Kind {
    /// Its name, as components and those who ask know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Time => "time",
            Self::Float => "float",
            Self::Truth => "truth",
            Self::Text => "text",
            Self::Address => "address",
            Self::Integers => "integers",
            Self::Texts => "texts",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// In what they are measured.
    #[serde(default)]
    pub unit: Option<String>,
    /// What they mean.
    pub meaning: String,
    /// Whether they are text from the capture.
    #[serde(default)]
    pub captured: bool,
}

impl Column {
    /// Whether its values are numbers of frames. The names tell it, as they do in reports.
    pub fn cites(&self) -> bool {
        match self.kind {
            Kind::Integer => self.name == "frame" || self.name.ends_with("_frame"),
            Kind::Integers => self.name == "frames",
            _ => false,
        }
    }
}

/// A table that a component has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What a row is.
    pub row: String,
    /// The tool of the component that makes its rows.
    pub tool: String,
    /// Its columns.
    pub columns: Vec<Column>,
}

impl Table {
    /// Checks what a component says of a table: names that need no quotes in SQL, each once, and texts that are bounded.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let table = &self.name;
        let is_taken = [OF_TABLES, OF_FINDINGS].contains(&table.as_str());
        if !is_name(table) || table.starts_with("sqlite_") || table.starts_with("json_") || is_taken {
            return Err(format!("{table:?} cannot be the name of a table"));
        }
        if self.columns.is_empty() || self.columns.len() > COLUMNS {
            return Err(format!("table {table} has {} columns; 1 to {COLUMNS} are possible", self.columns.len()));
        }
        let mut names = BTreeSet::new();
        for column in &self.columns {
            if !is_name(&column.name) || column.name == OF_CAPTURE || !names.insert(column.name.as_str()) {
                return Err(format!("{:?} cannot be the name of a column of table {table}", column.name));
            }
        }
        let texts = self.columns.iter().flat_map(|column| [Some(&column.meaning), column.unit.as_ref()]);
        let too_long = texts.flatten().chain([&self.row]).find(|text| text.chars().count() > WORDS);
        too_long.map_or(Ok(()), |_| Err(format!("a text about table {table} has more than {WORDS} characters")))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Whether it is lower case letters, digits and underscores, a letter first.
fn is_name(name: &str) -> bool {
    name.len() <= NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn table(change: impl Fn(&mut Value)) -> Result<(), String> {
        let mut table = json!({
            "name": "dns", "row": "a transaction", "tool": "analyze_dns_packets",
            "columns": [{ "name": "frame", "kind": "integer", "meaning": "the query" }, { "name": "name", "kind": "text", "meaning": "", "captured": true }],
        });
        change(&mut table);
        serde_json::from_value::<Table>(table).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn names_and_texts_of_tables_are_checked() {
        assert_eq!(table(|_| ()), Ok(()));
        for name in
            ["", "Dns", "1a", "a b", "a\"", "sqlite_x", "json_each", OF_TABLES, OF_FINDINGS, &"a".repeat(41), "ä"]
        {
            assert!(table(|table| table["name"] = name.into()).is_err(), "{name}");
        }
        assert!(table(|table| table["columns"][1]["name"] = "frame".into()).unwrap_err().contains("frame"));
        assert!(table(|table| table["columns"][1]["name"] = "x\u{0}".into()).is_err());
        assert!(table(|table| table["columns"][1]["name"] = OF_CAPTURE.into()).is_err());
        assert!(table(|table| table["columns"][1]["kind"] = "blob".into()).is_err());
        assert!(table(|table| table["columns"] = json!([])).unwrap_err().contains("0 columns"));
        assert!(table(|table| table["row"] = "x".repeat(401).into()).unwrap_err().contains("400"));
        let many: Vec<Value> =
            (0..101).map(|n| json!({ "name": format!("c{n}"), "kind": "text", "meaning": "" })).collect();
        assert!(table(|table| table["columns"] = json!(many)).unwrap_err().contains("101 columns"));
    }
}
