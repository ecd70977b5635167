#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_frames::TOOLS,
    &[
        r#"{"frames":[1,2,3,4,5,6,7,8,9,10,11,12]}"#,
        r#"{"payload":true}"#,
        r#"{"connection":0}"#,
        r#"{"frame":20,"as":"hex"}"#,
        r#"{"protocol":"icmp"}"#,
        r#"{"protocol":"dns"}"#,
        r#"{"connection":0,"detail":true,"hex":true,"max_bytes":4096}"#
    ]
);
