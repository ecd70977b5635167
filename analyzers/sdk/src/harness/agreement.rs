//! Agreement with independent facts, natively: the comparison of `tests/it/agreement` with what tshark says of a folder of captures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::run;
use crate::Tool;

/// Takes a field, with what a report says of it and what tshark says.
pub type Note<'a> = &'a mut dyn FnMut(&str, Value, Value);

/// How a tool's reports are compared.
pub struct Agreement {
    /// The project's folder.
    pub root: PathBuf,
    /// What its tool is asked; `limit` becomes that of the page.
    pub arguments: Value,
    /// How the names of its fields begin.
    pub fields: &'static [&'static str],
    /// Compares a report with the facts about its capture.
    pub compare: fn(&Value, &Value, Note<'_>),
}

type Differences = BTreeMap<(String, String), (Value, Value)>;

impl Agreement {
    /// Over the captures of the project: fails where a difference is not in `differences.json`, where one of those is gone, and where fewer fields of a
    /// folder are equal than `least`.
    #[track_caller]
    pub fn own<T: Tool>(&self, least: u64) {
        for folder in ["tests/captures/crafted", "examples/captures"] {
            self.check::<T>(&self.root.join(folder), folder, least);
        }
    }

    /// The same over the folder that `MCPCAP_CORPUS` names, if it names one.
    #[track_caller]
    pub fn corpus<T: Tool>(&self, least: u64) {
        if let Some(folder) = std::env::var_os("MCPCAP_CORPUS") {
            self.check::<T>(Path::new(&folder), "corpus", least);
        }
    }

    #[track_caller]
    fn check<T: Tool>(&self, folder: &Path, name: &str, least: u64) {
        let (mut found, equal) = self.differences::<T>(folder);
        let mut wrong: Vec<String> = Vec::new();
        for (key, both) in self.known(name) {
            if found.remove(&key).as_ref() != Some(&both) {
                wrong.push(format!("listed, and gone or other: {key:?}"));
            }
        }
        wrong.extend(found.iter().map(|((file, field), (ours, theirs))| {
            json!({ "file": file, "field": field, "ours": ours, "tshark": theirs }).to_string()
        }));
        assert!(wrong.is_empty() && equal >= least, "{equal} equal; {}:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// What differs in a folder with an `oracle.json`, and how many comparisons were equal.
    fn differences<T: Tool>(&self, folder: &Path) -> (Differences, u64) {
        let (oracle, mut found, mut equal) = (read(&folder.join("oracle.json")), Differences::new(), 0);
        let mut arguments = self.arguments.clone();
        let limit = arguments.as_object_mut().and_then(|arguments| arguments.remove("limit"));
        arguments["page"] = json!({ "limit": limit });
        arguments["count_copies"] = json!(true);
        for (name, facts) in oracle["files"].as_object().expect("files") {
            let Ok(capture) = std::fs::read(folder.join(name)) else { continue };
            let Ok(report) = run::<T>(&capture, &arguments) else { continue };
            (self.compare)(&report, facts, &mut |field, ours, theirs| {
                if ours == theirs {
                    equal += 1;
                } else {
                    found.insert((name.clone(), field.to_owned()), (ours, theirs));
                }
            });
        }
        (found, equal)
    }

    /// The differences that are known of a folder, with their reasons.
    fn known(&self, folder: &str) -> Differences {
        let all = read(&self.root.join("tests/it/agreement/differences.json"));
        let mut known = Differences::new();
        for entry in all[folder].as_array().into_iter().flatten() {
            for (field, both) in entry["fields"].as_object().expect("fields") {
                if self.fields.iter().any(|begin| field.starts_with(begin)) {
                    let file = entry["file"].as_str().expect("a file").to_owned();
                    known.insert((file, field.clone()), (both[0].clone(), both[1].clone()));
                }
            }
        }
        known
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON")
}
