//! Which tools and prompts there are: what the components say about themselves, made whole by what the host adds.

pub mod describe;
pub mod lint;
mod lookalike;
pub mod names;
mod prompt;
mod template;

use std::collections::HashSet;
use std::sync::Arc;

use mcpcap_native::Builtin;

pub use describe::{DescribeError, Offer, Offered};
pub use prompt::{Prompt, PromptArgument};
pub use template::Template;

use crate::contract::Tool;
use crate::rows::Table;
use crate::sandbox::Sandbox;
use crate::tables::findings;

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
    /// The tables of the analyzers.
    pub tables: Vec<Offered>,
}

impl Catalog {
    /// Names of the built-in analyzers, in order.
    pub fn modules() -> impl Iterator<Item = &'static str> {
        Self::analyzers().map(|(builtin, _)| builtin.name)
    }

    /// The built-in analyzers, and what each says of itself.
    fn analyzers() -> impl Iterator<Item = (&'static Builtin, &'static str)> {
        Builtin::all().iter().filter_map(|builtin| Some((builtin, builtin.description?)))
    }

    /// The built-in analyzers that a list names, separated by commas; all of them for an empty list. Each is loaded when it is first run.
    ///
    /// # Errors
    /// When a name is unknown, or a component is defective.
    pub fn builtin(sandbox: &Arc<Sandbox>, list: &str) -> Result<Self, CatalogError> {
        let chosen: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        for name in &chosen {
            if !Self::modules().any(|known| known == *name) {
                let known = Self::modules().collect::<Vec<_>>().join(", ");
                return Err(CatalogError::UnknownModule { name: (*name).into(), known });
            }
        }
        let mut catalog = Self::default();
        for (builtin, said) in Self::analyzers() {
            if chosen.is_empty() || chosen.contains(&builtin.name) {
                let own = Arc::clone(sandbox);
                let load = move || own.analyzer(own.builtin(builtin)?);
                let analyzer = sandbox.later(builtin.name, builtin.sha256, load);
                let described = |reason| CatalogError::Description { name: builtin.name.into(), reason };
                catalog.add(&Offer::own(&analyzer, said).map_err(described)?);
            }
        }
        Ok(catalog)
    }

    /// Adds the tools and prompts of an analyzer.
    pub fn add(&mut self, offer: &Offer) {
        self.tools.extend(offer.tools.iter().cloned());
        self.prompts.extend(offer.prompts.iter().cloned());
        self.tables.extend(offer.tables.iter().cloned());
    }

    /// The tools whose findings are rows.
    pub fn finders(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter().filter(|tool| tool.finds())
    }

    /// The tables that SQL can read: those of the analyzers, and last the one of findings, where there can be any.
    pub fn known_tables(&self) -> Vec<Arc<Table>> {
        let of_findings = self.finders().next().map(|_| findings::table());
        self.tables.iter().map(|offered| Arc::clone(&offered.table)).chain(of_findings).collect()
    }

    /// Whether there is one.
    pub fn has_tables(&self) -> bool {
        !self.tables.is_empty() || self.finders().next().is_some()
    }

    /// A name of an offer that something here has already, or that the offer has twice.
    pub fn collision<'a>(&self, offer: &'a Offer) -> Option<&'a str> {
        let mut tools: HashSet<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        let mut tables: HashSet<&str> = self.tables.iter().map(|offered| offered.table.name.as_str()).collect();
        let mut prompts: HashSet<&str> = self.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        let tool = offer.tools.iter().map(|tool| tool.name.as_str()).find(|name| !tools.insert(name));
        let mut names = offer.tables.iter().map(|offered| offered.table.name.as_str());
        tool.or_else(|| offer.prompts.iter().map(|prompt| prompt.name.as_str()).find(|name| !prompts.insert(name)))
            .or_else(|| names.find(|name| !tables.insert(name)))
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

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::contract::schema;
    use crate::settings::Limits;

    /// What was kept of the components when the program was built is what they say, and all of it can be used.
    #[test]
    fn what_is_kept_of_the_components_is_what_they_say() {
        let sandbox = Arc::new(Sandbox::new().unwrap());
        for (builtin, said) in Catalog::analyzers() {
            let analyzer = sandbox.builtin(builtin).and_then(|loaded| sandbox.analyzer(loaded)).unwrap();
            let mut session = analyzer.session(&Limits::default(), &CancellationToken::new()).unwrap();
            assert!(session.describe().unwrap() == said, "{}", builtin.name);
        }
        for tool in Catalog::builtin(&sandbox, "").unwrap().tools {
            assert!(tool.checker.is_ok() && tool.answers.checker.is_ok(), "{}", tool.name);
            assert_eq!(*tool.listed_output, schema::shallow(tool.output()), "{}", tool.name);
        }
        let others: Vec<_> = Builtin::all().iter().filter(|builtin| builtin.description.is_none()).collect();
        assert_eq!(others.iter().map(|builtin| builtin.name).collect::<Vec<_>>(), ["reader", "codec", "decoder"]);
    }
}
