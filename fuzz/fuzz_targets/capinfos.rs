#![no_main]

mcpcap_fuzz::analyzer!(
    mcpcap_capinfos::TOOLS,
    &["{}", r#"{"page":{"limit":1000}}"#, r#"{"page":{"limit":2,"offset":1}}"#]
);
