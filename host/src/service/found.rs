//! What all reports about a capture found, as rows: those tools are asked for their findings that need not be asked for anything else, in one pass, and
//! what is kept of earlier answers is not made again. Only where one has more findings than a page, the capture is read once more for each further page.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Service;
use super::run::{Asked, Of, Returned};
use crate::answer::{AnswerError, Code};
use crate::capture::KeyLog;
use crate::contract::{self, Common, Draft, FINDINGS, Tool, Window};
use crate::effort::Effort;
use crate::pipeline::Outcome;
use crate::rows::{Checked, QueryError};
use crate::tables::findings;

/// What became of it.
pub(super) struct Found {
    /// What the tools returned, without their reports.
    pub(super) outcomes: Vec<Outcome>,
    /// Whether all of it was kept from before.
    pub(super) is_kept: bool,
}

impl Service {
    /// Gives the findings of these tools, in their order, as rows; those that decrypt are given the key log. What the tools of a component find alike is given once.
    pub(super) fn found(
        &self,
        (tools, key_log): (&[Arc<Tool>], Option<&KeyLog>),
        of: &Of<'_>,
        effort: &Effort<'_>,
        add: &dyn Fn(&Checked) -> Result<(), QueryError>,
    ) -> Result<Found, AnswerError> {
        let asked: Vec<Asked> = tools.iter().map(|tool| self.for_findings(tool, key_log)).collect::<Result<_, _>>()?;
        let mut open: Vec<(&Asked, Window)> =
            asked.iter().map(|asked| (asked, Window::of_list(&asked.tool, FINDINGS))).collect();
        let (mut outcomes, mut is_kept) = (Vec::new(), true);
        let mut seen: HashSet<(String, String)> = HashSet::new();
        while !open.is_empty() {
            effort.check()?;
            let returned = self.returned(&open, of);
            let mut further = Vec::new();
            for ((asked, window), returned) in open.into_iter().zip(returned) {
                let Returned { mut outcome, kept } = returned?;
                is_kept &= kept;
                let report = std::mem::take(&mut outcome.report);
                let _turn = self.turn(report.len(), effort)?;
                let draft = Draft::read(&report, &asked.tool, &asked.common, window, effort)?;
                let (mut found, next) = contract::found(draft, &outcome, &asked.tool)?;
                further.extend(next.map(|window| (asked, window)));
                let id = |finding: &Value| finding.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                found.retain(|finding| seen.insert((asked.tool.module.sha256.clone(), id(finding))));
                let rows = findings::rows(&asked.tool.name, &found)
                    .map_err(|lie| AnswerError::new(Code::Internal, lie.to_string()))?;
                rows.iter().try_for_each(add)?;
                outcomes.push(outcome);
            }
            open = further;
        }
        Ok(Found { outcomes, is_kept })
    }

    /// A question for all findings.
    fn for_findings(&self, tool: &Arc<Tool>, key_log: Option<&KeyLog>) -> Result<Asked, AnswerError> {
        let arguments = self.for_rows(tool);
        let common = Common::take(&mut Map::new(), self.max_chars)?;
        let key_log = key_log.filter(|_| tool.wants.key_log).cloned();
        Ok(Asked { tool: Arc::clone(tool), arguments, common, keylog_file: None, key_log })
    }
}
