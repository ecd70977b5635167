//! One question: from the capture that it names to the answer.

use std::sync::{Arc, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::kept::Key;
use super::{Answer, STANDARD_INPUT, Service, stopping};
use crate::answer::AnswerError;
use crate::capture::{self, CaptureFile, KEY_LOG, KeyLog};
use crate::contract::{self, Common, Draft, Tool, Window};
use crate::effort::{Effort, after};
use crate::pipeline::{Outcome, Pass, Question};
use crate::progress::{Done, Progress};
use crate::text::url::is_url;

/// Bytes of a report's text from which on only one is worked on at a time.
const LARGE: usize = 1 << 20;
/// How long a report waits before it looks again whether it is its turn.
const PAUSE: Duration = Duration::from_millis(5);

impl Service {
    /// Waits until no other report of such a size is worked on, for as long as the effort lasts: its values take many times the memory of its text.
    /// Small ones wait for nothing.
    pub(super) fn turn(&self, size: usize, effort: &Effort<'_>) -> Result<Option<MutexGuard<'_, ()>>, AnswerError> {
        if size <= LARGE {
            return Ok(None);
        }
        loop {
            match self.large.try_lock() {
                Ok(turn) => return Ok(Some(turn)),
                // Nothing is guarded that a panic could have broken.
                Err(TryLockError::Poisoned(turn)) => return Ok(Some(turn.into_inner())),
                Err(TryLockError::WouldBlock) => {
                    effort.check()?;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    /// Applies the server's `--max-packets` to a tool that knows the argument.
    pub(super) fn bound(&self, known: bool, arguments: &mut Map<String, Value>) {
        if let (true, Some(most)) = (known, self.max_packets) {
            let asked = arguments.get("max_packets").and_then(Value::as_u64).unwrap_or(u64::MAX);
            arguments.insert("max_packets".into(), asked.min(most).into());
        }
    }

    pub(super) async fn capture(
        &self,
        file: &str,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<CaptureFile, AnswerError> {
        if let Some(capture) = self.standard_input.get().filter(|_| file == STANDARD_INPUT) {
            return Ok(capture.again());
        }
        let named = capture::named(file)?;
        let file = named.as_ref();
        if is_url(file) {
            let told = |bytes: u64, total: Option<u64>| progress(Done { bytes, packets: None }, total);
            return Ok(self.fetch.fetch(file, &self.line.limits, cancel, &told).await?);
        }
        let (roots, path) = (Arc::clone(&self.roots), file.to_owned());
        let opened = tokio::task::spawn_blocking(move || roots.open_as_written(&path)).await;
        Ok(opened.map_err(|_| stopping())??)
    }

    /// Reads a key log that a caller names.
    ///
    /// # Errors
    /// As it cannot be read.
    pub fn key_log(&self, path: &str) -> Result<KeyLog, AnswerError> {
        KeyLog::read(&self.roots, path, self.line.limits.key_log)
    }

    /// Answers questions about one capture, those that have to read it in one pass. What one of them fails at leaves the others alone.
    pub(super) fn run(&self, asked: Vec<Asked>, of: &Of<'_>) -> Vec<Result<Answer, AnswerError>> {
        let started = Instant::now();
        let ready: Vec<Result<(Asked, Window), AnswerError>> = asked
            .into_iter()
            .map(|mut asked| {
                asked.key_log = asked.keylog_file.as_ref().map(|path| self.key_log(path)).transpose()?;
                asked.check_cursor()?;
                let window = Window::of(&asked.tool, &asked.common);
                Ok((asked, window))
            })
            .collect();
        let first: Vec<(&Asked, Window)> =
            ready.iter().flatten().map(|(asked, window)| (asked, window.clone())).collect();
        let mut returned = self.returned(&first, of).into_iter();
        ready
            .into_iter()
            .map(|ready| {
                let (asked, window) = ready?;
                let first = returned.next().unwrap_or_else(|| Err(stopping()))?;
                let (report, receipt) = self.made(&asked, window, first, of)?;
                Ok(Answer { report, receipt, time: started.elapsed() })
            })
            .collect()
    }

    /// Makes an answer of what an analyzer returned for the first window, and of further windows where they are needed.
    fn made(
        &self,
        asked: &Asked,
        first: Window,
        returned: Returned,
        of: &Of<'_>,
    ) -> Result<(Value, Value), AnswerError> {
        let Asked { tool, common, key_log, .. } = asked;
        // The analysis has this time too; what is done with its report has what is left of it, and never less than one call may take.
        let of_run = after(self.line.limits.run);
        let effort = || Effort { cancel: of.cancel, until: of_run.max(after(self.line.limits.call)) };
        let (mut largest, mut is_kept) = (0_usize, true);
        let mut read = |window: Window, Returned { mut outcome, kept }: Returned| {
            is_kept &= kept;
            // Its text is not needed beside its values.
            let report = std::mem::take(&mut outcome.report);
            largest = largest.max(report.len());
            let _turn = self.turn(report.len(), &effort())?;
            Ok::<_, AnswerError>((Draft::read(&report, tool, common, window, &effort())?, outcome))
        };
        let (mut draft, mut outcome) = read(first.clone(), returned)?;
        // Only a whole list can be sorted, and only of a whole one it can be said how many entries fit.
        let is_searched = common.sort.is_some() || !common.conditions.is_empty();
        while (is_searched && draft.behind(&first) < contract::MOST_SORTED || draft.window().falls_short(common))
            && draft.has_room()
            && let Some(next) = draft.next()
        {
            let returned = self.returned(&[(asked, next.clone())], of).pop().unwrap_or_else(|| Err(stopping()))?;
            let (more, of_more) = read(next, returned)?;
            draft.append(more);
            outcome = of_more;
        }
        let evicted = draft.evicted();
        let _turn = self.turn(largest, &effort())?;
        let report = contract::answer(draft, &outcome, tool, common, &asked.question(), of.shown, &effort())?;
        let mut receipt = contract::receipt(&outcome, &report, evicted, is_kept, tool, common, &self.line.limits);
        if let (Some(receipt), Some(key_log)) = (receipt.as_object_mut(), key_log) {
            receipt.insert("key_log".into(), key_log.in_receipt());
        }
        Ok((report, receipt))
    }

    /// What analyzers return for windows of their lists: what is kept from before, and the rest of one pass over the capture.
    pub(super) fn returned(&self, asked: &[(&Asked, Window)], of: &Of<'_>) -> Vec<Result<Returned, AnswerError>> {
        let given: Vec<Given> = asked.iter().map(|(asked, window)| Given::of(asked, window)).collect();
        let keys: Vec<Option<Key>> = asked
            .iter()
            .zip(&given)
            .map(|((asked, _), given)| {
                let capture = of.capture.identity().filter(|_| self.kept.keeps())?;
                Some(Key {
                    capture,
                    component: asked.tool.module.sha256.clone(),
                    tool: asked.tool.own_name.clone(),
                    arguments: given.arguments.clone(),
                    key_log: asked.key_log.as_ref().map(|key_log| key_log.sha256.clone()),
                    selection: asked.common.selection.clone(),
                })
            })
            .collect();
        let mut kept: Vec<Option<Outcome>> =
            keys.iter().map(|key| key.as_ref().and_then(|key| self.kept.find(key))).collect();
        let missing: Vec<usize> =
            kept.iter().enumerate().filter(|(_, kept)| kept.is_none()).map(|(place, _)| place).collect();
        let mut read = self.read(asked, &given, &missing, of).into_iter();
        kept.iter_mut()
            .zip(keys)
            .map(|(kept, key)| match kept.take() {
                Some(outcome) => {
                    (of.progress)(Done { bytes: outcome.size, packets: Some(outcome.frames) });
                    // The same file may be there by another name.
                    Ok(Returned { outcome: Outcome { name: of.capture.name.clone(), ..outcome }, kept: true })
                }
                None => {
                    let outcome = read.next().unwrap_or_else(|| Err(stopping()))?;
                    if let Some(key) = key {
                        self.kept.keep(key, &outcome);
                    }
                    Ok(Returned { outcome, kept: false })
                }
            })
            .collect()
    }

    /// Reads the capture for those questions that nothing was kept for.
    fn read(
        &self,
        asked: &[(&Asked, Window)],
        given: &[Given],
        missing: &[usize],
        of: &Of<'_>,
    ) -> Vec<Result<Outcome, AnswerError>> {
        let of_them = || missing.iter().filter_map(|place| asked.get(*place).zip(given.get(*place)));
        let Some(((first, _), of_first)) = of_them().next() else { return Vec::new() };
        let questions: Vec<Question<'_>> = of_them()
            .map(|((asked, _), given)| Question {
                analyzer: &asked.tool.analyzer,
                tool: &asked.tool.own_name,
                arguments: &given.arguments,
                wants: &asked.tool.wants,
                may_end: given.may_end,
                key_log: asked.key_log.as_ref().map(|key_log| &*key_log.text),
                rows: None,
            })
            .collect();
        let pass = Pass {
            selection: first.common.selection.clone(),
            count_copies: of_first.count_copies,
            page: of_first.page.clone(),
        };
        match self.line.run_all(&questions, &pass, self.reopened(of), of.cancel, of.progress) {
            Ok(outcomes) => {
                self.learn_of(&outcomes, of.capture);
                outcomes.into_iter().map(|outcome| outcome.map_err(AnswerError::from)).collect()
            }
            Err(error) => {
                let error = AnswerError::from(error);
                missing.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }
}

/// A question to a tool, its arguments checked and taken apart.
pub(super) struct Asked {
    pub(super) tool: Arc<Tool>,
    /// The tool's own arguments.
    pub(super) arguments: Map<String, Value>,
    pub(super) common: Common,
    /// The path of a TLS key log.
    pub(super) keylog_file: Option<String>,
    /// What that holds, once it was read.
    pub(super) key_log: Option<KeyLog>,
}

impl Asked {
    fn question(&self) -> contract::Question {
        let mut deciding = self.common.deciding.clone();
        if let (Some(key_log), Some(named)) = (&self.key_log, deciding.get_mut(KEY_LOG)) {
            // What it holds decides, not its name: a program may be writing to it.
            *named = key_log.sha256.as_str().into();
        }
        contract::Question::new(&self.tool.name, &self.tool.module.sha256, &deciding)
    }

    /// Checks that a cursor belongs to the question, before the capture is read.
    fn check_cursor(&self) -> Result<(), AnswerError> {
        self.common.cursor.as_ref().map_or(Ok(()), |cursor| cursor.check_question(&self.question()))
    }
}

/// What questions are about, and who waits for the answers.
pub(super) struct Of<'a> {
    pub(super) capture: &'a CaptureFile,
    /// The capture as the caller named it.
    pub(super) shown: &'a str,
    pub(super) cancel: &'a CancellationToken,
    pub(super) progress: &'a dyn Fn(Done),
}

/// What an analyzer is given for a window of its lists.
struct Given {
    arguments: String,
    page: Option<Value>,
    count_copies: bool,
    may_end: bool,
}

impl Given {
    fn of(asked: &Asked, window: &Window) -> Self {
        let mut arguments = asked.arguments.clone();
        let page = (!asked.tool.paged.is_empty() || window.list.is_some() || window.within.is_some())
            .then(|| window.to_json());
        if let Some(page) = &page {
            arguments.insert("page".into(), page.clone());
        }
        let count_copies = arguments.get("count_copies").and_then(Value::as_bool).unwrap_or_default();
        let may_end = asked.tool.ends.with(&arguments);
        Self { arguments: Value::Object(arguments).to_string(), page, count_copies, may_end }
    }
}

/// What an analyzer returned, and whether that was kept from before.
pub(super) struct Returned {
    pub(super) outcome: Outcome,
    pub(super) kept: bool,
}
