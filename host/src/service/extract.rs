//! Rows of captures for whoever takes them as they come, and not as an answer: which tables there are, and one capture after the other.

use std::sync::Arc;

use mcpcap_native::Builtin;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::run::Of;
use super::wanted::{Add, Wanted};
use super::{Service, stopping};
use crate::answer::AnswerError;
use crate::capture::KeyLog;
use crate::catalog::Catalog;
use crate::contract::Module;
use crate::pipeline::End;
use crate::progress::Progress;
use crate::rows::Table;
use crate::watch::{self, Call, Caller};

/// The components that every capture passes through before an analyzer has it.
const LINE: [&str; 3] = ["reader", "codec", "decoder"];

/// The tables that there are at one moment.
pub struct Tables {
    catalog: Arc<Catalog>,
    known: Vec<Arc<Table>>,
    key_log: Option<KeyLog>,
}

impl Tables {
    /// SHA-256 of the key log.
    pub fn key_log(&self) -> Option<&str> {
        self.key_log.as_ref().map(|key_log| key_log.sha256.as_str())
    }

    /// All of them, in their order: those of the analyzers, and last the one of findings.
    pub fn all(&self) -> &[Arc<Table>] {
        &self.known
    }

    /// The components whose rows the n-th one has.
    pub fn components(&self, place: usize) -> Vec<Module> {
        Wanted::of(&self.catalog, &self.known, &[place], None).modules_of(0).into_iter().cloned().collect()
    }

    /// Those that every capture passes through: on them all rows depend.
    pub fn line() -> Vec<Module> {
        let module = |builtin: &Builtin| Module {
            name: builtin.name.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            sha256: builtin.sha256.into(),
            is_foreign: false,
        };
        LINE.iter().filter_map(|name| Builtin::find(name)).map(module).collect()
    }
}

/// A capture that was opened for its rows.
pub struct Opened<'a> {
    service: &'a Service,
    of: &'a Of<'a>,
}

/// What is known of a capture whose rows were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// Packets that were read.
    pub packets: u64,
    /// Why reading ended before the end of the capture, where it did.
    pub end: Option<End>,
    /// SHA-256 of the file, where all of it was read.
    pub sha256: Option<String>,
}

impl Opened<'_> {
    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.of.capture.size
    }

    /// Ends the work, when it is cancelled.
    pub fn cancel(&self) -> &CancellationToken {
        self.of.cancel
    }

    /// SHA-256 of the file, as hexadecimal digits. Reads it where that is not known.
    ///
    /// # Errors
    /// When it cannot be read, or the work was cancelled.
    pub fn sha256(&self) -> Result<String, AnswerError> {
        self.service.sha256(self.of)
    }

    /// Gives the rows of some tables, by their places among all: those of the n-th one with n, in their order, and of several tables at once. Of
    /// each the same capture gives the same rows, in the same portions.
    ///
    /// # Errors
    /// When there are none, or whoever takes them wants no more.
    pub fn rows(&self, tables: &Tables, places: &[usize], add: Add<'_>) -> Result<Extracted, AnswerError> {
        let wanted = Wanted::of(&tables.catalog, &tables.known, places, tables.key_log.as_ref());
        let (outcomes, _) = self.service.rows(&wanted, add, self.of)?;
        // With --max-packets one may have had enough before another.
        let furthest = outcomes.into_iter().max_by_key(|outcome| outcome.frames).ok_or_else(stopping)?;
        let sha256 = furthest.identity_is_whole.then_some(furthest.identity);
        Ok(Extracted { packets: furthest.frames, end: furthest.end, sha256 })
    }
}

impl Service {
    /// The tables that there are, when all analyzers that were there at the start are; those that decrypt are given the key log.
    pub async fn tables(&self, key_log: Option<KeyLog>) -> Tables {
        self.settled().await;
        let catalog = self.catalog();
        Tables { known: catalog.known_tables(), catalog, key_log }
    }

    /// The most packets of its protocol that an analyzer looks at, where that was set.
    pub fn max_packets(&self) -> Option<u64> {
        self.max_packets
    }

    /// Opens a capture, and does something with it on a thread of its own. `command` is for whom, and `told` what the audit log tells of it when it is done.
    ///
    /// # Errors
    /// When it cannot be opened, and as the work fails.
    pub async fn open<T, E>(
        self: &Arc<Self>,
        command: &'static str,
        capture: &str,
        cancel: CancellationToken,
        progress: Arc<Progress>,
        work: impl FnOnce(&Opened<'_>) -> Result<T, E> + Send + 'static,
        told: impl Fn(&T) -> Value,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<AnswerError> + Send + 'static,
        for<'e> AnswerError: From<&'e E>,
    {
        let _token = self.calls.token();
        let caller = Caller::default();
        let asked = watch::Asked { tool: command, component: None };
        let arguments = Map::from_iter([("pcap_file".to_owned(), Value::from(capture))]);
        let call = Call::begin(self.audit.as_ref(), &self.metrics, &caller, asked, &arguments);
        let work = move |service: &Self, of: &Of<'_>| work(&Opened { service, of });
        let done = self.about(capture, command, cancel, progress, work).await.map_err(E::from).and_then(|done| done);
        match &done {
            Ok(done) => call.end(Ok(&told(done))),
            Err(error) => call.end(Err(&error.into())),
        }
        done
    }
}
