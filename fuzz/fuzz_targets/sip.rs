#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_sip::TOOLS,
    &[
        "{}",
        r#"{"page":{"limit":1000},"count_copies":true,"headers":true}"#,
        r#"{"method":"INVITE"}"#,
        r#"{"max_packets":7}"#
    ]
);
