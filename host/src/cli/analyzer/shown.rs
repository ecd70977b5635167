//! All that a model may read of an analyzer, for a person to read first: a line for each line of text, with its field in front, so that no text can pass
//! for something that this program says. And what of it is other than before.

use std::collections::HashMap;
use std::fmt::Write;

use serde_json::Value;

use crate::catalog::{Offer, Prompt};
use crate::contract::Tool;
use crate::rows::Table;
use crate::text::neutral;

/// Bytes of all of it. Nobody would read more.
const MOST: usize = 4 << 20;
/// Lines of a difference that are shown.
const DIFFERENT: usize = 500;

/// All texts of an analyzer; an error when they are more than anybody reads.
pub(super) fn all(offer: &Offer) -> Result<String, String> {
    let mut page = Page::default();
    for tool in &offer.tools {
        page.tool(tool);
    }
    for prompt in &offer.prompts {
        page.prompt(prompt);
    }
    for offered in &offer.tables {
        page.table(&offered.table);
    }
    if page.is_full {
        return Err(format!("it has more than {} MiB of texts, which nobody would read", MOST >> 20));
    }
    Ok(page.text)
}

#[derive(Default)]
struct Page {
    text: String,
    is_full: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        if self.text.len().saturating_add(line.len()) > MOST {
            self.is_full = true;
        } else if !self.is_full {
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "{line}");
        }
    }

    fn field(&mut self, field: &str, text: &str) {
        let field = neutral(field, usize::MAX);
        if text.is_empty() {
            self.line(&format!("    {field} |"));
        }
        for line in text.lines() {
            self.line(&format!("    {field} | {}", neutral(line, usize::MAX)));
        }
    }

    fn tool(&mut self, tool: &Tool) {
        self.line(&format!("  tool {}", tool.name));
        self.field("title", &tool.title);
        // The host says at the end whose it is.
        let mark = tool.module.mark();
        self.field("description", tool.description.strip_suffix(&mark).unwrap_or(&tool.description));
        if tool.wants.key_log {
            self.field("is given", "TLS key logs: of the caller, and those in captures");
        }
        let mut arguments = (*tool.input).clone();
        if let Some(Value::Object(properties)) = arguments.get_mut("properties") {
            properties.retain(|name, _| tool.is_own_argument(name));
        }
        self.value("arguments", &Value::Object(arguments));
        self.value("report", tool.report());
    }

    /// All that is in a schema: a name without a text is one too.
    fn value(&mut self, place: &str, value: &Value) {
        if self.is_full {
            return;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                members.iter().for_each(|(name, value)| self.value(&format!("{place}/{name}"), value));
            }
            Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
                values.iter().enumerate().for_each(|(n, value)| self.value(&format!("{place}/{n}"), value));
            }
            Value::String(text) => self.field(place, text),
            other => self.field(place, &other.to_string()),
        }
    }

    fn table(&mut self, table: &Table) {
        self.line(&format!("  table {}", table.name));
        self.field("row", &table.row);
        for column in &table.columns {
            self.field(&format!("column {}", column.name), &column.meaning);
            if let Some(unit) = &column.unit {
                self.field(&format!("unit of {}", column.name), unit);
            }
        }
    }

    fn prompt(&mut self, prompt: &Prompt) {
        self.line(&format!("  prompt {}", prompt.name));
        self.field("title", &prompt.title);
        self.field("description", &prompt.description);
        for argument in &prompt.arguments {
            let must = if argument.required { ", required" } else { "" };
            self.field(&format!("argument {}{must}", argument.name), &argument.description);
        }
        let Some((first, others)) = prompt.templates().split_first() else {
            return self.line("    (it gives no text, so it is none)");
        };
        self.field("text", &first.text);
        for other in others {
            let missing: Vec<&str> =
                first.given.iter().filter(|name| !other.given.contains(name)).map(String::as_str).collect();
            // Only what is other than in the first.
            for line in other.text.lines().filter(|line| !first.text.lines().any(|known| known == *line)) {
                self.field(&format!("text without {}", missing.join(" and ")), line);
            }
        }
    }
}

/// What is other than before, section by section; nothing when nothing is.
pub(super) fn difference(before: &str, now: &str) -> String {
    let (before, now) = (sections(before), sections(now));
    let mut lines = Vec::new();
    let old: HashMap<&str, &Vec<&str>> = before.iter().map(|(name, lines)| (*name, lines)).collect();
    let new: HashMap<&str, &Vec<&str>> = now.iter().map(|(name, lines)| (*name, lines)).collect();
    let nothing = Vec::new();
    for (name, here) in &now {
        let there = old.get(name).copied().unwrap_or(&nothing);
        let (gone, come) = (rest(there, here), rest(here, there));
        if old.contains_key(name) && gone.is_empty() && come.is_empty() {
            if there != here {
                lines.push(format!("  {name}: the same lines in another order"));
            }
            continue;
        }
        lines.push(format!("{} {name}", if old.contains_key(name) { " " } else { "+" }));
        lines.extend(gone.iter().map(|line| format!("-   {line}")));
        lines.extend(come.iter().map(|line| format!("+   {line}")));
    }
    lines.extend(before.iter().filter(|(name, _)| !new.contains_key(name)).map(|(name, _)| format!("- {name}")));
    let left = lines.len().saturating_sub(DIFFERENT);
    lines.truncate(DIFFERENT);
    if left > 0 {
        lines.push(format!("  and {left} lines more"));
    }
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

/// The tools and prompts of such a text, each with its lines.
fn sections(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("    "), sections.last_mut()) {
            (Some(line), Some((_, lines))) => lines.push(line),
            _ => sections.push((line.trim(), Vec::new())),
        }
    }
    sections
}

/// The lines of one that another has not, each as often as it is there more often.
fn rest<'a>(of: &[&'a str], without: &[&str]) -> Vec<&'a str> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for line in without {
        let count = known.entry(line).or_default();
        *count = count.saturating_add(1);
    }
    let is_more = |line: &&&str| match known.get_mut(**line) {
        Some(count) if *count > 0 => {
            *count = count.saturating_sub(1);
            false
        }
        _ => true,
    };
    of.iter().filter(is_more).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_tells_what_came_and_what_went() {
        let before = "  tool a_t\n    title | T\n    description | Counts.\n  prompt a_p\n    text | Look.\n    text | Twice.\n  tool a_u\n    title | U\n";
        assert_eq!(difference(before, before), "");
        let now = "  tool a_t\n    title | T\n    description | Sends.\n  prompt a_p\n    text | Twice.\n    text | Look.\n  tool a_v\n    title | V\n";
        assert_eq!(
            difference(before, now),
            "    tool a_t\n  -   description | Counts.\n  +   description | Sends.\n    prompt a_p: the same lines in another order\n  \
             + tool a_v\n  +   title | V\n  - tool a_u\n"
        );
        let many: String = (0..DIFFERENT * 2).map(|n| format!("    a | {n}\n")).collect();
        assert!(difference("", &format!("  tool a_t\n{many}")).ends_with(" lines more\n"));
    }
}
