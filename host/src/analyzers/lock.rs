//! `analyzers.lock`: which analyzers somebody has looked at and approved, by name, version and SHA-256.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The version of the file's form.
const FORM: u32 = 1;
/// Octets of the file.
const SIZE_MAX: u64 = 1 << 20;
/// Bytes that are read of what was shown.
const SHOWN_MAX: u64 = 8 << 20;
const HEAD: &str = "\
# Analyzers that mcpcap may load, each approved by somebody who has read what it tells the model.
# Written by `mcpcap analyzer approve`. Whoever can write it can approve.

";

/// The approved analyzers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    pins: Vec<Pin>,
}

/// One approved analyzer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, as hexadecimal digits.
    pub sha256: String,
    /// Where it was when it was approved: the name of a file, or a reference. Only for people.
    pub source: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default, rename = "analyzer")]
    analyzers: Vec<Pin>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The system's words.
    #[error("{path} cannot be used: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It is not what `approve` writes.
    #[error("{path} is not a list of approved analyzers: {reason}; restore it, or delete it and approve again")]
    Form {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        reason: String,
    },
}

impl Lock {
    /// Reads the file; one that is not there approves nothing.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let failed = |reason| LockError::Io { path: path.into(), reason };
        let text = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
            Ok(about) if about.len() > SIZE_MAX || !about.is_file() => {
                return Err(LockError::Form { path: path.into(), reason: "it is too large, or no file".into() });
            }
            Ok(_) => std::fs::read_to_string(path).map_err(failed)?,
        };
        let wrong = |reason: String| LockError::Form { path: path.into(), reason };
        let document: Document =
            toml::from_str(&text).map_err(|error| wrong(error.to_string().trim().replace('\n', " ")))?;
        if document.version != FORM {
            return Err(wrong(format!("version {} is unknown", document.version)));
        }
        Ok(Self { pins: document.analyzers })
    }

    /// Writes the file; what was there before is there until the new one is complete.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let failed = |reason| LockError::Io { path: path.into(), reason };
        let document = Document { version: FORM, analyzers: self.pins.clone() };
        let text = toml::to_string(&document).map_err(|error| failed(io::Error::other(error)))?;
        replace(path, &[HEAD, &text]).map_err(failed)
    }

    /// What was shown when something was approved, for the next time; nothing when it is not there any more.
    pub fn shown(path: &Path, pin: &Pin) -> Option<String> {
        let file = File::options().read(true).custom_flags(super::files::NOT_WAITING).open(shown(path, pin)).ok()?;
        let mut text = String::new();
        let is_file = file.metadata().ok()?.is_file();
        is_file.then_some(())?;
        file.take(SHOWN_MAX).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Keeps what was shown, beside the file.
    ///
    /// # Errors
    /// The system's.
    pub fn keep_shown(path: &Path, pin: &Pin, text: &str) -> Result<(), LockError> {
        let shown = shown(path, pin);
        replace(&shown, &[text]).map_err(|reason| LockError::Io { path: shown, reason })
    }

    /// Forgets what was shown.
    pub fn forget_shown(path: &Path, pin: &Pin) {
        // Without it nothing is wrong.
        let _ = std::fs::remove_file(shown(path, pin));
    }

    /// The pin of a component.
    pub fn of(&self, sha256: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.sha256 == sha256)
    }

    /// The pin of something that was at this place.
    pub fn at(&self, source: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.source == source)
    }

    /// The pin of an analyzer of this name.
    pub fn named(&self, name: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.name == name)
    }

    /// Pins an analyzer, in place of another one of its name.
    pub fn add(&mut self, pin: Pin) {
        self.pins.retain(|other| other.name != pin.name);
        self.pins.push(pin);
        self.pins.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Where it is kept what was shown of a component. What the file says of its name may be anybody's, so no slash is taken from it.
fn shown(path: &Path, pin: &Pin) -> PathBuf {
    let mut folder = path.to_owned().into_os_string();
    folder.push(".shown");
    let name: String = format!("{}-{}", pin.name, pin.sha256).chars().filter(|letter| *letter != '/').collect();
    PathBuf::from(folder).join(name + ".txt")
}

/// Writes a file; what was there before is there until it is complete.
fn replace(path: &Path, texts: &[&str]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".analyzers")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)?;
    for text in texts {
        file.write_all(text.as_bytes())?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(name: &str, version: &str, digit: &str) -> Pin {
        Pin { name: name.into(), version: version.into(), sha256: digit.repeat(64), source: format!("{name}.wasm") }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("analyzers.lock");
        assert_eq!(Lock::read(&path).unwrap(), Lock::default());
        let mut lock = Lock::default();
        lock.add(pin("b", "1.0.0", "1"));
        lock.add(pin("a", "0.1.0", "2"));
        lock.add(pin("b", "1.0.1", "3"));
        lock.write(&path).unwrap();
        let read = Lock::read(&path).unwrap();
        assert_eq!(read, lock);
        assert_eq!(read.of(&"3".repeat(64)).unwrap().version, "1.0.1");
        assert_eq!(read.of(&"1".repeat(64)), None);
        assert_eq!(read.at("a.wasm").unwrap().name, "a");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# Analyzers"));
    }

    #[test]
    fn what_was_shown_is_kept_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("analyzers.lock");
        let (one, outside) = (pin("a", "1.0.0", "1"), pin("../../a", "1.0.0", "1"));
        assert_eq!(Lock::shown(&path, &one), None);
        Lock::keep_shown(&path, &one, "text").unwrap();
        assert_eq!(Lock::shown(&path, &one).as_deref(), Some("text"));
        assert_eq!(Lock::shown(&path, &pin("a", "1.0.0", "2")), None);
        assert_eq!(super::shown(&path, &outside).parent(), super::shown(&path, &one).parent());
        Lock::forget_shown(&path, &one);
        assert_eq!(Lock::shown(&path, &one), None);
    }

    #[test]
    fn what_approve_does_not_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("analyzers.lock");
        for text in
            ["version = 2", "analyzer = 1", "version = 1\n[[analyzer]]\nname = \"a\"\n", "version = 1\nextra = 1", "{"]
        {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Lock::read(&path), Err(LockError::Form { .. })), "{text}");
        }
        assert!(matches!(Lock::read(folder.path()), Err(LockError::Form { .. })));
    }
}
