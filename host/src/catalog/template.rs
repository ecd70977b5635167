//! The text of somebody else's prompt. Its component writes it once, with a marker in place of each argument; that is what a person reads and approves,
//! and what is kept. The host puts the arguments in, and the component is not asked again: so it can say nothing to a model that it did not say then.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::prompt::PromptArgument;

/// Arguments that may be absent, each in any company: a text is asked for each choice of them. Of more, for all and for none.
const CHOSEN: usize = 4;
/// What stands where an argument would, when the text was written for it and it is absent.
const ABSENT: &str = "(not given)";
/// The argument that names the capture.
const PATH: &str = "pcap_file";
/// What a marker begins and ends with.
const MARKER: (&str, &str) = ("{{", "}}");

/// A text with markers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The arguments that may be absent and are there.
    pub given: Vec<String>,
    /// The text.
    pub text: String,
}

/// What stands for an argument until it is known.
pub(super) fn marker(name: &str) -> String {
    format!("{}{name}{}", MARKER.0, MARKER.1)
}

/// For which arguments that may be absent a text is asked for: for all of them first.
pub(super) fn choices(arguments: &[PromptArgument]) -> Vec<Vec<String>> {
    let free: Vec<&str> = free(arguments).collect();
    if free.len() > CHOSEN {
        return vec![free.into_iter().map(str::to_owned).collect(), Vec::new()];
    }
    let chosen = |choice: u32| {
        let is_in = |n: usize| u32::try_from(n).is_ok_and(|n| choice >> n & 1 == 1);
        free.iter().enumerate().filter(|(n, _)| is_in(*n)).map(|(_, name)| (*name).to_owned()).collect()
    };
    (0..1_u32 << free.len()).rev().map(chosen).collect()
}

fn free(arguments: &[PromptArgument]) -> impl Iterator<Item = &str> {
    arguments.iter().filter(|argument| !argument.required).map(|argument| argument.name.as_str())
}

/// The text for these arguments; none when the component gave none for them. An empty argument is an absent one.
pub(super) fn written(
    templates: &[Template],
    arguments: &[PromptArgument],
    values: &Map<String, Value>,
) -> Option<String> {
    let is_there = |name: &str| values.get(name).and_then(Value::as_str).is_some_and(|value| !value.is_empty());
    let there: Vec<&str> = free(arguments).filter(|name| is_there(name)).collect();
    let exact = templates.iter().find(|template| template.given == there);
    let of_many = || templates.first().filter(|_| free(arguments).count() > CHOSEN);
    let template = exact.or_else(of_many)?;
    Some(fill(&template.text, |name| {
        let known = arguments.iter().any(|argument| argument.name == name);
        known.then(|| values.get(name).and_then(Value::as_str).filter(|value| !value.is_empty()).unwrap_or(ABSENT))
    }))
}

/// Puts values in place of markers, in one pass: a value that looks like a marker stays what it is.
fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(MARKER.0) {
        out.push_str(before);
        let named = behind.split_once(MARKER.1).and_then(|(name, behind)| Some((name, value(name)?, behind)));
        match named {
            Some((name, value, behind)) => {
                // A member of a JSON object, as a tool takes it. A path stays a text, whatever it looks like.
                let bare = if is_number(value) && name != PATH { behind.strip_prefix('"') } else { None };
                let member = bare.filter(|_| before.ends_with(r#":""#));
                if member.is_some() {
                    out.pop();
                }
                out.push_str(&escaped(value));
                rest = member.unwrap_or(behind);
            }
            None => {
                out.push_str(MARKER.0);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_number(value: &str) -> bool {
    value.parse::<u64>().is_ok_and(|number| number.to_string() == value)
}

/// As in a JSON string, so that no value ends the quotes it stands in, or its line.
fn escaped(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn argument(name: &str, required: bool) -> PromptArgument {
        PromptArgument { name: name.into(), description: String::new(), required }
    }

    fn template(given: &[&str], text: &str) -> Template {
        Template { given: given.iter().map(|name| (*name).to_owned()).collect(), text: text.into() }
    }

    fn values(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_text_is_asked_for_each_choice_of_arguments() {
        let two = [argument("a", false), argument("must", true), argument("b", false)];
        assert_eq!(choices(&two), [vec!["a", "b"], vec!["b"], vec!["a"], vec![]]);
        assert_eq!(choices(&[argument("must", true)]), [Vec::<String>::new()]);
        let many: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| argument(name, false)).into();
        assert_eq!(choices(&many), [vec!["a", "b", "c", "d", "e"], vec![]]);
    }

    #[test]
    fn the_text_of_the_arguments_that_are_there_is_filled_in() {
        let known = [argument("a", false), argument("must", true)];
        let templates = [template(&["a"], "{{a}} and {{must}}"), template(&[], "only {{must}}, {{other}} {{")];
        let text = |given: Value| written(&templates, &known, &values(given)).unwrap();
        assert_eq!(text(json!({ "a": "{{must}}", "must": "2" })), "{{must}} and 2");
        assert_eq!(text(json!({ "must": "x\"\ny" })), r#"only x\"\ny, {{other}} {{"#);
        assert_eq!(text(json!({ "a": "", "must": "2" })), "only 2, {{other}} {{");
        // What the component gave no text for has none.
        assert_eq!(written(&templates[..1], &known, &values(json!({ "must": "2" }))), None);
    }

    #[test]
    fn numbers_are_numbers_where_a_tool_is_called() {
        let known = [argument("pcap_file", true), argument("port", true)];
        let text = r#"Call t with {"pcap_file":"{{pcap_file}}","port":"{{port}}"}: port "{{port}}"."#;
        let text = |port: &str| {
            written(&[template(&[], text)], &known, &values(json!({ "pcap_file": "7", "port": port }))).unwrap()
        };
        assert_eq!(text("80"), r#"Call t with {"pcap_file":"7","port":80}: port "80"."#);
        assert_eq!(text("080"), r#"Call t with {"pcap_file":"7","port":"080"}: port "080"."#);
    }

    #[test]
    fn of_many_arguments_the_absent_ones_are_said_to_be() {
        let known: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| argument(name, false)).into();
        let templates = [template(&["a", "b", "c", "d", "e"], "{{a}}, {{b}}"), template(&[], "none")];
        let text = |given: Value| written(&templates, &known, &values(given)).unwrap();
        assert_eq!(text(json!({ "b": "1" })), "(not given), 1");
        assert_eq!(text(json!({})), "none");
    }
}
