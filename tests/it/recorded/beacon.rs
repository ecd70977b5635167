//! `beacon.pcap`: when the program asked, by the clock of its host.

use serde_json::json;

use super::{list, report, said};

#[tokio::test]
async fn a_beacon_has_the_interval_at_which_it_was_called() {
    let times: Vec<f64> = said("beacon.txt").lines().map(|line| line.parse().unwrap()).collect();
    let mut intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    intervals.sort_by(f64::total_cmp);
    let median = intervals[intervals.len() / 2];
    let arguments = json!({ "section": ["findings", "beacons"], "where": [] });
    let report = report("analyze_conversations", "beacon.pcap", arguments).await;
    let beacons = list(&report, "/beacons");
    let of = |client: &str| beacons.iter().find(|beacon| beacon["client"] == client).expect(client);
    let beacon = of("10.0.0.31");
    assert_eq!((&beacon["server"], beacon["contacts"].as_u64()), (&json!("198.51.100.66:80"), Some(30)));
    assert_eq!(times.len(), 30);
    // Starting a program takes a few milliseconds, and not always as many.
    let seconds = beacon["interval_seconds"].as_f64().unwrap();
    assert!((seconds - median).abs() < 0.05, "{seconds} {median}");
    // Who reads pages asks in no rhythm.
    let reader = of("10.0.0.32")["interval_score"].as_f64().unwrap();
    assert!(reader < 0.8 && beacon["interval_score"].as_f64().unwrap() > 0.9, "{reader}");
    let found: Vec<&str> = list(&report, "/findings")
        .iter()
        .filter(|finding| finding["rule"] == "flow_beacon")
        .filter_map(|finding| finding["subject"].as_str())
        .collect();
    assert_eq!(found, ["10.0.0.31 to 198.51.100.66:80"]);
}
