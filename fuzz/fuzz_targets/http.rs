#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_http::TOOLS,
    &["{}", r#"{"page":{"limit":1000},"count_copies":true}"#, r#"{"max_packets":7}"#],
    include_bytes!("../../tests/captures/tls/keys.log")
);
