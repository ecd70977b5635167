//! One question: from the capture that it names to the answer.

use std::cell::Cell;
use std::sync::{Arc, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{Answer, STANDARD_INPUT, Service};
use crate::answer::{AnswerError, Code};
use crate::capture::{self, CaptureError, CaptureFile};
use crate::catalog::Tool;
use crate::contract::{self, Common, Draft, Window};
use crate::effort::{Effort, after};
use crate::pipeline::{Outcome, Question};
use crate::progress::{Done, Progress};
use crate::text::written_out;

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
        if capture::is_url(file) {
            let told = |bytes: u64, total: Option<u64>| progress(Done { bytes, packets: None }, total);
            return Ok(self.fetch.fetch(file, &self.line.limits, cancel, &told).await?);
        }
        let (roots, path) = (Arc::clone(&self.roots), file.to_owned());
        let open = move || match (roots.open(&path), written_out(&path)) {
            // As a report, a list of captures or an error wrote it, when nothing is called that itself.
            (Err(CaptureError::NotFound { .. }), Some(meant)) => roots.open(&meant),
            (opened, _) => opened,
        };
        let opened = tokio::task::spawn_blocking(open).await;
        Ok(opened.map_err(|_| AnswerError::new(Code::Internal, "the server is stopping"))??)
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are one question")]
    pub(super) fn run(
        &self,
        tool: &Tool,
        arguments: Map<String, Value>,
        common: &Common,
        shown: &str,
        capture: CaptureFile,
        cancel: &CancellationToken,
        progress: &dyn Fn(Done),
    ) -> Result<Answer, AnswerError> {
        let question = contract::Question::new(&tool.name, &tool.module.sha256, &common.deciding);
        if let Some(cursor) = &common.cursor {
            cursor.check_question(&question)?;
        }
        let started = Instant::now();
        let again = capture.again();
        // The analysis has this time too; what is done with its report has what is left of it, and never less than one call may take.
        let of_run = after(self.line.limits.run);
        let effort = || Effort { cancel, until: of_run.max(after(self.line.limits.call)) };
        let largest = Cell::new(0_usize);
        let run = |window: Window, capture: CaptureFile| -> Result<(Draft, Outcome), AnswerError> {
            let mut outcome = self.window(tool, &arguments, common, &window, capture, cancel, progress)?;
            // Its text is not needed beside its values.
            let report = std::mem::take(&mut outcome.report);
            largest.set(largest.get().max(report.len()));
            let _turn = self.turn(report.len(), &effort())?;
            Ok((Draft::read(&report, tool, window, &effort())?, outcome))
        };
        let first = Window::of(tool, common);
        let (mut draft, mut outcome) = run(first.clone(), capture)?;
        // Only a whole list can be sorted, and only of a whole one it can be said how many entries fit.
        while (common.sort.is_some() || !common.conditions.is_empty())
            && draft.has_room()
            && draft.behind(&first) < contract::MOST_SORTED
            && let Some(next) = draft.next()
        {
            let (more, of_more) = run(next, again.again())?;
            draft.append(more);
            outcome = of_more;
        }
        let evicted = draft.evicted();
        let _turn = self.turn(largest.get(), &effort())?;
        let report = contract::answer(draft, &outcome, tool, common, &question, shown, &effort())?;
        let receipt = contract::receipt(&outcome, &report, evicted, tool, common, &self.line.limits);
        Ok(Answer { report, receipt, time: started.elapsed() })
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are one question")]
    fn window(
        &self,
        tool: &Tool,
        arguments: &Map<String, Value>,
        common: &Common,
        window: &Window,
        capture: CaptureFile,
        cancel: &CancellationToken,
        progress: &dyn Fn(Done),
    ) -> Result<Outcome, AnswerError> {
        let mut arguments = arguments.clone();
        if !tool.paged.is_empty() || window.list.is_some() || window.within.is_some() {
            arguments.insert("page".into(), window.to_json());
        }
        let arguments = Value::Object(arguments).to_string();
        let question = Question {
            analyzer: &tool.analyzer,
            tool: &tool.own_name,
            arguments: &arguments,
            selection: &common.selection,
        };
        Ok(self.line.run(&question, capture, cancel, progress)?)
    }
}
