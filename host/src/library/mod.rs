//! The captures that clients can find without knowing their paths: those below a folder, by their names alone. Nothing is opened.

pub mod tool;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::fs::Metadata;

use crate::capture::{Root, Roots};

/// Folders within folders that are looked into.
const DEPTH: usize = 4;
/// Entries of folders that are looked at, whatever there is.
const ENTRIES: usize = 20_000;
/// Captures that are listed: as many as entries are looked at.
const CAPTURES: usize = ENTRIES;
/// How the names of captures end. The tools go by the bytes; this is about what to offer.
const ENDINGS: [&str; 4] = [".pcap", ".pcapng", ".cap", ".dmp"];
/// And of compressed ones, behind these.
const COMPRESSED: [&str; 4] = ["", ".gz", ".zst", ".lz4"];

/// The captures in the folders that may be read; where all may be, those in the working directory.
pub struct Library(Arc<Roots>);

/// What is in it.
#[derive(Debug, Default)]
pub struct Listing {
    /// The captures, by path.
    pub entries: Vec<Entry>,
    /// What may be captures and is not listed.
    pub passed: BTreeSet<Passed>,
}

/// Why something in a folder is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// There are more entries than are looked at.
    Many,
    /// A folder lies too deep.
    Deep,
    /// A folder cannot be read.
    Unreadable,
    /// Its name is no UTF-8, so that nobody can ask for it.
    Unnamed,
    /// It is a link, which may lead out of the folder.
    Link,
}

impl fmt::Display for Passed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Many => write!(out, "what is behind the first {ENTRIES} entries"),
            Self::Deep => write!(out, "folders more than {DEPTH} deep"),
            Self::Unreadable => out.write_str("folders that cannot be read"),
            Self::Unnamed => out.write_str("files whose names are not UTF-8, so that they cannot be asked for"),
            Self::Link => out.write_str("links to captures"),
        }
    }
}

impl Listing {
    /// Whether there may be more captures in the folders than are listed.
    pub fn is_cut(&self) -> bool {
        self.passed.iter().any(|passed| *passed != Passed::Link)
    }
}

/// A capture in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the folder on, with `/`; where there are several folders, from the root of the machine on, without the first `/`.
    pub path: String,
    /// Path on this machine.
    pub file: PathBuf,
    /// Octets.
    pub size: u64,
    /// When it was written.
    pub modified: Option<SystemTime>,
}

impl Library {
    /// The library of these folders.
    pub fn of(roots: Arc<Roots>) -> Self {
        Self(roots)
    }

    /// Runs a piece of work on each folder, with what its entries' paths begin with.
    fn each<T>(&self, mut work: impl FnMut(&Root, &Path) -> Option<T>) -> Option<T> {
        match &*self.0 {
            Roots::Everything => {
                let here =
                    Root::open(Path::new(".")).inspect_err(|error| tracing::warn!(%error, "no list of captures"));
                work(&here.ok()?, Path::new(""))
            }
            Roots::Below(roots) if roots.len() == 1 => roots.iter().find_map(|root| work(root, Path::new(""))),
            Roots::Below(roots) => {
                roots.iter().find_map(|root| work(root, root.path().strip_prefix("/").unwrap_or_else(|_| root.path())))
            }
        }
    }

    /// The captures in the folders and in those below, by path.
    pub fn list(&self) -> Listing {
        let mut found = Listing::default();
        self.each(|root, prefix| {
            list(root, prefix, &mut found);
            None::<()>
        });
        found.entries.sort_by(|a, b| a.path.cmp(&b.path));
        // A folder may lie in another.
        found.entries.dedup();
        found
    }

    /// A capture by its path in the list.
    pub fn find(&self, path: &str) -> Option<Entry> {
        self.each(|root, prefix| {
            let rest = Path::new(path).strip_prefix(prefix).ok()?;
            let metadata =
                root.folder().metadata(rest).ok().filter(|metadata| metadata.is_file() && is_capture(path))?;
            Some(entry(root, path.to_owned(), rest, &metadata))
        })
    }
}

fn entry(root: &Root, path: String, rest: &Path, metadata: &Metadata) -> Entry {
    let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
    Entry { path, file: root.path().join(rest), size: metadata.len(), modified }
}

/// Adds the captures of a folder, and what of it was passed over.
fn list(root: &Root, prefix: &Path, found: &mut Listing) {
    // A service that was started nowhere in particular is not about the whole machine.
    if root.path().parent().is_none() {
        return;
    }
    let mut left = ENTRIES;
    let mut open: Vec<(PathBuf, usize)> = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let Ok(entries) = root.folder().read_dir(here) else {
            found.passed.insert(Passed::Unreadable);
            continue;
        };
        for one in entries.flatten() {
            left = left.saturating_sub(1);
            if left == 0 || found.entries.len() >= CAPTURES {
                found.passed.insert(Passed::Many);
                return;
            }
            let (Ok(kind), name) = (one.file_type(), one.file_name()) else { continue };
            let shown = name.to_string_lossy();
            let below = folder.join(&name);
            if kind.is_dir() && !shown.starts_with('.') {
                if depth < DEPTH {
                    open.push((below, depth.saturating_add(1)));
                } else {
                    found.passed.insert(Passed::Deep);
                }
            } else if kind.is_symlink() && is_capture(&shown) {
                // Not followed.
                found.passed.insert(Passed::Link);
            } else if kind.is_file()
                && is_capture(&shown)
                && let Ok(metadata) = one.metadata()
            {
                match prefix.join(&below).to_str() {
                    Some(path) => found.entries.push(entry(root, path.to_owned(), &below, &metadata)),
                    None => _ = found.passed.insert(Passed::Unnamed),
                }
            }
        }
    }
}

fn is_capture(name: &str) -> bool {
    let name = name.to_lowercase();
    let plain = COMPRESSED.iter().filter_map(|compressed| name.strip_suffix(compressed));
    plain.into_iter().any(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_found_by_their_names_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
        for name in [
            "b.PCAP",
            "a.pcapng",
            "notes.txt",
            "below/c.pcap.gz",
            "d.pcapng.zst",
            "e.gz",
            ".hidden/d.pcap",
            "1/2/3/4/5/deep.pcap",
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"12345").unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link.pcap")).unwrap();
        let library = library(&[folder.path()]);
        let found = library.list().entries;
        let names: Vec<&str> = found.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(names, ["a.pcapng", "b.PCAP", "below/c.pcap.gz", "d.pcapng.zst"]);
        let passed = library.list().passed;
        assert_eq!(passed.into_iter().collect::<Vec<_>>(), [Passed::Deep, Passed::Link]);
        assert!(found.iter().all(|entry| entry.size == 5 && entry.modified.is_some()));
        assert_eq!(library.find("below/c.pcap.gz").unwrap(), found[2]);
        for path in ["link.pcap", "../x.pcap", "/etc/passwd", "notes.txt", "below", "nothing.pcap", ""] {
            assert!(library.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn what_is_not_listed_is_told() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let library = library(&[folder.path()]);
        let passed = || (library.list().passed.into_iter().collect::<Vec<_>>(), library.list().is_cut());
        std::fs::create_dir_all(folder.path().join("1/2/3/4")).unwrap();
        std::fs::write(folder.path().join("1/2/3/4/a.pcap"), b"12345").unwrap();
        assert_eq!((passed(), library.list().entries.len()), ((vec![], false), 1));
        std::os::unix::fs::symlink("1/2/3/4/a.pcap", folder.path().join("b.pcap")).unwrap();
        std::os::unix::fs::symlink("1/2/3/4", folder.path().join("link")).unwrap();
        assert_eq!(passed(), (vec![Passed::Link], false));
        // Not every disk takes such a name.
        let unnamed = folder.path().join(std::ffi::OsStr::from_bytes(b"c\xff.pcap"));
        if std::fs::write(&unnamed, b"12345").is_ok() {
            assert_eq!(passed(), (vec![Passed::Unnamed, Passed::Link], true));
            std::fs::remove_file(unnamed).unwrap();
        }
        std::fs::create_dir(folder.path().join("1/2/3/4/5")).unwrap();
        assert_eq!(passed(), (vec![Passed::Deep, Passed::Link], true));
        let closed = folder.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        // Nothing is closed to root.
        if std::fs::read_dir(&closed).is_err() {
            assert_eq!(passed(), (vec![Passed::Deep, Passed::Unreadable, Passed::Link], true));
        }
    }

    #[test]
    fn captures_of_several_folders_are_told_apart() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&one, &two] {
            std::fs::write(folder.path().join("x.pcap"), b"12345").unwrap();
        }
        let library = library(&[one.path(), two.path()]);
        let found = library.list().entries;
        assert_eq!(found.len(), 2);
        for entry in found {
            assert_eq!(format!("/{}", entry.path), entry.file.to_str().unwrap());
            assert_eq!(library.find(&entry.path), Some(entry));
        }
    }

    #[test]
    fn the_whole_machine_is_no_library() {
        assert!(library(&[Path::new("/")]).list().entries.is_empty());
    }

    fn library(folders: &[&Path]) -> Library {
        Library::of(Arc::new(Roots::Below(folders.iter().map(|folder| Root::open(folder).unwrap()).collect())))
    }
}
