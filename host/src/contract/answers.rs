//! What a tool's answers look like. Made when it is first needed: for the tools of this program that takes longer than the rest of a start.

use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use super::{evidence, keys, path, schema, vocabulary};
use crate::text::neutral;

/// What is made when it is first needed.
pub(crate) type Later<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send + Sync>>;

/// A way to check a value; the reason where its schema cannot be used.
pub(crate) type Checker = Result<Validator, String>;

/// The answers of one tool.
pub(crate) struct Answers {
    title: (String, String),
    /// The component's schema of the report, with what is not published.
    pub(crate) report: Value,
    /// All lists of the report that can be asked for, by their dotted names.
    pub(crate) lists: Vec<String>,
    /// Checks an answer with all lists as lists of entries.
    pub(crate) checker: Checker,
    complete: OnceLock<Arc<Map<String, Value>>>,
}

impl Answers {
    /// Those of version `version` of a tool, of what its component says of its report.
    pub(crate) fn of(tool: &str, version: &str, said: Result<Map<String, Value>, String>) -> Self {
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
    pub(crate) fn complete(&self) -> &Arc<Map<String, Value>> {
        let (tool, version) = &self.title;
        self.complete.get_or_init(|| Arc::new(schema::complete(tool, version, &self.report)))
    }

    /// The complete schema with all lists as lists of entries.
    pub(crate) fn plain(&self) -> Map<String, Value> {
        let (tool, version) = &self.title;
        schema::plain(tool, version, &self.report)
    }
}

/// What checks values by a schema.
pub(crate) fn checker(schema: &Map<String, Value>) -> Checker {
    jsonschema::options()
        // Patterns in linear time, whoever wrote them.
        .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
        .build(&Value::Object(schema.clone()))
        .map_err(|error| neutral(&error.to_string(), 300).into_owned())
}
