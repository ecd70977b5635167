//! What the service starts with: the sandbox's components, and analyzers of others as they come and go.

use std::path::PathBuf;
use std::sync::Arc;

use mcpcap_native::{Builtin, Cache, CacheError};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Options;
use crate::analyzers::{self, Loader, Published, Shelf};
use crate::catalog::{Catalog, CatalogError};
use crate::sandbox::Sandbox;
use crate::settings::Limits;
use crate::tables::kept::{TableCache, TableCacheError};
use crate::watch::AuditError;

/// The components that every capture passes through before an analyzer has it.
const LINE: [&str; 3] = ["reader", "codec", "decoder"];

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
    /// The cache of analyzers.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The folder for tables of captures.
    #[error(transparent)]
    Tables(#[from] TableCacheError),
    /// The machine has no thread.
    #[error("the machine has no room for another thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The program was built without a component that every run needs.
    #[error("the {0} component is missing from this program")]
    Incomplete(&'static str),
}

/// What this program offers, and what others made as it comes and goes.
pub(super) fn offer(
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

/// Where tables of captures are kept.
///
/// # Errors
/// When the folder is not private.
pub(super) fn table_cache(options: &Options) -> Result<Option<TableCache>, StartError> {
    let kept = options.limits.rows.kept;
    let Some(folder) = options.tables.as_deref().filter(|_| kept > 0) else { return Ok(None) };
    match TableCache::open(folder, kept, deciding(&options.limits)) {
        Ok(cache) => Ok(Some(cache)),
        // A read-only system can do without; somebody else's folder it cannot.
        Err(error @ TableCacheError::Io { .. }) => {
            tracing::info!(%error, "tables of captures are not kept");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What decides on rows, whoever makes them: this program, what every capture passes through, and limits at which reading ends or a component has to give up.
fn deciding(limits: &Limits) -> String {
    let line: Vec<_> = LINE.iter().map(|name| Builtin::find(name).map(|builtin| builtin.sha256)).collect();
    // A program that was built again may make other rows of the same.
    let about = std::fs::metadata(this_program()).ok();
    let built = about.map(|about| (about.len(), about.modified().ok()));
    json!([
        env!("CARGO_PKG_VERSION"),
        built,
        line,
        [limits.memory, limits.table_elements],
        [limits.inflate_ratio, limits.inflated_free, limits.inflated_max],
        limits.key_log,
    ])
    .to_string()
}

/// The program that runs, even when its file was replaced meanwhile.
fn this_program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { own } else { std::env::current_exe().unwrap_or(own) }
}
