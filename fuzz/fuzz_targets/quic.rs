#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_quic::TOOLS,
    &["{}", r#"{"page":{"limit":1000},"count_copies":true,"offers":true}"#, r#"{"max_packets":7}"#]
);
