//! A tool, as all know it who ask it something or tell of it: whose it is, its schemas, and the checks that they are for.

use std::sync::Arc;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answers::{Answers, Checker, Later};
use super::{Common, FINDINGS, Within, arguments, schema};
use crate::answer::{AnswerError, Code};
use crate::capture::KEY_LOG;
use crate::pipeline::Wants;
use crate::sandbox::Analyzer;
use crate::text::neutral;

/// A component, as it appears in lists.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name, for example `dns`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, as hexadecimal digits.
    pub sha256: String,
    /// Whether somebody else made it.
    pub is_foreign: bool,
}

impl Module {
    /// What stands behind the descriptions of somebody else's tools.
    pub(crate) fn mark(&self) -> String {
        format!("\n(Analyzer {} {} of a third party.)", self.name, self.version)
    }
}

/// When a tool may end the reading.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Ends {
    /// Always, or never.
    Ever(bool),
    /// When one of these arguments is given.
    With(Vec<String>),
}

impl Default for Ends {
    /// A component that says nothing may.
    fn default() -> Self {
        Self::Ever(true)
    }
}

impl Ends {
    /// Whether it may with these arguments.
    pub fn with(&self, arguments: &Map<String, Value>) -> bool {
        match self {
            Self::Ever(ever) => *ever,
            Self::With(names) => names.iter().any(|name| arguments.get(name).is_some_and(|value| !value.is_null())),
        }
    }
}

/// A tool that clients can call.
pub struct Tool {
    /// The name by which clients call it.
    pub name: String,
    /// The name that its component gave it.
    pub(crate) own_name: String,
    /// Its title for people.
    pub title: String,
    /// What it answers and when to use it, for a language model.
    pub description: String,
    /// JSON Schema of its arguments, `pcap_file` among them.
    pub input: Arc<Map<String, Value>>,
    /// The same, as lists of tools show it.
    pub listed_input: Arc<Map<String, Value>>,
    /// The first level of the schema of its answers, as lists of tools show it.
    pub listed_output: Arc<Map<String, Value>>,
    /// The component it belongs to.
    pub module: Module,
    /// The packets that the component wants for it.
    pub wants: Wants,
    /// When it may end the reading.
    pub ends: Ends,
    /// Lists of the report that the component gives in parts.
    pub paged: Vec<String>,
    /// Lists of which the component gives the first entries, unless a page is asked for by name.
    pub cut: Vec<String>,
    pub(crate) analyzer: Analyzer,
    pub(crate) checker: Later<Checker>,
    pub(crate) answers: Later<Answers>,
}

/// What `pcap_file` is; and what it is where nothing may be fetched.
const CAPTURE: &str = "Path or URL.";
const LOCAL_CAPTURE: &str = "Path of the capture.";

/// A tool's arguments where captures cannot be fetched.
pub fn without_urls(input: &Map<String, Value>) -> Map<String, Value> {
    let mut input = input.clone();
    let properties = input.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(Value::Object(capture)) = properties.and_then(|properties| properties.get_mut("pcap_file")) {
        capture.insert("description".into(), LOCAL_CAPTURE.into());
    }
    input
}

/// What `keylog_file` is.
const KEY_LOG_FILE: &str = "Path of a TLS key log.";

/// Whether an argument is the host's, so that no component can take it for itself.
fn is_of_host(name: &str) -> bool {
    matches!(name, "pcap_file" | KEY_LOG) || arguments::NAMES.contains(&name)
}

/// The arguments of a tool with the capture in front and those of all tools behind; the name of one that the component takes for itself.
/// `decrypts`: with the one that names a key log, which no tool can take for itself.
pub(crate) fn with_common(mut arguments: Map<String, Value>, decrypts: bool) -> Result<Map<String, Value>, String> {
    let mut properties = Map::new();
    properties.insert("pcap_file".into(), json!({ "type": "string", "description": CAPTURE }));
    if let Some(Value::Object(own)) = arguments.remove("properties") {
        if let Some(taken) = own.keys().find(|name| is_of_host(name)) {
            return Err(taken.clone());
        }
        properties.extend(own);
    }
    if decrypts {
        properties.insert(KEY_LOG.into(), json!({ "type": "string", "description": KEY_LOG_FILE }));
    }
    arguments::describe(&mut properties);
    let mut required = vec![json!("pcap_file")];
    if let Some(Value::Array(own)) = arguments.remove("required") {
        required.extend(own.into_iter().filter(|name| name != "pcap_file"));
    }
    arguments.insert("type".into(), "object".into());
    arguments.insert("properties".into(), properties.into());
    arguments.insert("required".into(), required.into());
    arguments.insert("additionalProperties".into(), false.into());
    Ok(arguments)
}

impl Tool {
    /// Checks arguments against the tool's schema.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with the argument's name, what is wrong and what would be right.
    pub fn check(&self, arguments: &Map<String, Value>) -> Result<(), AnswerError> {
        let value = Value::Object(arguments.clone());
        let Some(error) = self.usable(&self.checker)?.iter_errors(&value).next() else { return Ok(()) };
        let path = error.instance_path().to_string();
        let name = path.trim_start_matches('/').to_owned();
        let message = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known: Vec<&str> = self.properties().map(|(name, _)| name).collect();
                let unknown: Vec<String> = unexpected.iter().map(|name| shown(name)).collect();
                format!("unknown argument {}; {} takes {}", unknown.join(", "), self.name, known.join(", "))
            }
            ValidationErrorKind::Required { property } => format!("argument {property} is missing"),
            // All of them: who is told a few would guess the rest.
            ValidationErrorKind::Enum { options } => {
                let options: Vec<String> = options.as_array().into_iter().flatten().map(Value::to_string).collect();
                let given = shown(&error.instance().to_string());
                format!("argument {name}: {given} is not one of {}", options.join(", "))
            }
            _ => format!("argument {name}: {}", shown(&error.to_string())),
        };
        Err(AnswerError::new(Code::BadArgument, message))
    }

    /// What checks values, unless the schema cannot be used.
    fn usable<'a>(&self, checker: &'a Checker) -> Result<&'a Validator, AnswerError> {
        checker.as_ref().map_err(|reason| {
            let message =
                format!("the {} component's schemas of {} cannot be used: {reason}", self.module.name, self.name);
            AnswerError::new(Code::ComponentFault, message)
        })
    }

    /// The component's schema of the report, with what is not published.
    pub(crate) fn report(&self) -> &Value {
        &self.answers.report
    }

    /// All lists of the report that can be asked for, by their dotted names.
    pub(crate) fn lists(&self) -> &[String] {
        &self.answers.lists
    }

    /// Complete JSON Schema of its answers, the host's fields among them.
    pub fn output(&self) -> &Arc<Map<String, Value>> {
        self.answers.complete()
    }

    /// The parts of the report that can be asked for: its lists and objects, and the lists within these.
    pub fn sections(&self) -> Vec<String> {
        let within = self.lists().iter().filter(|name| name.contains('.')).cloned();
        schema::sections(self.report()).into_iter().chain(within).collect()
    }

    /// Whether it has findings, and tells them of a capture without being asked for anything in particular.
    pub(crate) fn finds(&self) -> bool {
        let fields = self.listed_output.get("properties").and_then(Value::as_object);
        let required = self.input.get("required").and_then(Value::as_array);
        fields.is_some_and(|fields| fields.contains_key(FINDINGS)) && required.is_none_or(|names| names.len() == 1)
    }

    /// Checks that the parts of the report that are asked for are there.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with all that are there.
    pub fn check_sections(&self, common: &Common) -> Result<(), AnswerError> {
        let known = self.sections();
        let is_unknown = |name: &&str| !known.iter().any(|known| known == name);
        let no_list = common.within.as_ref().filter(|within| within.schema(self.report()).is_null()).map(Within::name);
        let unknown = common.lists().find(is_unknown).map(str::to_owned);
        let Some(unknown) = no_list.or(unknown) else { return Ok(()) };
        let argument = if common.cursor.is_some() { "cursor" } else { "section" };
        Err(AnswerError::new(
            Code::BadArgument,
            format!("argument {argument}: {} is not one of {}", shown(&unknown), known.join(", ")),
        ))
    }

    /// Checks an answer, its lists as the component gave them, against the schema that clients know.
    ///
    /// # Errors
    /// [`Code::ComponentFault`] with the place: the report is not what its component promised.
    pub fn check_answer(&self, answer: &Value) -> Result<(), AnswerError> {
        let Some(error) = self.usable(&self.answers.checker)?.iter_errors(answer).next() else { return Ok(()) };
        let place = neutral(&error.instance_path().to_string(), 200).into_owned();
        let message = format!(
            "the {} component's report does not fit its schema at {}: {}",
            self.module.name,
            if place.is_empty() { "/" } else { &place },
            shown(&error.to_string())
        );
        Err(AnswerError::new(Code::ComponentFault, message))
    }

    /// The complete schema of its answers with all lists as lists of entries, for those who describe its fields.
    pub fn fields(&self) -> Value {
        self.answers.plain().into()
    }

    /// Whether an argument is the component's, and not one that all tools have.
    pub fn is_own_argument(&self, name: &str) -> bool {
        !is_of_host(name)
    }

    /// Its arguments and their schemas, in order.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.input.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }
}

/// A client's own words in a message, bounded.
pub(crate) fn shown(text: &str) -> String {
    neutral(text, 200).into_owned()
}
