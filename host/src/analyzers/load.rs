//! Makes an offer of a component's bytes: checked, compiled in a process of its own, asked what it offers. What that cost is kept.

use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcpcap_native::{Cache, CompileError, Compiled, Compiler};
use tokio_util::sync::CancellationToken;

use super::crew::Places;
use super::lock::LockError;
use super::registry::FetchError;
use crate::catalog::describe::Words;
use crate::catalog::lint::Remark;
use crate::catalog::{DescribeError, Offer};
use crate::digest::hex_sha256;
use crate::effort::after;
use crate::sandbox::{Analyzer, Refused, Sandbox, before_compiling};
use crate::settings::Limits;

/// Why an analyzer is not offered.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its bytes could not be had.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A registry did not give it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It was refused before or after it was compiled.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was not compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// What it says about itself cannot be offered.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// All that were to be loaded took too long together.
    #[error(
        "it was not loaded: all analyzers of others together may take {} s to load (--load-time), and that time is over; those that \
         are loaded are kept, so the next start goes on from there", .0.as_secs()
    )]
    Together(Duration),
    /// A defect of this program.
    #[error("this program failed on it; its log has the cause")]
    Failed,
    /// Nobody has approved it.
    #[error("it is not in {lock}; look at it and approve it: {advice}")]
    NotApproved {
        /// The lock file.
        lock: PathBuf,
        /// What to type.
        advice: String,
    },
    /// It is not what was approved.
    #[error("it has changed since {name} {version} was approved in {lock}; look at it and approve it: {advice}")]
    Changed {
        /// The name in the lock file.
        name: String,
        /// The version there.
        version: String,
        /// The lock file.
        lock: PathBuf,
        /// What to type.
        advice: String,
    },
    /// Its texts need to be read by somebody first.
    #[error("it has texts that may be meant to steer the model ({first}); read them and approve it: {advice}")]
    Steering {
        /// What was found first.
        first: Remark,
        /// What to type.
        advice: String,
    },
    /// Another one has its name.
    #[error("the name {name} is taken by {other} too; neither is offered until one of them is removed")]
    Collision {
        /// The name.
        name: String,
        /// Where the other one is.
        other: String,
    },
    /// The lock file cannot be read.
    #[error(transparent)]
    Lock(#[from] Arc<LockError>),
}

/// A component's bytes, when they are needed, and their digest.
#[derive(Clone)]
pub struct Content {
    /// SHA-256, as hexadecimal digits.
    pub sha256: String,
    bytes: Arc<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>,
}

impl Content {
    /// A file with this digest.
    pub(super) fn of_file(path: &Path, sha256: String) -> Self {
        let path = path.to_owned();
        Self { sha256, bytes: Arc::new(move || super::files::read(&path)) }
    }

    /// Bytes.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        let (sha256, bytes) = (hex_sha256(&bytes), Arc::new(bytes));
        Self { sha256, bytes: Arc::new(move || Ok(bytes.to_vec())) }
    }

    /// The bytes that have the digest.
    fn read(&self) -> Result<Vec<u8>, LoadError> {
        let bytes = (self.bytes)()?;
        if hex_sha256(&bytes) != self.sha256 {
            return Err(io::Error::other("it was changed meanwhile").into());
        }
        Ok(bytes)
    }
}

/// The kind of entries of the cache that hold what components said.
const SAID: &str = "said";

/// Loads components. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    sandbox: Arc<Sandbox>,
    cache: Option<Arc<Cache>>,
    compiler: Compiler,
    /// Of compilers that run at once.
    places: Arc<Places>,
    limits: Limits,
    engine: String,
    stop: CancellationToken,
}

impl Loader {
    /// A loader. Compiling ends when `stop` is cancelled.
    pub fn new(
        sandbox: Arc<Sandbox>,
        cache: Option<Arc<Cache>>,
        program: PathBuf,
        limits: &Limits,
        stop: CancellationToken,
    ) -> Self {
        let engine = sandbox.key();
        let compiler = Compiler { program, limits: limits.compile.clone() };
        let places = Arc::new(Places::new(limits.compilers));
        Self { sandbox, cache, compiler, places, limits: limits.clone(), engine, stop }
    }

    /// When all that is to be loaded now has to be.
    pub(super) fn until(&self) -> Instant {
        after(self.limits.load)
    }

    pub(super) fn cache(&self) -> Option<&Arc<Cache>> {
        self.cache.as_ref()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is said of those that were not loaded by then.
    pub(super) fn too_late(&self) -> LoadError {
        LoadError::Together(self.limits.load)
    }

    /// What a component offers, as it was kept from before. Nothing when what was kept cannot be offered: then it is made anew.
    pub(super) fn kept(&self, content: &Content) -> Option<Offer> {
        let text = self.cache.as_ref()?.get(&self.entry(content, SAID))?;
        let words = serde_json::from_slice::<Words>(&text).ok()?;
        Offer::foreign(&words, |named| self.analyzer(named, content, None)).ok()
    }

    /// Compiles a component and asks it what it offers.
    ///
    /// # Errors
    /// As it is refused, cannot be compiled, describes itself badly, or is not there in time.
    pub(super) fn make(&self, content: &Content, until: Instant) -> Result<Offer, LoadError> {
        let made = std::panic::catch_unwind(AssertUnwindSafe(|| self.asked(content, until)));
        match made.unwrap_or(Err(LoadError::Failed)) {
            Err(LoadError::Compile(CompileError::Cancelled) | LoadError::Describe(DescribeError::Slow(_)))
                if until <= Instant::now() && !self.stop.is_cancelled() =>
            {
                Err(self.too_late())
            }
            made => made,
        }
    }

    fn asked(&self, content: &Content, until: Instant) -> Result<Offer, LoadError> {
        let (nameless, compiled) = self.loaded("third-party", content, until)?;
        let words = Words::of(&nameless, &self.limits, until)?;
        let held = self.cache.is_none().then_some(compiled);
        let offer = Offer::foreign(&words, |named| self.analyzer(named, content, held))?;
        if let (Some(cache), Ok(text)) = (&self.cache, serde_json::to_vec(&words)) {
            kept_or_told(cache.keep(&self.entry(content, SAID), &text));
        }
        Ok(offer)
    }

    /// A component, ready to run: of native code that was kept, or made.
    fn loaded(&self, name: &str, content: &Content, until: Instant) -> Result<(Analyzer, Arc<Compiled>), LoadError> {
        let entry = self.entry(content, "native");
        let ready = |compiled: Compiled| -> Result<_, Refused> {
            let loaded = self.sandbox.compiled(name, &content.sha256, &compiled)?;
            Ok((self.sandbox.analyzer(loaded)?, Arc::new(compiled)))
        };
        if let Some((cache, compiled)) = self.cache.as_ref().and_then(|cache| Some((cache, cache.compiled(&entry)?))) {
            match ready(compiled) {
                Ok(ready) => return Ok(ready),
                // Whoever put it there, it can be made again.
                Err(error) => {
                    tracing::warn!(entry, %error, "an entry of the cache is no such component and is made anew");
                    cache.remove(&entry);
                }
            }
        }
        let compiled = self.compile(content, until)?;
        if let Some(cache) = &self.cache {
            kept_or_told(cache.keep_compiled(&entry, &compiled));
        }
        Ok(ready(compiled)?)
    }

    /// Native code of a component, when a compiler's turn has come.
    fn compile(&self, content: &Content, until: Instant) -> Result<Compiled, LoadError> {
        let is_over = || self.stop.is_cancelled() || until <= Instant::now();
        let _place = self.places.take(&is_over).ok_or(CompileError::Cancelled)?;
        let bytes = content.read()?;
        before_compiling(&bytes)?;
        Ok(self.compiler.compile(&bytes, &is_over)?)
    }

    /// An analyzer that is loaded when it is first run: many are offered, few are called.
    fn analyzer(&self, name: &str, content: &Content, held: Option<Arc<Compiled>>) -> Analyzer {
        let (loader, content, named) = (self.clone(), content.clone(), name.to_owned());
        self.sandbox.later(name, &content.sha256.clone(), move || {
            if let Some(compiled) = &held {
                return loader.sandbox.analyzer(loader.sandbox.compiled(&named, &content.sha256, compiled)?);
            }
            // Its code was kept, unless somebody has removed it.
            let until = after(loader.limits.compile.time);
            loader.loaded(&named, &content, until).map(|(analyzer, _)| analyzer).map_err(|error| match error {
                LoadError::Refused(refused) => refused,
                other => Refused::Unavailable(other.to_string()),
            })
        })
    }

    /// The name of an entry of the cache: by content and engine.
    fn entry(&self, content: &Content, kind: &str) -> String {
        format!("{}-{}.{kind}", content.sha256, self.engine)
    }
}

fn kept_or_told(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "native code of an analyzer is not kept, so it is made anew with the next start");
    }
}
