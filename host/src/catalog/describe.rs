//! What a component says about itself: the document that `describe` returns, and the tools and prompts that are made of it.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::lint;
use super::names::{self, NameError};
use super::prompt::{Prompt, PromptArgument, Source};
use super::template::{self, Template};
use crate::contract::answers::{self, Answers, Later};
use crate::contract::tool::with_common;
use crate::contract::{Ends, Module, Tool, arguments, schema, vocabulary};
use crate::effort::after;
use crate::pipeline::Wants;
use crate::rows::Table;
use crate::sandbox::{Analyzer, Fault};
use crate::settings::Limits;
use crate::text::{neutral, neutral_lines};

/// Characters of a title, of a description, and of a prompt's text.
pub(super) const TITLE: usize = 100;
pub(super) const DESCRIPTION: usize = 2048;
pub(super) const PROMPT: usize = 16 << 10;
/// Octets of the document.
const DOCUMENT: usize = 256 << 10;
/// Tools, and prompts, of one component.
const OFFERED: usize = 32;

/// What a component said, in its own words: the same each time, so that it can be kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Words {
    /// What `describe` returned.
    pub description: String,
    /// The texts of each prompt.
    pub prompts: Vec<(String, Vec<Template>)>,
}

impl Words {
    /// Asks a component.
    ///
    /// # Errors
    /// As it fails, when it is not done until then, and when what it says is no description.
    pub fn of(analyzer: &Analyzer, limits: &Limits, until: Instant) -> Result<Self, DescribeError> {
        let until = until.min(after(limits.describe));
        let slow = || DescribeError::Slow(limits.describe);
        // Each call has what is left of the time.
        let session = || -> Result<_, DescribeError> {
            let left = until.saturating_duration_since(Instant::now());
            let limits = Limits { call: limits.call.min(left), ..limits.clone() };
            if left.is_zero() { Err(slow()) } else { Ok(analyzer.session(&limits, &CancellationToken::new())?) }
        };
        let failed = |fault: Fault| if until <= Instant::now() { slow() } else { fault.into() };
        let description = session()?.describe().map_err(failed)?;
        let mut prompts = Vec::new();
        for prompt in <Description>::read(&description)?.prompts {
            let mut texts = Vec::new();
            for given in template::choices(&prompt.arguments) {
                let there = prompt.arguments.iter().filter(|known| known.required || given.contains(&known.name));
                let arguments: Map<_, Value> =
                    there.map(|known| (known.name.clone(), template::marker(&known.name).into())).collect();
                let arguments = Value::Object(arguments).to_string();
                // One that cannot do without an argument is heard with it.
                match session()?.prompt(&prompt.name, &arguments) {
                    Ok(text) => texts.push(Template { given, text }),
                    Err(Fault::Problem(_)) => {}
                    Err(fault) => return Err(failed(fault)),
                }
            }
            prompts.push((prompt.name, texts));
        }
        Ok(Self { description, prompts })
    }
}

/// Why what a component says about itself cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// It failed when it was asked.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It takes too long.
    #[error("it was stopped: it may take {} s to say all that it offers", .0.as_secs())]
    Slow(Duration),
    /// The document is not what the contract asks for.
    #[error("its description is not as the contract asks: {0}")]
    Document(String),
    /// A name that it cannot have.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A schema that the host cannot use.
    #[error("the schema of the {what} of {tool} cannot be used: {reason}")]
    Schema {
        /// The tool.
        tool: String,
        /// `arguments` or `report`.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// An argument that all tools have.
    #[error("{tool} has an argument {argument}, which is the host's")]
    Taken {
        /// The tool.
        tool: String,
        /// The argument.
        argument: String,
    },
    /// A text that must not reach a language model.
    #[error("{0}")]
    Text(lint::Remark),
}

/// What `describe` returns; `wit/README.md` has the fields. `R` is what is read of the schemas of reports.
#[derive(Debug, Deserialize)]
pub(super) struct Description<R = Map<String, Value>> {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) tools: Vec<ToolDescription<R>>,
    #[serde(default)]
    pub(super) prompts: Vec<PromptDescription>,
    #[serde(default)]
    pub(super) tables: Vec<Table>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolDescription<R = Map<String, Value>> {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) report: R,
    #[serde(default)]
    pub(super) paged: Vec<String>,
    #[serde(default)]
    pub(super) cut: Vec<String>,
    #[serde(default)]
    pub(super) wants: WantsDescription,
    #[serde(default)]
    pub(super) headers: bool,
    #[serde(default)]
    pub(super) community_ids: bool,
    #[serde(default)]
    pub(super) streams: bool,
    /// A component that says nothing may look at it.
    #[serde(default = "yes")]
    pub(super) sha1: bool,
    #[serde(default)]
    pub(super) key_log: bool,
    #[serde(default)]
    pub(super) ends: Ends,
}

fn yes() -> bool {
    true
}

/// Which packets a tool wants; all frames where it says nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WantsDescription {
    transports: Option<Vec<Transport>>,
    #[serde(default)]
    ports: Vec<u16>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    Icmp = 1,
    Tcp = 6,
    Udp = 17,
    Icmpv6 = 58,
}

#[derive(Debug, Deserialize)]
pub(super) struct PromptDescription {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) arguments: Vec<PromptArgument>,
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

impl<R: DeserializeOwned> Description<R> {
    pub(super) fn read(text: &str) -> Result<Self, DescribeError> {
        let wrong = |reason: String| DescribeError::Document(neutral(&reason, 300).into_owned());
        if text.len() > DOCUMENT {
            return Err(wrong(format!("it has {} bytes; at most {DOCUMENT} are accepted", text.len())));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let read: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| wrong(format!("at {}: {}", error.path(), error.inner())))?;
        for (what, count) in
            [("tools", read.tools.len()), ("prompts", read.prompts.len()), ("tables", read.tables.len())]
        {
            if count > OFFERED {
                return Err(wrong(format!("it has {count} {what}; at most {OFFERED} are accepted")));
            }
        }
        if read.tools.is_empty() {
            return Err(wrong("it has no tools".into()));
        }
        for table in &read.tables {
            table.check().map_err(wrong)?;
            if read.tools.iter().all(|tool| tool.name != table.tool) {
                return Err(wrong(format!("table {} is of no tool of it", table.name)));
            }
        }
        Ok(read)
    }
}

/// A table, with the tool that makes its rows.
#[derive(Clone)]
pub struct Offered {
    /// The table, under the name by which it is asked for.
    pub table: Arc<Table>,
    /// The name that its component gave it.
    pub own_name: String,
    /// The tool.
    pub tool: Arc<Tool>,
}

/// The tools and prompts of one component.
#[derive(Clone)]
pub struct Offer {
    /// The component.
    pub module: Module,
    /// Its tools.
    pub tools: Vec<Arc<Tool>>,
    /// Its prompts.
    pub prompts: Vec<Arc<Prompt>>,
    /// Its tables.
    pub tables: Vec<Offered>,
    /// What somebody should read before trusting it; nothing for those of this program.
    pub remarks: Vec<lint::Remark>,
}

impl Offer {
    /// What a component of this program offers, under the names that it gives, by what it says of itself.
    ///
    /// # Errors
    /// When that is not as the contract asks, as far as it is needed at once.
    pub fn own(analyzer: &Analyzer, said: &'static str) -> Result<Self, DescribeError> {
        let description = Description::<Outline>::read(said)?;
        let module = Module {
            name: analyzer.name().into(),
            version: description.version.clone(),
            sha256: analyzer.sha256().into(),
            is_foreign: false,
        };
        let source = |_: &str| Source::Own(analyzer.clone());
        let version = description.version.clone();
        let answers = |outline: Outline, own: &str, name: &str| {
            let (own, name, version) = (own.to_owned(), name.to_owned(), version.clone());
            let answers: Later<_> = LazyLock::new(Box::new(move || Answers::of(&name, &version, report(said, &own))));
            (answers, schema::listed(outline.fields.iter().map(String::as_str)))
        };
        Self::make(description, module, analyzer, Vec::new(), source, str::to_owned, answers)
    }

    /// What somebody else's component offers, under a prefix, when its words are harmless.
    ///
    /// # Errors
    /// When it does not describe itself as the contract asks, takes a name that is not its own, or has texts that must not reach a model.
    pub fn foreign(words: &Words, analyzer: impl FnOnce(&str) -> Analyzer) -> Result<Self, DescribeError> {
        let description = <Description>::read(&words.description)?;
        names::check(&description)?;
        let mut remarks = lint::lint(&description, words);
        if let Some(grave) = remarks.iter().position(|remark| remark.is_grave) {
            return Err(DescribeError::Text(remarks.swap_remove(grave)));
        }
        let analyzer = analyzer(&description.name);
        let module = Module {
            name: description.name.clone(),
            version: description.version.clone(),
            sha256: analyzer.sha256().into(),
            is_foreign: true,
        };
        let prefix = description.name.clone();
        let source = |own: &str| {
            let said = words.prompts.iter().find(|(name, _)| name == own);
            Source::Kept(said.map(|(_, texts)| texts.clone()).unwrap_or_default())
        };
        let version = description.version.clone();
        let answers = |report, _: &str, name: &str| {
            let answers = Answers::of(name, &version, Ok(report));
            let listed = schema::shallow(answers.complete());
            let answers: Later<_> = LazyLock::new(Box::new(move || answers));
            (answers, listed)
        };
        Self::make(description, module, &analyzer, remarks, source, |own| names::prefixed(&prefix, own), answers)
    }

    fn make<R>(
        description: Description<R>,
        module: Module,
        analyzer: &Analyzer,
        remarks: Vec<lint::Remark>,
        source: impl Fn(&str) -> Source,
        named: impl Fn(&str) -> String,
        answers: impl Fn(R, &str, &str) -> (Later<Answers>, Map<String, Value>),
    ) -> Result<Self, DescribeError> {
        let tools: Vec<Arc<Tool>> = description
            .tools
            .into_iter()
            .map(|tool| make_tool(tool, &module, analyzer, &named, &answers).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let tables = description.tables.into_iter().filter_map(|mut table| {
            let tool = tools.iter().find(|tool| tool.own_name == table.tool)?;
            // Names of tables have no hyphens, so that they need no quotes.
            let name = named(&table.name).replace('-', "_");
            let own_name = std::mem::replace(&mut table.name, name);
            Some(Offered { table: Arc::new(table), own_name, tool: Arc::clone(tool) })
        });
        let prompts = description.prompts.into_iter().map(|prompt| {
            Arc::new(Prompt {
                name: named(&prompt.name),
                source: source(&prompt.name),
                own_name: prompt.name,
                title: neutral(&prompt.title, TITLE).into_owned(),
                description: neutral_lines(&prompt.description, DESCRIPTION),
                arguments: prompt.arguments,
            })
        });
        Ok(Self { tables: tables.collect(), prompts: prompts.collect(), tools, module, remarks })
    }
}

/// The schema of a tool's report, in what its component says of itself.
fn report(said: &str, tool: &str) -> Result<Map<String, Value>, String> {
    let description = <Description>::read(said).map_err(|error| error.to_string())?;
    let report = description.tools.into_iter().find(|known| known.name == tool).map(|known| known.report);
    Ok(report.unwrap_or_default())
}

fn make_tool<R>(
    tool: ToolDescription<R>,
    module: &Module,
    analyzer: &Analyzer,
    named: impl Fn(&str) -> String,
    answers: impl Fn(R, &str, &str) -> (Later<Answers>, Map<String, Value>),
) -> Result<Tool, DescribeError> {
    let name = named(&tool.name);
    let unusable = |what, reason: &str| DescribeError::Schema { tool: name.clone(), what, reason: reason.into() };
    let arguments = Value::Object(tool.arguments);
    vocabulary::check(&arguments).map_err(|reason| unusable("arguments", &reason))?;
    let arguments = if let Value::Object(arguments) = arguments { arguments } else { Map::new() };
    let input = with_common(arguments, tool.key_log)
        .map_err(|argument| DescribeError::Taken { tool: name.clone(), argument })?;
    let input = Arc::new(input);
    let schema = Arc::clone(&input);
    let checker: Later<_> = LazyLock::new(Box::new(move || answers::checker(&schema)));
    let (answers, listed_output) = answers(tool.report, &tool.name, &name);
    let mut description = neutral_lines(&tool.description, DESCRIPTION);
    if module.is_foreign {
        // Strangers' schemas are refused before anybody asks; a test looks at those of this program.
        checker.as_ref().map_err(|reason| unusable("arguments", reason))?;
        answers.checker.as_ref().map_err(|reason| unusable("report", reason))?;
        description.push_str(&module.mark());
    }
    Ok(Tool {
        title: neutral(&tool.title, TITLE).into_owned(),
        description,
        own_name: tool.name,
        name,
        wants: Wants {
            transports: tool.wants.transports.map(|all| all.into_iter().map(|one| one as u8).collect()),
            ports: tool.wants.ports,
            streams: tool.streams,
            headers: tool.headers,
            community_ids: tool.community_ids,
            sha1: tool.sha1,
            key_log: tool.key_log,
        },
        ends: tool.ends,
        paged: tool.paged,
        cut: tool.cut,
        listed_input: Arc::new(arguments::listed(&input)),
        input,
        listed_output: Arc::new(listed_output),
        module: module.clone(),
        analyzer: analyzer.clone(),
        checker,
        answers,
    })
}
