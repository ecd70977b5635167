//! Checks that hold for the schema of every tool's report.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Tool;

/// Every field of a tool's report, at any depth, has a description in plain words.
///
/// # Panics
/// When one has none.
pub fn is_described<T: Tool>() {
    let mut without = Vec::new();
    walk(&crate::describe::tool::<T>()["report"], "", &mut |path, field| {
        let text = field["description"].as_str().unwrap_or_default();
        // A link to a Rust type says nothing to a reader of the guide.
        if text.trim().is_empty() || text.contains("[`") {
            without.push(path.to_owned());
        }
    });
    assert!(without.is_empty(), "fields of {} without a description: {without:?}", T::NAME);
}

/// A tool's description has at most 420 characters, and one of its arguments at most 80: a client pays for them before any question.
///
/// # Panics
/// When it is not so.
pub fn is_short<T: Tool>() {
    assert!(T::DESCRIPTION.chars().count() <= 420, "{}: {}", T::NAME, T::DESCRIPTION.chars().count());
    for (name, argument) in crate::describe::tool::<T>()["arguments"]["properties"].as_object().into_iter().flatten() {
        let text = argument["description"].as_str().unwrap_or_default();
        assert!((1..=80).contains(&text.chars().count()), "{name} of {}: {text}", T::NAME);
    }
}

/// The fields of a tool's report whose text may be from the capture are these, at any depth: all others are marked with `x-mcpcap-fixed`.
///
/// # Panics
/// When it is not so.
pub fn captured_texts_are<T: Tool>(expected: &[&str]) {
    let mut found = BTreeSet::new();
    walk(&crate::describe::tool::<T>()["report"], "", &mut |path, field| {
        let text = if field["type"] == "array" { &field["items"] } else { field };
        let is_fixed = [field, text]
            .into_iter()
            .any(|part| ["x-mcpcap-fixed", "enum", "const"].iter().any(|mark| part.get(mark).is_some()));
        if text["type"] == "string" && !is_fixed {
            found.insert(path.to_owned());
        }
    });
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, expected, "{}", T::NAME);
}

/// Gives each property of a schema, at any depth, to a function.
pub fn walk(schema: &Value, path: &str, each: &mut impl FnMut(&str, &Value)) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, field) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            each(&path, field);
            walk(field, &path, each);
        }
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), each);
    }
    for choices in ["anyOf", "oneOf", "allOf"] {
        for choice in schema[choices].as_array().into_iter().flatten() {
            walk(choice, path, each);
        }
    }
    if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], &format!("{path}.*"), each);
    }
}

/// Runs a tool on a capture with nothing of its protocol: the report is one short sentence.
///
/// # Panics
/// When it is not so.
pub fn says_only_that_there_is_nothing<T: Tool>(capture: &[u8], arguments: &Value) {
    let report = match super::run::<T>(capture, arguments) {
        Ok(report) => report,
        Err(problem) => panic!("{}: {problem:?}", T::NAME),
    };
    let fields: Vec<&String> = report.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    assert_eq!(fields, ["message"], "{}: {report}", T::NAME);
    // The host's own fields take about 150 characters of the 400.
    assert!(report.to_string().len() < 250, "{}: {report}", T::NAME);
}

/// The observations of a report's findings are sentences that fit one line: they end with a full stop, and have at most 200 characters.
///
/// # Panics
/// When one is not so.
pub fn observations_are_lines(report: &Value) {
    for finding in report["findings"].as_array().into_iter().flatten() {
        let text = finding["observation"].as_str().unwrap_or_default();
        let is_sentence = !text.contains('\n') && text.ends_with('.') && text.chars().count() <= 200;
        assert!(is_sentence, "{}: {text}", finding["rule"]);
    }
}

/// The count of a finding is a lower bound, and its observation says so.
///
/// # Panics
/// When it is not so, or there is no such finding.
pub fn is_at_least(report: &Value, rule: &str, subject: &str, count: &str, value: u64) {
    let mut all = report["findings"].as_array().into_iter().flatten();
    let found = all.find(|finding| finding["rule"] == rule && finding["subject"] == subject);
    let Some(found) = found else { panic!("no {rule} of {subject} in {report}") };
    let name = format!("{count}_at_least");
    let measure = found["measures"].as_array().into_iter().flatten().find(|measure| measure["name"] == *name);
    assert_eq!(measure.map(|measure| &measure["value"]), Some(&Value::from(value as f64)), "{found}");
    assert!(found["observation"].as_str().is_some_and(|text| text.contains("at least")), "{found}");
}
