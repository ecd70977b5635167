//! The tables of a capture that SQL reads: those that are kept from before, and a pass over the capture for the others, which are kept in their turn.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Service;
use super::query::Ready;
use super::run::Of;
use crate::answer::{AnswerError, Code};
use crate::contract::Tool;
use crate::effort::{Effort, after};
use crate::pipeline::Outcome;
use crate::progress::Done;
use crate::rows::QueryError;
use crate::tables::kept::{Key, Run, TableCache};
use crate::tables::{Filling, Nest, Room, TableFile};

/// What is done with the tables of a capture.
pub(super) struct Use<'a> {
    /// How many bytes their rows may have.
    pub(super) room: &'a Arc<Room>,
    /// Whether they are asked, and not only copied.
    pub(super) is_asked: bool,
    /// Whether such as are kept will do.
    pub(super) may_be_kept: bool,
}

/// The tables of a capture.
pub(super) struct Gathered {
    /// Each in its file.
    pub(super) files: Vec<TableFile>,
    /// What is known of the runs that made them, the first table's first.
    pub(super) outcomes: Vec<Outcome>,
    /// Whether nothing of the capture was read.
    pub(super) is_kept: bool,
}

/// Where tables of a capture may be kept.
struct Place<'s> {
    cache: &'s TableCache,
    /// SHA-256 of the capture, where that is known before it is analysed.
    capture: Option<String>,
    /// Whether it was read for that.
    is_read: bool,
}

impl Service {
    /// Gathers the tables that a query reads.
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub(super) fn gather(&self, ready: &Ready, used: &Use<'_>, of: &Of<'_>) -> Result<Gathered, AnswerError> {
        let place = if used.may_be_kept && !ready.wanted.tables.is_empty() { self.place(of)? } else { None };
        let mut files = Vec::new();
        let mut outcomes: Vec<Option<Outcome>> = Vec::new();
        for (n, table) in ready.wanted.tables.iter().enumerate() {
            let found = place.as_ref().and_then(|place| {
                let key = self.key(place.cache, ready, n, (place.capture.as_ref()?, of.capture.size))?;
                place.cache.find(&key, table, of.cancel)
            });
            outcomes.push(found.and_then(|(file, run)| {
                files.push(file);
                run.outcome(&of.capture.name)
            }));
        }
        let missing: Vec<usize> =
            outcomes.iter().enumerate().filter(|(_, one)| one.is_none()).map(|(n, _)| n).collect();
        let is_read = place.as_ref().is_some_and(|place| place.is_read);
        let mut is_kept = !outcomes.is_empty() && !is_read;
        if missing.is_empty() {
            if let Some(Some(first)) = outcomes.first() {
                (of.progress)(Done { bytes: first.size, packets: Some(first.frames) });
            }
        } else {
            let made = self.make(ready, &missing, used, place.as_ref(), of)?;
            is_kept &= made.is_kept;
            for (n, outcome) in missing.into_iter().zip(made.outcomes) {
                if let Some(one) = outcomes.get_mut(n) {
                    *one = Some(outcome);
                }
            }
            files.extend(made.files);
        }
        let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
        let whole = || outcomes.iter().filter(|outcome| outcome.identity_is_whole);
        let first = whole().next().map(|outcome| &outcome.identity);
        // It was written to since the tables were looked for.
        if place.is_some() && whole().any(|outcome| Some(&outcome.identity) != first) {
            return self.gather(ready, &Use { may_be_kept: false, ..*used }, of);
        }
        Ok(Gathered { files, outcomes, is_kept })
    }

    /// Makes those tables that are missing, and keeps them.
    fn make(
        &self,
        ready: &Ready,
        missing: &[usize],
        used: &Use<'_>,
        place: Option<&Place<'_>>,
        of: &Of<'_>,
    ) -> Result<Gathered, AnswerError> {
        let limits = &self.line.limits;
        let wanted = ready.some(missing);
        let (nest, place) = nest(place)?;
        let filling = Filling::create(&wanted.tables, nest, used.room)?;
        let (all, is_kept) = self.rows(&wanted, &|n, rows| filling.add(n, rows), of)?;
        let effort = Effort { cancel: of.cancel, until: after(limits.run.saturating_add(limits.rows.time)) };
        let made = filling.finish(used.is_asked || place.is_some(), &effort)?;
        let (mut files, mut outcomes) = (Vec::new(), Vec::new());
        for ((n, file), at) in made.into_iter().enumerate().zip(missing) {
            let runs = wanted.outcomes(n, &all);
            let memory = runs.iter().map(|outcome| outcome.memory).max().unwrap_or_default();
            let Some(first) = runs.first().map(|first| Outcome { memory, ..first.clone() }) else {
                return Err(QueryError::Failed("a table of no run".into()).into());
            };
            // One of them may have ended in a way that the others did not.
            let is_sound = runs.iter().all(|outcome| Run::of(outcome).is_some());
            let kept = place.zip(Run::of(&first).filter(|_| is_sound)).and_then(|(place, run)| {
                let key = self.key(place.cache, ready, *at, (&run.capture, run.size))?;
                Some((place, run, key))
            });
            files.push(match kept {
                Some((place, run, key)) => place.cache.keep(&key, file, &run, of.cancel),
                None => file,
            });
            outcomes.push(first);
        }
        Ok(Gathered { files, outcomes, is_kept })
    }

    /// Where tables of a capture may be kept. Which capture it is tells what its file is like, or else, where any of that size has tables, its digest.
    fn place(&self, of: &Of<'_>) -> Result<Option<Place<'_>>, AnswerError> {
        let Some(cache) = &self.table_cache else { return Ok(None) };
        if let Some(known) = self.digests(of.capture) {
            return Ok(Some(Place { cache, capture: Some(known.sha256), is_read: false }));
        }
        if !cache.may_have(of.capture.size) {
            return Ok(Some(Place { cache, capture: None, is_read: false }));
        }
        let sha256 = match self.sha256(of) {
            Ok(sha256) => Some(sha256).filter(|_| of.capture.is_unchanged().unwrap_or(false)),
            Err(error) if error.code == Code::Cancelled => return Err(error),
            // The run will say why.
            Err(_) => None,
        };
        Ok(Some(Place { cache, capture: sha256, is_read: true }))
    }

    /// By what the n-th table of a query is kept.
    fn key(&self, cache: &TableCache, ready: &Ready, n: usize, capture: (&str, u64)) -> Option<Key> {
        let maker = |(tool, table): (&Arc<Tool>, &str)| {
            let mut maker = json!([tool.module.sha256, tool.own_name, tool.name, table, self.for_rows(tool)]);
            let key_log = ready.wanted.key_log.as_ref().filter(|_| tool.wants.key_log);
            if let (Some(maker), Some(key_log)) = (maker.as_array_mut(), key_log) {
                maker.push(key_log.sha256.as_str().into());
            }
            maker
        };
        let makers: Value = ready.wanted.makers(n).map(maker).collect();
        Some(cache.key(capture, ready.wanted.tables.get(n)?, &makers))
    }
}

/// Where tables are made: where they may be kept, if that can be.
fn nest<'p, 's>(place: Option<&'p Place<'s>>) -> Result<(Nest, Option<&'p Place<'s>>), QueryError> {
    if let Some(place) = place {
        match place.cache.nest() {
            Ok(nest) => return Ok((nest, Some(place))),
            Err(error) => tracing::warn!(%error, "tables are not kept"),
        }
    }
    let nest = Nest::temporary().map_err(|error| QueryError::Failed(error.to_string()))?;
    Ok((nest, None))
}
