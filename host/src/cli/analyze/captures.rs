//! Which captures are meant: files, URLs, all below a folder, those that a pattern names, and what comes through standard input.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use crate::capture::{Root, Roots, spool};
use crate::cli::exit::Failure;
use crate::library::Library;
use crate::service::{STANDARD_INPUT, Service};
use crate::text::terminal::complain;
use crate::text::url::is_url;

/// Files of one pattern; as many as of a folder.
const MOST: usize = 20_000;

/// The captures, in order, and whether they are a set: then each answer says which it is about, however many there are.
pub struct Chosen {
    pub captures: Vec<String>,
    pub is_set: bool,
}

/// Finds them.
///
/// # Errors
/// When a folder or a pattern has none.
pub fn chosen(typed: &[String]) -> Result<Chosen, Failure> {
    let mut chosen = Chosen { captures: Vec::new(), is_set: typed.len() > 1 };
    for name in typed {
        let path = Path::new(name);
        if name == STANDARD_INPUT || is_url(name) || path.is_file() {
            chosen.captures.push(name.clone());
        } else if path.is_dir() {
            chosen.is_set = true;
            chosen.captures.extend(below(path)?);
        } else if name.contains(['*', '?', '[']) && !path.exists() {
            chosen.is_set = true;
            chosen.captures.extend(matching(name)?);
        } else {
            // What it is, and why it cannot be read, is found out where it is opened.
            chosen.captures.push(name.clone());
        }
    }
    Ok(chosen)
}

fn below(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |reason: String| Failure::Failed(format!("{}: {reason}", folder.display()));
    let root = Root::open(folder).map_err(|error| failed(error.to_string()))?;
    let found = Library::of(Arc::new(Roots::Below(vec![root]))).list();
    if found.is_cut {
        complain(&format!("Note: {} has more than is looked at; name folders within it\n", folder.display()));
    }
    if found.entries.is_empty() {
        return Err(failed("there is no capture in this folder (.pcap, .pcapng, .cap, .dmp, also compressed)".into()));
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
