//! Which captures there are, for people and for models.

use std::path::Path;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{analyses, text};
use crate::support::{crafted, example};

#[tokio::test]
async fn captures_and_guides_can_be_attached() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    for n in 0..120 {
        std::fs::copy(crafted("dns_two.pcap"), folder.path().join(format!("more/a b#{n:03}.pcap"))).unwrap();
    }
    std::fs::write(folder.path().join("broken.pcap"), b"nothing").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.current_dir(folder.path());
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    // The client follows the pages.
    let all = client.list_all_resources().await.unwrap();
    assert_eq!(all.len(), 2 * analyses(&client).await.len() + 3 + 121);
    let first = client.list_resources(None).await.unwrap();
    assert!(first.resources.len() == 100 && first.next_cursor.is_some());
    for resource in all
        .iter()
        .filter(|resource| !["mcpcap://schema/", "mcpcap://tables"].iter().any(|start| resource.uri.starts_with(start)))
        .take(12)
    {
        let request = rmcp::model::ReadResourceRequestParams::new(resource.uri.clone());
        let content = json!(client.read_resource(request).await.unwrap())["contents"][0]["text"].clone();
        let text = content.as_str().unwrap();
        if resource.uri.starts_with("mcpcap://guide/") {
            assert!(text.contains("| `shown.lists[].next` | string |"), "{text}");
        } else {
            let about: Value = serde_json::from_str(text).unwrap();
            let path = Path::new(about["pcap_file"].as_str().unwrap());
            assert_eq!(about["size"], std::fs::metadata(path).unwrap().len());
            let broken = path.ends_with("broken.pcap");
            assert_eq!(about["report"]["packet_count"].is_u64(), !broken, "{about}");
            assert_eq!(about["report"]["code"] == "not_a_capture", broken);
        }
    }
    for uri in [
        "mcpcap://capture/../x.pcap",
        "mcpcap://capture/%2e%2e/x.pcap",
        "mcpcap://guide/nothing",
        "file:///etc/passwd",
        "",
    ] {
        let request = rmcp::model::ReadResourceRequestParams::new(uri);
        assert!(client.read_resource(request).await.is_err(), "{uri}");
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn a_tool_lists_all_captures_with_their_formats() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..1_100 {
        std::fs::copy(crafted("dns_two.pcap"), folder.path().join(format!("{n:04}.pcap"))).unwrap();
    }
    std::fs::copy(example("dns-netem.pcapng"), folder.path().join("largest.pcapng")).unwrap();
    std::fs::write(folder.path().join("\u{202e}wrong.cap"), b"nothing of this kind").unwrap();
    std::fs::copy(crafted("f_gzip.pcap.gz"), folder.path().join("packed.pcap.gz")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.arg("--root").arg(folder.path());
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    let list = async |arguments: Value| {
        let request =
            CallToolRequestParams::new("list_captures").with_arguments(arguments.as_object().cloned().unwrap());
        client.call_tool(request).await.unwrap()
    };
    let (mut paths, mut asked) = (Vec::new(), json!({ "limit": 200 }));
    loop {
        let page = list(asked.clone()).await.structured_content.unwrap();
        assert_eq!(page["total"], 1_103);
        for capture in page["captures"].as_array().unwrap() {
            let path = capture["pcap_file"].as_str().unwrap().to_owned();
            let format = match path.rsplit('/').next().unwrap() {
                "largest.pcapng" => "pcapng",
                "packed.pcap.gz" => "pcap, gzip",
                name if name.ends_with("wrong.cap") => "not a capture: ",
                _ => "pcap",
            };
            assert!(capture["format"].as_str().unwrap().starts_with(format), "{capture}");
            assert!(!path.contains('\u{202e}') && capture["modified"].is_string(), "{capture}");
            paths.push(path);
        }
        let Some(next) = page.get("next") else { break };
        asked["cursor"] = next.clone();
    }
    assert_eq!(paths.len(), 1_103);
    let plain = paths.iter().filter(|path| !path.contains("\\u{"));
    assert!(plain.is_sorted());
    // What is listed can be analysed by that name, hidden characters or not.
    for path in [&paths[0], paths.last().unwrap()] {
        let request = CallToolRequestParams::new("analyze_capinfos")
            .with_arguments(json!({ "pcap_file": path }).as_object().cloned().unwrap());
        let answer = client.call_tool(request).await.unwrap();
        assert!(answer.is_error == Some(false) || text(&answer).contains("not_a_capture"), "{path}: {}", text(&answer));
    }
    let largest = list(json!({ "sort": "-size", "limit": 1 })).await.structured_content.unwrap();
    assert!(largest["captures"][0]["pcap_file"].as_str().unwrap().ends_with("largest.pcapng"));
    let named = list(json!({ "name": "LARGE" })).await.structured_content.unwrap();
    assert_eq!(named["total"], 1);
    for wrong in
        [json!({ "limit": 0 }), json!({ "sort": "beauty" }), json!({ "cursor": "x" }), json!({ "folder": "/" })]
    {
        let refused = list(wrong.clone()).await;
        assert!(refused.is_error == Some(true) && text(&refused).contains("bad_argument"), "{wrong}");
    }
    // Resources are paged past a thousand too.
    let captures = client.list_all_resources().await.unwrap();
    assert_eq!(captures.iter().filter(|resource| resource.uri.starts_with("mcpcap://capture/")).count(), 1_103);
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn what_is_meant_is_understood_and_what_is_wrong_says_what_would_be_right() {
    let client = super::client().await;
    let call = async |arguments: Value| {
        let request =
            CallToolRequestParams::new("analyze_dns_packets").with_arguments(arguments.as_object().cloned().unwrap());
        client.call_tool(request).await.unwrap()
    };
    let capture = example("dns.pcap").canonicalize().unwrap();
    let path = capture.to_str().unwrap();
    // A file: URL is a path, a lone text is a list of one, and a number may be written as text.
    let meant = call(json!({ "pcap_file": format!("file://{path}"), "section": "packets", "limit": "3" })).await;
    assert_eq!(meant.is_error, Some(false), "{}", text(&meant));
    let meant = meant.structured_content.unwrap();
    assert_eq!(
        meant["packets"]["rows"].as_array().map_or_else(|| meant["packets"].as_array().unwrap().len(), Vec::len),
        3
    );
    assert!(meant.get("statistics").is_none());
    for (arguments, says) in [
        (json!({ "pcap_file": path, "section": "packet" }), "is not one of copies, statistics"),
        (json!({ "pcap_file": "s3://bucket/x.pcap" }), "aws s3 cp"),
        (json!({ "pcap_file": path, "where": "rcode" }), "rcode=SERVFAIL"),
        (json!({ "pcap_file": path, "port": "many" }), "argument port"),
    ] {
        let refused = call(arguments.clone()).await;
        assert!(refused.is_error == Some(true) && text(&refused).contains(says), "{arguments}: {}", text(&refused));
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn without_downloads_nobody_is_told_of_urls() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.arg("--no-remote");
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    for tool in analyses(&client).await {
        let about = &json!(tool.input_schema)["properties"]["pcap_file"]["description"];
        assert!(!about.as_str().unwrap().contains("URL"), "{}: {about}", tool.name);
    }
    let server = json!(client.peer_info().unwrap());
    assert!(!server["instructions"].as_str().unwrap().contains("URL"), "{server}");
    client.cancel().await.unwrap();
}
