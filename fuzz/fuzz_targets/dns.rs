#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_dns::TOOLS,
    &[
        "{}",
        r#"{"page":{"limit":1000},"count_copies":true}"#,
        r#"{"name":"example"}"#,
        r#"{"max_packets":7}"#,
        r#"{"page":{"limit":5,"offset":3}}"#
    ]
);
