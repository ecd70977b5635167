//! The table of findings.

use serde_json::json;

use super::{call, client, stdout};
use crate::analyzers::{Place, text};
use crate::support::{example, guest};

#[test]
fn what_they_cite_and_was_not_given_is_a_fault_of_their_component() {
    let place = Place::new();
    place.put("packets.wasm", &guest("packets"));
    let capture = example("dns.pcap").display().to_string();
    let said = text(&place.run(&["query", &capture, "SELECT count(*) FROM findings"]));
    assert!(said.contains("the packets component's findings cite frame 283, which it was not given"), "{said}");
    // Who asks for something else has nothing to do with it.
    let output = place.run(&["query", &capture, "SELECT count(*) FROM dns", "--format", "csv"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "count(*)\n134\n");
}

#[tokio::test]
async fn they_are_of_all_analyzers_and_are_kept() {
    let client = client(&[]).await;
    let sql = "SELECT rule, severity, frame, hosts FROM findings WHERE tool = 'analyze_dns_packets' ORDER BY rule";
    for is_again in [false, true] {
        let result = call(&client, &example("dns-tunnel.pcap"), sql, &json!({})).await;
        let rows = result.structured_content.unwrap()["rows"].clone();
        assert!(!rows.as_array().unwrap().is_empty() && rows[0][2].is_u64() && rows[0][3].is_array(), "{rows}");
        let receipt = &result.meta.unwrap().0["mcpcap/receipt"];
        // The capture is read once; what SQL asks of findings decides nothing.
        assert_eq!(receipt["kept"], is_again);
        assert!(receipt["components"].as_array().unwrap().len() > 6, "{receipt}");
    }
    client.cancel().await.unwrap();
}

/// A capture of TCP connections between others each, in which the client sends other bytes at the same place a second time.
fn conflicts(connections: u32) -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101];
    let mut file: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let server = [192, 0, 2, 80];
    let mut frames = 0_u32;
    for n in 0..connections {
        let [_, a, b, c] = n.to_be_bytes();
        let client = [10, a, b, c];
        for (from_client, sequence, acknowledgment, flags, data) in [
            (true, 100_u32, 0_u32, 2_u8, ""),
            (false, 500, 101, 18, ""),
            (true, 101, 501, 16, ""),
            (true, 101, 501, 24, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
            (true, 101, 501, 24, "GET /b HTTP/1.1\r\nHost: y\r\n\r\n"),
            (false, 501, 129, 16, ""),
        ] {
            let (source, destination, ports) =
                if from_client { (client, server, [4000_u16, 80]) } else { (server, client, [80, 4000]) };
            let length = 40 + data.len() as u16;
            // Without checksums, which nothing here looks at.
            let mut frame = vec![0x45, 0];
            frame.extend(length.to_be_bytes());
            frame.extend((frames as u16).to_be_bytes());
            frame.extend([0, 0, 64, 6, 0, 0]);
            frame.extend([source, destination].concat());
            frame.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
            frame.extend([sequence, acknowledgment].iter().flat_map(|number| number.to_be_bytes()));
            frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            frame.extend_from_slice(data.as_bytes());
            frames += 1;
            let head = [1, frames, length.into(), length.into()];
            file.extend(head.iter().flat_map(|word: &u32| word.to_le_bytes()));
            file.extend(frame);
        }
    }
    file
}

#[test]
fn those_behind_a_page_are_rows_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conflicts.pcap");
    std::fs::write(&path, conflicts(2_100)).unwrap();
    let sql =
        "SELECT count(*), count(DISTINCT id), count(DISTINCT frame) FROM findings WHERE rule = 'tcp_conflicting_data'";
    let rows = stdout(&[&path.display().to_string(), sql, "--format", "csv"]);
    assert_eq!(rows.lines().nth(1), Some("2100,2100,2100"));
}
