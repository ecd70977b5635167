//! The files of a capture, and the pass in which they are written.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::lines::Lines;
use super::name::Stem;
use super::parquet::Parquet;
use super::spool::Written;
use super::zeek::{self, Logged};
use super::{ExportError, Format, Place, Writer};
use crate::contract::Module;
use crate::rows::{Checked, QueryError};
use crate::service::{Extracted, Opened, Tables};

/// What is in a file: the rows of a table, or the lines of a log.
#[derive(Debug)]
pub struct Content {
    /// The name of the table or log.
    pub name: String,
    /// The tables that it is made of, by their places among all, in the order in which the file has them.
    tables: Vec<usize>,
    /// The components whose rows these are.
    pub analyzers: Vec<Module>,
}

/// A file of a capture.
pub struct File<'a> {
    /// What is in it.
    pub of: &'a Content,
    /// From the place of the data set on.
    pub path: String,
}

/// What a data set in this form can have of a capture.
pub fn contents(tables: &Tables, format: Format) -> Vec<Content> {
    if format != Format::Zeek {
        let content = |(place, table): (usize, &std::sync::Arc<crate::rows::Table>)| Content {
            name: table.name.clone(),
            tables: vec![place],
            analyzers: tables.components(place),
        };
        return tables.all().iter().enumerate().map(content).collect();
    }
    let mut all: Vec<Content> = Vec::new();
    for (table, logs) in zeek::TABLES {
        let Some(place) = tables.all().iter().position(|known| known.name == *table) else { continue };
        for log in *logs {
            let analyzers = tables.components(place);
            match all.iter_mut().find(|known| known.name == log.name) {
                Some(known) => {
                    known.tables.push(place);
                    let is_new = |module: &Module| known.analyzers.iter().all(|known| known.name != module.name);
                    let new: Vec<Module> = analyzers.into_iter().filter(is_new).collect();
                    known.analyzers.extend(new);
                }
                None => all.push(Content { name: log.name.into(), tables: vec![place], analyzers }),
            }
        }
    }
    all
}

/// Where a file is. What reads Zeek's logs knows them by their whole names, so that each capture has a folder of its own for them.
pub fn path(name: &str, stem: &Stem, format: Format) -> String {
    match format {
        Format::Zeek => format!("{stem}/{name}.{}", format.ending()),
        Format::Parquet | Format::Csv | Format::Ndjson => format!("{name}/{stem}.{}", format.ending()),
    }
}

/// What one table gives to a file.
struct Part<'a> {
    file: &'a File<'a>,
    /// The place of the table among those that are read.
    table: usize,
    writer: Mutex<Box<dyn Writer>>,
}

/// One pass over the capture, in which these files are written; of each, how many rows or lines it has.
///
/// # Errors
/// When the capture gives no rows, or the place has no room for them.
pub fn write(
    opened: &Opened<'_>,
    (tables, place): (&Tables, &Place),
    files: &[File<'_>],
    (format, name, stem): (Format, &str, &Stem),
) -> Result<(Extracted, Vec<(Written, u64)>), ExportError> {
    let mut read: Vec<usize> = files.iter().flat_map(|file| file.of.tables.iter().copied()).collect();
    read.sort_unstable();
    read.dedup();
    let mut parts = Vec::new();
    for file in files {
        for at in &file.of.tables {
            let (Some(known), Ok(table)) = (tables.all().get(*at), read.binary_search(at)) else { continue };
            let spool = place.spool(&file.path)?;
            let begun: io::Result<Box<dyn Writer>> = match format {
                Format::Parquet => Parquet::new(known, name, spool).map(|begun| Box::new(begun) as Box<_>),
                Format::Csv | Format::Ndjson => {
                    Lines::new(format, known, name, spool).map(|begun| Box::new(begun) as Box<_>)
                }
                Format::Zeek => {
                    Logged::new(&file.of.name, known, &stem.to_string(), spool).map(|begun| Box::new(begun) as Box<_>)
                }
            };
            let writer = Mutex::new(begun.map_err(|error| place.unwritten(&file.path, &error))?);
            parts.push(Part { file, table, writer });
        }
    }
    // What is wrong with a file is known better than why the pass ended then.
    let failed: Mutex<Option<ExportError>> = Mutex::new(None);
    let add = |table: usize, rows: &Checked| {
        for part in parts.iter().filter(|part| part.table == table) {
            let mut writer = part.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.add(rows).map_err(|error| {
                let told = QueryError::Failed(error.to_string());
                let error = place.unwritten(&part.file.path, &error);
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                told
            })?;
        }
        Ok(())
    };
    let extracted = opened.rows(tables, &read, &add);
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let extracted = extracted?;
    let mut written = Vec::with_capacity(files.len());
    let mut parts = parts.into_iter().peekable();
    for file in files {
        let mut own = Vec::new();
        while let Some(part) = parts.next_if(|part| std::ptr::eq(part.file, file)) {
            own.push(part.writer.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        written.push(place.finish(&file.path, |is_lasting| joined(own, is_lasting))?);
    }
    Ok((extracted, written))
}

/// Ends what tables gave to a file: that of one stands behind that of another.
fn joined(parts: Vec<Box<dyn Writer>>, is_lasting: bool) -> io::Result<(Written, u64)> {
    let mut parts = parts.into_iter();
    let (mut whole, mut rows) = parts.next().ok_or(io::ErrorKind::NotFound)?.end()?;
    for part in parts {
        let (behind, more) = part.end()?;
        whole.append(behind.finish(false)?)?;
        rows = rows.saturating_add(more);
    }
    Ok((whole.finish(is_lasting)?, rows))
}
