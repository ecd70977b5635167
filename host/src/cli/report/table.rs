//! Tables that fit the width of a terminal.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, LineStyle, Row as Line, Table, TableStyle, Width};

use super::columns::{Column, Columns};
use super::lists::List;

/// Lines of a row.
const LINES: usize = 3;
/// Blanks between columns.
const GAP: usize = 2;
const PADDING: (u16, u16) = (0, 2);

/// A table, and what of the list is not in it.
pub struct Drawn {
    pub text: String,
    /// What is the same in all rows, as `protocol UDP`.
    pub same: Vec<String>,
    /// How many columns were left out.
    pub left_out: usize,
}

/// Draws the first rows of a list, with as many columns as fit.
pub fn draw(list: &List, rows: usize, width: usize) -> Drawn {
    let shown = Columns::of(list.rows.get(..rows).unwrap_or(&list.rows));
    let mut chosen: Vec<&Column> = Vec::new();
    let mut room = width;
    for column in &shown.columns {
        let needed = column.least().saturating_add(GAP);
        // What is behind it may be narrower, but would stand in another order than it belongs in.
        if needed > room && !chosen.is_empty() {
            break;
        }
        room = room.saturating_sub(needed);
        chosen.push(column);
    }
    let mut table = plain(width);
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-')));
    table.set_header(chosen.iter().map(|column| Cell::new(&column.name)));
    for row in 0..shown.rows {
        let cells = chosen.iter().map(|column| Cell::new(column.cells.get(row).map_or("", String::as_str)));
        let mut line = Line::from(cells.collect::<Vec<_>>());
        line.max_height(LINES);
        table.add_row(line);
    }
    for (drawn, column) in table.column_iter_mut().zip(&chosen) {
        let least = u16::try_from(column.least().saturating_add(GAP)).unwrap_or(u16::MAX);
        drawn.set_padding(PADDING).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
    }
    let left_out = shown.columns.len().saturating_sub(chosen.len());
    Drawn { text: trimmed(&table), same: shown.same, left_out }
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
