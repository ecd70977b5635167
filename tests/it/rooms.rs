//! Rooms of the host know only rooms below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;

/// The rooms, from the bottom up.
const ROOMS: [&str; 31] = [
    // What all share.
    "text",
    "digest",
    "network",
    "recent",
    "alive",
    "settings",
    "effort",
    "progress",
    "bindings",
    "answer",
    "rows",
    "selection",
    // A run.
    "batch",
    "packets",
    "streams",
    "sandbox",
    "capture",
    "pipeline",
    // What is made of what it gives.
    "contract",
    "library",
    "tables",
    // Who answers.
    "catalog",
    "analyzers",
    "watch",
    "service",
    // Who asks.
    "export",
    "mcp",
    "harden",
    "cli",
    // The program.
    "lib",
    "main",
];

/// The room of a file, and how many modules deep it is.
fn place(file: &Path) -> (String, usize) {
    let mut names: Vec<&str> = file.iter().map(|name| name.to_str().unwrap().trim_end_matches(".rs")).collect();
    names.retain(|name| *name != "mod");
    (names[0].to_owned(), names.len())
}

/// Code without comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first name of each path in `{a::b, c::{d, e}}`, or of a single path.
fn firsts(paths: &str) -> Vec<&str> {
    let name = |path: &str| path.len() - path.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let Some(group) = paths.strip_prefix('{') else { return vec![&paths[..name(paths)]] };
    let mut found = Vec::new();
    let (mut depth, mut is_first) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            c if is_first && !c.is_whitespace() => {
                found.push(&group[at..at + name(&group[at..])]);
                is_first = false;
            }
            _ => {}
        }
    }
    found
}

/// The rooms that code so many modules deep names.
fn named(code: &str, depth: usize) -> BTreeSet<&str> {
    // Tests within a file are one deeper.
    let above = [depth, depth + 1].map(|depth| "super::".repeat(depth));
    let ways = ["crate::", &above[0], &above[1]];
    let paths = ways.iter().flat_map(|way| code.match_indices(way).map(|(at, _)| &code[at + way.len()..]));
    paths.flat_map(firsts).filter(|name| ROOMS.contains(name)).collect()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn rooms_know_only_rooms_below_them() {
    let folder = root().join("host/src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let height = |room: &str| ROOMS.iter().position(|known| *known == room);
    let (mut seen, mut upwards) = (BTreeSet::new(), Vec::new());
    for file in &files {
        let inside = file.strip_prefix(&folder).unwrap();
        let (room, depth) = place(inside);
        let own = height(&room).unwrap_or_else(|| panic!("{room} has no place in the order of rooms"));
        let text = std::fs::read_to_string(file).unwrap();
        let code = code(&text);
        let above = named(&code, depth).into_iter().filter(|used| height(used) > Some(own));
        upwards.extend(above.map(|used| format!("{} uses {used}", inside.display())));
        seen.insert(room);
    }
    assert!(upwards.is_empty(), "{upwards:#?}");
    assert_eq!(seen, ROOMS.iter().map(|room| (*room).to_owned()).collect(), "rooms that are not there any more");
}

#[test]
fn a_way_up_is_seen_however_it_is_written() {
    for (code, depth) in [
        ("use crate::service::Answer;", 1),
        ("use crate::{text::neutral, service::{Answer, kept}};", 2),
        ("let x = crate::service::run();", 2),
        ("use super::service;", 1),
        ("use super::super::service::Answer;", 2),
        ("mod tests { use super::super::service; }", 1),
        ("use crate::{\n    text,\n    service,\n};", 3),
    ] {
        assert!(named(code, depth).contains("service"), "{code}");
    }
    assert!(named(&code("/// As [`crate::service`].\nuse super::service;"), 2).is_empty());
}
