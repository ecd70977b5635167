//! SQL over a capture: which analyzers have to run for it, one pass with them, and the answer of the database that their rows fill.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::run::Of;
use super::wanted::Wanted;
use super::{Answer, Service};
use crate::answer::{AnswerError, Code};
use crate::contract::{self, Module};
use crate::effort::{Effort, after};
use crate::pipeline::Outcome;
use crate::progress::Progress;
use crate::rows::{QueryError, Table};
use crate::tables::tool::{self, Asked, Part};
use crate::tables::{Filled, Page, Query, Store, tables_of};
use crate::text::neutral;
use crate::watch::{self, Call, Caller};

/// Characters of the capture's name.
const FILE: usize = 300;
/// Characters that are left for what stands around the rows.
const AROUND: usize = 600;
/// By what a capture is known of which nothing was read.
const UNREAD: &str = "unread";

/// A query that can be asked: what it reads, and of whom.
pub(super) struct Ready {
    sql: String,
    known: Vec<Arc<Table>>,
    /// The tables that it reads, and who makes their rows.
    wanted: Wanted,
}

/// A capture whose rows were read.
pub(super) struct Read {
    /// Its name, as the caller knows it.
    file: String,
    /// What is known of it, where a table was read.
    outcome: Option<Outcome>,
    /// What its rows rest on.
    pub(super) receipt: Value,
}

impl Read {
    /// By what it is known.
    pub(super) fn identity(&self) -> &str {
        self.outcome.as_ref().map_or(UNREAD, |outcome| outcome.identity.as_str())
    }

    /// Packets that were read.
    pub(super) fn packets(&self) -> u64 {
        self.outcome.as_ref().map_or(0, |outcome| outcome.frames)
    }

    /// What an answer says of it.
    pub(super) fn head(&self) -> Map<String, Value> {
        let mut head = Map::new();
        head.insert("file".into(), self.file.as_str().into());
        if let Some(outcome) = &self.outcome {
            head.insert("total_packets".into(), outcome.frames.into());
            head.insert("capture".into(), contract::capture(outcome, None));
        }
        head
    }
}

impl Service {
    /// Answers SQL about a capture. The run ends when the future is dropped.
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn query(
        self: &Arc<Self>,
        caller: &Caller,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Answer, AnswerError> {
        let _call = self.calls.token();
        let asked = watch::Asked { tool: tool::NAME, component: None };
        let call = Call::begin(self.audit.as_ref(), &self.metrics, caller, asked, &arguments);
        let cancel = cancel.child_token();
        let _ends_with_this = cancel.clone().drop_guard();
        let answer = tokio::select! {
            answer = self.query_in_turn(arguments, cancel, progress) => answer,
            () = self.stop.cancelled() => Err(AnswerError::new(Code::Cancelled, "the server is stopping")),
        };
        call.end(answer.as_ref().map(|answer| &answer.receipt));
        answer
    }

    async fn query_in_turn(
        self: &Arc<Self>,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Answer, AnswerError> {
        let asked = Asked::read(arguments)?;
        self.ready().await;
        let file = asked.pcap_file.clone();
        self.about(&file, tool::NAME, cancel, progress, move |service, of| service.answer_query(&asked, of)).await?
    }

    fn answer_query(&self, asked: &Asked, of: &Of<'_>) -> Result<Answer, AnswerError> {
        let started = Instant::now();
        let (ready, part) = self.ready_to_ask(asked, false)?;
        let store = Mutex::new(self.store(&ready, false)?);
        let read = self.read_into(&ready, part.chars, &store, of)?;
        part.check(read.identity())?;
        let mut filled = store.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
        let page = self.page(&mut filled, &ready, &part, of.cancel)?;
        let mut receipt = read.receipt.clone();
        if let Some(receipt) = receipt.as_object_mut() {
            receipt.insert("cut".into(), (page.behind > 0 || page.is_cut).into());
        }
        let report = part.answer(read.head(), page, Some(read.identity()));
        Ok(Answer { report, receipt, time: started.elapsed() })
    }

    /// A database for the rows that SQL reads.
    pub(super) fn store(&self, ready: &Ready, is_of_several: bool) -> Result<Store, QueryError> {
        Store::create(ready.wanted.tables.clone(), &ready.known, self.line.limits.rows.size, is_of_several)
    }

    /// Fills it with those of a capture.
    pub(super) fn read_into(
        &self,
        ready: &Ready,
        chars: usize,
        store: &Mutex<Store>,
        of: &Of<'_>,
    ) -> Result<Read, AnswerError> {
        let add = |place: usize, rows: &_| store.lock().unwrap_or_else(PoisonError::into_inner).add(place, rows);
        let (outcomes, is_kept) = self.rows(&ready.wanted, &add, of)?;
        let receipt = self.receipt_of(ready, chars, &outcomes, is_kept);
        Ok(Read { file: neutral(of.shown, FILE).into_owned(), outcome: outcomes.into_iter().next(), receipt })
    }

    /// A part of the rows that answer SQL.
    pub(super) fn page(
        &self,
        filled: &mut Filled,
        ready: &Ready,
        part: &Part,
        cancel: &CancellationToken,
    ) -> Result<Page, QueryError> {
        let time = self.line.limits.rows.time;
        let query = Query {
            sql: &ready.sql,
            offset: part.offset,
            limit: part.limit,
            chars: part.chars.saturating_sub(AROUND),
            time,
        };
        // Besides its own time it waits for its turn.
        let until = after(self.line.limits.run.saturating_add(time));
        filled.ask(&query, &Effort { cancel, until })
    }

    /// Finds out what SQL reads, and who gives it.
    pub(super) fn ready_to_ask(&self, asked: &Asked, is_of_several: bool) -> Result<(Ready, Part), AnswerError> {
        let catalog = self.catalog();
        let known = catalog.known_tables();
        let named = tables_of(&asked.sql, &known, is_of_several)?;
        let wanted = Wanted::of(&catalog, &known, &named);
        let ready = Ready { sql: asked.sql.clone(), known, wanted };
        let components: Vec<&str> = ready.wanted.modules().iter().map(|module| module.sha256.as_str()).collect();
        let part = asked.part(&components.join(" "), self.max_chars)?;
        Ok((ready, part))
    }

    fn receipt_of(&self, ready: &Ready, chars: usize, outcomes: &[Outcome], is_kept: bool) -> Value {
        let limits = &self.line.limits;
        let component =
            |module: &Module| json!({ "name": module.name, "version": module.version, "sha256": module.sha256 });
        let components: Vec<Value> = ready.wanted.modules().into_iter().map(component).collect();
        let first = outcomes.first();
        let mut capture = Map::new();
        if let Some(outcome) = first {
            let name = if outcome.identity_is_whole { "sha256" } else { "sha256_of_what_was_read" };
            capture.insert("size".into(), outcome.size.into());
            capture.insert("frames_read".into(), outcome.frames.into());
            capture.insert(name.into(), outcome.identity.as_str().into());
        }
        let memory = outcomes.iter().map(|outcome| outcome.memory).max().unwrap_or_default();
        json!({
            "capture": capture,
            "components": components,
            "limits": {
                "memory_octets": limits.memory,
                "run_seconds": limits.run.as_secs(),
                "rows_octets": limits.rows.size,
                "query_seconds": limits.rows.time.as_secs(),
                "max_chars": chars,
            },
            "used": { "memory_octets": memory, "capture_octets": first.map_or(0, |outcome| outcome.octets) },
            "cut": false,
            "stopped_early": first.and_then(|outcome| outcome.end.as_ref()).map(|end| end.reason),
            "kept": is_kept,
        })
    }
}
