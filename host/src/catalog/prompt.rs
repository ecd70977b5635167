//! A prompt: its arguments, and its text.

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::describe::PROMPT;
use super::template::{self, Template};
use crate::answer::{AnswerError, Code};
use crate::contract::tool::shown;
use crate::sandbox::{Analyzer, Fault};
use crate::settings::Limits;
use crate::text::neutral_lines;

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

/// A prompt that clients can ask for.
pub struct Prompt {
    /// The name by which clients ask for it.
    pub name: String,
    /// The name that its component gave it.
    pub(crate) own_name: String,
    /// Its title for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Its arguments.
    pub arguments: Vec<PromptArgument>,
    pub(super) source: Source,
}

/// Where the text of a prompt comes from.
pub(super) enum Source {
    /// From a component of this program, each time.
    Own(Analyzer),
    /// From what somebody else's component has said once.
    Kept(Vec<Template>),
}

impl Prompt {
    /// The texts that somebody else's component gave, with markers in place of arguments.
    pub fn templates(&self) -> &[Template] {
        match &self.source {
            Source::Own(_) => &[],
            Source::Kept(templates) => templates,
        }
    }

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
        let text = match &self.source {
            Source::Own(analyzer) => self.asked(analyzer, arguments, limits).map_err(AnswerError::from)?,
            Source::Kept(templates) => template::written(templates, &self.arguments, arguments).ok_or_else(|| {
                let message = format!("{} has no text for just these arguments", self.name);
                AnswerError::new(Code::BadArgument, message)
            })?,
        };
        Ok(neutral_lines(&text, PROMPT))
    }

    fn asked(&self, analyzer: &Analyzer, arguments: &Map<String, Value>, limits: &Limits) -> Result<String, Fault> {
        let arguments = Value::Object(arguments.clone()).to_string();
        analyzer.session(limits, &CancellationToken::new())?.prompt(&self.own_name, &arguments)
    }
}
