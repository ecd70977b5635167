//! Which tools and prompts there are: what the components say about themselves, made whole by what the host adds.

pub mod describe;
pub mod lint;
mod lookalike;
pub mod names;
mod prompt;
mod template;
mod tool;
mod vocabulary;

use std::collections::HashSet;
use std::sync::Arc;

use mcpcap_native::Builtin;

pub use describe::{DescribeError, Module, Offer};
pub use prompt::{Prompt, PromptArgument};
pub use template::Template;
pub use tool::{Tool, without_urls};

use crate::sandbox::{Refused, Sandbox};
use crate::settings::Limits;
use crate::text::neutral;

/// Components that are no analyzers.
const INFRASTRUCTURE: [&str; 3] = ["reader", "codec", "decoder"];

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
        reason: DescribeError,
    },
}

/// All tools and prompts, in the order of their components.
#[derive(Clone, Default)]
pub struct Catalog {
    /// The tools.
    pub tools: Vec<Arc<Tool>>,
    /// The prompts.
    pub prompts: Vec<Arc<Prompt>>,
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
            let described = |reason| CatalogError::Description { name: name.into(), reason };
            catalog.add(&Offer::own(&analyzer, limits).map_err(described)?);
        }
        Ok(catalog)
    }

    /// Adds the tools and prompts of an analyzer.
    pub fn add(&mut self, offer: &Offer) {
        self.tools.extend(offer.tools.iter().cloned());
        self.prompts.extend(offer.prompts.iter().cloned());
    }

    /// A name of an offer that something here has already, or that the offer has twice.
    pub fn collision<'a>(&self, offer: &'a Offer) -> Option<&'a str> {
        let mut tools: HashSet<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        let mut prompts: HashSet<&str> = self.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        let tool = offer.tools.iter().map(|tool| tool.name.as_str()).find(|name| !tools.insert(name));
        tool.or_else(|| offer.prompts.iter().map(|prompt| prompt.name.as_str()).find(|name| !prompts.insert(name)))
    }

    /// The tool with this name.
    pub fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The prompt with this name.
    pub fn prompt(&self, name: &str) -> Option<&Arc<Prompt>> {
        self.prompts.iter().find(|prompt| prompt.name == name)
    }
}

/// A client's own words in a message, bounded.
fn shown(text: &str) -> String {
    neutral(text, 200).into_owned()
}
