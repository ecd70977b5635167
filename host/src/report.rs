//! An analyzer's report made the server's answer: checked to be an object, with the host's own fields in front.

use serde_json::{Map, Value, json};

use crate::answer::{AnswerError, Code};
use crate::pipeline::{End, Outcome};

/// The fields that the host adds; an analyzer's fields of the same names are dropped.
const OWN: [&str; 3] = ["file", "total_packets", "capture"];

/// Makes the answer of a run. `file` is the capture as the caller named it.
///
/// # Errors
/// [`Code::ComponentFault`] when the report is not a JSON object.
pub fn answer(outcome: &Outcome, component: &str, file: &str) -> Result<Value, AnswerError> {
    let report: Value = serde_json::from_str(&outcome.report).map_err(|error| {
        AnswerError::new(Code::ComponentFault, format!("the {component} component's report is not valid JSON: {error}"))
    })?;
    let Value::Object(report) = report else {
        let message = format!("the {component} component's report is not a JSON object");
        return Err(AnswerError::new(Code::ComponentFault, message));
    };
    let mut answer = Map::new();
    answer.insert("file".into(), file.into());
    answer.insert("total_packets".into(), outcome.frames.into());
    answer.insert("capture".into(), capture(&outcome.summary, outcome.end.as_ref()));
    answer.extend(report.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())));
    Ok(Value::Object(answer))
}

fn capture(summary: &Value, end: Option<&End>) -> Value {
    let mut capture = Map::new();
    if let Some(format) = summary.get("format") {
        capture.insert("format".into(), format.clone());
    }
    capture.insert("complete".into(), end.is_none().into());
    if let Some(end) = end {
        capture.insert("ended".into(), json!({ "reason": end.reason, "offset": end.offset, "message": end.message }));
    }
    Value::Object(capture)
}

/// The schema of the answer, from the schema of the report.
pub fn schema(mut report: Map<String, Value>) -> Map<String, Value> {
    let mut properties = Map::new();
    properties
        .insert("file".into(), json!({ "type": "string", "description": "The capture as it was named in pcap_file." }));
    properties.insert(
        "total_packets".into(),
        json!({ "type": "integer", "minimum": 0, "description": "Frames that were read from the capture." }),
    );
    properties.insert("capture".into(), capture_schema());
    if let Some(Value::Object(own)) = report.remove("properties") {
        properties.extend(own.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())));
    }
    let mut required: Vec<Value> = OWN.iter().map(|name| json!(name)).collect();
    if let Some(Value::Array(own)) = report.remove("required") {
        required.extend(own.into_iter().filter(|name| !OWN.iter().any(|ours| name == ours)));
    }
    report.insert("type".into(), "object".into());
    report.insert("properties".into(), properties.into());
    report.insert("required".into(), required.into());
    report.insert("additionalProperties".into(), false.into());
    report
}

fn capture_schema() -> Value {
    json!({
        "type": "object",
        "description": "How much of the capture was read.",
        "properties": {
            "format": { "type": "string", "description": "pcap, modified pcap or pcapng." },
            "complete": { "type": "boolean", "description": "Whether it was read to its end." },
            "ended": {
                "type": "object",
                "description": "Why reading ended early. Everything before was analysed.",
                "properties": {
                    "reason": {
                        "type": "string",
                        "enum": [
                            "cut-short", "damaged", "compression-damaged", "too-large", "reader-failed", "read-failed", "enough",
                            "time-limit"
                        ],
                    },
                    "offset": {
                        "type": "integer", "minimum": 0,
                        "description": "Byte offset in the (uncompressed) capture where reading ended.",
                    },
                    "message": { "type": "string" },
                },
                "required": ["reason", "offset", "message"],
                "additionalProperties": false,
            },
        },
        "required": ["complete"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(report: &str) -> Outcome {
        let end = End { reason: "cut-short", offset: 40, message: "cut".into() };
        Outcome {
            report: report.into(),
            name: "x.pcap".into(),
            frames: 2,
            summary: json!({ "format": "pcap" }),
            end: Some(end),
        }
    }

    #[test]
    fn the_hosts_fields_come_first_and_cannot_be_overwritten() {
        let answer = answer(&outcome(r#"{"a": 1, "file": "lie", "total_packets": 99}"#), "dns", "/x.pcap").unwrap();
        let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["file", "total_packets", "capture", "a"]);
        assert_eq!((&answer["file"], &answer["total_packets"]), (&json!("/x.pcap"), &json!(2)));
        assert_eq!(answer["capture"]["ended"]["offset"], 40);
    }

    #[test]
    fn a_report_that_is_no_object_is_the_components_fault() {
        for report in ["", "[]", "null", "{", "\"x\""] {
            assert_eq!(answer(&outcome(report), "dns", "x").unwrap_err().code, Code::ComponentFault, "{report}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(answer(&outcome(&deep), "dns", "x").unwrap_err().code, Code::ComponentFault);
    }
}
