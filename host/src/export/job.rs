//! The work on a capture: what of it is there already, one pass for the rest, and its files put in place, the record last.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::manifest::{self, Basis, Capture, Manifest, Part, Settings};
use super::name::Stem;
use super::parquet::Parquet;
use super::spool::Written;
use super::{ExportError, Format, Place, Writer};
use crate::answer::{AnswerError, Code};
use crate::contract::Module;
use crate::progress::Progress;
use crate::rows::{QueryError, Table};
use crate::service::{Extracted, Opened, Service, Tables};

/// By what name the audit log and metrics know it.
const COMMAND: &str = "export";

/// What is to be done with each capture.
pub struct Job {
    place: Place,
    tables: Tables,
    /// Places of the tables that were asked for.
    chosen: Vec<usize>,
    basis: Basis,
}

/// What became of a capture.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The capture.
    pub capture: Capture,
    /// The files that were made, in their order.
    pub made: Vec<Made>,
    /// How many of those that were asked for were there already.
    pub kept: usize,
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// A file of a capture.
struct File {
    /// Its table.
    name: String,
    /// The place of the table among all.
    table: usize,
    /// From the place of the data set on.
    path: String,
    /// The components whose rows it has.
    analyzers: Vec<Module>,
}

/// A file that is being written.
struct Writing {
    writer: Box<dyn Writer>,
    rows: u64,
}

impl Job {
    /// For tables of these names, or for all.
    ///
    /// # Errors
    /// With the name of a table that is not there, and those that are.
    pub async fn new(service: &Service, place: Place, format: Format, names: &[String]) -> Result<Self, String> {
        let tables = service.tables().await;
        let mut chosen = Vec::new();
        for name in names {
            let known = tables.all().iter().position(|table| table.name == *name);
            let all = || tables.all().iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
            chosen.push(known.ok_or_else(|| format!("there is no table {name}; the tables are {}", all()))?);
        }
        if names.is_empty() {
            chosen = (0..tables.all().len()).collect();
        }
        let settings = Settings { max_packets: service.max_packets(), component_memory: service.limits().memory };
        Ok(Self { place, tables, chosen, basis: Basis { format, settings, line: Tables::line() } })
    }

    /// Exports a capture under a name.
    ///
    /// # Errors
    /// When it gives no rows, or the place takes none. Then nothing of it was put there that was not there before.
    pub async fn export(
        self: &Arc<Self>,
        service: &Arc<Service>,
        (capture, name): (&str, &str),
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Done, ExportError> {
        let (job, name) = (Arc::clone(self), name.to_owned());
        let work = move |opened: &Opened<'_>| job.one(opened, &name);
        let told = |done: &Done| -> Value {
            let octets = if done.made.is_empty() { 0 } else { done.capture.size };
            json!({ "capture": { "sha256": done.capture.sha256 }, "used": { "capture_octets": octets }, "kept": done.made.is_empty() })
        };
        service.open(COMMAND, capture, cancel, progress, work, told).await
    }

    /// All files that a capture can have.
    fn files(&self, stem: &Stem) -> Vec<File> {
        let tables = self.tables.all().iter().enumerate();
        tables
            .map(|(place, table)| File {
                name: table.name.clone(),
                table: place,
                path: path(&table.name, stem, self.basis.format),
                analyzers: self.tables.components(place),
            })
            .collect()
    }

    fn one(&self, opened: &Opened<'_>, name: &str) -> Result<Done, ExportError> {
        let cancel = opened.cancel();
        let sha256 = opened.sha256()?;
        let stem = Stem::new(name, &sha256);
        let record = format!("manifest/{stem}.json");
        let old = self.place.read(&record, manifest::MOST, cancel)?.and_then(|bytes| Manifest::read(&bytes));
        if let Some(old) = old.as_ref().filter(|old| old.format != self.basis.format) {
            let (there, wanted) = (old.format, self.basis.format);
            return Err(ExportError::Format { place: self.place.shown(&record), there, wanted });
        }
        let standing = old.as_ref().filter(|old| old.is_of(&self.basis, name, &sha256));
        let (mut missing, mut kept) = (Vec::new(), 0_usize);
        for file in self.files(&stem) {
            let is_chosen = self.chosen.contains(&file.table);
            // What was made another way than the rest would be now is made again with it.
            if !is_chosen && !old.as_ref().is_some_and(|old| old.tables.contains_key(&file.name)) {
                continue;
            }
            if self.is_there(standing, &file, cancel)? {
                kept = kept.saturating_add(is_chosen.into());
            } else {
                missing.push(file);
            }
        }
        if let Some(standing) = standing.filter(|_| missing.is_empty()) {
            return Ok(Done { capture: standing.capture.clone(), made: Vec::new(), kept });
        }
        let (extracted, written) = self.write(opened, &missing, name)?;
        if extracted.sha256.as_ref().is_some_and(|read| *read != sha256) {
            let message = "it changed while it was read; wait until it is written, or copy it";
            return Err(AnswerError::new(Code::Damaged, message).into());
        }
        let capture = Capture::new(name, opened.size(), &sha256, &extracted);
        let mut record_of = match standing {
            // What is there would be of another part of the capture.
            Some(_) if capture.is_cut_by_time() => {
                let message =
                    "reading took longer than --run-time now, and did not before; what is there stays as it is";
                return Err(AnswerError::new(Code::LimitReached, message).into());
            }
            Some(standing) => standing.clone(),
            None => Manifest::new(&self.basis, capture.clone()),
        };
        if record_of.capture.packets < capture.packets {
            // With --max-packets, other analyzers had enough of it later.
            record_of.capture = capture.clone();
        }
        let mut made = Vec::new();
        for (file, (written, rows)) in missing.iter().zip(&written) {
            let part = Part {
                file: file.path.clone(),
                rows: *rows,
                bytes: written.bytes,
                sha256: written.sha256.clone(),
                analyzers: file.analyzers.iter().map(|module| module.name.clone()).collect(),
            };
            made.push(Made { table: file.name.clone(), rows: *rows, bytes: written.bytes });
            record_of.add(&file.name, part, &file.analyzers);
        }
        let is_replaced = |file: &File| old.as_ref().is_some_and(|old| old.tables.contains_key(&file.name));
        if missing.iter().any(is_replaced) {
            // So that at no moment it speaks of files that are not there.
            self.place.remove(&record, cancel)?;
        }
        for (file, (written, _)) in missing.iter().zip(written) {
            self.place.put(&file.path, written, cancel)?;
        }
        self.put_record(&record, &record_of, cancel)?;
        let gone = old.iter().flat_map(|old| old.tables.keys()).filter(|name| !record_of.tables.contains_key(*name));
        for name in gone.filter(|name| is_name(name)) {
            self.place.remove(&path(name, &stem, self.basis.format), cancel)?;
        }
        Ok(Done { capture, made, kept })
    }

    /// Whether a file is there, as the record says that it was made.
    fn is_there(
        &self,
        standing: Option<&Manifest>,
        file: &File,
        cancel: &CancellationToken,
    ) -> Result<bool, ExportError> {
        let Some(part) = standing.and_then(|standing| standing.table(&file.name, &file.analyzers)) else {
            return Ok(false);
        };
        Ok(part.file == file.path && self.place.size(&file.path, cancel)? == Some(part.bytes))
    }

    /// One pass over the capture, in which these files are written.
    fn write(
        &self,
        opened: &Opened<'_>,
        files: &[File],
        name: &str,
    ) -> Result<(Extracted, Vec<(Written, u64)>), ExportError> {
        let mut writing = Vec::with_capacity(files.len());
        for file in files {
            let spool = self.place.spool(&file.path)?;
            let begun = match self.tables.all().get(file.table) {
                Some(table) => self.writer(table, name, spool),
                None => Err(io::ErrorKind::NotFound.into()),
            };
            let writer = begun.map_err(|error| self.place.unwritten(&file.path, &error))?;
            writing.push(Mutex::new(Writing { writer, rows: 0 }));
        }
        // What is wrong with a file is known better than why the pass ended then.
        let failed: Mutex<Option<ExportError>> = Mutex::new(None);
        let add = |place: usize, rows: &crate::rows::Checked| {
            let (Some(writing), Some(file)) = (writing.get(place), files.get(place)) else {
                return Err(QueryError::Failed("rows of no table".into()));
            };
            let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            writing.rows = writing.rows.saturating_add(rows.count as u64);
            writing.writer.add(rows).map_err(|error| {
                let told = QueryError::Failed(error.to_string());
                let error = self.place.unwritten(&file.path, &error);
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                told
            })
        };
        let places: Vec<usize> = files.iter().map(|file| file.table).collect();
        let extracted = opened.rows(&self.tables, &places, &add);
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let extracted = extracted?;
        let mut written = Vec::with_capacity(files.len());
        for (file, writing) in files.iter().zip(writing) {
            let Writing { writer, rows } = writing.into_inner().unwrap_or_else(PoisonError::into_inner);
            written.push((self.place.finish(&file.path, |is_lasting| writer.finish(is_lasting))?, rows));
        }
        Ok((extracted, written))
    }

    fn writer(&self, table: &Arc<Table>, name: &str, spool: super::spool::Spool) -> io::Result<Box<dyn Writer>> {
        Ok(match self.basis.format {
            Format::Parquet => Box::new(Parquet::new(table, name, spool)?),
            Format::Csv | Format::Ndjson => Box::new(Lines::new(self.basis.format, table, name, spool)?),
        })
    }

    fn put_record(&self, path: &str, record: &Manifest, cancel: &CancellationToken) -> Result<(), ExportError> {
        let mut spool = self.place.spool(path)?;
        let text = record.written().map_err(io::Error::other);
        let wrote = text.and_then(|text| io::Write::write_all(&mut spool, &text));
        wrote.map_err(|error| self.place.unwritten(path, &error))?;
        let written = self.place.finish(path, |is_lasting| spool.finish(is_lasting))?;
        self.place.put(path, written, cancel)
    }
}

/// Where the file of a table is.
fn path(table: &str, stem: &Stem, format: Format) -> String {
    format!("{table}/{stem}.{}", format.name())
}

/// Whether it can be the name of a table: a record may say anything.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
