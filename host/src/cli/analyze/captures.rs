//! Which captures are meant: files, URLs, all below a folder, those that a pattern names, and what comes through standard input; and how each is
//! called where several are told apart.

use std::collections::HashSet;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::{Root, Roots, spool};
use crate::cli::exit::Failure;
use crate::library::Library;
use crate::service::{STANDARD_INPUT, Service};
use crate::text::terminal::complain;
use crate::text::url::{is_url, shown};

/// Files of one pattern; as many as of a folder.
const MOST: usize = 20_000;

/// The captures, in order, and whether they are a set: then each answer says which it is about, however many there are.
pub struct Chosen {
    pub captures: Vec<String>,
    pub is_set: bool,
    /// The folders that were named, or in which what was named is.
    folders: Vec<PathBuf>,
}

impl Chosen {
    /// How each is called: its path from a folder on, so that a set has the same names wherever it lies. Without a folder it is the one that all of
    /// them are in by what was typed; of a single file that leaves its name.
    ///
    /// # Errors
    /// When the folder is not there.
    pub fn names(&self, base: Option<&Path>) -> Result<Vec<String>, Failure> {
        let base = match base {
            Some(base) => {
                let real = base.canonicalize();
                Some(real.map_err(|error| Failure::Wrong(format!("--base {}: {error}", base.display())))?)
            }
            None => self.folders.iter().filter_map(|folder| folder.canonicalize().ok()).reduce(common),
        };
        Ok(self.captures.iter().map(|capture| name(capture, base.as_deref())).collect())
    }
}

/// The folder that both are in.
fn common(one: PathBuf, other: PathBuf) -> PathBuf {
    let same = one.components().zip(other.components()).take_while(|(one, other)| one == other);
    same.map(|(part, _)| part).collect()
}

fn name(capture: &str, base: Option<&Path>) -> String {
    if capture == STANDARD_INPUT || is_url(capture) {
        return shown(capture);
    }
    let below = || Some(real(Path::new(capture))?.strip_prefix(base?).ok()?.display().to_string());
    below().unwrap_or_else(|| shown(capture))
}

/// A path of which the folder is no link.
fn real(path: &Path) -> Option<PathBuf> {
    Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?))
}

/// The folder that a path is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folder that all are in that a pattern names: what stands before its first part with a sign.
fn folder_of_pattern(pattern: &str) -> &Path {
    let fixed = pattern.find(['*', '?', '[']).and_then(|at| pattern.get(..at)).unwrap_or(pattern);
    match fixed.rfind('/') {
        Some(0) => Path::new("/"),
        Some(at) => Path::new(pattern.get(..at).unwrap_or(pattern)),
        None => Path::new("."),
    }
}

/// Finds them, each once, however often it was named: what is counted over them would be wrong.
///
/// # Errors
/// When a folder or a pattern has none.
pub fn chosen(typed: &[String]) -> Result<Chosen, Failure> {
    let mut chosen = Chosen { captures: Vec::new(), is_set: typed.len() > 1, folders: Vec::new() };
    for name in typed {
        let path = Path::new(name);
        if name == STANDARD_INPUT || is_url(name) {
            chosen.captures.push(name.clone());
        } else if path.is_file() {
            chosen.folders.push(folder_of(path).to_owned());
            chosen.captures.push(name.clone());
        } else if path.is_dir() {
            chosen.is_set = true;
            chosen.folders.push(path.to_owned());
            let found = below(path)?;
            if found.is_empty() {
                let reason = "there is no capture in this folder (.pcap, .pcapng, .cap, .dmp, also compressed)";
                return Err(Failure::Failed(format!("{}: {reason}", path.display())));
            }
            chosen.captures.extend(found);
        } else if name.contains(['*', '?', '[']) && !path.exists() {
            chosen.is_set = true;
            chosen.folders.push(folder_of_pattern(name).to_owned());
            chosen.captures.extend(matching(name)?);
        } else {
            // What it is, and why it cannot be read, is found out where it is opened.
            chosen.captures.push(name.clone());
        }
    }
    let mut seen = HashSet::new();
    chosen.captures.retain(|capture| {
        let path = Path::new(capture);
        let is_path = capture != STANDARD_INPUT && !is_url(capture);
        seen.insert(real(path).filter(|_| is_path).unwrap_or_else(|| path.to_owned()))
    });
    Ok(chosen)
}

fn below(folder: &Path) -> Result<Vec<String>, Failure> {
    let root = Root::open(folder).map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())))?;
    let found = Library::of(Arc::new(Roots::Below(vec![root]))).list();
    if !found.passed.is_empty() {
        let passed: Vec<String> = found.passed.iter().map(ToString::to_string).collect();
        complain(&format!("Note: {} has more, not looked at: {}\n", folder.display(), passed.join(", ")));
    }
    Ok(found.entries.iter().map(|entry| folder.join(&entry.path).display().to_string()).collect())
}

fn matching(pattern: &str) -> Result<Vec<String>, Failure> {
    let found = glob::glob(pattern).map_err(|error| Failure::Wrong(format!("{pattern}: {error}")))?;
    let mut captures = Vec::new();
    for (place, path) in found.flatten().enumerate() {
        if place == MOST {
            complain(&format!("Note: {pattern} names more than {MOST} files; the others are left out\n"));
            break;
        }
        if path.is_dir() {
            // One without captures is not what was meant.
            captures.extend(below(&path)?);
        } else {
            captures.push(path.display().to_string());
        }
    }
    if captures.is_empty() { Err(Failure::Failed(format!("no file matches {pattern}"))) } else { Ok(captures) }
}

/// Takes what comes through standard input, where it is meant.
///
/// # Errors
/// When it cannot be kept, is too large, or would have to be typed.
pub async fn take_standard_input(service: &Service, chosen: &Chosen) -> Result<(), Failure> {
    if !chosen.captures.iter().any(|name| name == STANDARD_INPUT) {
        return Ok(());
    }
    if io::stdin().is_terminal() {
        return Err(Failure::Wrong(
            "- is a capture from standard input, which is a terminal: pipe one in, as in tcpdump -w - | mcpcap analyze dns -"
                .into(),
        ));
    }
    let limit = service.limits().download;
    let spooled = tokio::task::spawn_blocking(move || spool(io::stdin().lock(), limit)).await;
    let spooled = spooled.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    service.take_standard_input(spooled);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_called_the_same_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["set/monday/a.pcap", "set/monday/b.pcap", "set/tuesday/a.pcap"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let names = |typed: &[String], base: Option<&str>| {
            let chosen = chosen(typed).unwrap();
            chosen.names(base.map(|base| folder.path().join(base)).as_deref()).unwrap()
        };
        let all = ["monday/a.pcap", "monday/b.pcap", "tuesday/a.pcap"];
        for typed in [
            vec![at("set")],
            vec![at("set/monday"), at("set/tuesday")],
            vec![at("set/*/*.pcap")],
            vec![at("set/monday/../monday"), at("set/./tuesday/a.pcap")],
        ] {
            assert_eq!(names(&typed, None), all, "{typed:?}");
        }
        assert_eq!(names(&[at("set/monday")], None), ["a.pcap", "b.pcap"]);
        assert_eq!(names(&[at("set/tuesday/a.pcap")], None), ["a.pcap"]);
        // As one of many tasks has it.
        assert_eq!(names(&[at("set/tuesday/a.pcap")], Some("set")), ["tuesday/a.pcap"]);
        assert_eq!(names(&[at("set/tuesday/a.pcap")], Some("set/monday")), [at("set/tuesday/a.pcap")]);
        assert!(chosen(&[at("set")]).unwrap().names(Some(Path::new("/nowhere"))).is_err());
        let others = ["-".to_owned(), "https://u:p@example.org/a.pcap?t".to_owned(), "/nowhere/x.pcap".to_owned()];
        assert_eq!(names(&others, None), ["-", "https://example.org/a.pcap", "/nowhere/x.pcap"]);
    }

    #[test]
    fn a_capture_is_there_once_however_often_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir_all(at("day/1")).unwrap();
        for name in ["day/1/a.pcap", "day/b.pcap"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("day"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("day/b.pcap"), at("day/1/c.pcap")).unwrap();
        let url = "https://example.org/a.pcap".to_owned();
        let typed =
            ["day/b.pcap", "day", "day/*/*.pcap", "day/../day/b.pcap", "link/b.pcap", "nothing.pcap", "nothing.pcap"];
        let mut typed: Vec<String> = typed.map(at).into();
        typed.extend([url.clone(), url.clone(), "-".into(), "-".into()]);
        let chosen = chosen(&typed).unwrap();
        // Another name of it is another capture.
        let all = [at("day/b.pcap"), at("day/1/a.pcap"), at("day/1/c.pcap"), at("nothing.pcap"), url, "-".into()];
        assert_eq!((chosen.captures, chosen.is_set), (all.to_vec(), true));
    }

    #[test]
    fn a_pattern_may_name_folders_without_captures_as_long_as_it_names_a_capture() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["day-1", "day-2", "day-notes"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        for name in ["day-1/a.pcap", "day-3.pcap", "day-notes/x.txt"] {
            std::fs::write(at(name), "x").unwrap();
        }
        assert_eq!(chosen(&[at("day-*")]).unwrap().captures, [at("day-1/a.pcap"), at("day-3.pcap")]);
        for nothing in ["day-n*", "day-notes", "month-*"] {
            assert!(matches!(chosen(&[at(nothing)]), Err(Failure::Failed(_))), "{nothing}");
        }
    }

    #[test]
    fn the_folder_of_a_pattern_is_what_stands_before_its_signs() {
        for (pattern, folder) in [("a/b-*.pcap", "a"), ("*/x", "."), ("/*", "/"), ("/a/b?/c", "/a"), ("a*", ".")] {
            assert_eq!(folder_of_pattern(pattern), Path::new(folder), "{pattern}");
        }
    }
}
