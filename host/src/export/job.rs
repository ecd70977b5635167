//! The work on a capture: what of it is there already, one pass for the rest, and its files put in place, the record last.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::files::{self, Content, File};
use super::manifest::{self, Basis, Capture, Manifest, Part, Settings};
use super::name::Stem;
use super::{ExportError, Format, Place};
use crate::answer::{AnswerError, Code};
use crate::capture::KeyLog;
use crate::progress::Progress;
use crate::service::{Opened, Service, Tables};

/// By what name the audit log and metrics know it.
const COMMAND: &str = "export";

/// What is to be done with each capture.
pub struct Job {
    place: Place,
    tables: Tables,
    /// What there can be of a capture, and whether it was asked for.
    contents: Vec<(Content, bool)>,
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
    /// Its table or log.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

impl Job {
    /// For tables or logs of these names, or for all; with the key log of what decrypts.
    ///
    /// # Errors
    /// With the name of one that is not there, and those that are.
    pub async fn new(
        service: &Service,
        place: Place,
        (format, key_log): (Format, Option<KeyLog>),
        names: &[String],
    ) -> Result<Self, String> {
        let tables = service.tables(key_log).await;
        let contents = files::contents(&tables, format);
        for name in names {
            if contents.iter().all(|content| content.name != *name) {
                let all: Vec<&str> = contents.iter().map(|content| content.name.as_str()).collect();
                let unit = format.unit();
                return Err(format!("there is no {unit} {name}; the {unit}s are {}", all.join(", ")));
            }
        }
        let is_chosen = |content: &Content| names.is_empty() || names.contains(&content.name);
        let contents = contents.into_iter().map(|content| (is_chosen(&content), content));
        let contents = contents.map(|(is_chosen, content)| (content, is_chosen)).collect();
        let settings = Settings {
            max_packets: service.max_packets(),
            component_memory: service.limits().memory,
            key_log: tables.key_log().map(str::to_owned),
        };
        Ok(Self { place, tables, contents, basis: Basis { format, settings, line: Tables::line() } })
    }

    /// Exports a capture under a name.
    ///
    /// # Errors
    /// When it gives no rows, or the place takes none. Then it is not in the data set, or as it was before.
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
        for (of, is_chosen) in &self.contents {
            // What was made another way than the rest would be now is made again with it.
            if !is_chosen && !old.as_ref().is_some_and(|old| old.tables.contains_key(&of.name)) {
                continue;
            }
            let file = File { of, path: files::path(&of.name, &stem, self.basis.format) };
            if self.is_there(standing, &file, cancel)? {
                kept = kept.saturating_add((*is_chosen).into());
            } else {
                missing.push(file);
            }
        }
        if let Some(standing) = standing.filter(|_| missing.is_empty()) {
            return Ok(Done { capture: standing.capture.clone(), made: Vec::new(), kept });
        }
        let (extracted, written) =
            files::write(opened, (&self.tables, &self.place), &missing, (self.basis.format, name, &stem))?;
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
                analyzers: file.of.analyzers.iter().map(|module| module.name.clone()).collect(),
            };
            made.push(Made { name: file.of.name.clone(), rows: *rows, bytes: written.bytes });
            record_of.add(&file.of.name, part, &file.of.analyzers);
        }
        let is_replaced = |file: &File<'_>| old.as_ref().is_some_and(|old| old.tables.contains_key(&file.of.name));
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
            self.place.remove(&files::path(name, &stem, self.basis.format), cancel)?;
        }
        Ok(Done { capture, made, kept })
    }

    /// Whether a file is there, as the record says that it was made.
    fn is_there(
        &self,
        standing: Option<&Manifest>,
        file: &File<'_>,
        cancel: &CancellationToken,
    ) -> Result<bool, ExportError> {
        let Some(part) = standing.and_then(|standing| standing.table(&file.of.name, &file.of.analyzers)) else {
            return Ok(false);
        };
        Ok(part.file == file.path && self.place.size(&file.path, cancel)? == Some(part.bytes))
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

/// Whether it can be the name of a table or log: a record may say anything.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
