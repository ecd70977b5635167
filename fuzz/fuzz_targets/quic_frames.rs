//! Frames of packets that can be decrypted, which changed captures do not reach.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mcpcap_fuzz::analyze(mcpcap_quic::TOOLS, &["{}"], &[], &mcpcap_quic::build::of_frames(data));
});
