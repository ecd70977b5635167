#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_tcp::TOOLS,
    &[
        "{}",
        r#"{"count_copies":true,"page":{"limit":1000}}"#,
        r#"{"server_port":80}"#,
        r#"{"max_packets":7}"#,
        r#"{"server_ip":"192.0.2.53"}"#,
        r#"{"detailed":true}"#
    ]
);
