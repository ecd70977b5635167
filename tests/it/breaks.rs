//! What breaks: captures that go on for long behind their break, which is hashed and kept nowhere; and calls that panic.

use std::fs::File;
use std::io::Write;

use std::sync::Arc;

use mcpcap::answer::Code;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{example, measured, service};

/// Bytes behind the break.
const BEHIND: usize = 512 << 20;
/// What the whole process may take, in KiB.
const PEAK: u64 = 200 << 10;

/// A pcapng file whose third block lies about its length.
fn broken() -> Vec<u8> {
    let section = [&[0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28][..], &[1, 20, 1, 0, 20], &[6, 0]];
    section.concat().into_iter().flat_map(u32::to_le_bytes).collect()
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
    let mut random = 1_u64;
    let noise = std::iter::repeat_with(|| {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (random >> 32) as u32
    });
    let content = [broken(), noise.take(1 << 20).flat_map(u32::to_le_bytes).collect()];
    let content = [content.concat(), vec![0; BEHIND]].concat();
    let packed = ruzstd::encoding::compress_to_vec(content.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    drop(content);
    std::fs::write(&compressed, packed).unwrap();
    for capture in [plain, compressed] {
        let run = measured(&["analyze", "analyze_capinfos", capture.to_str().unwrap()]);
        let (report, peak): (Value, _) = (serde_json::from_slice(&run.stdout).expect("a report"), run.peak);
        assert_eq!(report["capture"]["complete"], false, "{}", report["capture"]);
        assert_eq!(report["capture"]["ended"]["reason"], "damaged", "{}", report["capture"]);
        assert!(report["sha256"].is_string());
        assert!((1..PEAK).contains(&peak), "{}: {peak} KiB", capture.display());
    }
}

#[tokio::test]
async fn a_panic_in_one_call_is_that_calls_error() {
    let service = service();
    let arguments = || json!({ "pcap_file": example("dns.pcap") }).as_object().cloned().unwrap();
    let cancel = CancellationToken::new;
    let defect = Arc::new(|_, _| panic!("a defect, for this test"));
    let error = service.answer("analyze_dns_packets", arguments(), cancel(), defect).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("its log has the cause")), (Code::Internal, true));
    let answer = service.answer("analyze_dns_packets", arguments(), cancel(), Arc::new(|_, _| {})).await.unwrap();
    assert_eq!(answer.report["total_packets"], 282);
}
