//! Analyzers of others: let in, refused, approved, exchanged while the server runs; in the real binary.

mod approve;
mod cache;
mod compile;
mod contract;
mod live;
mod lock;
mod new;
mod refused;
mod registry;
mod shapes;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::guest;

/// A folder for analyzers, and one for native code.
pub struct Place {
    pub folder: TempDir,
    pub cache: TempDir,
    config: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = || TempDir::new().unwrap();
        Self { folder: folder(), cache: folder(), config: folder() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where approved analyzers are pinned, unless it is said otherwise.
    pub fn lock(&self) -> PathBuf {
        self.config.path().join("mcpcap/analyzers.lock")
    }

    /// Puts a component there.
    pub fn put(&self, file: &str, wasm: &[u8]) {
        // Under another name first: the server must not see half of it.
        let unfinished = self.path().join(".unfinished");
        std::fs::write(&unfinished, wasm).unwrap();
        std::fs::rename(unfinished, self.path().join(file)).unwrap();
    }

    /// What stands on the command line for it.
    pub fn arguments(&self) -> Vec<&OsStr> {
        [["--analyzers".as_ref(), self.path().as_os_str()], self.kept()].concat()
    }

    fn kept(&self) -> [&OsStr; 2] {
        ["--cache-dir".as_ref(), self.cache.path().as_ref()]
    }

    /// Runs the program, with those of its options that the command takes.
    pub fn run(&self, command: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
        program.args(command).env_remove("MCPCAP_ANALYZERS");
        match command {
            ["analyzer", "new" | "pin", ..] | ["wit", ..] => &mut program,
            ["analyzer", "approve" | "check" | "run", ..] => program.args(self.kept()),
            _ => program.args(self.arguments()),
        };
        program.env("XDG_CONFIG_HOME", self.config.path()).env("XDG_CACHE_HOME", self.cache.path());
        program.output().unwrap()
    }

    /// What `analyzer list` says.
    pub fn list(&self, more: &[&str]) -> String {
        text(&self.run(&[&["analyzer", "list"], more].concat()))
    }
}

/// All that a program said.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The description of an analyzer with one tool, `NAME_count`.
pub fn description(name: &str) -> Value {
    json!({
        "name": name, "version": "1.0.0",
        "tools": [{
            "name": format!("{name}_count"), "title": "Count", "description": "Counts frames.",
            "arguments": { "type": "object", "properties": {} },
            "report": { "type": "object", "properties": { "frames": { "type": "integer" } } },
        }],
    })
}

/// A component that describes itself so.
pub fn speaker(description: &Value) -> Vec<u8> {
    saying(description, "")
}

/// And has this text for each prompt.
pub fn saying(description: &Value, prompt: &str) -> Vec<u8> {
    let mut wasm = guest("speaker");
    for (mark, text) in [("@description@", description.to_string()), ("@prompt@", prompt.to_owned())] {
        let at = wasm.windows(mark.len()).position(|octets| octets == mark.as_bytes()).expect("the mark");
        let room = wasm.get_mut(at..at + text.len().max(mark.len())).expect("room for the text");
        room.fill(b' ');
        room[..text.len()].copy_from_slice(text.as_bytes());
    }
    wasm
}
