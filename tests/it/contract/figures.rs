//! What the surface costs a model, in characters.

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{analyses, call, characters, client};
use crate::analyzers::{Place, description, speaker};
use crate::support::{complete_schema, crafted, example};

/// Characters of `tools/list` for all tools of this program, and of what each further tool adds.
const LIST: usize = 30_000;
const FURTHER: usize = 1_500;
/// Characters of an answer that says that there is nothing.
const NOTHING: usize = 400;

#[tokio::test]
async fn the_list_of_tools_is_short_and_the_complete_schemas_can_be_had() {
    let client = client().await;
    let tools = client.list_all_tools().await.unwrap();
    let all = characters(&json!(tools));
    assert!(all < LIST, "{all}");
    for tool in analyses(&client).await {
        let (shallow, complete) = (json!(tool.output_schema), complete_schema(&client, &tool.name).await);
        let of_all = ["file", "warning", "total_packets", "matched_packets", "capture", "shown"];
        let names = |schema: &Value| -> Vec<String> {
            let names = schema["properties"].as_object().unwrap().keys();
            names.filter(|name| !of_all.contains(&name.as_str())).cloned().collect()
        };
        assert_eq!(names(&shallow), names(&complete), "{}", tool.name);
        assert!(characters(&shallow) * 3 < characters(&complete), "{}", tool.name);
    }
    client.cancel().await.unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.arg("--full-schemas");
    let full = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    for tool in analyses(&full).await {
        assert_eq!(json!(tool.output_schema), complete_schema(&full, &tool.name).await);
    }
    full.cancel().await.unwrap();
}

#[tokio::test]
async fn nothing_found_is_said_in_a_few_words() {
    let client = client().await;
    let mut asked = 0;
    for tool in analyses(&client).await {
        let empty = match tool.name.as_ref() {
            "analyze_capinfos" | "analyze_conversations" | "get_frames" | "get_stream" => continue,
            "analyze_dns_packets" => example("tcp.pcap"),
            _ => crafted("dns_records.pcap"),
        };
        let mut arguments = json!({});
        if tool.name == "analyze_traffic_flow" {
            arguments["server_ip"] = "192.0.2.53".into();
        }
        let answer = call(&client, &tool.name, &empty, &arguments).await.structured_content.unwrap();
        // The path is the machine's.
        let path = answer["file"].as_str().unwrap().chars().count();
        assert!(characters(&answer) - path < NOTHING, "{}: {} {answer}", tool.name, characters(&answer));
        asked += 1;
    }
    assert!(asked > 5);
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn each_further_tool_takes_little_of_the_list() {
    let place = Place::new();
    let text = |description: &str| json!({ "type": "string", "description": description });
    let mut description = description("modbus");
    let tool = &mut description["tools"][0];
    tool["title"] = "Modbus requests and answers".into();
    tool["description"] = "Pairs Modbus requests with their answers: who reads and writes which registers, and what failed. Finds scans of units and \
        writes by new clients."
        .into();
    tool["arguments"]["properties"] = json!({ "unit": text("Only this unit.") });
    let list = json!({ "type": "array", "items": { "type": "object", "properties": { "frame": { "type": "integer" } }, "additionalProperties": false } });
    tool["report"]["properties"] =
        json!({ "requests": { "type": "integer" }, "findings": list, "units": list, "transactions": list });
    place.put("modbus.wasm", &speaker(&description));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.args(place.arguments());
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    let further = loop {
        let tools = client.list_all_tools().await.unwrap();
        if let Some(tool) = tools.into_iter().find(|tool| tool.name == "modbus_count") {
            break tool;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let further = json!(further);
    assert!(characters(&further) <= FURTHER, "{}: {further}", characters(&further));
    client.cancel().await.unwrap();
}
