//! Questions on their way: checked, counted, in their turn.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::run::{Asked, Of};
use super::{Answer, Service, busy, stopping};
use crate::answer::{AnswerError, Code};
use crate::capture::KEY_LOG;
use crate::contract::{self, Common, Tool};
use crate::progress::{Done, Progress};
use crate::text::url::{is_url, shown};
use crate::watch::{self, Call, Caller};

impl Service {
    /// As [`Self::answer_to`], for a caller of whom nothing is known.
    ///
    /// # Errors
    /// As there.
    pub async fn answer(
        self: &Arc<Self>,
        tool: &str,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Answer, AnswerError> {
        self.answer_to(&Caller::default(), tool, arguments, cancel, progress).await
    }

    /// Runs a tool. `arguments` holds `pcap_file` and the tool's own. The run ends when the future is dropped.
    ///
    /// # Errors
    /// With a code and a message for the caller. Also when the run panics, which is a defect.
    pub async fn answer_to(
        self: &Arc<Self>,
        caller: &Caller,
        tool: &str,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Answer, AnswerError> {
        self.settled_for(|catalog| catalog.tool(tool).is_some()).await;
        let catalog = self.catalog();
        let Some(known) = catalog.tool(tool) else {
            let names: Vec<&str> = catalog.tools.iter().map(|tool| tool.name.as_str()).collect();
            return Err(AnswerError::new(
                Code::BadArgument,
                format!("there is no tool {tool}; the tools are {}", names.join(", ")),
            ));
        };
        let mut answers = self.answer_all(caller, std::slice::from_ref(known), &arguments, cancel, progress).await;
        answers.pop().unwrap_or_else(|| Err(stopping()))
    }

    /// As [`Self::answer_to`], of several tools about one capture in one pass, which all take the same arguments. What one of them fails at is its own error.
    pub async fn answer_all(
        self: &Arc<Self>,
        caller: &Caller,
        tools: &[Arc<Tool>],
        arguments: &Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Vec<Result<Answer, AnswerError>> {
        let _call = self.calls.token();
        let calls: Vec<Call<'_>> = tools
            .iter()
            .map(|tool| {
                let asked = watch::Asked { tool: &tool.name, component: Some(&tool.module.sha256) };
                Call::begin(self.audit.as_ref(), &self.metrics, caller, asked, arguments)
            })
            .collect();
        let cancel = cancel.child_token();
        let _ends_with_this = cancel.clone().drop_guard();
        let results = tokio::select! {
            results = self.in_turn(tools, arguments, cancel, progress) => results,
            () = self.stop.cancelled() => Err(AnswerError::new(Code::Cancelled, "the server is stopping")),
        };
        let results = results.unwrap_or_else(|error| tools.iter().map(|_| Err(error.clone())).collect());
        for (call, result) in calls.into_iter().zip(&results) {
            call.end(result.as_ref().map(|answer| &answer.receipt));
        }
        results
    }

    /// Waits for its turn, opens the capture, and answers.
    async fn in_turn(
        self: &Arc<Self>,
        tools: &[Arc<Tool>],
        arguments: &Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Vec<Result<Answer, AnswerError>>, AnswerError> {
        let (mut asked, mut file, mut places) = (Vec::new(), None, Vec::new());
        for tool in tools {
            match self.asked(tool, arguments.clone()) {
                Ok((question, named)) => {
                    file = Some(named);
                    asked.push(question);
                    places.push(Ok(()));
                }
                Err(error) => places.push(Err(error)),
            }
        }
        let Some(file) = file else {
            return Ok(places.into_iter().filter_map(Result::err).map(Err).collect());
        };
        let first = tools.first().map_or("", |tool| tool.name.as_str());
        let answers = self.about(&file, first, cancel, progress, move |service, of| service.run(asked, of)).await?;
        let mut answers = answers.into_iter();
        let gone = || Err(stopping());
        Ok(places.into_iter().map(|place| place.and_then(|()| answers.next().unwrap_or_else(gone))).collect())
    }

    /// Does something about a capture on a thread of its own, in its turn: `tool` is for whom. What panics is a defect of this server, and the caller is
    /// told so.
    pub(super) async fn about<T: Send + 'static>(
        self: &Arc<Self>,
        file: &str,
        tool: &str,
        cancel: CancellationToken,
        progress: Arc<Progress>,
        work: impl FnOnce(&Self, &Of<'_>) -> T + Send + 'static,
    ) -> Result<T, AnswerError> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(busy());
        };
        let capture = self.capture(file, &cancel, &*progress).await?;
        // Not before: a slow download must not keep others from running.
        let permit = self.turn_of(tool, &cancel).await?;
        // The octets that a download has counted already: progress only ever rises.
        let counted = if is_url(file) { capture.size } else { 0 };
        let (shown, size) = (shown(file), capture.size);
        let told = move |done: Done| {
            let bytes = counted.saturating_add(done.bytes);
            progress(Done { bytes, ..done }, Some(counted.saturating_add(size)));
        };
        let service = Arc::clone(self);
        let run = move || {
            // The place is free when the run has ended, not when its caller has gone.
            let _permit = permit;
            let of = Of { capture: &capture, shown: &shown, cancel: &cancel, progress: &told };
            std::panic::catch_unwind(AssertUnwindSafe(|| work(&service, &of))).map_err(|_| {
                AnswerError::new(Code::Internal, "the server failed on this request; its log has the cause")
            })
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| stopping())?
    }

    /// Checks the arguments of a question and takes them apart. The question, and the name of the capture.
    fn asked(&self, tool: &Arc<Tool>, mut arguments: Map<String, Value>) -> Result<(Asked, String), AnswerError> {
        if let Some(Value::Object(properties)) = tool.input.get("properties") {
            contract::arguments::lenient(&mut arguments, properties);
        }
        tool.check(&arguments)?;
        let common = Common::take(&mut arguments, self.max_chars)?;
        tool.check_sections(&common)?;
        let file = match arguments.shift_remove("pcap_file") {
            Some(Value::String(file)) => file,
            _ => return Err(AnswerError::new(Code::BadArgument, "argument pcap_file must be a string")),
        };
        // Not for the component: it is given what the file holds.
        let keylog_file = match arguments.shift_remove(KEY_LOG).filter(|_| tool.wants.key_log) {
            Some(Value::String(path)) => Some(path),
            _ => None,
        };
        self.bound(tool.properties().any(|(name, _)| name == "max_packets"), &mut arguments);
        Ok((Asked { tool: Arc::clone(tool), arguments, common, keylog_file, key_log: None }, file))
    }
}
