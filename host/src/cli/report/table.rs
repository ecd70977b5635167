//! Tables that fit the width of a terminal.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, LineStyle, Row as Line, Table, TableStyle, Width};
use serde_json::Value;

use super::lists::{List, Row, cell, is_nothing};
use crate::text::neutral;

/// Characters of a text in a table.
const CELL: usize = 200;
/// The width from which on a column may wrap.
const WRAPS: usize = 28;
/// Lines of a row.
const LINES: usize = 3;
/// Blanks between columns.
const GAP: usize = 2;
const PADDING: (u16, u16) = (0, 2);

/// A table and what did not fit into it.
pub struct Drawn {
    pub text: String,
    /// Names of columns that were left out.
    pub left_out: usize,
}

/// Draws the first rows of a list, with as many columns as fit.
pub fn draw(list: &List, rows: usize, width: usize) -> Drawn {
    let rows = list.rows.get(..rows).unwrap_or(&list.rows);
    let columns = columns(rows);
    let mut chosen: Vec<&str> = Vec::new();
    let mut room = width;
    for column in &columns {
        let needed = least(column, rows).saturating_add(GAP);
        // What is behind it may be narrower, but would stand in another order than it belongs in.
        if needed > room && !chosen.is_empty() {
            break;
        }
        room = room.saturating_sub(needed);
        chosen.push(column);
    }
    let mut table = plain(width);
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-')));
    table.set_header(chosen.iter().copied().map(Cell::new));
    for row in rows {
        let cells = chosen.iter().map(|column| Cell::new(shown(row.get(*column).unwrap_or(&Value::Null))));
        let mut line = Line::from(cells.collect::<Vec<_>>());
        line.max_height(LINES);
        table.add_row(line);
    }
    for (column, name) in table.column_iter_mut().zip(&chosen) {
        let least = u16::try_from(least(name, rows).saturating_add(GAP)).unwrap_or(u16::MAX);
        column.set_padding(PADDING).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
    }
    Drawn { text: trimmed(&table), left_out: columns.len().saturating_sub(chosen.len()) }
}

/// Two or more columns without heads, for names and what belongs to them. All but the last one keep their width.
pub fn beside(rows: Vec<Vec<String>>, width: usize) -> String {
    let mut table = plain(width);
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new).collect::<Vec<_>>());
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding(PADDING);
        if place.saturating_add(1) < count {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    trimmed(&table)
}

fn plain(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

/// Without the blanks at the ends of lines.
fn trimmed(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The fields that say something in one of the rows, in the order in which they come up.
fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (name, value) in rows.iter().flatten() {
        if !is_nothing(value) && !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

/// What a column takes at least: its head and its values, where these are not so long that they wrap.
fn least(column: &str, rows: &[Row]) -> usize {
    let widths = rows.iter().filter_map(|row| row.get(column)).map(|value| {
        let width = shown(value).chars().count();
        if value.is_number() || value.is_boolean() { width } else { width.min(WRAPS.max(column.len())) }
    });
    widths.max().unwrap_or_default().max(column.len())
}

/// A value in a cell: in one line, whatever stands in it.
fn shown(value: &Value) -> String {
    neutral(&cell(value), CELL).into_owned()
}
