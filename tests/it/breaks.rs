//! Captures that break off and go on for long: what stands behind the break is hashed and kept nowhere.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Bytes behind the break.
const BEHIND: usize = 512 << 20;
/// What the whole process may take, in KiB.
const PEAK: u64 = 200 << 10;

/// A pcapng file whose third block lies about its length.
fn broken() -> Vec<u8> {
    let section = [&[0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28][..], &[1, 20, 1, 0, 20], &[6, 0]];
    section.concat().into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Runs the program over a capture; its report, and the most memory it had, in KiB.
fn analyze(capture: &Path) -> (Value, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(["analyze", "analyze_capinfos"])
        .arg(capture)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a state").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        peak = peak.max(line.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("its output");
    (serde_json::from_slice(&output.stdout).expect("a report"), peak)
}

#[test]
fn what_stands_behind_a_break_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.pcapng");
    let mut file = File::create(&plain).unwrap();
    file.write_all(&broken()).unwrap();
    file.set_len(BEHIND as u64).unwrap();
    let compressed = folder.path().join("compressed.pcapng.zst");
    // What grows a hundred times and less is no bomb.
    let content =
        [broken(), (0..6_u32 << 20).flat_map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24).to_le_bytes()).collect()];
    let content = [content.concat(), vec![0; BEHIND]].concat();
    let packed = ruzstd::encoding::compress_to_vec(content.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    drop(content);
    std::fs::write(&compressed, packed).unwrap();
    for capture in [plain, compressed] {
        let (report, peak) = analyze(&capture);
        assert_eq!(report["capture"]["complete"], false, "{}", report["capture"]);
        assert_eq!(report["capture"]["ended"]["reason"], "damaged", "{}", report["capture"]);
        assert!(report["sha256"].is_string());
        assert!((1..PEAK).contains(&peak), "{}: {peak} KiB", capture.display());
    }
}
