//! The tool as a whole, over captures.

mod copies;
mod lists;
mod pcapng;
mod protocols;
mod robust;
mod rows;
mod schema;
mod times;

use mcpcap_analyzer::harness::{self, build};
use mcpcap_analyzer::{Capture, Run, Tool, Window};
use serde_json::{Value, json};

use crate::analysis::{Arguments, Capinfos};

/// What is in a file, by its path in the repository.
fn file(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn report(path: &str) -> Value {
    harness::run::<Capinfos>(&file(path), &json!({})).unwrap()
}

fn crafted(name: &str) -> Value {
    report(&format!("tests/captures/crafted/{name}"))
}

/// The rules of a report's findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// The fields of a report that are named, in their order.
#[track_caller]
fn check(report: &Value, expected: Value) {
    for (field, value) in expected.as_object().unwrap() {
        let pointer = format!("/{}", field.replace('.', "/"));
        assert_eq!(report.pointer(&pointer).unwrap_or(&Value::Null), value, "{field}");
    }
}

#[test]
fn a_plain_capture() {
    let udp = build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"hello");
    let report =
        harness::run::<Capinfos>(&build::pcap(&[(1_000_000, udp.clone()), (1_500_000, udp.clone())]), &json!({}))
            .unwrap();
    check(
        &report,
        json!({
            "file_type": "Wireshark/tcpdump/... - pcap",
            "file_encapsulation": "Ethernet",
            "time_precision": "microseconds",
            "snap_length.given": 65_535,
            "packet_count": 2,
            "data_size_bytes": 94,
            "first_packet_time": "1970-01-01T00:00:01.000000Z",
            "last_packet_epoch": "1.500000000",
            "capture_duration_seconds": 0.5,
            "capture_duration_exact": "0.500000000",
            "strict_time_order": true,
            "data_rate_bytes": 188.0,
            "average_packet_rate": 4.0,
            "average_packet_size_bytes": 47.0,
            "decoding.decoded": 2,
            "interface_count": 1,
            "findings.0.rule": "capture_time_implausible",
            "findings.1": null,
            "limits": null,
            "sections": null,
            "packets_without_time": null,
            "snap_length.packets_cut": null,
            "decoding.stopped": null,
        }),
    );
    let paths: Vec<_> =
        report["protocol_hierarchy"]["rows"].as_array().unwrap().iter().map(|row| &row["path"]).collect();
    assert_eq!(paths, ["eth", "eth:ip", "eth:ip:udp", "eth:ip:udp:data"]);
}

#[test]
fn an_empty_capture_has_no_times_and_no_rates() {
    let report = crafted("f_header_only.pcap");
    check(
        &report,
        json!({
            "packet_count": 0,
            "first_packet_time": null,
            "capture_duration_seconds": null,
            "data_rate_bits": null,
            "rates_absent_because": "there are no packets",
            "average_packet_size_bytes": null,
            "file_encapsulation": "Ethernet",
        }),
    );
}

#[test]
fn a_filter_that_leaves_nothing_is_told_with_the_number_of_frames() {
    let document =
        r#"{ "frames": { "read": 282, "delivered": 0, "asked": { "host": "203.0.113.99" } }, "reader": {} }"#;
    let run = Capinfos::open(Arguments {}, Window::default()).unwrap();
    let report = run.finish(&Capture::from_json(document).unwrap()).unwrap();
    assert_eq!(report.packet_count, 0);
    let expected = "None of 282 frames read was chosen by host 203.0.113.99";
    assert_eq!(report.rates_absent_because.as_deref(), Some(expected));
}

#[test]
fn a_single_packet_has_no_rates() {
    check(
        &crafted("f_single.pcap"),
        json!({
            "packet_count": 1,
            "capture_duration_seconds": 0.0,
            "data_rate_bytes": null,
            "rates_absent_because": "one packet has no duration",
        }),
    );
}

#[test]
fn packets_out_of_order_span_from_earliest_to_latest() {
    let report = crafted("f_unordered.pcap");
    assert_eq!(report["strict_time_order"], false);
    assert_ne!(report["first_packet_frame"], report["first_record"]["frame"]);
    assert_eq!(report["findings"][0]["rule"], "capture_time_goes_back");
    assert_eq!(report["findings"][0]["frames"], report["out_of_order"]["first_frames"]);
}

#[test]
fn nanoseconds_are_exact() {
    check(
        &crafted("f_nanosecond.pcap"),
        json!({
            "file_type_key": "nsecpcap",
            "time_precision_digits": 9,
            "first_packet_time": "2023-11-14T22:13:20.123456789Z",
            "first_packet_epoch": "1700000000.123456789",
            "last_packet_epoch": "1700000000.623456789",
        }),
    );
}

#[test]
fn interfaces_of_a_pcapng_file() {
    let report = crafted("g_two_ifaces.pcapng");
    check(
        &report,
        json!({
            "file_type_key": "pcapng",
            "file_encapsulation": "Per packet",
            "encapsulations.0.name": "Ethernet",
            "encapsulations.1.short_name": "rawip",
            "interface_count": 2,
            "interfaces.1.packets": 1,
            "section_count": 1,
            "snap_length.given": null,
        }),
    );
}

#[test]
fn a_damaged_capture_is_told() {
    let report = crafted("f_huge_caplen.pcap");
    check(&report, json!({ "packet_count": 1, "findings.0.rule": "capture_incomplete", "findings.0.frames": [1] }));
    check(&crafted("f_trunc_rec_body.pcap"), json!({ "findings.0.severity": "low" }));
}

#[test]
fn cut_packets_count_with_their_original_lengths() {
    check(
        &crafted("icmp_snaplen.pcap"),
        json!({
            "data_size_bytes": 242,
            "captured_size_bytes": 60,
            "snap_length": { "given": 60, "inferred_min": 60, "inferred_max": 60, "packets_cut": 1,
                             "first_frames_cut": [1], "bytes_missing": 182 },
        }),
    );
}

#[test]
fn packets_without_a_time_leave_rates_open() {
    check(
        &crafted("g_simple_block.pcapng"),
        json!({ "packets_without_time": 1, "strict_time_order": null, "first_packet_time": null, "data_rate_bytes": null }),
    );
}

#[test]
fn the_files_facts_come_from_the_host() {
    let document = json!({
        "file": { "name": "x.pcap.gz", "size": 100, "compression": "gzip", "uncompressed_size": 300, "sha256": "ab", "sha1": "cd" },
        "reader": { "format": "pcapng", "names": { "ipv4": 2, "ipv6": 1 }, "secrets": [{ "type": "TLS key log", "count": 1 }],
                    "blocks": { "section_header": 1, "custom": 0 } },
    });
    let run: Box<dyn Run> = Box::new(Capinfos::default());
    let report: Value =
        serde_json::from_str(&run.finish(&Capture::from_json(&document.to_string()).unwrap()).unwrap()).unwrap();
    check(
        &report,
        json!({
            "filename": "x.pcap.gz",
            "file_size_bytes": 100,
            "uncompressed_size_bytes": 300,
            "compression": "gzip",
            "sha256": "ab",
            "sha1": "cd",
            "blocks": [{ "name": "section_header", "count": 1 }],
            "name_resolution": { "ipv4": 2, "ipv6": 1 },
            "decryption_secrets": [{ "name": "TLS key log", "count": 1 }],
        }),
    );
}

#[test]
fn arguments_are_refused() {
    let error = harness::run::<Capinfos>(&build::pcap(&[]), &json!({ "max_packets": 3 })).unwrap_err();
    assert!(error.to_string().contains("max_packets"));
}
