//! Rows on their way from an analyzer to whoever wants them.

use super::RunError;
use super::passage::broken_contract;
use super::question::Rows;
use crate::effort::Stopped;
use crate::rows::{Checked, Lie, QueryError};
use crate::sandbox::{AnalyzerSession, Fault, Limit};
use crate::selection::Delivered;

impl Rows<'_> {
    /// Tells the analyzer which tables are wanted.
    pub(super) fn want(&self, analyzer: &mut AnalyzerSession) -> Result<(), Fault> {
        let names: Vec<String> = self.tables.iter().map(|(name, _)| name.clone()).collect();
        analyzer.want(&names)
    }

    /// Takes the rows that the analyzer has finished, to which these frames were delivered so far.
    pub(super) fn take(
        &self,
        analyzer: &mut AnalyzerSession,
        component: &str,
        delivered: &Delivered,
    ) -> Result<(), RunError> {
        loop {
            let given = analyzer.take_rows()?;
            if given.is_empty() {
                return Ok(());
            }
            for (place, columns) in given {
                let lied = |lie: &Lie| broken_contract(component, &lie.to_string());
                let wanted = usize::try_from(place).ok().and_then(|place| Some((place, self.tables.get(place)?)));
                let (place, (_, table)) = wanted.ok_or_else(|| lied(&Lie::Table(place, self.tables.len())))?;
                let rows = Checked::new(table, columns).map_err(|lie| lied(&lie))?;
                rows.cites(table, |frame| delivered.contains(frame)).map_err(|lie| lied(&lie))?;
                (self.sink)(place, &rows).map_err(|error| self.failed(error, component))?;
                self.effort.check().map_err(|stopped| self.stopped(stopped, component))?;
            }
        }
    }

    fn failed(&self, error: QueryError, component: &str) -> RunError {
        match error {
            QueryError::Full(most) => limit(component, Limit::Rows, format!(" ({} MiB)", most >> 20)),
            error => error.into(),
        }
    }

    fn stopped(&self, stopped: Stopped, component: &str) -> RunError {
        match stopped {
            Stopped::Cancelled => Fault::Cancelled.into(),
            _ => limit(component, Limit::Time, " for its rows".into()),
        }
    }
}

fn limit(component: &str, limit: Limit, detail: String) -> RunError {
    Fault::Limit { component: component.into(), limit, detail }.into()
}
