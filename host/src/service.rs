//! Answers questions about captures, whoever asks: an MCP client or a person at a terminal.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use mcpcap_native::{Cache, CacheError};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::analyzers::{self, Entry, Loader, Published, Shelf};
use crate::answer::{AnswerError, Code};
use crate::capture::{self, CaptureError, CaptureFile, Fetch, Remote, Root, Roots};
use crate::catalog::{self, Catalog, CatalogError, Tool};
use crate::contract::{self, Common, Draft, Window};
use crate::effort::{Effort, after};
use crate::library::{self, Library};
use crate::pipeline::{Line, Outcome, Question};
use crate::progress::{Done, Progress};
use crate::sandbox::Sandbox;
use crate::settings::Limits;
use crate::text::written_out;
use crate::watch::{self as watched, Asked, Audit, AuditError, Call, Caller, Metrics, Refusal};

/// Characters of a report, unless something else is asked for: what a language model reads at once without losing sight of the rest.
pub const MAX_CHARS: usize = 12_000;

/// Bytes of a report's text from which on only one is worked on at a time.
const LARGE: usize = 1 << 20;
/// How long a report waits before it looks again whether it is its turn.
const PAUSE: Duration = Duration::from_millis(5);

/// How long calls that were cancelled get to say so.
const CANCELLED: Duration = Duration::from_secs(5);

/// The name of the capture that came through standard input, where one did.
pub const STANDARD_INPUT: &str = "-";

/// What the command line decides.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names of the analyzers, separated by commas; empty: all.
    pub modules: String,
    /// The most packets of its protocol that an analyzer looks at.
    pub max_packets: Option<u64>,
    /// Characters of a report, unless a call asks for another number; 0 stands for the usual.
    pub max_chars: usize,
    /// Whether reports are given as text alone, without structured content and schemas.
    pub text_only: bool,
    /// Whether lists of tools have the complete schemas of their answers.
    pub full_schemas: bool,
    /// Folders whose files may be read; none: all that the server's user may read.
    pub roots: Vec<PathBuf>,
    /// What may be fetched.
    pub remote: Remote,
    /// Where the audit log goes; `-` is standard error.
    pub audit: Option<PathBuf>,
    /// Analyzers that others made.
    pub analyzers: analyzers::Options,
    /// Limits of each run.
    pub limits: Limits,
}

/// The tools and prompts, and what they run on.
pub struct Service {
    /// What there is at this moment.
    offered: watch::Receiver<Published>,
    /// Captures that clients can find.
    pub library: Library,
    /// What operators see of the calls.
    pub metrics: Metrics,
    audit: Option<Audit>,
    line: Line,
    roots: Arc<Roots>,
    fetch: Fetch,
    max_packets: Option<u64>,
    max_chars: usize,
    /// Whether reports are given as text alone.
    pub text_only: bool,
    /// What came through standard input, which is named [`STANDARD_INPUT`].
    standard_input: OnceLock<CaptureFile>,
    /// Whether lists of tools have the complete schemas of answers.
    pub full_schemas: bool,
    /// Held while a large report is worked on.
    large: Mutex<()>,
    /// One run keeps two cores busy at most; more at once would only share the same cores and multiply the memory.
    runs: Arc<Semaphore>,
    /// Places for calls that run or wait.
    places: Semaphore,
    calls: TaskTracker,
    /// Ends all calls.
    stop: CancellationToken,
}

/// An answer to a question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The report.
    pub report: Value,
    /// What it rests on.
    pub receipt: Value,
    /// How long it took, without waiting for its turn: all that differs from one run to the next.
    pub time: Duration,
}

/// Why the service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] crate::sandbox::Refused),
    /// A folder of `--root`.
    #[error("the folder {path} cannot be read: {reason}")]
    Root {
        /// As it was given.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// TLS.
    #[error(transparent)]
    Fetch(#[from] capture::CaptureError),
    /// The cache of analyzers.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The machine has no thread.
    #[error("the machine has no room for another thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The program was built without a component that every run needs.
    #[error("the {0} component is missing from this program")]
    Incomplete(&'static str),
}

impl Service {
    /// Starts the sandbox and loads the components.
    ///
    /// # Errors
    /// When a module is unknown or a component is defective.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let sandbox = Arc::new(Sandbox::new()?);
        let builtin = |name| mcpcap_native::Builtin::find(name).ok_or(StartError::Incomplete(name));
        let reader = sandbox.reader(sandbox.builtin(builtin("reader")?)?)?;
        let codec = sandbox.codec(sandbox.builtin(builtin("codec")?)?)?;
        let selector = sandbox.selector(sandbox.builtin(builtin("select")?)?)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let open = |path: &PathBuf| Root::open(path).map_err(|reason| StartError::Root { path: path.clone(), reason });
        let roots: Vec<Root> = options.roots.iter().map(open).collect::<Result<_, _>>()?;
        let roots = Arc::new(if roots.is_empty() { Roots::Everything } else { Roots::Below(roots) });
        let stop = CancellationToken::new();
        let builtin = Catalog::builtin(&sandbox, &options.modules, &options.limits)?;
        Ok(Self {
            offered: offer(builtin, &sandbox, options, &stop)?,
            library: Library::of(Arc::clone(&roots)),
            metrics: Metrics::default(),
            audit: options.audit.as_deref().map(Audit::open).transpose()?,
            roots,
            line: Line { reader, codec, selector, limits: options.limits.clone() },
            fetch: Fetch::new(&options.limits, &options.remote)?,
            max_packets: options.max_packets,
            text_only: options.text_only,
            full_schemas: options.full_schemas,
            max_chars: if options.max_chars == 0 { MAX_CHARS } else { options.max_chars },
            standard_input: OnceLock::new(),
            runs: Arc::new(Semaphore::new(cores)),
            large: Mutex::new(()),
            places: Semaphore::new(cores.saturating_add(options.limits.waiting)),
            calls: TaskTracker::new(),
            stop,
        })
    }

    /// The tools and prompts that there are at this moment. What somebody holds of it stays usable.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.offered.borrow().catalog)
    }

    /// The analyzers of others that were found, offered or not.
    pub fn analyzers(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.offered.borrow().entries)
    }

    /// Whether what is offered may change while the server runs.
    pub fn is_changing(&self) -> bool {
        // The sender lives as long as somebody looks.
        self.offered.has_changed().is_ok()
    }

    /// Waits until the analyzers that were there at the start and are kept from before are offered: a moment. What has to be compiled first is not
    /// waited for; clients are told when it is there.
    pub async fn ready(&self) {
        let mut offered = self.offered.clone();
        let ready = offered.wait_for(|published| published.is_ready);
        if tokio::time::timeout(self.line.limits.ready, ready).await.is_err() {
            tracing::warn!("analyzers are still being looked at; clients are told when they are there");
        }
    }

    /// Waits until there is a tool or prompt that `has` looks for, or all analyzers that were there at the start have been loaded or refused. Those
    /// of this program are there from the beginning.
    pub async fn settled_for(&self, has: impl Fn(&Catalog) -> bool) {
        self.until(|published| published.is_settled || has(&published.catalog)).await;
    }

    /// Waits until the analyzers that were there at the start have been loaded or refused, for as long as clients may be kept waiting.
    pub async fn settled(&self) {
        self.until(|published| published.is_settled).await;
    }

    async fn until(&self, holds: impl Fn(&Published) -> bool) {
        let mut offered = self.offered.clone();
        let settled = offered.wait_for(|published| holds(published));
        if tokio::time::timeout(self.line.limits.settle, settled).await.is_err() {
            tracing::warn!("analyzers are still being compiled; clients are told when they are there");
        }
    }

    /// Tells whenever something else is offered, until nothing ever will be.
    pub(crate) fn offers(&self) -> watch::Receiver<Published> {
        let mut offered = self.offered.clone();
        offered.mark_unchanged();
        offered
    }

    /// Whether captures can be named by URLs.
    pub fn fetches(&self) -> bool {
        self.fetch.is_allowed()
    }

    /// Offers a capture as [`STANDARD_INPUT`]; the first one that is offered stays.
    pub fn take_standard_input(&self, capture: CaptureFile) {
        let _ = self.standard_input.set(capture);
    }

    /// The arguments of a tool, as lists of tools show them.
    pub fn listed_input(&self, tool: &Tool) -> Arc<Map<String, Value>> {
        if self.fetches() {
            return Arc::clone(&tool.listed_input);
        }
        Arc::new(catalog::without_urls(&tool.listed_input))
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.line.limits
    }

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
        let _call = self.calls.token();
        let asked = Asked { tool: &known.name, component: Some(&known.module.sha256) };
        let call = Call::begin(self.audit.as_ref(), &self.metrics, caller, asked, &arguments);
        let cancel = cancel.child_token();
        let _ends_with_this = cancel.clone().drop_guard();
        let result = tokio::select! {
            result = self.in_turn(known, arguments, cancel, progress) => result,
            () = self.stop.cancelled() => Err(AnswerError::new(Code::Cancelled, "the server is stopping")),
        };
        call.end(result.as_ref().map(|answer| &answer.receipt));
        result
    }

    /// Lists captures; see [`library::tool`].
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn captures(
        self: &Arc<Self>,
        caller: &Caller,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
    ) -> Result<Value, AnswerError> {
        let _call = self.calls.token();
        let asked = Asked { tool: library::tool::NAME, component: None };
        let call = Call::begin(self.audit.as_ref(), &self.metrics, caller, asked, &arguments);
        let cancel = cancel.child_token();
        let _ends_with_this = cancel.clone().drop_guard();
        let listed = tokio::select! {
            listed = self.captures_in_turn(arguments, cancel.clone()) => listed,
            () = self.stop.cancelled() => Err(AnswerError::new(Code::Cancelled, "the server is stopping")),
        };
        call.end(listed.as_ref().map(|_| &Value::Null));
        listed
    }

    async fn captures_in_turn(
        self: &Arc<Self>,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
    ) -> Result<Value, AnswerError> {
        let Ok(_place) = self.places.try_acquire() else { return Err(busy()) };
        let permit = self.turn_of(library::tool::NAME, &cancel).await?;
        let (service, until) = (Arc::clone(self), after(self.line.limits.call));
        let run = move || {
            let _permit = permit;
            library::tool::answer(&service.library, &service.roots, &service.line, arguments, &cancel, until)
        };
        let listed = tokio::task::spawn_blocking(run).await;
        listed.map_err(|_| AnswerError::new(Code::Internal, "the server is stopping"))?
    }

    /// Waits for its turn.
    async fn turn_of(&self, tool: &str, cancel: &CancellationToken) -> Result<OwnedSemaphorePermit, AnswerError> {
        let _waiting = self.metrics.waits(tool);
        tokio::select! {
            permit = Arc::clone(&self.runs).acquire_owned() => {
                permit.map_err(|_| AnswerError::new(Code::Internal, "the server is stopping"))
            }
            () = cancel.cancelled() => Err(AnswerError::new(Code::Cancelled, "the request was cancelled")),
        }
    }

    /// Something was refused that is no call.
    pub(crate) fn refused(&self, caller: &Caller, refusal: Refusal<'_>) {
        watched::refused(self.audit.as_ref(), &self.metrics, caller, refusal);
    }

    /// Waits until no call is left, for so long at most; then ends those that are. New ones end at once.
    pub async fn stop(&self, grace: Duration) {
        self.calls.close();
        if tokio::time::timeout(grace, self.calls.wait()).await.is_err() {
            tracing::warn!(calls = self.calls.len(), "calls are cancelled");
        }
        self.stop.cancel();
        // Each call is told of it, and answers.
        let _ = tokio::time::timeout(CANCELLED, self.calls.wait()).await;
        watched::finish(self.audit.as_ref());
    }

    /// Whether a call would be refused at this moment.
    pub fn is_busy(&self) -> bool {
        self.places.available_permits() == 0
    }

    async fn in_turn(
        self: &Arc<Self>,
        known: &Arc<Tool>,
        mut arguments: Map<String, Value>,
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Answer, AnswerError> {
        if let Some(Value::Object(properties)) = known.input.get("properties") {
            contract::arguments::lenient(&mut arguments, properties);
        }
        known.check(&arguments)?;
        let Ok(_place) = self.places.try_acquire() else {
            return Err(busy());
        };
        let common = Common::take(&mut arguments, self.max_chars)?;
        known.check_sections(&common)?;
        let file = match arguments.shift_remove("pcap_file") {
            Some(Value::String(file)) => file,
            _ => return Err(AnswerError::new(Code::BadArgument, "argument pcap_file must be a string")),
        };
        self.bound(known.properties().any(|(name, _)| name == "max_packets"), &mut arguments);
        let capture = self.capture(&file, &cancel, &*progress).await?;
        // Not before: a slow download must not keep others from running.
        let permit = self.turn_of(&known.name, &cancel).await?;
        // The octets that a download has counted already: progress only ever rises.
        let counted = if capture::is_url(&file) { capture.size } else { 0 };
        let shown = capture::shown(&file);
        let size = capture.size;
        let told = move |done: Done| {
            let bytes = counted.saturating_add(done.bytes);
            progress(Done { bytes, ..done }, Some(counted.saturating_add(size)));
        };
        let (service, tool) = (Arc::clone(self), Arc::clone(known));
        let run = move || {
            // The place is free when the run has ended, not when its caller has gone.
            let _permit = permit;
            let work = || service.run(&tool, arguments, &common, &shown, capture, &cancel, &told);
            std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                Err(AnswerError::new(Code::Internal, "the server failed on this request; its log has the cause"))
            })
        };
        let answer = tokio::task::spawn_blocking(run).await;
        answer.unwrap_or_else(|_| Err(AnswerError::new(Code::Internal, "the server is stopping")))
    }

    /// Waits until no other report of such a size is worked on, for as long as the effort lasts: its values take many times the memory of its text.
    /// Small ones wait for nothing.
    fn turn(&self, size: usize, effort: &Effort<'_>) -> Result<Option<MutexGuard<'_, ()>>, AnswerError> {
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
    fn bound(&self, known: bool, arguments: &mut Map<String, Value>) {
        if let (true, Some(most)) = (known, self.max_packets) {
            let asked = arguments.get("max_packets").and_then(Value::as_u64).unwrap_or(u64::MAX);
            arguments.insert("max_packets".into(), asked.min(most).into());
        }
    }

    async fn capture(
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
    fn run(
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
        // Only a whole list can be sorted; a filter looks on until it has enough.
        let is_search = common.sort.is_none() && !common.conditions.is_empty();
        while (common.sort.is_some() || (is_search && !draft.has_enough(common)))
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
        if !tool.paged.is_empty() || window.list.is_some() {
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

fn busy() -> AnswerError {
    AnswerError::new(Code::Busy, "the server is busy: as many calls wait as it lets wait; ask again in a few seconds")
}

/// What this program offers, and what others made as it comes and goes.
fn offer(
    builtin: Catalog,
    sandbox: &Arc<Sandbox>,
    options: &Options,
    stop: &CancellationToken,
) -> Result<watch::Receiver<Published>, StartError> {
    let builtin = Arc::new(builtin);
    let foreign = &options.analyzers;
    let is_settled = foreign.places.is_empty();
    let (sender, receiver) = watch::channel(Published {
        catalog: Arc::clone(&builtin),
        is_ready: is_settled,
        is_settled,
        ..Published::default()
    });
    if !is_settled {
        let shelf = Shelf::new(foreign.clone(), loader(sandbox, options, stop)?);
        analyzers::watch(shelf, builtin, sender, stop.clone()).map_err(StartError::Thread)?;
    }
    Ok(receiver)
}

/// What loads analyzers of others.
///
/// # Errors
/// When the folder for native code is not private.
pub fn loader(sandbox: &Arc<Sandbox>, options: &Options, stop: &CancellationToken) -> Result<Loader, StartError> {
    let cache = match options.analyzers.cache.as_deref().map(Cache::open) {
        Some(Ok(cache)) => Some(Arc::new(cache)),
        // A read-only system can do without; somebody else's folder it cannot.
        Some(Err(error @ CacheError::Io { .. })) => {
            tracing::warn!(%error, "analyzers are compiled anew with each start");
            None
        }
        Some(Err(error)) => return Err(error.into()),
        None => None,
    };
    let program = options.analyzers.program.clone().unwrap_or_else(this_program);
    Ok(Loader::new(Arc::clone(sandbox), cache, program, &options.limits, stop.clone()))
}

/// The program that runs, even when its file was replaced meanwhile.
fn this_program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { own } else { std::env::current_exe().unwrap_or(own) }
}
