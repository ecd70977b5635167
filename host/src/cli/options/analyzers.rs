//! Analyzers that others made: where they are, which are let in, where they are kept.

use std::path::{Path, PathBuf};

use clap::Args;

use super::limits::Loading;
use super::sources::Network;
use crate::analyzers::{Place, Reference};
use crate::service::Options;

/// Variable of the environment. It is no option, as it holds several values of both kinds.
const ANALYZERS: &str = "MCPCAP_ANALYZERS";

/// What making an analyzer ready takes.
#[derive(Debug, Clone, Args)]
pub struct Building {
    #[command(flatten)]
    network: Network,

    /// Where analyzers are kept as native code [default: mcpcap in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "MCPCAP_CACHE_DIR")]
    cache_dir: Option<PathBuf>,

    #[command(flatten)]
    loading: Loading,
}

impl Building {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        self.network.apply(options);
        self.loading.apply(&mut options.limits);
        options.analyzers.cache = self.cache_dir.clone().or_else(cache_folder);
    }
}

/// What was approved.
#[derive(Debug, Clone, Args)]
pub struct LockFile {
    /// The list of approved analyzers [default: mcpcap/analyzers.lock in the user's folder for settings]
    #[arg(long, value_name = "FILE")]
    lock_file: Option<PathBuf>,
}

impl LockFile {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        options.analyzers.lock.clone_from(&self.lock_file);
    }
}

/// The analyzers that are loaded beside the built-in ones.
#[derive(Debug, Clone, Args)]
pub struct Loaded {
    /// Load all analyzers (.wasm) in this folder, and notice when they come, change and go; may be given several times, or, with files, as
    /// MCPCAP_ANALYZERS with colons between
    #[arg(long = "analyzers", value_name = "DIR")]
    analyzer_folders: Vec<PathBuf>,

    /// Load this analyzer, a file or a reference as oci://HOST/NAME@sha256:DIGEST; may be given several times; files also as MCPCAP_ANALYZERS
    #[arg(long = "analyzer", value_name = "FILE")]
    analyzer_files: Vec<String>,

    /// Refuse analyzers that were not approved with `mcpcap analyzer approve` [default: over stdio false, over HTTP true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    locked: Option<bool>,

    #[command(flatten)]
    lock_file: LockFile,

    #[command(flatten)]
    building: Building,
}

impl Loaded {
    /// Into the options of the service.
    ///
    /// # Errors
    /// When something is not there, or is no reference.
    pub fn apply(&self, options: &mut Options, is_locked: bool) -> Result<(), String> {
        options.analyzers.places = self.places()?;
        options.analyzers.is_locked = self.locked.unwrap_or(is_locked);
        self.lock_file.apply(options);
        self.building.apply(options);
        Ok(())
    }

    fn places(&self) -> Result<Vec<Place>, String> {
        let mut places = Vec::new();
        for folder in &self.analyzer_folders {
            if !folder.is_dir() {
                return Err(format!("--analyzers {}: there is no such folder", folder.display()));
            }
            places.push(Place::Folder(whole(folder)));
        }
        for file in &self.analyzer_files {
            places.push(place(file)?);
        }
        if places.is_empty() {
            let named = std::env::var_os(ANALYZERS).unwrap_or_default();
            for path in std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()) {
                let is_folder = path.is_dir();
                if !is_folder && !path.is_file() {
                    return Err(format!("{ANALYZERS}: {} is not there", path.display()));
                }
                places.push(if is_folder { Place::Folder(whole(&path)) } else { Place::File(whole(&path)) });
            }
        }
        Ok(places)
    }
}

/// Where one analyzer is.
///
/// # Errors
/// When it is not there, or is no reference.
pub fn place(text: &str) -> Result<Place, String> {
    if text.starts_with("oci://") {
        return Reference::parse(text).map(Place::Registry).map_err(|error| error.to_string());
    }
    let path = Path::new(text);
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() => Ok(Place::File(whole(path))),
        Ok(_) => Err(format!("{text} is no file; --analyzers takes a folder")),
        Err(error) => Err(format!("{text}: {error}")),
    }
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The user's cache folder, as the XDG base directory specification has it.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))?;
    Some(folder.join("mcpcap"))
}
