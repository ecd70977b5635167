//! Which tools and prompts there are: what the components say about themselves, made whole by what the host adds.

use std::sync::Arc;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use mcpcap_builtin::Builtin;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::answer::{AnswerError, Code};
use crate::contract::text::{neutral, neutral_lines};
use crate::contract::{arguments, evidence, schema};
use crate::sandbox::{Analyzer, Fault, Refused, Sandbox};
use crate::settings::Limits;

/// Components that are no analyzers.
const INFRASTRUCTURE: [&str; 3] = ["reader", "codec", "select"];

/// Characters of a title, of a line of a description, and of a line of a prompt.
const TITLE: usize = 100;
const DESCRIPTION: usize = 2048;
const PROMPT_LINE: usize = 10_000;

/// Why the catalog could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// `--modules` names something that is not there.
    #[error("there is no module {name:?}; the modules are {known}")]
    UnknownModule {
        /// As it was given.
        name: String,
        /// Those that are there.
        known: String,
    },
    /// A component was refused.
    #[error("the component {name} cannot be loaded: {reason}")]
    Refused {
        /// Its name.
        name: String,
        /// Why.
        reason: Refused,
    },
    /// A component could not say what it offers.
    #[error("the component {name} does not describe itself: {reason}")]
    Description {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// What `describe` returns; `wit/README.md` has the fields.
#[derive(Debug, Deserialize)]
struct Description {
    version: String,
    tools: Vec<ToolDescription>,
    #[serde(default)]
    prompts: Vec<PromptDescription>,
}

#[derive(Debug, Deserialize)]
struct ToolDescription {
    name: String,
    title: String,
    description: String,
    arguments: Map<String, Value>,
    report: Map<String, Value>,
    #[serde(default)]
    paged: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PromptDescription {
    name: String,
    title: String,
    description: String,
    #[serde(default)]
    arguments: Vec<PromptArgument>,
}

/// An argument of a prompt.
#[derive(Debug, Clone, Deserialize)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whether the prompt cannot do without.
    #[serde(default)]
    pub required: bool,
}

/// A component, as it appears in lists.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name, for example `dns`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, as hexadecimal digits.
    pub sha256: String,
}

/// A tool that clients can call.
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// What it answers and when to use it, for a language model.
    pub description: String,
    /// JSON Schema of its arguments, `pcap_file` among them.
    pub input: Arc<Map<String, Value>>,
    /// JSON Schema of its report, the host's fields among them.
    pub output: Arc<Map<String, Value>>,
    /// The component it belongs to.
    pub module: Module,
    /// Lists of the report that the component gives in parts.
    pub paged: Vec<String>,
    /// The component's schema of the report, with what is not published.
    pub(crate) report: Value,
    pub(crate) analyzer: Analyzer,
    validator: Validator,
    answer_validator: Validator,
}

/// A prompt that clients can ask for.
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Its arguments.
    pub arguments: Vec<PromptArgument>,
    analyzer: Analyzer,
}

/// All tools and prompts, in the order of their components.
#[derive(Default)]
pub struct Catalog {
    /// The tools.
    pub tools: Vec<Tool>,
    /// The prompts.
    pub prompts: Vec<Prompt>,
}

impl Catalog {
    /// Names of the built-in analyzers, in order.
    pub fn modules() -> impl Iterator<Item = &'static str> {
        Builtin::all().iter().map(|builtin| builtin.name).filter(|name| !INFRASTRUCTURE.contains(name))
    }

    /// The built-in analyzers that a list names, separated by commas; all of them for an empty list.
    ///
    /// # Errors
    /// When a name is unknown, or a component is defective.
    pub fn builtin(sandbox: &Sandbox, list: &str, limits: &Limits) -> Result<Self, CatalogError> {
        let chosen: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        for name in &chosen {
            if !Self::modules().any(|known| known == *name) {
                let known = Self::modules().collect::<Vec<_>>().join(", ");
                return Err(CatalogError::UnknownModule { name: (*name).into(), known });
            }
        }
        let mut catalog = Self::default();
        for name in Self::modules().filter(|name| chosen.is_empty() || chosen.contains(name)) {
            let refused = |reason| CatalogError::Refused { name: name.into(), reason };
            let Some(builtin) = Builtin::find(name) else { continue };
            let analyzer = sandbox.builtin(builtin).and_then(|loaded| sandbox.analyzer(loaded)).map_err(refused)?;
            catalog.add(analyzer, limits)?;
        }
        Ok(catalog)
    }

    /// Adds the tools and prompts of an analyzer.
    ///
    /// # Errors
    /// When it does not describe itself as the contract asks.
    pub fn add(&mut self, analyzer: Analyzer, limits: &Limits) -> Result<(), CatalogError> {
        let wrong = |reason: String| CatalogError::Description { name: analyzer.name().into(), reason };
        let text = analyzer
            .session(limits, &CancellationToken::new())
            .and_then(|mut session| session.describe())
            .map_err(|fault| wrong(fault.to_string()))?;
        let description: Description = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let module =
            Module { name: analyzer.name().into(), version: description.version, sha256: analyzer.sha256().into() };
        for tool in description.tools {
            let mut report = Value::Object(tool.report);
            evidence::describe(&mut report);
            let input = with_common(tool.arguments, &schema::sections(&report))
                .map_err(|taken| wrong(format!("{} has an argument {taken}, which is the host's", tool.name)))?;
            let output = schema::published(&tool.name, &module.version, &report);
            let validator = |schema: &Map<String, Value>| {
                jsonschema::validator_for(&Value::Object(schema.clone()))
                    .map_err(|error| wrong(format!("the schema of {} is not usable: {error}", tool.name)))
            };
            let (validator, answer_validator) = (validator(&input)?, validator(&output)?);
            self.tools.push(Tool {
                title: neutral(&tool.title, TITLE).into_owned(),
                description: neutral_lines(&tool.description, DESCRIPTION),
                name: tool.name,
                paged: tool.paged,
                report,
                answer_validator,
                input: Arc::new(input),
                output: Arc::new(output),
                module: module.clone(),
                analyzer: analyzer.clone(),
                validator,
            });
        }
        self.prompts.extend(description.prompts.into_iter().map(|prompt| Prompt {
            name: prompt.name,
            title: neutral(&prompt.title, TITLE).into_owned(),
            description: neutral_lines(&prompt.description, DESCRIPTION),
            arguments: prompt.arguments,
            analyzer: analyzer.clone(),
        }));
        Ok(())
    }

    /// The tool with this name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The prompt with this name.
    pub fn prompt(&self, name: &str) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.name == name)
    }
}

/// The arguments of a tool with the capture in front and those of all tools behind; the name of one that the component takes for itself.
fn with_common(mut arguments: Map<String, Value>, sections: &[String]) -> Result<Map<String, Value>, String> {
    let mut properties = Map::new();
    properties.insert(
        "pcap_file".into(),
        json!({
            "type": "string",
            "description": "The capture to analyse: a path on the machine where this server runs (absolute, or relative to its \
                            working directory), or an http or https URL. pcap and pcapng, also gzip, zstd or lz4 compressed.",
        }),
    );
    if let Some(Value::Object(own)) = arguments.remove("properties") {
        if let Some(taken) = own.keys().find(|name| *name == "pcap_file" || arguments::NAMES.contains(&name.as_str())) {
            return Err(taken.clone());
        }
        properties.extend(own);
    }
    arguments::describe(&mut properties, sections);
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
        let Some(error) = self.validator.iter_errors(&value).next() else { return Ok(()) };
        let path = error.instance_path().to_string();
        let name = path.trim_start_matches('/').to_owned();
        let message = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known: Vec<&str> = self.properties().map(|(name, _)| name).collect();
                let unknown: Vec<String> = unexpected.iter().map(|name| shown(name)).collect();
                format!("unknown argument {}; {} takes {}", unknown.join(", "), self.name, known.join(", "))
            }
            ValidationErrorKind::Required { property } => format!("argument {property} is missing"),
            _ => format!("argument {name}: {}", shown(&error.to_string())),
        };
        Err(AnswerError::new(Code::BadArgument, message))
    }

    /// Checks an answer against the schema that clients know.
    ///
    /// # Errors
    /// [`Code::ComponentFault`] with the place: the report is not what its component promised.
    pub fn check_answer(&self, answer: &Value) -> Result<(), AnswerError> {
        let Some(error) = self.answer_validator.iter_errors(answer).next() else { return Ok(()) };
        let place = neutral(&error.instance_path().to_string(), 200).into_owned();
        let message = format!(
            "the {} component's report does not fit its schema at {}: {}",
            self.module.name,
            if place.is_empty() { "/" } else { &place },
            shown(&error.to_string())
        );
        Err(AnswerError::new(Code::ComponentFault, message))
    }

    /// Its arguments and their schemas, in order.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.input.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }
}

/// A client's own words in a message, bounded.
fn shown(text: &str) -> String {
    neutral(text, 200).into_owned()
}

impl Prompt {
    /// The text of the prompt.
    ///
    /// # Errors
    /// [`Code::BadArgument`] for unknown or missing arguments; otherwise as the component fails.
    pub fn text(&self, arguments: &Map<String, Value>, limits: &Limits) -> Result<String, AnswerError> {
        for (name, value) in arguments {
            if !self.arguments.iter().any(|known| known.name == *name) {
                let known: Vec<&str> = self.arguments.iter().map(|known| known.name.as_str()).collect();
                let message = format!("unknown argument {}; {} takes {}", shown(name), self.name, known.join(", "));
                return Err(AnswerError::new(Code::BadArgument, message));
            }
            if !value.is_string() {
                return Err(AnswerError::new(Code::BadArgument, format!("argument {name} must be a string")));
            }
        }
        if let Some(missing) =
            self.arguments.iter().find(|known| known.required && !arguments.contains_key(&known.name))
        {
            return Err(AnswerError::new(Code::BadArgument, format!("argument {} is missing", missing.name)));
        }
        let arguments = Value::Object(arguments.clone()).to_string();
        let run = || -> Result<String, Fault> {
            self.analyzer.session(limits, &CancellationToken::new())?.prompt(&self.name, &arguments)
        };
        let text = run().map_err(AnswerError::from)?;
        Ok(neutral_lines(&text, PROMPT_LINE))
    }
}
