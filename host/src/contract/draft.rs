//! A component's report as it came, and the part of its lists that is asked for.

use serde_json::{Map, Value, json};

use super::sieve::{Held, Sieve};
use super::{Common, Tool, path, schema, within};
use crate::answer::{AnswerError, Code};
use crate::effort::{Effort, Stopped, VALUES, values};

/// Characters of a report that one entry of a list takes at least, roughly: more entries are not asked for.
const SMALL_ENTRY: usize = 40;
/// Entries that a component lists in one run.
const WINDOW: usize = 1000;

/// What of a component's lists is asked for in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Entries before the first one.
    pub offset: u64,
    /// Entries.
    pub limit: usize,
    /// The list, when it is one that the component cuts; otherwise all that it pages.
    pub list: Option<String>,
    /// The list within its first entry, by the name of those of all entries, or the list itself behind its entries that have an order; and behind what a
    /// page of it begins.
    pub within: Option<(String, u64)>,
}

impl Window {
    /// The one in which the part of the lists begins that is asked for. Windows of a list have their places, so that the next page, another limit,
    /// order or condition is answered from what was returned before.
    pub fn of(tool: &Tool, common: &Common) -> Self {
        let cut = common.lists().find(|list| tool.cut.iter().any(|cut| cut == list)).map(str::to_owned);
        let is_here = common.page().is_some_and(|list| tool.paged.iter().any(|paged| paged == list)) || cut.is_some();
        if let Some(within) = &common.within {
            let offset = if is_here { common.offset() } else { 0 };
            let general = within.general();
            let is_cut = tool.cut.contains(&general);
            let within = is_cut.then_some((general, within.part.after));
            return Self { offset, limit: 1, list: cut, within };
        }
        if let (Some(part), Some(list)) = (common.further, &cut) {
            let within = Some((list.clone(), part.after));
            return Self { offset: 0, limit: WINDOW, list: cut, within };
        }
        // Only a whole list can be sorted.
        let asked = if is_here && common.sort.is_none() { common.offset() } else { 0 };
        let before = asked.checked_rem(WINDOW as u64).unwrap_or_default();
        Self { offset: asked.saturating_sub(before), limit: WINDOW, list: cut, within: None }
    }

    /// The first one of a list that is asked for by its name.
    pub fn of_list(tool: &Tool, list: &str) -> Self {
        let is_cut = tool.cut.iter().any(|cut| cut == list);
        Self { offset: 0, limit: WINDOW, list: is_cut.then(|| list.to_owned()), within: None }
    }

    /// Whether an answer has room for entries behind it.
    pub fn falls_short(&self, common: &Common) -> bool {
        let end = common.offset().saturating_add(fitting(common) as u64);
        let in_order = common.within.is_none() && common.further.is_none();
        common.cursor.is_some() && in_order && self.offset.saturating_add(self.limit as u64) < end
    }

    /// As the arguments of a component hold it.
    pub fn to_json(&self) -> Value {
        let mut window = json!({ "offset": self.offset, "limit": self.limit });
        if let (Some(list), Some(window)) = (&self.list, window.as_object_mut()) {
            window.insert("list".into(), list.as_str().into());
        }
        if let (Some((list, after)), Some(window)) = (&self.within, window.as_object_mut()) {
            window.insert("within".into(), json!({ "list": list, "after": after }));
        }
        window
    }
}

/// Entries of a list that an answer can hold at the most.
pub(super) fn fitting(common: &Common) -> usize {
    common.limit.min(common.max_chars / SMALL_ENTRY)
}

/// What a component says of a list that it gives in parts.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its name.
    pub list: String,
    /// Entries in all.
    pub total: u64,
    /// Entries before the first one here.
    pub offset: u64,
    /// Entries here.
    pub returned: u64,
    /// Whether the component cuts it when nobody asks for it by name.
    pub is_cut: bool,
    /// The component's word for where a list within an entry goes on, if it does; or another list behind its entries that have an order.
    pub next: Option<u64>,
}

/// A component's report, read and taken apart.
pub struct Draft {
    /// Its fields, in order.
    pub(super) fields: Map<String, Value>,
    pub(super) pages: Vec<Page>,
    pub(super) window: Window,
    /// Of lists that may be long, what of them was held.
    pub(super) held: Vec<Held>,
    /// Values that were taken over from further windows.
    appended: usize,
}

impl Draft {
    /// Reads a report: of its long lists, what an answer can show.
    ///
    /// # Errors
    /// [`Code::ComponentFault`] when it is not a JSON object, or nested too deeply; as [`Effort::report`].
    pub fn read(
        report: &str,
        tool: &Tool,
        common: &Common,
        window: Window,
        effort: &Effort<'_>,
    ) -> Result<Self, AnswerError> {
        let fault = |code, reason: String| {
            AnswerError::new(code, format!("the {} component's report {reason}", tool.module.name))
        };
        let mut sieve = Sieve::new(tool, common, &window);
        let read = effort.report(report, &mut sieve);
        let held = sieve.held();
        let mut fields = read.map_err(|stopped| match stopped {
            Stopped::Cancelled | Stopped::Time => stopped.into(),
            Stopped::Values => fault(Code::LimitReached, format!("has {stopped}")),
            Stopped::Malformed(_) => fault(Code::ComponentFault, format!("is {stopped}")),
        })?;
        for own in schema::OWN {
            fields.shift_remove(own);
        }
        let pages = fields.shift_remove(schema::PAGES);
        let page = |page: &Value| {
            let number = |name: &str| page.get(name).and_then(Value::as_u64);
            let list = page.get("list")?.as_str()?.to_owned();
            let is_cut = tool.cut.contains(&within::general(&list));
            let is_known = is_cut || tool.paged.contains(&list);
            is_known.then_some(Page {
                list,
                total: number("total")?,
                offset: number("offset")?,
                returned: number("returned").unwrap_or(0),
                is_cut,
                next: number("next"),
            })
        };
        let pages = pages.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(page).collect();
        Ok(Self { fields, pages, window, held, appended: 0 })
    }

    /// Entries that had to make room in the component's tables, as its report tells in `limits.evicted`.
    pub fn evicted(&self) -> u64 {
        match path::at(&self.fields, "limits.evicted") {
            Some(Value::Object(tables)) => tables.values().filter_map(Value::as_u64).fold(0, u64::saturating_add),
            Some(number) => number.as_u64().unwrap_or(0),
            None => 0,
        }
    }

    /// The window that follows, while a list goes on behind this one.
    pub fn next(&self) -> Option<Window> {
        let goes_on = |page: &&Page| {
            let here = self.read_of(&page.list);
            here > 0 && page.next.is_none() && page.offset.saturating_add(here) < page.total
        };
        if self.window.within.is_some() {
            return None;
        }
        let behind = self.window.offset.saturating_add(self.window.limit as u64);
        let list = self.window.list.clone();
        self.asked().any(|page| goes_on(&page)).then_some(Window {
            offset: behind,
            limit: self.window.limit,
            list,
            within: None,
        })
    }

    /// So many entries of a list were read.
    fn read_of(&self, list: &str) -> u64 {
        match self.held.iter().find(|held| held.list == list) {
            Some(held) => held.read,
            None => path::at(&self.fields, list).and_then(Value::as_array).map_or(0, |entries| entries.len() as u64),
        }
    }

    /// Which window was taken over last.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Entries of the lists that are here or before: how far a search has come.
    pub fn behind(&self, first: &Window) -> u64 {
        self.window.offset.saturating_add(self.window.limit as u64).saturating_sub(first.offset)
    }

    /// Whether no more than one report's values were added to those of the first.
    pub fn has_room(&self) -> bool {
        self.appended < VALUES
    }

    /// Adds the entries of the following windows.
    pub fn append(&mut self, mut next: Self) {
        let asked: Vec<String> = self.asked().map(|page| page.list.clone()).collect();
        self.window = next.window;
        for page in next.pages.into_iter().filter(|page| page.next.is_some()) {
            match self.pages.iter_mut().find(|known| known.list == page.list) {
                Some(known) => known.next = page.next,
                None => self.pages.push(page),
            }
        }
        for more in next.held {
            if let Some(held) = self.held.iter_mut().find(|held| held.list == more.list) {
                held.append(more);
            }
        }
        for list in asked {
            if let (Some(Value::Array(entries)), Some(Value::Array(more))) =
                (path::at_mut(&mut self.fields, &list), path::at_mut(&mut next.fields, &list))
            {
                self.appended = more.iter().map(values).fold(self.appended, usize::saturating_add);
                entries.append(more);
            }
        }
    }

    /// The lists that the window is about.
    fn asked(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(|page| match &self.window.list {
            Some(list) => page.list == *list,
            None => !page.is_cut,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_taken_over_until_they_hold_as_many_values_as_a_report() {
        let draft = || {
            let page = Page { list: "a".into(), total: 5000, offset: 0, returned: 0, is_cut: false, next: None };
            let entries: Vec<Value> = vec![json!([0, 1, 2]); VALUES / 8];
            let fields = json!({ "a": entries }).as_object().cloned().unwrap();
            Draft {
                fields,
                pages: vec![page],
                window: Window { offset: 0, limit: 1000, list: None, within: None },
                held: Vec::new(),
                appended: 0,
            }
        };
        let mut whole = draft();
        let mut windows = 0;
        while whole.has_room() {
            whole.append(draft());
            windows += 1;
        }
        assert_eq!((windows, values(&json!({ "a": [1, {}] }))), (2, 4));
        assert_eq!(whole.fields["a"].as_array().map(Vec::len), Some(VALUES / 8 * 3));
    }
}
