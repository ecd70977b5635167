//! What a tool's answers look like. Made when it is first needed: for the tools of this program that takes longer than the rest of a start.

use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::{PatternOptions, Validator};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::vocabulary;
use crate::contract::{evidence, keys, path, schema};
use crate::text::neutral;

/// What is made when it is first needed.
pub(super) type Later<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send + Sync>>;

/// A way to check a value; the reason where its schema cannot be used.
pub(super) type Checker = Result<Validator, String>;

/// The answers of one tool.
pub(super) struct Answers {
    title: (String, String),
    /// The component's schema of the report, with what is not published.
    pub(super) report: Value,
    /// All lists of the report that can be asked for, by their dotted names.
    pub(super) lists: Vec<String>,
    /// Checks an answer with all lists as lists of entries.
    pub(super) checker: Checker,
    complete: OnceLock<Arc<Map<String, Value>>>,
}

impl Answers {
    /// Those of version `version` of a tool, of what its component says of its report.
    pub(super) fn of(tool: &str, version: &str, said: Result<Map<String, Value>, String>) -> Self {
        let usable = said.map(Value::Object).and_then(|report| vocabulary::check(&report).map(|()| report));
        let (report, checker) = match usable {
            Ok(said) => {
                let mut report = keys::closed(&said);
                evidence::describe(&mut report);
                let checker = checker(&schema::plain(tool, version, &report));
                (report, checker)
            }
            Err(reason) => (Value::Null, Err(reason)),
        };
        Self {
            title: (tool.into(), version.into()),
            lists: path::lists(&report),
            report,
            checker,
            complete: OnceLock::new(),
        }
    }

    /// Complete JSON Schema, the host's fields among them.
    pub(super) fn complete(&self) -> &Arc<Map<String, Value>> {
        let (tool, version) = &self.title;
        self.complete.get_or_init(|| Arc::new(schema::complete(tool, version, &self.report)))
    }

    /// The complete schema with all lists as lists of entries.
    pub(super) fn plain(&self) -> Map<String, Value> {
        let (tool, version) = &self.title;
        schema::plain(tool, version, &self.report)
    }
}

/// What checks values by a schema.
pub(super) fn checker(schema: &Map<String, Value>) -> Checker {
    jsonschema::options()
        // Patterns in linear time, whoever wrote them.
        .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
        .build(&Value::Object(schema.clone()))
        .map_err(|error| neutral(&error.to_string(), 300).into_owned())
}

/// A schema of a report, as far as lists of tools show it: all that is read of it at the start.
#[derive(Debug, Deserialize)]
pub(super) struct Outline {
    /// Names of the report's fields, in order.
    #[serde(default, rename = "properties", deserialize_with = "names")]
    pub(super) fields: Vec<String>,
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Names;

    impl<'de> serde::de::Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some((name, serde::de::IgnoredAny)) = map.next_entry()? {
                names.push(name);
            }
            Ok(names)
        }
    }

    deserializer.deserialize_map(Names)
}
