//! What is asked of a run.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Wants;
use crate::effort::Effort;
use crate::rows::{Checked, QueryError, Table};
use crate::sandbox::Analyzer;
use crate::selection::Selection;

/// What is asked of an analyzer.
pub struct Question<'a> {
    /// The analyzer.
    pub analyzer: &'a Analyzer,
    /// Name of its tool.
    pub tool: &'a str,
    /// The tool's arguments as a JSON object, without those that are the host's.
    pub arguments: &'a str,
    /// The packets it is given.
    pub wants: &'a Wants,
    /// Whether it may end the reading, with these arguments.
    pub may_end: bool,
    /// A TLS key log of the caller's, for one that wants it.
    pub key_log: Option<&'a [u8]>,
    /// The rows that are wanted of it; then its report is not.
    pub rows: Option<Rows<'a>>,
}

/// Rows that are wanted of an analyzer.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The tables, under the names that their component gave them.
    pub tables: &'a [(String, Arc<Table>)],
    /// Takes rows of the n-th of them that were checked.
    pub sink: &'a (dyn Fn(usize, &Checked) -> Result<(), QueryError> + Sync),
    /// How long they may come, and whether somebody waits for them.
    pub effort: Effort<'a>,
}

/// What of packets and streams is made only where an analyzer wants it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) headers: bool,
    pub(super) community_ids: bool,
    pub(super) streams: bool,
}

/// What is asked of all that a capture passes through before the analyzers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pass {
    /// The frames that the analyzers are given.
    pub selection: Selection,
    /// Whether packets that were captured several times are packets like others.
    pub count_copies: bool,
    /// The part that is asked for of a list which the reader or the decoder keeps.
    pub page: Option<Value>,
}

impl Pass {
    /// The options of the reader; `wit/README.md` has them.
    pub(super) fn of_reader(&self) -> String {
        let page = self.page.iter().map(|page| ("page".to_owned(), page.clone()));
        Value::Object(page.collect()).to_string()
    }

    /// The options of the decoder; `wit/README.md` has them.
    pub(super) fn of_decoder(&self, wanted: Wanted) -> String {
        let mut options = Map::new();
        if let Some(host) = &self.selection.host {
            options.insert("host".into(), host.as_str().into());
        }
        if let Some(port) = self.selection.port {
            options.insert("port".into(), port.into());
        }
        options.insert("count_copies".into(), self.count_copies.into());
        options.insert("headers".into(), wanted.headers.into());
        options.insert("community_ids".into(), wanted.community_ids.into());
        options.insert("streams".into(), wanted.streams.into());
        if let Some(page) = &self.page {
            options.insert("page".into(), page.clone());
        }
        Value::Object(options).to_string()
    }
}
