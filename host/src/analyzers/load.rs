//! Makes an offer of a component's bytes: checked, compiled in a process of its own, asked what it offers. What that cost is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcpcap_native::{Cache, CompileError, Compiled, Compiler};
use tokio_util::sync::CancellationToken;

use super::lock::LockError;
use super::registry::FetchError;
use crate::capture::hex_sha256;
use crate::catalog::describe::Words;
use crate::catalog::lint::Remark;
use crate::catalog::{DescribeError, Offer};
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
    /// Nobody has approved it.
    #[error("it is not in {lock}; look at it and approve it: mcpcap analyzer approve {place}")]
    NotApproved {
        /// The lock file.
        lock: PathBuf,
        /// Where it is.
        place: String,
    },
    /// It is not what was approved.
    #[error(
        "it has changed since {name} {version} was approved in {lock}; look at it and approve it: mcpcap analyzer approve {place}"
    )]
    Changed {
        /// The name in the lock file.
        name: String,
        /// The version there.
        version: String,
        /// The lock file.
        lock: PathBuf,
        /// Where it is.
        place: String,
    },
    /// Its texts need to be read by somebody first.
    #[error(
        "it has texts that may be meant to steer the model ({first}); read them and approve it: mcpcap analyzer approve {place}"
    )]
    Steering {
        /// What was found first.
        first: Remark,
        /// Where it is.
        place: String,
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

/// Loads components. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    sandbox: Arc<Sandbox>,
    cache: Option<Arc<Cache>>,
    compiler: Compiler,
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
        Self { sandbox, cache, compiler, limits: limits.clone(), engine, stop }
    }

    pub(super) fn cache(&self) -> Option<&Arc<Cache>> {
        self.cache.as_ref()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether what a component offers is kept from before, so that telling takes no time.
    pub(super) fn is_kept(&self, content: &Content) -> bool {
        let name = self.entry(content, "words");
        self.cache.as_ref().is_some_and(|cache| cache.get(&name).is_some())
    }

    /// What a component offers.
    ///
    /// # Errors
    /// As it is refused, cannot be compiled, or describes itself badly.
    pub fn load(&self, content: &Content) -> Result<Offer, LoadError> {
        let name = self.entry(content, "words");
        let kept = self.cache.as_ref().and_then(|cache| cache.get(&name));
        if let Some(words) = kept.and_then(|text| serde_json::from_slice::<Words>(&text).ok()) {
            return Ok(Offer::foreign(&words, |named| self.analyzer(named, content, None))?);
        }
        let compiled = Arc::new(self.compiled(content)?);
        let nameless = self.sandbox.analyzer(self.sandbox.compiled("third-party", &content.sha256, &compiled)?)?;
        let words = Words::of(&nameless, &self.limits)?;
        if let (Some(cache), Ok(text)) = (&self.cache, serde_json::to_vec(&words)) {
            kept_or_told(cache.keep(&name, &text));
        }
        let held = self.cache.is_none().then_some(compiled);
        Ok(Offer::foreign(&words, |named| self.analyzer(named, content, held.clone()))?)
    }

    /// Native code of a component, kept or made.
    ///
    /// # Errors
    /// When it is refused or cannot be compiled.
    pub fn compiled(&self, content: &Content) -> Result<Compiled, LoadError> {
        let name = self.entry(content, "native");
        if let Some(compiled) = self.cache.as_ref().and_then(|cache| cache.compiled(&name)) {
            return Ok(compiled);
        }
        let bytes = content.read()?;
        before_compiling(&bytes)?;
        let compiled = self.compiler.compile(&bytes, &|| self.stop.is_cancelled())?;
        if let Some(cache) = &self.cache {
            kept_or_told(cache.keep_compiled(&name, &compiled));
        }
        Ok(compiled)
    }

    /// An analyzer that is loaded when it is first run: many are offered, few are called.
    fn analyzer(&self, name: &str, content: &Content, held: Option<Arc<Compiled>>) -> Analyzer {
        let (loader, content) = (self.clone(), content.clone());
        self.sandbox.later(name, &content.sha256.clone(), move || match &held {
            Some(compiled) => Ok(Arc::clone(compiled)),
            None => loader.compiled(&content).map(Arc::new).map_err(|error| match error {
                LoadError::Refused(refused) => refused,
                other => Refused::Unavailable(other.to_string()),
            }),
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
