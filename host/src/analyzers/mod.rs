//! Analyzers that others made: where they come from, which of them may be loaded, and what of them is offered at this moment.
//!
//! The path of one: a place ([`Place`]) -> its bytes and their digest ([`files`]) -> approved? ([`lock`]) -> checked, compiled, asked what it offers
//! ([`load`]) -> in the catalog, unless its names collide ([`shelf`]). What happens while the server runs is in [`watch`].

mod credentials;
mod crew;
mod files;
pub mod load;
pub mod lock;
mod oci;
mod registry;
mod shelf;
mod watch;

use std::path::{Path, PathBuf};

pub use load::{LoadError, Loader};
pub use lock::{Lock, LockError, Pin};
pub use oci::Access;
pub use registry::{Reference, ReferenceError};
pub use shelf::{Entry, Shelf};
pub(crate) use watch::{Published, watch};

use crate::text::neutral;

/// What the command line says about analyzers of others.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where they come from.
    pub places: Vec<Place>,
    /// The file that pins them; see [`Options::lock_file`].
    pub lock: Option<PathBuf>,
    /// Whether those that are not pinned are refused.
    pub is_locked: bool,
    /// Whether a person at a terminal wants them, and no model: then it does no harm what their texts say.
    pub has_no_model: bool,
    /// Where native code is kept; none: it is made anew with each start.
    pub cache: Option<PathBuf>,
    /// Whether what is not kept may be fetched from registries.
    pub may_fetch: bool,
    /// Whether registries may be at addresses that only this machine or its network can reach.
    pub private_registries: bool,
    /// The program that compiles, when it is not this one.
    pub program: Option<PathBuf>,
}

/// Where analyzers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// All `.wasm` files directly in a folder.
    Folder(PathBuf),
    /// One file.
    File(PathBuf),
    /// An artifact of a registry.
    Registry(Reference),
}

impl Place {
    /// The files of a folder, or the file.
    ///
    /// # Errors
    /// When the folder cannot be listed, or has too many.
    pub fn files(&self) -> std::io::Result<Vec<PathBuf>> {
        files::of(self)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) | Self::File(path) => named(path).fmt(formatter),
            Self::Registry(reference) => reference.fmt(formatter),
        }
    }
}

/// A file's name for whoever reads it: whoever named the file may have meant to say more by it.
fn named(path: &Path) -> String {
    neutral(&path.to_string_lossy(), 4096).into_owned()
}

/// Below the user's folder for settings, or that of the machine: not where analyzers are, since who may put one there must not approve it.
const LOCK: &str = "mcpcap/analyzers.lock";

impl Options {
    /// The file that pins analyzers: the one that was named, else `mcpcap/analyzers.lock` in the user's folder for settings.
    pub fn lock_file(&self) -> PathBuf {
        let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = || named("XDG_CONFIG_HOME").or_else(|| named("HOME").map(|home| home.join(".config")));
        self.lock.clone().unwrap_or_else(|| folder().unwrap_or_else(|| "/etc".into()).join(LOCK))
    }

    /// What somebody types to approve what is at a place, so that it counts here.
    fn advice(&self, place: &impl std::fmt::Display) -> String {
        let lock = self.lock.as_deref().map(|lock| format!("--lock-file {} ", typed(&named(lock)))).unwrap_or_default();
        format!("mcpcap analyzer approve {lock}{}", typed(&place.to_string()))
    }
}

/// A word as a shell takes it.
fn typed(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:@%+=,".contains(letter);
    if word.chars().all(is_plain) && !word.is_empty() {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_can_be_typed() {
        let place = |path: &str| Place::File(path.into());
        let mut options = Options::default();
        assert_eq!(options.advice(&place("/a/b.wasm")), "mcpcap analyzer approve /a/b.wasm");
        options.lock = Some("my lock".into());
        let advice = options.advice(&place("/a/it's; x.wasm"));
        assert_eq!(advice, r"mcpcap analyzer approve --lock-file 'my lock' '/a/it'\''s; x.wasm'");
        assert_eq!(options.lock_file(), PathBuf::from("my lock"));
    }
}
