//! Which files may be read: those below the allowed folders. Paths are resolved beneath an open folder (openat2, or step by step where the
//! kernel lacks it), so neither `..` nor a symbolic link leads out, whatever changes meanwhile.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptionsExt as _};

use super::file::{CaptureError, CaptureFile};

/// A folder whose files may be read.
pub struct Root {
    /// As it was named, made absolute.
    named: PathBuf,
    /// Where it really is.
    real: PathBuf,
    folder: Dir,
}

impl Root {
    /// Opens a folder.
    ///
    /// # Errors
    /// When it is no folder, or not readable.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (named, real) = (std::path::absolute(path)?, path.canonicalize()?);
        Ok(Self { named, folder: Dir::open_ambient_dir(&real, ambient_authority())?, real })
    }

    /// Where it really is.
    pub fn path(&self) -> &Path {
        &self.real
    }

    /// The folder, out of which nothing leads.
    pub fn folder(&self) -> &Dir {
        &self.folder
    }

    /// What remains of an absolute path that names something in it. Not yet proof that it lies there.
    fn below<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.strip_prefix(&self.named).or_else(|_| path.strip_prefix(&self.real)).ok()
    }
}

/// The files that may be read.
pub enum Roots {
    /// All that the server's user may read.
    Everything,
    /// Those below these folders.
    Below(Vec<Root>),
}

impl Roots {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// When it is not there, not readable, or not a regular file on a disk. Pipes and devices are found out without waiting for them. Nothing
    /// in an error depends on what lies outside the folders.
    pub fn open(&self, path: &str) -> Result<CaptureFile, CaptureError> {
        if path.is_empty() || path.contains('\0') {
            return Err(CaptureError::BadName {
                reason: "pcap_file must be the path or the URL of a capture; it is empty or holds a NUL".into(),
            });
        }
        let opened = match self {
            Self::Everything => ambient(Path::new(path)),
            Self::Below(roots) => beneath(roots, Path::new(path)),
        };
        CaptureFile::of(path, opened.map_err(|error| self.failed(path, &error))?)
    }

    /// The folders by name, for messages.
    fn named(&self) -> String {
        match self {
            Self::Everything => std::env::current_dir()
                .map_or_else(|_| "the working directory".into(), |folder| folder.display().to_string()),
            Self::Below(roots) => {
                roots.iter().map(|root| root.named.display().to_string()).collect::<Vec<_>>().join(" or ")
            }
        }
    }

    fn failed(&self, path: &str, error: &io::Error) -> CaptureError {
        let path = path.to_owned();
        let kind = error.kind();
        match (self, kind) {
            (_, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                CaptureError::NotFound { path, directory: self.named() }
            }
            (Self::Everything, io::ErrorKind::PermissionDenied) => CaptureError::NotAllowed { path },
            // One answer for all of these: which of them it is would tell what lies outside.
            (Self::Below(_), _) => CaptureError::Outside { path, roots: self.named() },
            (Self::Everything, kind) => CaptureError::Io { path, reason: kind.to_string() },
        }
    }
}

/// Opening a pipe would wait for a writer.
fn flags() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

fn ambient(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags()).open(path)
}

fn beneath(roots: &[Root], path: &Path) -> io::Result<File> {
    let absolute = std::env::current_dir().map(|folder| folder.join(path));
    let named = absolute
        .as_deref()
        .ok()
        .into_iter()
        .flat_map(|path| roots.iter().filter_map(move |root| root.below(path).map(|rest| (root, rest))));
    // A relative path may also be meant from a root on.
    let relative = roots.iter().filter(|_| path.is_relative()).map(|root| (root, path));
    let mut answer = io::Error::from(io::ErrorKind::PermissionDenied);
    for (root, rest) in named.chain(relative) {
        answer = match within(root, rest) {
            Ok(file) => return Ok(file),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match absolute_link(roots, root, rest) {
                Some(file) => return Ok(file),
                None => error,
            },
            Err(error) => error,
        };
    }
    Err(answer)
}

/// Opens what lies in a folder, also behind symbolic links that do not leave it and are relative.
fn within(root: &Root, rest: &Path) -> io::Result<File> {
    let rest = if rest.as_os_str().is_empty() { Path::new(".") } else { rest };
    let mut options = cap_std::fs::OpenOptions::new();
    options.read(true).custom_flags(flags());
    Ok(root.folder.open_with(rest, &options)?.into_std())
}

/// Opens what lies in a folder that may be read, behind symbolic links that say from the system's root on where that is. What the links say is only
/// a hint: the file is opened beneath its folder as any other, so whatever changes meanwhile, and whatever they say, nothing else is opened.
fn absolute_link(roots: &[Root], root: &Root, rest: &Path) -> Option<File> {
    let real = root.real.join(rest).canonicalize().ok()?;
    roots.iter().find_map(|root| within(root, real.strip_prefix(&root.real).ok()?).ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn everything(path: &str) -> Result<CaptureFile, CaptureError> {
        Roots::Everything.open(path)
    }

    #[test]
    fn what_is_not_a_file_is_named_for_what_it_is() {
        assert!(matches!(everything("/"), Err(CaptureError::NotAFile { kind: "a directory", .. })));
        assert!(matches!(everything("/dev/null"), Err(CaptureError::NotAFile { kind: "a device", .. })));
        assert!(matches!(everything("/proc/self/environ"), Err(CaptureError::NotAFile { .. })));
        assert!(matches!(everything("/nowhere/x.pcap"), Err(CaptureError::NotFound { .. })));
        assert!(matches!(everything(""), Err(CaptureError::BadName { .. })));
        assert!(matches!(everything("a\0b"), Err(CaptureError::BadName { .. })));
    }

    #[test]
    fn a_pipe_does_not_hold_the_server_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("x.pcap");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let roots = Roots::Below(vec![Root::open(folder.path()).unwrap()]);
        for opened in [everything(pipe.to_str().unwrap()), roots.open(pipe.to_str().unwrap())] {
            assert!(matches!(opened, Err(CaptureError::NotAFile { kind: "a pipe", .. })));
        }
    }

    #[test]
    fn absolute_links_lead_to_what_lies_in_a_root_and_nowhere_else() {
        let (inside, other, outside) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [inside, other, outside] = [&inside, &other, &outside].map(|folder| folder.path().canonicalize().unwrap());
        std::fs::create_dir(inside.join("below")).unwrap();
        for (folder, size) in [(&inside.join("below"), 5), (&other, 6), (&outside, 7)] {
            std::fs::write(folder.join("a.pcap"), vec![0; size]).unwrap();
        }
        let link = |to: PathBuf, name: &str| symlink(to, inside.join(name)).unwrap();
        link(inside.join("below/a.pcap"), "file");
        link(inside.join("below"), "folder");
        link(inside.join("folder/a.pcap"), "twice");
        link(other.join("a.pcap"), "other");
        link(outside.join("a.pcap"), "out");
        link(outside.clone(), "out-folder");
        link(inside.join("out"), "in-and-out");
        link(inside.join("missing"), "gone");
        symlink(inside.join("below/a.pcap"), outside.join("back")).unwrap();
        let alias = outside.join("alias");
        symlink(&inside, &alias).unwrap();
        let roots = Roots::Below(vec![Root::open(&alias).unwrap(), Root::open(&other).unwrap()]);
        let size = |path: &str| roots.open(path).map(|file| file.size).ok();
        for (name, expected) in [
            ("file", Some(5)),
            ("folder/a.pcap", Some(5)),
            ("twice", Some(5)),
            ("other", Some(6)),
            ("out", None),
            ("out-folder/a.pcap", None),
            ("in-and-out", None),
            ("gone", None),
            ("out-folder/alias/below/../../a.pcap", None),
        ] {
            assert_eq!(size(name), expected, "{name}");
            assert_eq!(size(inside.join(name).to_str().unwrap()), expected, "{name}");
            assert_eq!(size(alias.join(name).to_str().unwrap()), expected, "{name}");
        }
        // Where a link outside leads is not asked.
        assert_eq!(size(outside.join("back").to_str().unwrap()), None);
    }

    /// A link that changes all the time never shows what is outside.
    #[test]
    fn a_link_that_changes_meanwhile_leads_nowhere_else() {
        use std::sync::atomic::{AtomicBool, Ordering};

        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (inside, outside) = (inside.path().canonicalize().unwrap(), outside.path().canonicalize().unwrap());
        std::fs::write(inside.join("a.pcap"), b"12345").unwrap();
        std::fs::write(outside.join("a.pcap"), b"secret").unwrap();
        let roots = Roots::Below(vec![Root::open(&inside).unwrap()]);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for target in [&inside, &outside].iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let new = inside.join("new");
                    symlink(target.join("a.pcap"), &new).unwrap();
                    std::fs::rename(new, inside.join("link")).unwrap();
                }
            });
            let mut seen = 0;
            for _ in 0..20_000 {
                if let Ok(file) = roots.open("link") {
                    assert_eq!(file.size, 5);
                    seen += 1;
                }
            }
            is_over.store(true, Ordering::Relaxed);
            assert!(seen > 0);
        });
    }

    #[test]
    fn nothing_leads_out_of_a_root_and_no_answer_tells_what_is_outside() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (inside, outside) = (inside.path(), outside.path());
        std::fs::create_dir(inside.join("below")).unwrap();
        for file in [inside.join("a.pcap"), inside.join("below/ü b.pcap"), outside.join("secret.pcap")] {
            std::fs::write(file, b"12345").unwrap();
        }
        symlink("a.pcap", inside.join("in.pcap")).unwrap();
        symlink(outside.join("secret.pcap"), inside.join("out.pcap")).unwrap();
        symlink(outside.join("missing.pcap"), inside.join("gone.pcap")).unwrap();
        symlink(outside, inside.join("folder")).unwrap();
        symlink("../..", inside.join("below/up")).unwrap();
        symlink("loop.pcap", inside.join("loop.pcap")).unwrap();
        symlink("/proc/self/root", inside.join("magic")).unwrap();
        let roots = Roots::Below(vec![Root::open(inside).unwrap()]);
        let open = |path: String| roots.open(&path);
        let (i, o) = (inside.display(), outside.display());
        for path in [
            format!("{i}/a.pcap"),
            format!("{i}/./below/../a.pcap"),
            format!("{i}/below/ü b.pcap"),
            format!("{i}/in.pcap"),
            "a.pcap".into(),
            "below/ü b.pcap".into(),
        ] {
            assert_eq!(open(path.clone()).expect(&path).size, 5);
        }
        let name = outside.file_name().unwrap().to_str().unwrap();
        let forbidden = [
            (format!("{o}/secret.pcap"), format!("{o}/missing.pcap")),
            (format!("{i}/../{name}/secret.pcap"), format!("{i}/../{name}/missing.pcap")),
            (format!("../{name}/secret.pcap"), format!("../{name}/missing.pcap")),
            (format!("{i}/out.pcap"), format!("{i}/gone.pcap")),
            (format!("{i}/folder/secret.pcap"), format!("{i}/folder/missing.pcap")),
            (format!("{i}/below/up/{name}/secret.pcap"), format!("{i}/below/up/{name}/missing.pcap")),
            (format!("{i}/magic{o}/secret.pcap"), format!("{i}/magic{o}/missing.pcap")),
            ("/etc/passwd".into(), "/etc/nothing".into()),
            ("/proc/self/environ".into(), "/proc/0/environ".into()),
            (format!("{i}x/secret.pcap"), format!("{i}/loop.pcap")),
            (format!("{i}/\u{2025}/secret.pcap"), format!("{i}/%2e%2e/secret.pcap")),
        ];
        for (there, missing) in forbidden {
            let told = [&there, &missing].map(|path| match open(path.clone()) {
                Err(CaptureError::NotFound { .. }) if path.contains('\u{2025}') || path.contains("%2e") => {
                    "outside".into()
                }
                Err(error @ CaptureError::Outside { .. }) => error.to_string().replace(path, "outside"),
                other => panic!("{path}: {other:?}"),
            });
            assert_eq!(told[0], told[1], "{there}");
        }
        assert!(matches!(open(format!("{i}/nothing.pcap")), Err(CaptureError::NotFound { .. })));
        assert!(matches!(open(i.to_string()), Err(CaptureError::NotAFile { kind: "a directory", .. })));
    }
}
