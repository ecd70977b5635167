//! What a command needs of the system, by its options.

use std::path::{Path, PathBuf};

use mcpcap_native::{Cache, Closed, Folder};

use crate::analyzers::Place;
use crate::harden::{self, Needs};
use crate::service::Options;
use crate::watch::Audit;

/// What a process does besides what the service does.
#[derive(Debug, Default)]
pub struct Process {
    /// Whether it listens.
    pub listens: bool,
    /// Files that it reads again while it runs.
    pub reads: Vec<PathBuf>,
    /// Folders that it writes into.
    pub writes: Vec<PathBuf>,
    /// Whether it asks other machines.
    pub connects: bool,
}

/// Gives up what is not needed, and logs what could not be given up.
pub fn harden(options: &Options, process: &Process) {
    for measure in harden::apply(&needs(options, process)) {
        match measure.state {
            Ok(state) => tracing::debug!("hardening, {}: {state}", measure.name),
            Err(reason) => tracing::warn!("hardening, {}: {reason}", measure.name),
        }
    }
}

/// Files, folders and calls. What is to be written is made first: who cannot see it cannot be allowed to write it.
pub fn needs(options: &Options, process: &Process) -> Needs {
    let foreign = &options.analyzers;
    let compiles = !foreign.places.is_empty();
    let mut write = vec![std::env::temp_dir()];
    write.extend(process.writes.iter().cloned());
    if let Some(cache) = foreign.cache.as_deref().filter(|_| compiles) {
        // Why it cannot be made is said when it is needed.
        let _ = Cache::open(cache);
        write.push(cache.to_owned());
    }
    if let Some(tables) = &options.tables {
        let _ = Folder::open(tables, Closed::ToAll);
        write.push(tables.clone());
    }
    if let Some(log) = options.audit.as_deref().filter(|path| *path != "-") {
        let _ = Audit::open(log);
        write.push(log.to_owned());
    }
    let mut fetches = false;
    let mut of_analyzers: Vec<PathBuf> = Vec::new();
    for place in &foreign.places {
        match place {
            Place::Folder(path) => of_analyzers.push(path.clone()),
            // Another one may come in its place.
            Place::File(path) => of_analyzers.extend(path.parent().map(PathBuf::from)),
            Place::Registry(_) => fetches = foreign.may_fetch,
        }
    }
    if compiles {
        let lock = std::path::absolute(foreign.lock_file()).unwrap_or_default();
        if let Some(folder) = lock.parent() {
            // What is approved while the server runs comes to stand there.
            let _ = std::fs::create_dir_all(folder);
            of_analyzers.push(folder.to_owned());
        }
    }
    // Files are replaced, and links lead to another one: what can be allowed is the folder in which the next one will lie.
    let again = process.reads.iter().flat_map(|path| [path.clone(), path.canonicalize().unwrap_or_default()]);
    let again = again.filter_map(|path| std::path::absolute(path).ok()?.parent().map(Path::to_owned));
    let read = options.roots.iter().cloned().chain(of_analyzers).chain(again).collect();
    let read = (!options.roots.is_empty()).then_some(read);
    Needs {
        read,
        write,
        compiles,
        listens: process.listens,
        connects: process.connects || options.remote.enabled || fetches,
    }
}
