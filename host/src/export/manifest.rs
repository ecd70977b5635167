//! What a data set says of a capture: the record that makes its files part of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Format;
use crate::contract::Module;
use crate::service::Extracted;

/// The version of this record. One of another version is written again.
const VERSION: u32 = 1;
/// Bytes of a record that are read: those of a hundred tables have some 50,000.
pub const MOST: usize = 4 << 20;
/// Why reading ended, where another run may read further.
const OF_TIME: &str = "time-limit";

/// The record of a capture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the record.
    format_version: u32,
    /// The version of the program.
    mcpcap: String,
    /// The form of the files.
    pub format: Format,
    /// The capture.
    pub capture: Capture,
    /// What else decides on rows.
    settings: Settings,
    /// The components that all this is of: those that a capture passes through, and the analyzers.
    components: Vec<Component>,
    /// The tables, or logs, by their names.
    pub tables: BTreeMap<String, Part>,
}

/// A capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Its name, as the column `capture` has it.
    pub name: String,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Packets that were read.
    pub packets: u64,
    /// Whether it was read to its end.
    pub complete: bool,
    /// Where and why not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<Ended>,
}

/// Why reading ended before the end of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// As in reports: `cut-short`, `damaged`, `time-limit` and so on.
    pub reason: String,
    /// Where, in bytes of the inflated capture.
    pub offset: u64,
    /// What is wrong there, in one line.
    pub message: String,
}

/// What decides on rows besides the capture and the components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The most packets of its protocol that an analyzer looks at; absent: all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_packets: Option<u64>,
    /// Memory of a component, in bytes.
    pub component_memory: usize,
    /// SHA-256 of the TLS key log that was given; absent: none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_log: Option<String>,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    name: String,
    version: String,
    sha256: String,
}

impl From<&Module> for Component {
    fn from(module: &Module) -> Self {
        Self { name: module.name.clone(), version: module.version.clone(), sha256: module.sha256.clone() }
    }
}

/// A table or log of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its file, from the place of the data set on.
    pub file: String,
    /// Its rows or lines.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Names of the analyzers whose rows they are.
    pub analyzers: Vec<String>,
}

/// On what rows depend, besides the capture.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The form of the files.
    pub format: Format,
    /// What decides on them.
    pub settings: Settings,
    /// The components that a capture passes through.
    pub line: Vec<Module>,
}

impl Manifest {
    /// A record without tables.
    pub fn new(basis: &Basis, capture: Capture) -> Self {
        let mut components: Vec<Component> = basis.line.iter().map(Component::from).collect();
        components.sort();
        Self {
            format_version: VERSION,
            mcpcap: env!("CARGO_PKG_VERSION").into(),
            format: basis.format,
            capture,
            settings: basis.settings.clone(),
            components,
            tables: BTreeMap::new(),
        }
    }

    /// Reads one. Whatever is no record of this version is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|read: &Self| read.format_version == VERSION)
    }

    /// As it is written: the same for the same.
    ///
    /// # Errors
    /// Never: all of it has a form in JSON.
    pub fn written(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = crate::text::data::exact(&serde_json::to_string_pretty(self)?).into_owned();
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// Whether its tables are what would be made of this file now, as far as it does not depend on their analyzers: then others can stand beside them.
    pub fn is_of(&self, basis: &Basis, name: &str, sha256: &str) -> bool {
        let bare = Self::new(basis, self.capture.clone());
        (&bare.mcpcap, bare.format, &bare.settings) == (&self.mcpcap, self.format, &self.settings)
            && (self.capture.name.as_str(), self.capture.sha256.as_str()) == (name, sha256)
            && bare.components.iter().all(|component| self.components.contains(component))
            // More may be read with more time.
            && !self.capture.is_cut_by_time()
    }

    /// A table, where it is of these analyzers.
    pub fn table(&self, name: &str, analyzers: &[Module]) -> Option<&Part> {
        let part = self.tables.get(name)?;
        let same =
            |name: &String, module: &Module| *name == module.name && self.components.contains(&Component::from(module));
        let is_of_them = part.analyzers.len() == analyzers.len()
            && part.analyzers.iter().zip(analyzers).all(|(name, module)| same(name, module));
        is_of_them.then_some(part)
    }

    /// Adds a table of these analyzers, in place of an older one.
    pub fn add(&mut self, name: &str, part: Part, analyzers: &[Module]) {
        for module in analyzers {
            // One of another version has made tables that are made again too.
            self.components.retain(|known| known.name != module.name);
            self.components.push(module.into());
        }
        // In whatever order they came.
        self.components.sort();
        self.tables.insert(name.to_owned(), part);
    }
}

impl Capture {
    /// What was read of one.
    pub fn new(name: &str, size: u64, sha256: &str, extracted: &Extracted) -> Self {
        let ended = extracted.end.as_ref().map(|end| Ended {
            reason: end.reason.into(),
            offset: end.offset,
            message: end.message.clone(),
        });
        let complete = ended.is_none();
        Self { name: name.into(), size, sha256: sha256.into(), packets: extracted.packets, complete, ended }
    }

    /// Whether another run may read further.
    pub fn is_cut_by_time(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.reason == OF_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, sha256: &str) -> Module {
        Module { name: name.into(), version: "1.0.0".into(), sha256: sha256.into(), is_foreign: false }
    }

    fn basis() -> Basis {
        let settings = Settings { max_packets: None, component_memory: 5, key_log: None };
        Basis { format: Format::Parquet, settings, line: vec![module("reader", "r"), module("decoder", "d")] }
    }

    fn capture() -> Capture {
        let name = "a\u{202e}.pcap".to_owned();
        Capture { name, size: 7, sha256: "s".into(), packets: 2, complete: true, ended: None }
    }

    fn part(name: &str, analyzers: &[&str]) -> Part {
        let analyzers = analyzers.iter().map(|name| (*name).to_owned()).collect();
        Part { file: format!("{name}/x.parquet"), rows: 1, bytes: 2, sha256: "f".into(), analyzers }
    }

    fn whole() -> Manifest {
        let mut manifest = Manifest::new(&basis(), capture());
        manifest.add("tcp", part("tcp", &["tcp"]), &[module("tcp", "t")]);
        manifest.add("dns", part("dns", &["dns"]), &[module("dns", "n")]);
        manifest
    }

    #[test]
    fn it_is_read_as_it_was_written_and_the_same_whatever_came_first() {
        let text = whole().written().unwrap();
        assert_eq!(Manifest::read(&text), Some(whole()));
        let mut other = Manifest::new(&basis(), capture());
        other.add("dns", part("dns", &["dns"]), &[module("dns", "n")]);
        other.add("tcp", part("tcp", &["tcp"]), &[module("tcp", "t")]);
        assert_eq!(other.written().unwrap(), text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("a\\u202e.pcap") && text.ends_with("}\n"), "{text}");
        for damaged in [
            text.get(..40).unwrap().to_owned(),
            text.replace("\"format_version\": 1", "\"format_version\": 2"),
            "{}".into(),
        ] {
            assert_eq!(Manifest::read(damaged.as_bytes()), None);
        }
    }

    #[test]
    fn tables_stand_as_long_as_all_that_decides_on_them_is_the_same() {
        let manifest = whole();
        let is_of = |change: fn(&mut Basis)| {
            let mut basis = basis();
            change(&mut basis);
            manifest.is_of(&basis, &capture().name, "s")
        };
        assert!(is_of(|_| ()));
        assert!(!is_of(|basis| basis.settings.max_packets = Some(1)));
        assert!(!is_of(|basis| basis.settings.component_memory = 6));
        assert!(!is_of(|basis| basis.settings.key_log = Some("k".into())));
        assert!(!is_of(|basis| basis.format = Format::Csv));
        assert!(!is_of(|basis| basis.line = vec![module("reader", "other")]));
        assert!(!manifest.is_of(&basis(), "b", "s") && !manifest.is_of(&basis(), &capture().name, "t"));
        let ended = Some(Ended { reason: OF_TIME.into(), offset: 0, message: String::new() });
        let cut = Manifest { capture: Capture { ended, ..capture() }, ..whole() };
        assert!(!cut.is_of(&basis(), &capture().name, "s"));
        assert!(manifest.table("dns", &[module("dns", "n")]).is_some());
        for others in [vec![module("dns", "new")], vec![module("tcp", "t")], vec![], vec![module("dns", "n"); 2]] {
            assert!(manifest.table("dns", &others).is_none());
        }
        assert!(manifest.table("http", &[]).is_none());
    }
}
