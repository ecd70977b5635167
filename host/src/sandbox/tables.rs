//! Rows out of the sandbox.

use super::fault::Fault;
use super::session::{AnalyzerSession, Version};
use crate::bindings::{tables, types};
use crate::rows::{Cells, Texts, Values};

impl AnalyzerSession {
    /// As `want` in the contract, before `open`.
    ///
    /// # Errors
    /// Also when it has no tables, which it said that it has.
    pub fn want(&mut self, names: &[String]) -> Result<(), Fault> {
        self.of_tables(|store, tables| tables.call_want(store, names))
    }

    /// As `take` in the contract: positions of tables, and rows. They are the component's word: check them.
    ///
    /// # Errors
    /// As it fails.
    pub fn take_rows(&mut self) -> Result<Vec<(u32, Vec<Values>)>, Fault> {
        let rows = self.of_tables(|store, tables| tables.call_take(store).map(Ok))?;
        let columns = |rows: tables::Rows| (rows.table, rows.columns.into_iter().map(Values::from).collect());
        Ok(rows.into_iter().map(columns).collect())
    }

    fn of_tables<T>(
        &mut self,
        call: impl FnOnce(&mut wasmtime::Store<super::State>, &tables::Guest) -> wasmtime::Result<Result<T, types::Problem>>,
    ) -> Result<T, Fault> {
        let reason = || "it broke the contract: it says that it has tables, and does not export them".to_owned();
        match &mut self.0 {
            Version::Packets(instance) => {
                let name = instance.name().to_owned();
                let called = instance.call(|store, exports| match &exports.tabled {
                    Some(tables) => call(store, tables.mcpcap_analysis_tables()).map(|answer| answer.map(Some)),
                    None => Ok(Ok(None)),
                })?;
                called.ok_or_else(|| Fault::Crashed { component: name, reason: reason() })
            }
            Version::Frames(instance) => {
                Err(Fault::Crashed { component: instance.name().to_owned(), reason: reason() })
            }
        }
    }
}

impl From<tables::Column> for Values {
    fn from(column: tables::Column) -> Self {
        let texts = |texts: tables::Texts| Texts { text: texts.text, ends: texts.ends };
        let cells = match column.cells {
            tables::Cells::Integers(values) => Cells::Integers(values),
            tables::Cells::Times(values) => Cells::Times(values),
            tables::Cells::Floats(values) => Cells::Floats(values),
            tables::Cells::Truths(values) => Cells::Truths(values),
            tables::Cells::Texts(all) => Cells::Texts(texts(all)),
            tables::Cells::Addresses(tables::Addresses { versions, high, low }) => {
                Cells::Addresses { versions, high, low }
            }
            tables::Cells::IntegerLists(tables::IntegerLists { values, ends }) => Cells::IntegerLists { values, ends },
            tables::Cells::TextLists(tables::TextLists { texts: all, ends }) => {
                Cells::TextLists { texts: texts(all), ends }
            }
        };
        Self { cells, absent: column.absent }
    }
}
