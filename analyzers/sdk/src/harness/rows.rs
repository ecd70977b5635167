//! The rows of a tool's tables, in unit tests.

use serde_json::{Map, Value};

use crate::table::{self, Cells, Column, Table};
use crate::{Problem, Tool, ToolEntry};

/// Runs a tool over a capture and gives the rows of one of its tables: times in nanoseconds, absent values as `null`.
///
/// # Errors
/// As [`run`](super::run).
pub fn rows<T: Tool>(capture: &[u8], arguments: &Value, of: &'static Table) -> Result<Vec<Value>, Problem> {
    table::want(&[of.name.into()], T::TABLES)?;
    super::run_tool(&ToolEntry::of::<T>(), capture, arguments, &[])?;
    let mut rows = Vec::new();
    while let Some((_, columns)) = table::take() {
        let count = columns.iter().map(|column| values(column).len()).max().unwrap_or_default();
        let columns: Vec<(&str, Vec<Value>)> =
            of.columns.iter().map(|column| column.name).zip(columns.iter().map(values)).collect();
        assert!(columns.iter().all(|(_, values)| values.len() == count), "columns differ in length");
        rows.extend((0..count).map(|row| {
            Value::Object(
                columns.iter().map(|(name, values)| ((*name).to_owned(), values[row].clone())).collect::<Map<_, _>>(),
            )
        }));
    }
    table::want(&[], &[])?;
    Ok(rows)
}

fn values(column: &Column) -> Vec<Value> {
    let texts = |texts: &table::Texts| {
        let mut start = 0;
        let each = texts.ends.iter().map(|end| {
            let text = &texts.text[start..*end as usize];
            start = *end as usize;
            Value::from(text)
        });
        each.collect::<Vec<_>>()
    };
    let lists = |values: Vec<Value>, ends: &[u32]| {
        let mut start = 0;
        let each = ends.iter().map(|end| {
            let list = values[start..*end as usize].to_vec();
            start = *end as usize;
            Value::from(list)
        });
        each.collect::<Vec<_>>()
    };
    let mut all: Vec<Value> = match &column.cells {
        Cells::Integers(values) | Cells::Times(values) => values.iter().map(|value| Value::from(*value)).collect(),
        Cells::Floats(values) => values.iter().map(|value| Value::from(*value)).collect(),
        Cells::Truths(values) => values.iter().map(|value| Value::from(*value)).collect(),
        Cells::Texts(all) => texts(all),
        Cells::Addresses(addresses) => {
            let halves = addresses.high.iter().zip(&addresses.low);
            let address = |(version, (high, low)): (&u8, (&u64, &u64))| match version {
                4 => std::net::Ipv4Addr::from(*low as u32).to_string(),
                _ => std::net::Ipv6Addr::from((u128::from(*high) << 64) | u128::from(*low)).to_string(),
            };
            addresses.versions.iter().zip(halves).map(|pair| Value::from(address(pair))).collect()
        }
        Cells::IntegerLists(values, ends) => lists(values.iter().map(|value| Value::from(*value)).collect(), ends),
        Cells::TextLists(all, ends) => lists(texts(all), ends),
    };
    for row in &column.absent {
        all[*row as usize] = Value::Null;
    }
    all
}
