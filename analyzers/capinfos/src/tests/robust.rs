//! Captures that are made to break what reads them.

use mcpcap_analyzer::harness::{self, build};
use serde_json::json;

use super::file;
use crate::analysis::Capinfos;

#[test]
fn changed_captures_are_told_of_and_their_packets_add_up() {
    for path in [
        "examples/captures/dns.pcap",
        "examples/captures/sip.pcap",
        "examples/captures/tcp.pcap",
        "tests/captures/crafted/sip_edge.pcap",
    ] {
        for copy in harness::changed(&file(path), 11, 20, 200) {
            let Ok(report) = harness::run::<Capinfos>(&copy, &json!({})) else { continue };
            if report["protocols_total"].as_u64() > Some(100) {
                continue;
            }
            let packets: u64 =
                report["protocols"].as_array().unwrap().iter().map(|row| row["packets"].as_u64().unwrap()).sum();
            assert_eq!(Some(packets), report["packet_count"].as_u64(), "{path}");
        }
    }
}

/// Nearly as many interfaces as the reader takes, and a frame of the last.
#[test]
fn interfaces_without_end_are_counted_and_listed_in_pages() {
    const INTERFACES: u32 = 60_000;
    let mut file = Vec::new();
    let words = |file: &mut Vec<u8>, words: &[u32]| file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    words(&mut file, &[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]);
    for _ in 0..INTERFACES {
        words(&mut file, &[1, 20, 1, 0, 20]);
    }
    words(&mut file, &[6, 36, INTERFACES - 1, 395_812, 0, 1, 60, 0, 36]);
    let offset = INTERFACES - 10;
    let page = json!({ "page": { "offset": offset, "limit": 50, "list": "interfaces" } });
    let report = harness::run::<Capinfos>(&file, &page).unwrap();
    assert_eq!((&report["interface_count"], report["interfaces"].as_array().unwrap().len()), (&json!(INTERFACES), 10));
    assert_eq!(report["interfaces"][9]["packets"], 1);
    let told = json!({ "list": "interfaces", "total": INTERFACES, "offset": offset, "returned": 10 });
    assert_eq!(report["pages"][0], told);
    assert_eq!(report["packet_count"], 1);
}

#[test]
fn sections_without_end_are_counted_and_listed_in_pages() {
    const SECTIONS: u64 = 100_000;
    let section: Vec<u8> = [0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let report = harness::run::<Capinfos>(&section.repeat(SECTIONS as usize), &json!({})).unwrap();
    assert_eq!((&report["section_count"], report["sections"].as_array().unwrap().len()), (&json!(SECTIONS), 1_000));
}

#[test]
fn conversations_beyond_the_table_are_said_to_have_made_room() {
    let frames: Vec<_> = (0..40_000_u32)
        .map(|n| {
            let client = format!("10.0.{}.{}", n >> 8 & 0xff, n & 0xff);
            (1_700_000_000_000_000, build::udp((&client, 40_000), ("192.0.2.9", 9_999), b"x"))
        })
        .collect();
    let report = harness::run::<Capinfos>(&build::pcap(&frames), &json!({})).unwrap();
    assert_eq!(report["limits"]["evicted"]["conversations"], 40_000 - 32_768);
    assert_eq!((&report["protocols"][0]["packets"], &report["protocols_total"]), (&json!(40_000), &json!(1)));
}
