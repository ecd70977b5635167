#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_icmp::TOOLS,
    &[
        "{}",
        r#"{"page":{"limit":1000},"count_copies":true}"#,
        r#"{"icmp_type":3}"#,
        r#"{"ip_version":6}"#,
        r#"{"max_packets":7}"#
    ]
);
