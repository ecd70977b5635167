//! SQL over a capture: which tables it reads, who makes them, and the answer of the database that they are in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::rows::{Gathered, Use};
use super::run::Of;
use super::wanted::Wanted;
use super::{Answer, Service};
use crate::answer::{AnswerError, Code};
use crate::catalog::Catalog;
use crate::contract::{self, Module};
use crate::effort::{Effort, after};
use crate::pipeline::Outcome;
use crate::progress::Progress;
use crate::rows::{QueryError, Table};
use crate::tables::tool::{self, Asked, Part};
use crate::tables::{Filled, Page, Query, Room, TableFile, tables_of};
use crate::text::neutral;
use crate::watch::{self, Call, Caller};

/// Characters of the capture's name.
const FILE: usize = 300;
/// Characters that are left for what stands around the rows, besides what is said of the capture.
const AROUND: usize = 300;
/// By what a capture is known of which nothing was read.
const UNREAD: &str = "unread";

/// A query that can be asked: what it reads, and of whom.
pub(super) struct Ready {
    sql: String,
    catalog: Arc<Catalog>,
    /// All tables that there are, and which of them it reads.
    pub(super) known: Vec<Arc<Table>>,
    named: Vec<usize>,
    /// Those, and who makes their rows.
    pub(super) wanted: Wanted,
}

impl Ready {
    /// Some of the tables that it reads, by their places among them.
    pub(super) fn some(&self, places: &[usize]) -> Wanted {
        let named: Vec<usize> = places.iter().filter_map(|place| self.named.get(*place)).copied().collect();
        Wanted::of(&self.catalog, &self.known, &named, self.wanted.key_log.as_ref())
    }
}

/// A capture whose rows were read.
pub(super) struct Read {
    /// Its name, as the caller knows it.
    file: String,
    /// What is known of it, where a table was read.
    outcome: Option<Outcome>,
    /// What its rows rest on.
    pub(super) receipt: Value,
    /// Its tables.
    pub(super) files: Vec<TableFile>,
}

impl Read {
    /// The names of those that are kept.
    pub(super) fn kept(&self) -> Vec<String> {
        self.files.iter().filter_map(TableFile::kept).map(str::to_owned).collect()
    }

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
        let (ready, part) = self.ready_to_ask(asked, false, of.cancel)?;
        let room = Arc::new(Room::new(self.line.limits.rows.size));
        let (read, page) = self.read_and_ask(&ready, &part, &room, of)?;
        let mut receipt = read.receipt.clone();
        if let Some(receipt) = receipt.as_object_mut() {
            receipt.insert("cut".into(), (page.behind > 0 || page.is_cut).into());
        }
        let report = part.answer(read.head(), page, Some(read.identity()));
        Ok(Answer { report, receipt, time: started.elapsed() })
    }

    /// Gathers the tables and asks them; where a kept one turns out to be damaged, once more.
    fn read_and_ask(
        &self,
        ready: &Ready,
        part: &Part,
        room: &Arc<Room>,
        of: &Of<'_>,
    ) -> Result<(Read, Page), AnswerError> {
        // What is made in place of a damaged one may be kept in its turn.
        let mut tries = 2_u32;
        loop {
            let may_be_kept = tries > 0;
            let mut read = self.read_tables(ready, part.chars, &Use { room, is_asked: true, may_be_kept }, of)?;
            part.check(read.identity())?;
            let kept = read.kept();
            let filled = self.filled(ready, std::mem::take(&mut read.files), room, of.cancel);
            let head = read.head();
            match filled.and_then(|mut filled| self.page(&mut filled, ready, (part, &head), of.cancel)) {
                Err(QueryError::Damaged(_)) if !kept.is_empty() => {
                    self.forget(&kept);
                    tries = tries.saturating_sub(1);
                }
                page => return Ok((read, page?)),
            }
        }
    }

    /// Tables that turned out to be damaged are kept no more.
    pub(super) fn forget(&self, kept: &[String]) {
        if let Some(cache) = &self.table_cache {
            cache.forget_damaged(kept);
        }
    }

    /// Tables that can be asked.
    pub(super) fn filled(
        &self,
        ready: &Ready,
        files: Vec<TableFile>,
        room: &Arc<Room>,
        cancel: &CancellationToken,
    ) -> Result<Filled, QueryError> {
        let effort = Effort { cancel, until: after(self.line.limits.rows.time) };
        Filled::of_files(files, &ready.known, room, &effort)
    }

    /// Gathers the tables of a capture.
    pub(super) fn read_tables(
        &self,
        ready: &Ready,
        chars: usize,
        used: &Use<'_>,
        of: &Of<'_>,
    ) -> Result<Read, AnswerError> {
        let Gathered { files, outcomes, is_kept } = self.gather(ready, used, of)?;
        let receipt = self.receipt_of(ready, chars, &outcomes, is_kept);
        let file = neutral(of.shown, FILE).into_owned();
        Ok(Read { file, outcome: outcomes.into_iter().next(), receipt, files })
    }

    /// A part of the rows that answer SQL, beside what is said of the capture.
    pub(super) fn page(
        &self,
        filled: &mut Filled,
        ready: &Ready,
        (part, head): (&Part, &Map<String, Value>),
        cancel: &CancellationToken,
    ) -> Result<Page, QueryError> {
        let head = Value::Object(head.clone()).to_string().chars().count();

        let (time, effort) = self.time_to_ask(cancel);
        let query = Query {
            sql: &ready.sql,
            offset: part.offset,
            limit: part.limit,
            chars: part.chars.saturating_sub(AROUND).saturating_sub(head),
            time,
        };
        filled.ask(&query, &effort)
    }

    /// How long SQL may take; besides its own time it waits for its turn.
    fn time_to_ask<'c>(&self, cancel: &'c CancellationToken) -> (Duration, Effort<'c>) {
        let time = self.line.limits.rows.time;
        (time, Effort { cancel, until: after(self.line.limits.run.saturating_add(time)) })
    }

    /// Finds out what SQL reads, and who gives it.
    pub(super) fn ready_to_ask(
        &self,
        asked: &Asked,
        is_of_several: bool,
        cancel: &CancellationToken,
    ) -> Result<(Ready, Part), AnswerError> {
        let catalog = self.catalog();
        let known = catalog.known_tables();
        let (time, effort) = self.time_to_ask(cancel);
        let named = tables_of(&asked.sql, &known, is_of_several, (time, &effort))?;
        let key_log = asked.keylog_file.as_ref().map(|path| self.key_log(path)).transpose()?;
        let wanted = Wanted::of(&catalog, &known, &named, key_log.as_ref());
        let ready = Ready { sql: asked.sql.clone(), catalog, known, named, wanted };
        let components: Vec<&str> = ready.wanted.modules().iter().map(|module| module.sha256.as_str()).collect();
        let sha256 = key_log.as_ref().map(|key_log| key_log.sha256.as_str());
        let part = asked.part(&components.join(" "), sha256, self.max_chars)?;
        Ok((ready, part))
    }

    fn receipt_of(&self, ready: &Ready, chars: usize, outcomes: &[Outcome], is_kept: bool) -> Value {
        let limits = &self.line.limits;
        let component =
            |module: &Module| json!({ "name": module.name, "version": module.version, "sha256": module.sha256 });
        let components: Vec<Value> = ready.wanted.modules().into_iter().map(component).collect();
        let first = outcomes.first();
        let capture = first.map(contract::of_capture).unwrap_or_default();
        let memory = outcomes.iter().map(|outcome| outcome.memory).max().unwrap_or_default();
        let mut receipt = json!({
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
        });
        if let (Some(receipt), Some(key_log)) = (receipt.as_object_mut(), &ready.wanted.key_log) {
            receipt.insert("key_log".into(), key_log.in_receipt());
        }
        receipt
    }
}
