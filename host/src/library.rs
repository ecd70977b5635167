//! The captures that clients can find without knowing their paths: those below a folder, by their names alone. Nothing is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// Folders within folders that are looked into.
const DEPTH: usize = 4;
/// Entries of folders that are looked at, whatever there is.
const ENTRIES: usize = 20_000;
/// Captures that are listed.
const CAPTURES: usize = 1_000;
/// How the names of captures end. The tools go by the bytes; this is about what to offer.
const ENDINGS: [&str; 5] = [".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz"];

/// A folder with captures.
pub struct Library {
    root: PathBuf,
    folder: Dir,
}

/// A capture in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the folder on, with `/`.
    pub path: String,
    /// Octets.
    pub size: u64,
    /// When it was written.
    pub modified: Option<SystemTime>,
}

impl Library {
    /// Opens the folder. Nothing outside can be reached through it, whatever links lie in it.
    ///
    /// # Errors
    /// When it is no folder, or not readable.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        Ok(Self { folder: Dir::open_ambient_dir(&root, ambient_authority())?, root })
    }

    /// The captures in it and in folders below, by path.
    pub fn list(&self) -> Vec<Entry> {
        let mut found = Vec::new();
        // A service that was started nowhere in particular is not about the whole machine.
        if self.root.parent().is_none() {
            return found;
        }
        let mut left = ENTRIES;
        let mut open: Vec<(PathBuf, usize)> = vec![(PathBuf::from("."), 0)];
        while let Some((path, depth)) = open.pop() {
            let Ok(entries) = self.folder.read_dir(&path) else { continue };
            for entry in entries.flatten() {
                left = left.saturating_sub(1);
                if left == 0 || found.len() >= CAPTURES {
                    open.clear();
                    break;
                }
                // Links are neither, and not followed.
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
                let below = path.join(&name);
                if kind.is_dir() && depth < DEPTH && !name.starts_with('.') {
                    open.push((below, depth.saturating_add(1)));
                } else if kind.is_file()
                    && is_capture(&name)
                    && let (Ok(metadata), Some(path)) = (entry.metadata(), relative(&below))
                {
                    let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
                    found.push(Entry { path, size: metadata.len(), modified });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// A capture by its path in the folder: what is known of it, and its path on this machine.
    pub fn find(&self, path: &str) -> Option<(Entry, PathBuf)> {
        let metadata = self.folder.metadata(path).ok().filter(|metadata| metadata.is_file() && is_capture(path))?;
        let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
        Some((Entry { path: path.to_owned(), size: metadata.len(), modified }, self.root.join(path)))
    }
}

fn is_capture(name: &str) -> bool {
    let name = name.to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn relative(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> =
        path.components().filter(|part| part.as_os_str() != ".").map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_found_by_their_names_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
        for name in ["b.PCAP", "a.pcapng", "notes.txt", "below/c.pcap.gz", ".hidden/d.pcap", "1/2/3/4/5/deep.pcap"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"12345").unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link.pcap")).unwrap();
        let library = Library::open(folder.path()).unwrap();
        let found = library.list();
        let names: Vec<&str> = found.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(names, ["a.pcapng", "b.PCAP", "below/c.pcap.gz"]);
        assert!(found.iter().all(|entry| entry.size == 5 && entry.modified.is_some()));
        assert_eq!(library.find("below/c.pcap.gz").unwrap().0, found[2]);
        for path in ["link.pcap", "../x.pcap", "/etc/passwd", "notes.txt", "below", "nothing.pcap", ""] {
            assert!(library.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_whole_machine_is_no_library() {
        assert!(Library::open(Path::new("/")).unwrap().list().is_empty());
    }
}
