#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_frames::TOOLS,
    &[
        r#"{"frames":[1,2,3,4,5,6,7,8,9,10,11,12]}"#,
        r#"{"frames":[2,99999999],"hex_octets":0}"#,
        r#"{"frames":[1,3,5],"hex_octets":4096}"#
    ]
);
