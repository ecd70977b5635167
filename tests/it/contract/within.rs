//! Pages of the lists within the entries of other lists, of lists that go on in another order, and of those that the reader keeps.

use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Value, json};

use super::{Client, client, refusal, report};
use crate::support::example;

/// A capture of IPv4 packets, a millisecond apart.
pub fn capture(packets: impl Iterator<Item = Vec<u8>>) -> tempfile::NamedTempFile {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    for (nth, packet) in (0_u32..).zip(packets) {
        let length = u32::try_from(packet.len()).unwrap();
        for word in [1_700_000_000 + nth / 1000, nth % 1000 * 1000, length, length] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&packet);
    }
    let kept = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
    std::fs::write(kept.path(), file).unwrap();
    kept
}

pub fn ip(protocol: u8, id: u16, (source, destination): ([u8; 4], [u8; 4]), payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend_from_slice(&u16::try_from(20 + payload.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 64, protocol, 0, 0]);
    packet.extend_from_slice(&source);
    packet.extend_from_slice(&destination);
    packet.extend_from_slice(payload);
    packet
}

/// A SYN to each of so many ports, from two hosts in turn.
fn scans(ports: u16) -> tempfile::NamedTempFile {
    capture((0..2 * ports).map(|n| {
        let mut tcp = vec![0x9c, 0x40];
        tcp.extend_from_slice(&(n / 2 + 1).to_be_bytes());
        tcp.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]);
        ip(6, n + 1, ([192, 0, 2, 7 + u8::try_from(n % 2).unwrap()], [198, 51, 100, 7]), &tcp)
    }))
}

/// Follows the pages of a list within an entry. The values, and the answers.
async fn joined(client: &Client, tool: &str, capture: &Path, arguments: &Value, name: &str) -> (Vec<Value>, usize) {
    let (list, path) = (name.split_once('[').unwrap().0, name.split_once("].").unwrap().1);
    let pointer = |list: &str| format!("/{}", list.replace('.', "/"));
    let (mut joined, mut pages, mut asked, mut entry) = (Vec::new(), 0, arguments.clone(), None);
    asked["section"] = json!([name]);
    loop {
        let page = report(client, tool, capture, &asked).await;
        pages += 1;
        let entries = page.pointer(&pointer(list)).and_then(Value::as_array).unwrap();
        assert_eq!(entries.len(), 1, "{page}");
        let values = entries[0].pointer(&pointer(path)).and_then(Value::as_array).cloned().unwrap_or_default();
        let info = &page["shown"]["lists"][0];
        assert_eq!((&info["list"], &info["returned"]), (&json!(name), &json!(values.len())), "{page}");
        assert_eq!(info["offset"].as_u64().unwrap_or(0), joined.len() as u64, "{page}");
        joined.extend(values);
        let mut of_entry = entries[0].clone();
        of_entry.as_object_mut().unwrap().retain(|_, value| !value.is_array());
        assert_eq!(*entry.get_or_insert_with(|| of_entry.clone()), of_entry);
        let Some(next) = info.get("next") else {
            assert_eq!(info["total"], joined.len(), "{page}");
            return (joined, pages);
        };
        asked.as_object_mut().unwrap().remove("section");
        asked["cursor"] = next.clone();
    }
}

#[tokio::test]
async fn every_frame_of_a_finding_is_on_a_page() {
    let client = client().await;
    let scans = scans(3_500);
    let tool = "analyze_tcp_anomalies";
    // The answer that everybody gets says where the rest is.
    let first = report(&client, tool, scans.path(), &json!({})).await;
    let findings = first["findings"].as_array().unwrap();
    let place = findings.iter().position(|finding| finding["rule"] == "tcp_port_scan").unwrap();
    assert_eq!(findings[place]["frames_total"], 3_500, "{first}");
    let name = format!("findings[{place}].frames");
    let told = first["shown"]["lists"].as_array().unwrap().iter().find(|info| info["list"] == name.as_str()).unwrap();
    let here = findings[place]["frames"].as_array().unwrap().len();
    assert_eq!((&told["total"], &told["returned"]), (&json!(3_500), &json!(here)));
    let rest = report(&client, tool, scans.path(), &json!({ "cursor": told["next"] })).await;
    assert_eq!(rest["shown"]["lists"][0]["offset"], here);
    let parity = findings[place]["frames"][0].as_u64().unwrap();
    assert_eq!(rest["findings"][0]["frames"][0], parity + 2 * here as u64);
    assert_eq!(rest["findings"][0]["id"], findings[place]["id"]);
    for max_chars in [2_000, 12_000, 100_000] {
        let (frames, pages) =
            joined(&client, tool, scans.path(), &json!({ "max_chars": max_chars, "as_objects": true }), &name).await;
        assert!(frames.iter().map(|frame| frame.as_u64().unwrap()).eq((0..3_500).map(|n| parity + 2 * n)), "{pages}");
        assert!(pages > 3, "{pages}");
    }
    // With an order and conditions the entry is the same, and named by its own place.
    let sorted =
        json!({ "section": ["findings"], "sort": "rule", "where": "rule=tcp_port_scan", "max_chars": 100_000 });
    let sorted = report(&client, tool, scans.path(), &sorted).await;
    assert_eq!(
        sorted["shown"]["lists"].as_array().unwrap().iter().filter(|info| info["list"] == name.as_str()).count(),
        1
    );
    for wrong in ["findings[0].frame", "findings[0]", "findings[].frames", "finding[0].frames", "findings[x].frames"] {
        let error = refusal(&client, tool, scans.path(), &json!({ "section": [wrong] })).await;
        assert_eq!(error["code"], "bad_argument", "{error}");
    }
    let error = refusal(&client, tool, scans.path(), &json!({ "section": ["findings[99].frames"] })).await;
    assert!(error["error"].as_str().unwrap().contains("no entry 99"), "{error}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn every_value_of_a_list_within_an_entry_is_on_a_page() {
    let client = client().await;
    // A host whose ports are closed, each told of twice.
    let (asking, target) = ([192, 0, 2, 1], [198, 51, 100, 1]);
    let closed = capture((0..6_400_u16).map(|n| {
        let mut udp = vec![0x0f, 0xa0];
        udp.extend_from_slice(&(n % 3_200 + 1).to_be_bytes());
        udp.extend_from_slice(&[0, 8, 0, 0]);
        let mut icmp = vec![3, 3, 0, 0, 0, 0, 0, 0];
        icmp.extend(ip(17, n, (asking, target), &udp));
        ip(1, n, (target, asking), &icmp)
    }));
    let (tool, name) = ("analyze_icmp_packets", "statistics.unreachable_destinations[0].ports");
    let first = report(&client, tool, closed.path(), &json!({ "max_chars": 100_000 })).await;
    let told = first["shown"]["lists"].as_array().unwrap().iter().find(|info| info["list"] == name).unwrap();
    assert_eq!(told["returned"], first["statistics"]["unreachable_destinations"][0]["ports"].as_array().unwrap().len());
    // Those that came first are no page of it: the pages begin at the beginning.
    let page = report(&client, tool, closed.path(), &json!({ "cursor": told["next"], "max_chars": 100_000 })).await;
    assert_eq!(page["shown"]["lists"][0].get("offset"), None, "{page}");
    for (max_chars, as_objects) in [(3_000, true), (12_000, false), (100_000, true)] {
        let asked = json!({ "max_chars": max_chars, "as_objects": as_objects });
        let (ports, pages) = joined(&client, tool, closed.path(), &asked, name).await;
        assert!(pages > 3, "{pages}");
        let mut ports: Vec<u64> = ports.iter().map(|port| port.as_u64().unwrap()).collect();
        ports.sort_unstable();
        assert!(ports.into_iter().eq(1..=3_200), "{max_chars}");
    }
    // A list that its component gives whole has pages too.
    let records = example("dns.pcap");
    let whole =
        report(&client, "analyze_dns_packets", &records, &json!({ "section": ["packets"], "max_chars": 1_000_000 }))
            .await;
    let packets = whole["packets"].as_array().unwrap();
    let most = |packet: &&Value| packet["answers"].as_array().map_or(0, Vec::len);
    let (place, packet) = packets.iter().enumerate().max_by_key(|(_, packet)| most(packet)).unwrap();
    let asked = json!({ "limit": 1 });
    let name = format!("packets[{place}].answers");
    let (answers, pages) = joined(&client, "analyze_dns_packets", &records, &asked, &name).await;
    assert_eq!((&Value::from(answers), pages), (&packet["answers"], most(&packet)));
    client.cancel().await.unwrap();
}

/// Follows the pages of a list by its cursors. Its entries, and the last answer.
async fn followed(client: &Client, tool: &str, capture: &Path, list: &str) -> (Vec<Value>, Value) {
    let pointer = format!("/{}", list.replace('.', "/"));
    let (mut entries, mut asked) = (Vec::new(), json!({ "section": [list], "max_chars": 100_000 }));
    loop {
        let page = report(client, tool, capture, &asked).await;
        let info = page["shown"]["lists"].as_array().into_iter().flatten().find(|info| info["list"] == list);
        let before = info.and_then(|info| info["offset"].as_u64()).unwrap_or(0);
        assert_eq!(before, entries.len() as u64, "{info:?}");
        let here = page.pointer(&pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        entries.extend(here);
        let Some(next) = info.and_then(|info| info.get("next")) else {
            assert!(info.is_none_or(|info| info["total"] == entries.len()), "{info:?}");
            return (entries, page);
        };
        asked = json!({ "cursor": next, "max_chars": 100_000 });
    }
}

#[tokio::test]
async fn different_values_are_listed_up_to_the_last_one() {
    let client = client().await;
    let source = |n: u16| [10, 1, u8::try_from(n / 256).unwrap(), u8::try_from(n % 256).unwrap()];
    let pings = (0..6_000).map(|n| ip(1, n, (source(n), [192, 0, 2, 1]), &[8, 0, 0, 0, 0, 1, 0, 1]));
    let capture = capture(pings);
    let (sources, _) = followed(&client, "analyze_icmp_packets", capture.path(), "statistics.unique_sources").await;
    let mut sources: Vec<Ipv4Addr> = sources.iter().map(|source| source.as_str().unwrap().parse().unwrap()).collect();
    assert!(sources[..4_096].iter().copied().eq((0..4_096).map(|n| Ipv4Addr::from(source(n)))));
    sources.sort_unstable();
    assert!(sources.into_iter().eq((0..6_000).map(|n| Ipv4Addr::from(source(n)))));
    for wrong in ["statistics.unique_sources@1", "statistics.unique_sources@1+x"] {
        let page = report(&client, "analyze_icmp_packets", capture.path(), &json!({ "limit": 5 })).await;
        let lists = page["shown"]["lists"].as_array().unwrap();
        let next = lists.iter().find(|info| info["list"] == "statistics.unique_sources").unwrap()["next"].as_str();
        let cursor = next.unwrap().replace("statistics.unique_sources", wrong);
        let error = refusal(&client, "analyze_icmp_packets", capture.path(), &json!({ "cursor": cursor })).await;
        assert_eq!(error["code"], "bad_argument", "{error}");
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn what_a_file_holds_is_listed_up_to_the_last_one() {
    let block = |kind: u32, body: &[u8]| {
        let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let section = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    let interface = block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    // An interface statistics block without options.
    let statistics = block(5, &[0; 12]);
    let mut file = [section, interface].concat().repeat(2_500);
    file.extend(statistics.repeat(1_700));
    let kept = tempfile::NamedTempFile::with_suffix(".pcapng").unwrap();
    std::fs::write(kept.path(), file).unwrap();
    let (client, tool) = (client().await, "analyze_capinfos");
    for (list, field) in [("sections", "section"), ("interfaces", "section")] {
        let (entries, _) = followed(&client, tool, kept.path(), list).await;
        assert!(entries.iter().map(|entry| entry[field].as_u64().unwrap()).eq(0..2_500), "{list}");
    }
    let asked = json!({ "max_chars": 100_000, "as_objects": true });
    let (statistics, _) = joined(&client, tool, kept.path(), &asked, "interfaces[2499].statistics").await;
    assert_eq!(statistics.len(), 1_700);
    client.cancel().await.unwrap();
}
