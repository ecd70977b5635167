//! `make demo`: starts the server, asks it over MCP about a capture, and shows the answer as the program shows it to people.
//!
//! Arguments: the program, and the capture.

use std::env;
use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

const TOOL: &str = "analyze_dns_packets";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(program), Some(capture)) = (arguments.next(), arguments.next()) else {
        return Err("usage: demo PROGRAM CAPTURE".into());
    };
    let client = ().serve(TokioChildProcess::new(Command::new(&program))?).await?;
    let tools = client.list_all_tools().await?;
    println!("A client asks the server, which has {} tools, {TOOL} about {capture}. The findings:\n", tools.len());
    let question = json!({ "pcap_file": capture, "section": ["findings"], "as_objects": true });
    let request = CallToolRequestParams::new(TOOL).with_arguments(question.as_object().cloned().unwrap_or_default());
    let answer = client.call_tool(request).await?;
    client.cancel().await?;
    let report = answer.structured_content.filter(|_| answer.is_error != Some(true));
    let report = report.ok_or("the server answered with an error")?;
    for finding in report["findings"].as_array().into_iter().flatten() {
        let field = |name: &str| finding[name].as_str().unwrap_or_default();
        let frames = finding["frames"].as_array().map_or(0, Vec::len);
        let first = finding["frames"].get(0).unwrap_or(&Value::Null);
        println!(
            "  {}: {} {} ({frames} frames, from {first} on)",
            field("severity"),
            field("subject"),
            field("observation")
        );
    }
    println!("\nThe same at a terminal, mcpcap analyze dns {capture}:\n");
    let shown = Command::new(program).args(["analyze", "dns", &capture, "--format", "report"]).status().await?;
    if shown.success() { Ok(()) } else { Err("the program failed".into()) }
}
