//! What a report claims, held against what its component was given.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::digest::hex_sha256;
use crate::selection::Delivered;

/// Hexadecimal digits of a finding's id.
const ID_DIGITS: usize = 12;

/// Frames that a report cites and that its component was not given.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    count: u64,
    first: Option<String>,
}

impl Wrong {
    /// The first of them.
    pub(super) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// Says so, if there are any.
    pub fn warning(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        Some(format!(
            "Do not trust this report: its component cites {} frame numbers that it was not given (the first: {first}).",
            self.count
        ))
    }
}

/// Checks every frame number in a report: those in lists called `frames`, and those called `frame` or `.._frame`.
pub fn check(report: &Value, delivered: &Delivered) -> Wrong {
    let mut wrong = Wrong::default();
    walk(report, &mut |number| {
        if number.as_u64().is_none_or(|number| !delivered.contains(number)) {
            wrong.count = wrong.count.saturating_add(1);
            wrong.first.get_or_insert_with(|| number.to_string().chars().take(30).collect());
        }
    });
    wrong
}

fn walk(value: &Value, cited: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Number(_) if name == "frame" || name.ends_with("_frame") => cited(value),
                    Value::Array(numbers) if name == "frames" => {
                        for number in numbers {
                            if number.is_number() { cited(number) } else { walk(number, cited) }
                        }
                    }
                    value => walk(value, cited),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, cited)),
        _ => {}
    }
}

/// In a component's finding: how many of the same rule and subject stand before it in the whole list.
const TWINS_BEFORE: &str = "twins_before";

/// Gives each finding its id: the same for the same capture, rule and subject, and the how manieth of them it is. On a page of the list the component
/// says that, as those before are not here.
pub fn identify(findings: &mut Value, capture: &str) {
    let mut seen: HashMap<String, u64> = HashMap::new();
    for finding in findings.as_array_mut().into_iter().flatten() {
        let Value::Object(fields) = finding else { continue };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = format!("{capture}\0{}\0{}", text("rule"), text("subject"));
        let before = fields.get(TWINS_BEFORE).and_then(Value::as_u64).unwrap_or(0);
        let nth = seen.entry(key.clone()).or_default();
        *nth = before.max(*nth);
        let hash = hex_sha256(format!("{key}\0{nth}").as_bytes());
        *nth = nth.saturating_add(1);
        let id: String = hash.chars().take(ID_DIGITS).collect();
        let mut with_id = Map::new();
        with_id.insert("id".into(), id.into());
        with_id.extend(std::mem::take(fields).into_iter().filter(|(name, _)| name != "id" && name != TWINS_BEFORE));
        *fields = with_id;
    }
}

/// Adds the id to the schema of a report that has findings, which has what it is made of no more.
pub fn describe(schema: &mut Value) {
    let findings = schema.get_mut("properties").and_then(|properties| properties.get_mut("findings"));
    let Some(Value::Object(finding)) = findings.and_then(|findings| findings.get_mut("items")) else { return };
    let Some(Value::Object(fields)) = finding.get_mut("properties") else { return };
    let mut with_id = Map::new();
    with_id.insert(
        "id".into(),
        json!({
            "type": "string", super::schema::FIXED: true,
            "description": "The same for the same capture, rule and subject."
        }),
    );
    with_id.extend(std::mem::take(fields).into_iter().filter(|(name, _)| name != TWINS_BEFORE));
    *fields = with_id;
    if let Some(Value::Array(required)) = finding.get_mut("required") {
        required.insert(0, "id".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_were_not_given_are_found_wherever_they_are_cited() {
        let report = json!({
            "findings": [{ "frames": [1, 5, 6], "frames_total": 9 }],
            "packets": [{ "frame": 7, "request_frame": 5 }, { "frame": -1 }, { "frame": 1.5 }],
            "frames": 99,
            "decoding": { "frames": 1000 },
        });
        let wrong = check(&report, &Delivered::UpTo(5));
        assert_eq!(wrong, Wrong { count: 4, first: Some("6".into()) });
        assert!(wrong.warning().unwrap().contains("4 frame numbers"));
        assert_eq!(check(&report["findings"], &Delivered::UpTo(6)).warning(), None);
    }

    #[test]
    fn the_id_depends_on_capture_rule_and_subject_alone() {
        let id = |capture: &str, finding: Value| {
            let mut findings = json!([finding]);
            identify(&mut findings, capture);
            assert_eq!(findings[0].as_object().unwrap().keys().next().unwrap(), "id");
            findings[0]["id"].as_str().unwrap().to_owned()
        };
        let one = id("a", json!({ "rule": "r", "subject": "s", "frames": [1] }));
        assert_eq!(one.len(), ID_DIGITS);
        assert_eq!(one, id("a", json!({ "id": "mine", "rule": "r", "subject": "s", "frames": [2] })));
        for other in [id("b", json!({ "rule": "r", "subject": "s" })), id("a", json!({ "rule": "r", "subject": "t" }))]
        {
            assert_ne!(one, other);
        }
        let mut twice = json!([{ "rule": "r", "subject": "s" }, { "rule": "r", "subject": "s" }]);
        identify(&mut twice, "a");
        assert_eq!(twice[0]["id"], one);
        assert_ne!(twice[0]["id"], twice[1]["id"]);
    }

    #[test]
    fn ids_of_twins_are_the_same_on_every_page() {
        let twin = |before: u64| json!({ "rule": "r", "subject": "s", "twins_before": before });
        let ids = |mut findings: Value| {
            identify(&mut findings, "a");
            let findings = findings.as_array().unwrap();
            assert!(findings.iter().all(|finding| finding.get(TWINS_BEFORE).is_none()));
            findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = json!({ "rule": "r", "subject": "s" });
        let all = ids(json!([first, twin(1), twin(2), twin(3)]));
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        let pages = [json!([first]), json!([twin(1), twin(2)]), json!([twin(3)])];
        assert_eq!(pages.into_iter().flat_map(ids).collect::<Vec<_>>(), all);
        // A component that says the same of all does not make one of them.
        let wrong = ids(json!([twin(2), twin(2)]));
        assert_ne!(wrong[0], wrong[1]);
    }
}
