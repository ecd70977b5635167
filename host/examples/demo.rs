//! `make demo`: starts the server, asks it over MCP about a capture, prints the answer.
//!
//! Arguments: the program, and the capture.

use std::env;
use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::json;
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(program), Some(capture)) = (arguments.next(), arguments.next()) else {
        return Err("usage: demo PROGRAM CAPTURE".into());
    };
    let client = ().serve(TokioChildProcess::new(Command::new(program))?).await?;
    let tools = client.list_all_tools().await?;
    eprintln!("The server offers: {}", tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>().join(", "));
    eprintln!("Asking analyze_dns_packets about {capture}:");
    let question = json!({ "pcap_file": capture, "limit": 3 });
    let request = CallToolRequestParams::new("analyze_dns_packets")
        .with_arguments(question.as_object().cloned().unwrap_or_default());
    let answer = client.call_tool(request).await?;
    println!("{}", serde_json::to_string_pretty(&answer.structured_content)?);
    client.cancel().await?;
    match answer.is_error {
        Some(true) => Err("the server answered with an error".into()),
        _ => Ok(()),
    }
}
