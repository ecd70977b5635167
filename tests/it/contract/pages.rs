//! Pages of every list of a report, its parts and their order.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Client, analyses, call, captures, characters, client, refusal, report};
use crate::support::{crafted, example, root};

#[tokio::test]
async fn pages_joined_are_the_whole_list() {
    let client = client().await;
    for (tool, capture, max_chars) in [
        ("analyze_dns_packets", "dns.pcap", 2_500),
        ("analyze_dns_packets", "dns.pcap", 20_000),
        ("analyze_dhcp_packets", "dhcp.pcap", 6_000),
        ("analyze_icmp_packets", "icmp.pcap", 4_000),
        ("analyze_tcp_connections", "tcp.pcap", 3_000),
        ("analyze_sip_packets", "sip.pcap", 9_000),
    ] {
        let followed = join(&client, tool, &example(capture), &json!({}), max_chars).await;
        assert!(followed > 1, "{tool} {capture} {followed}");
    }
    // Every tool on every capture made by hand that is about protocols and not about link types or file headers.
    let is_one = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        !path.starts_with(root().join("examples")) && !name.starts_with("l_") && !name.starts_with("f_")
    };
    for capture in captures().iter().filter(is_one) {
        for tool in analyses(&client).await {
            let arguments = match tool.name.as_ref() {
                "analyze_traffic_flow" => json!({ "server_ip": "192.0.2.53" }),
                "get_frames" => json!({ "frames": (1..=50).collect::<Vec<u64>>() }),
                _ => json!({}),
            };
            join(&client, &tool.name, capture, &arguments, 3_000).await;
        }
    }
    client.cancel().await.unwrap();
}

/// The lists of a report that stand in objects, by their dotted names, with their entries; those within entries are none.
fn lists(value: &Value, prefix: &str, found: &mut Vec<(String, Vec<Value>)>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Array(entries) => found.push((name, entries.clone())),
            Value::Object(_) if !["shown", "capture", "limits"].contains(&name.as_str()) => lists(value, &name, found),
            _ => {}
        }
    }
}

/// The entries of all pages of a list, each checked, and whether an entry lost something for want of room.
async fn pages(client: &Client, tool: &str, capture: &Path, arguments: &Value, name: &str) -> (Vec<Value>, bool) {
    let (mut joined, mut shortened) = (Vec::new(), false);
    let mut asked = arguments.clone();
    asked["section"] = json!([name]);
    loop {
        let page = report(client, tool, capture, &asked).await;
        let place = format!("{tool} {} {name} {asked}", capture.display());
        let infos = page["shown"]["lists"].as_array().cloned().unwrap_or_default();
        shortened |= !page["shown"]["shortened"].is_null();
        let Some(info) = infos.iter().find(|info| info["list"] == name) else {
            // All of it is here.
            assert!(joined.is_empty(), "{place}: {page}");
            let entries = page.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_array);
            return (entries.cloned().unwrap_or_default(), shortened);
        };
        let offset = info["offset"].as_u64().unwrap_or(0);
        let entries = page.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_array).unwrap();
        assert_eq!((offset, &info["returned"]), (joined.len() as u64, &json!(entries.len())), "{place}");
        joined.extend(entries.iter().cloned());
        let Some(next) = info.get("next") else {
            assert_eq!(info["total"], joined.len(), "{place}");
            return (joined, shortened);
        };
        assert!(!entries.is_empty(), "{place}: {page}");
        asked["cursor"] = next.clone();
    }
}

/// Follows the pages of every list of a report, small and large ones, and compares what they hold.
async fn join(client: &Client, tool: &str, capture: &Path, arguments: &Value, max_chars: u64) -> usize {
    let with = |max_chars: u64| {
        let mut all = arguments.clone();
        all["max_chars"] = max_chars.into();
        all["as_objects"] = true.into();
        all
    };
    let whole = call(client, tool, capture, &with(1_000_000)).await;
    // What is no capture has no lists.
    let Some(whole) = whole.structured_content else { return 0 };
    if characters(&whole) as u64 <= max_chars {
        return 0;
    }
    let first = report(client, tool, capture, &with(max_chars)).await;
    let (mut here, mut there) = (Vec::new(), Vec::new());
    lists(&first, "", &mut here);
    lists(&whole, "", &mut there);
    let is_told = |report: &Value, name: &str| {
        let (infos, shortened) = (report["shown"]["lists"].as_array(), report["shown"]["shortened"].as_array());
        infos.into_iter().flatten().any(|info| info["list"] == name && info.get("next").is_some())
            || shortened
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .any(|known| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let left_out = |name: &str| {
        let outer = name.split('.').next().unwrap_or_default();
        first["shown"]["left_out"].as_array().into_iter().flatten().any(|part| part == outer)
    };
    let mut followed = 0;
    for (name, all) in &there {
        let place = format!("{tool} {} {name}", capture.display());
        let small = here.iter().find(|(known, _)| known == name).map(|(_, entries)| entries.len());
        let is_cut = is_told(&whole, name);
        assert!(small == Some(all.len()) || left_out(name) || is_told(&first, name), "{place}: {first}");
        if small == Some(all.len()) && !is_cut {
            continue;
        }
        let (joined, shortened) = pages(client, tool, capture, &with(max_chars), name).await;
        let large = if is_cut { pages(client, tool, capture, &with(1_000_000), name).await.0 } else { all.clone() };
        assert!(large.starts_with(all) && joined.len() == large.len(), "{place}");
        // An entry larger than a whole answer loses something, and the answer says so.
        assert!(shortened || joined == large, "{place}");
        followed += 1;
    }
    followed
}

#[tokio::test]
async fn a_cursor_holds_for_its_capture_and_its_question_only() {
    let client = client().await;
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("x.pcap");
    std::fs::copy(example("dns.pcap"), &capture).unwrap();
    let tool = "analyze_dns_packets";
    let first = report(&client, tool, &capture, &json!({ "limit": 5, "section": ["packets"] })).await;
    let next = &first["shown"]["lists"][0]["next"];
    assert_eq!(first["shown"]["lists"][0]["returned"], 5);
    // Another page size, or other sections, ask the same.
    let page = report(&client, tool, &capture, &json!({ "limit": 2, "cursor": next })).await;
    assert_eq!(page["shown"]["lists"][0]["offset"], 5);
    assert!(page.get("statistics").is_none());
    let error = refusal(&client, tool, &capture, &json!({ "name": "x", "cursor": next })).await;
    assert!(error["error"].as_str().unwrap().contains("other arguments"), "{error}");
    let error = refusal(&client, tool, &capture, &json!({ "cursor": "rubbish" })).await;
    assert_eq!(error["code"], "bad_argument");
    std::fs::copy(crafted("dns_records.pcap"), &capture).unwrap();
    let error = refusal(&client, tool, &capture, &json!({ "cursor": next })).await;
    assert!(error["error"].as_str().unwrap().contains("changed"), "{error}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn sections_and_order_are_as_asked_for() {
    let client = client().await;
    let (tool, capture) = ("analyze_dns_packets", example("dns.pcap"));
    let part = report(&client, tool, &capture, &json!({ "section": ["findings"] })).await;
    assert!(part.get("findings").is_some() && part.get("packets").is_none() && part.get("statistics").is_none());
    let error = refusal(&client, tool, &capture, &json!({ "section": ["finding"] })).await;
    assert!(error["error"].as_str().unwrap().contains("findings, packets"), "{error}");
    let sorted =
        report(&client, tool, &capture, &json!({ "section": ["packets"], "sort": "-latency_ms", "limit": 7 })).await;
    let latencies: Vec<f64> =
        sorted["packets"].as_array().unwrap().iter().map(|packet| packet["latency_ms"].as_f64().unwrap()).collect();
    assert!(latencies.len() == 7 && latencies.is_sorted_by(|a, b| a >= b), "{latencies:?}");
    let next = &sorted["shown"]["lists"][0]["next"];
    let page = report(&client, tool, &capture, &json!({ "sort": "-latency_ms", "limit": 1, "cursor": next })).await;
    assert!(page["packets"][0]["latency_ms"].as_f64().unwrap() <= latencies[6]);
    assert_eq!(page["shown"]["lists"][0]["offset"], 7);
    let error = refusal(&client, tool, &capture, &json!({ "sort": "beauty" })).await;
    assert!(error["error"].as_str().unwrap().contains("latency_ms"), "{error}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn lists_are_filtered_by_their_own_fields_and_pages_of_a_filter_joined_are_all_that_fits() {
    let client = client().await;
    let (tool, capture) = ("analyze_dns_packets", example("dns.pcap"));
    let all = report(&client, tool, &capture, &json!({ "section": ["packets"], "max_chars": 1_000_000 })).await;
    let all = all["packets"].as_array().unwrap();
    let wanted: Vec<&Value> = all.iter().filter(|packet| packet["rcode"] == "NXDOMAIN").collect();
    assert!(wanted.len() > 10 && wanted.len() < all.len(), "{}", wanted.len());
    let mut asked = json!({ "where": "rcode=nxdomain", "limit": 7, "section": "packets" });
    let mut joined = Vec::new();
    loop {
        let page = report(&client, tool, &capture, &asked).await;
        joined.extend(page["packets"].as_array().unwrap().iter().cloned());
        let info =
            page["shown"]["lists"].as_array().unwrap().iter().find(|info| info["list"] == "packets").unwrap().clone();
        assert_eq!(info["total"], all.len());
        let Some(next) = info.get("next") else { break };
        asked["cursor"] = next.clone();
    }
    assert!(joined.iter().eq(wanted.iter().copied()), "{} of {}", joined.len(), wanted.len());
    // Findings and totals stay; lists without the field do not.
    let some =
        report(&client, tool, &capture, &json!({ "where": ["rcode=NXDOMAIN", "latency_ms>0"], "sort": "-latency_ms" }))
            .await;
    assert!(some.get("findings").is_some() && some.get("statistics").is_some());
    assert!(
        some["packets"]
            .as_array()
            .unwrap()
            .iter()
            .all(|packet| packet["rcode"] == "NXDOMAIN" && packet["latency_ms"].as_f64() > Some(0.0))
    );
    // Lists within statistics have conditions and an order too.
    let servers = report(&client, tool, &capture, &json!({ "section": "statistics", "where": "service=dns" })).await;
    assert!(servers["statistics"].to_string().contains("\"service\":\"dns\""), "{servers}");
    let error = refusal(&client, tool, &capture, &json!({ "where": "rcodes=1" })).await;
    assert!(error["error"].as_str().unwrap().contains("packets has ") && error["code"] == "bad_argument", "{error}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn every_finding_has_its_line_in_the_smallest_answer() {
    let client = client().await;
    let mut seen = 0;
    for capture in captures() {
        for tool in analyses(&client).await {
            let mut arguments = json!({});
            match tool.name.as_ref() {
                "analyze_traffic_flow" => arguments["server_ip"] = "192.0.2.53".into(),
                "get_frames" => continue,
                _ => {}
            }
            let whole = call(&client, &tool.name, &capture, &arguments).await;
            let Some(whole) = whole.structured_content else { continue };
            let rules = by_rule(&whole["findings"]);
            arguments["max_chars"] = 2_000.into();
            let small = call(&client, &tool.name, &capture, &arguments).await.structured_content.unwrap();
            let lines = by_rule(&small["findings"]);
            assert_eq!(lines, rules, "{} {}: {small}", tool.name, capture.display());
            assert!(characters(&small) <= 2_000);
            seen += rules.iter().map(|(_, count)| count).sum::<usize>();
            // They stand in front of totals and lists.
            let order: Vec<&String> = small.as_object().unwrap().keys().collect();
            let place = order.iter().position(|name| *name == "findings");
            let scalars = |value: &Value| !value.is_object() && !value.is_array();
            let before = |name: &&String| **name == "capture" || scalars(&small[name.as_str()]);
            assert!(place.is_none_or(|place| order[..place].iter().all(before)), "{order:?}");
        }
    }
    assert!(seen > 40, "{seen}");
    client.cancel().await.unwrap();
}

/// The rules of findings in their order, each with how many there are. Of those for which there is no room, a rule has one line with their number, or all
/// of a severity have one.
fn by_rule(findings: &Value) -> Vec<(&str, usize)> {
    let mut rules: Vec<(&str, usize)> = Vec::new();
    for finding in findings.as_array().into_iter().flatten() {
        for (rule, count) in named(finding) {
            match rules.last_mut() {
                Some((last, sum)) if *last == rule => *sum += count,
                _ => rules.push((rule, count)),
            }
        }
    }
    rules
}

/// The rules that a finding or a line names.
fn named(finding: &Value) -> Vec<(&str, usize)> {
    let Some(line) = finding.as_str() else { return vec![(finding["rule"].as_str().unwrap(), 1)] };
    let counted = |count: &str| count.parse().unwrap();
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        [severity, ..] if severity.ends_with(':') => {
            let each = |named: &'_ str| named.split_once(' ').map_or(1, |(_, count)| counted(count));
            line[severity.len()..]
                .trim()
                .split(", ")
                .map(|named| (named.split(' ').next().unwrap(), each(named)))
                .collect()
        }
        [_, rule, count] | [_, rule, count, "findings"] => vec![(rule, counted(count))],
        [_, rule, ..] => vec![(rule, 1)],
        _ => panic!("{line}"),
    }
}
