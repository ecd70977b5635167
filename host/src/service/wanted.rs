//! Rows of tables, whoever they are for: which analyzers make them, and one pass over a capture with those.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Service;
use super::run::Of;
use crate::answer::AnswerError;
use crate::capture::KeyLog;
use crate::catalog::Catalog;
use crate::contract::{Module, Tool};
use crate::effort::{Effort, after};
use crate::pipeline::{Outcome, Pass, Question, Rows};
use crate::rows::{Checked, QueryError, Table};

/// Tables that are wanted, and who makes their rows.
pub(super) struct Wanted {
    /// The tables.
    pub(super) tables: Vec<Arc<Table>>,
    /// The tools that make their rows.
    tools: Vec<OfTool>,
    /// Where the table of findings stands among them, and the tools whose findings it has.
    findings: Option<(usize, Vec<Arc<Tool>>)>,
    /// The key log of those that decrypt.
    pub(super) key_log: Option<KeyLog>,
}

/// What is wanted of a tool.
struct OfTool {
    tool: Arc<Tool>,
    tables: Vec<(String, Arc<Table>)>,
    /// Where these stand among all that are wanted.
    places: Vec<usize>,
}

/// Takes rows of the n-th table that is wanted, of several threads at once.
pub(super) type Add<'a> = &'a (dyn Fn(usize, &Checked) -> Result<(), QueryError> + Sync);

impl Wanted {
    /// Some of the tables that a catalog has, `known`, by their places there; with the key log of those that decrypt.
    pub(super) fn of(catalog: &Catalog, known: &[Arc<Table>], places: &[usize], key_log: Option<&KeyLog>) -> Self {
        let tables = places.iter().filter_map(|at| known.get(*at)).map(Arc::clone).collect();
        let mut wanted = Self { tables, tools: Vec::new(), findings: None, key_log: key_log.cloned() };
        for (place, at) in places.iter().enumerate() {
            // Behind those of the analyzers is the host's.
            let Some(offered) = catalog.tables.get(*at) else {
                wanted.findings = Some((place, catalog.finders().map(Arc::clone).collect()));
                continue;
            };
            let table = (offered.own_name.clone(), Arc::clone(&offered.table));
            match wanted.tools.iter_mut().find(|wanted| Arc::ptr_eq(&wanted.tool, &offered.tool)) {
                Some(wanted) => {
                    wanted.tables.push(table);
                    wanted.places.push(place);
                }
                None => {
                    let tool = Arc::clone(&offered.tool);
                    wanted.tools.push(OfTool { tool, tables: vec![table], places: vec![place] });
                }
            }
        }
        wanted
    }

    /// The components that answer, each once.
    pub(super) fn modules(&self) -> Vec<&Module> {
        let finders = self.findings.iter().flat_map(|(_, tools)| tools);
        each_once(self.tools.iter().map(|wanted| &wanted.tool).chain(finders))
    }

    /// Those that the rows of the n-th table are of, each once.
    pub(super) fn modules_of(&self, place: usize) -> Vec<&Module> {
        each_once(self.makers(place).map(|(tool, _)| tool))
    }

    /// The tools that make the rows of the n-th table, each with its name of the table; the host makes findings, and has none.
    pub(super) fn makers(&self, place: usize) -> impl Iterator<Item = (&Arc<Tool>, &str)> {
        let of_tools = self.tools.iter().filter_map(move |of_tool| {
            let at = of_tool.places.iter().position(|one| *one == place)?;
            of_tool.tables.get(at).map(|(name, _)| (&of_tool.tool, name.as_str()))
        });
        let of_findings = self.findings.iter().filter(move |(findings, _)| *findings == place);
        of_tools.chain(of_findings.flat_map(|(_, tools)| tools).map(|tool| (tool, "")))
    }

    /// What is known of the runs that made the n-th table, of what [`Service::rows`] gives.
    pub(super) fn outcomes<'o>(&self, place: usize, all: &'o [Outcome]) -> &'o [Outcome] {
        let tool = self.tools.iter().position(|of_tool| of_tool.places.contains(&place));
        let found = all.get(tool.unwrap_or(self.tools.len())..).unwrap_or_default();
        if tool.is_some() { found.get(..1).unwrap_or_default() } else { found }
    }
}

/// The components of tools, each once.
fn each_once<'a>(tools: impl Iterator<Item = &'a Arc<Tool>>) -> Vec<&'a Module> {
    let mut modules: Vec<&Module> = Vec::new();
    for module in tools.map(|tool| &tool.module) {
        if modules.iter().all(|known| known.sha256 != module.sha256) {
            modules.push(module);
        }
    }
    modules
}

impl Service {
    /// Gives the rows of a capture: of one pass with those analyzers whose tables are wanted, and of another where findings are, which are made of
    /// reports. What the tools returned, and whether all of it was kept from before.
    pub(super) fn rows(&self, wanted: &Wanted, add: Add<'_>, of: &Of<'_>) -> Result<(Vec<Outcome>, bool), AnswerError> {
        let limits = &self.line.limits;
        // Each of both reads the capture, and what is done with its rows takes time besides.
        let effort = || Effort { cancel: of.cancel, until: after(limits.run.saturating_add(limits.rows.time)) };
        let mut outcomes = self.pass(wanted, add, of, &effort())?;
        let mut is_kept = false;
        if let Some((place, tools)) = &wanted.findings {
            let found =
                self.found((tools.as_slice(), wanted.key_log.as_ref()), of, &effort(), &|rows| add(*place, rows))?;
            is_kept = found.is_kept && outcomes.is_empty();
            outcomes.extend(found.outcomes);
        }
        Ok((outcomes, is_kept))
    }

    /// The arguments with which a tool is asked for rows and findings.
    pub(super) fn for_rows(&self, tool: &Tool) -> Map<String, Value> {
        let mut arguments = Map::new();
        self.bound(tool.properties().any(|(name, _)| name == "max_packets"), &mut arguments);
        arguments
    }

    /// One pass over the capture, with those analyzers whose tables are wanted.
    fn pass(
        &self,
        wanted: &Wanted,
        add: Add<'_>,
        of: &Of<'_>,
        effort: &Effort<'_>,
    ) -> Result<Vec<Outcome>, AnswerError> {
        if wanted.tools.is_empty() {
            return Ok(Vec::new());
        }
        type Sink<'a> = Box<dyn Fn(usize, &Checked) -> Result<(), QueryError> + Sync + 'a>;
        let sinks: Vec<Sink<'_>> = wanted
            .tools
            .iter()
            .map(|of_tool| -> Sink<'_> {
                Box::new(move |place, rows| add(of_tool.places.get(place).copied().unwrap_or(usize::MAX), rows))
            })
            .collect();
        let arguments: Vec<Map<String, Value>> =
            wanted.tools.iter().map(|of_tool| self.for_rows(&of_tool.tool)).collect();
        let texts: Vec<String> = arguments.iter().map(|given| Value::Object(given.clone()).to_string()).collect();
        let questions: Vec<Question<'_>> = wanted
            .tools
            .iter()
            .zip(arguments.iter().zip(&texts))
            .zip(&sinks)
            .map(|((of_tool, (arguments, text)), sink)| Question {
                analyzer: &of_tool.tool.analyzer,
                tool: &of_tool.tool.own_name,
                arguments: text,
                wants: &of_tool.tool.wants,
                may_end: of_tool.tool.ends.with(arguments),
                key_log: wanted.key_log.as_ref().map(|key_log| &*key_log.text),
                rows: Some(Rows { tables: &of_tool.tables, sink: &**sink, effort: *effort }),
            })
            .collect();
        let outcomes = self.line.run_all(&questions, &Pass::default(), self.reopened(of), of.cancel, of.progress)?;
        self.learn_of(&outcomes, of.capture);
        Ok(outcomes.into_iter().collect::<Result<_, _>>()?)
    }
}
