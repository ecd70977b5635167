#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_flows::TOOLS,
    &[
        "{}",
        r#"{"page":{"limit":1000},"count_copies":true}"#,
        r#"{"order":"time","by":"host"}"#,
        r#"{"interval":0.001}"#,
        r#"{"max_packets":7}"#
    ]
);
