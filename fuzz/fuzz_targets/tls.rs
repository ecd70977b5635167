#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_tls::TOOLS,
    &["{}", r#"{"page":{"limit":1000},"count_copies":true,"offers":true}"#, r#"{"max_packets":7}"#],
    include_bytes!("../../tests/captures/tls/keys.log")
);
