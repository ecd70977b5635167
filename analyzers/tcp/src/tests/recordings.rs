//! The recording of real programs; its README says what is in it by frame.

use serde_json::json;

use super::{connections, counts, file, rules};

#[test]
fn the_recording_s_connections_are_as_its_readme_says() {
    let report = connections(&file("examples/captures/tcp.pcap"), &json!({ "detailed": true }));
    assert_eq!(report["tcp_packets_found"], 222);
    let all = report["connections"].as_array().unwrap();
    let first: Vec<u64> = all.iter().map(|connection| connection["first_frame"].as_u64().unwrap()).collect();
    assert_eq!(first, [1, 90, 114, 138, 147, 150, 154]);
    let states: Vec<&str> = all.iter().map(|connection| connection["conn_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["SF", "SF", "SF", "SF", "REJ", "S0", "RSTO"]);
    assert!(all[2]["client"].as_str().unwrap().starts_with("[2001:db8"));
    assert_eq!(all[3]["closed_by"], "server");
    assert_eq!(all[4]["close_frame"], 149);
    assert_eq!(all[5]["syn_count"], 4);
    assert_eq!((&all[6]["closed_by"], &all[6]["close_frame"]), (&json!("client"), &json!(222)));
    let frames = |id: usize, flag: &str| -> Vec<u64> {
        let events = all[id]["details"]["events"].as_array().unwrap().iter();
        let with = events.filter(|event| event["flags"].as_array().unwrap().contains(&json!(flag)));
        with.map(|event| event["frame"].as_u64().unwrap()).collect()
    };
    assert_eq!(frames(0, "spurious_retransmission"), [27]);
    assert_eq!(frames(6, "zero_window").first(), Some(&162));
    // The line delays by 15 ms each way, on the server's side of the recording.
    for connection in all.iter().filter(|connection| connection["handshake_completed"] == true) {
        let (server, client) = (&connection["syn_to_syn_ack_ms"], &connection["syn_ack_to_ack_ms"]);
        assert!((30.0..40.0).contains(&server.as_f64().unwrap()) && client.as_f64().unwrap() < 1.0, "{connection}");
    }
    // Nine segments say that the window is closed, two of them while it is.
    let said = counts(&all[6]["details"]["client"]["analysis"]);
    assert!(said.contains(&("zero_window".to_owned(), 9)), "{said:?}");
    assert_eq!(all[6]["details"]["client"]["window_closed_times"], 7);
    assert!(rules(&report).contains(&"tcp_silent_server"), "{:?}", rules(&report));
}
