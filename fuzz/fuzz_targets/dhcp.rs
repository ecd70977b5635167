#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_dhcp::TOOLS,
    &["{}", r#"{"page":{"limit":1000},"count_copies":true}"#, r#"{"message_type":"DISCOVER"}"#, r#"{"max_packets":7}"#]
);
