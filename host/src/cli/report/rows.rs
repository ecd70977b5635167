//! The rows of a list, for other programs: CSV and JSON lines.

use serde_json::Value;

use super::lists::{Row, cell};
use crate::text::data::csv_text;

/// A line of JSON.
pub fn json_line(row: &Row) -> String {
    format!("{}\n", Value::Object(row.clone()))
}

/// A line of CSV (RFC 4180, with a line feed at its end). Text that a spreadsheet would take for a formula gets an apostrophe in front: it may be an
/// attacker's.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = Option<&'a Value>>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|value| value.map(csv_cell).unwrap_or_default()).collect();
    format!("{}\n", cells.join(","))
}

fn csv_cell(value: &Value) -> String {
    let text = cell(value);
    if value.is_number() { text } else { csv_text(&text).into_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_quoted_and_none_is_a_formula() {
        let values =
            [json!(-1.5), json!("a,b"), json!("say \"hi\""), json!("=cmd()"), json!([1, 2]), json!(2.0), json!("-x,y")];
        assert_eq!(
            csv_line(values.iter().map(Some).chain([None])),
            "-1.5,\"a,b\",\"say \"\"hi\"\"\",'=cmd(),1 2,2,\"'-x,y\",\n"
        );
    }
}
