//! What analyzers are tried on: recordings that come along with the program, what becomes of them when they are damaged, and what the author names.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static RECORDINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples/captures");
/// A classic pcap file without frames: Ethernet, microseconds.
const EMPTY: [u8; 24] = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
/// Copies of each recording with changed octets, and how many octets are changed.
const COPIES: u64 = 4;
const CHANGES: usize = 40;

/// A capture to try.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Whether it may be no capture any more.
    pub(super) is_damaged: bool,
    /// Keeps the file until it is not needed.
    _file: Option<tempfile::TempPath>,
}

/// All of them.
///
/// # Errors
/// When a file cannot be written or is not there.
pub(super) fn samples(named: &[PathBuf]) -> Result<Vec<Sample>, String> {
    let mut samples = vec![made("a capture without frames", &EMPTY, false)?];
    for file in RECORDINGS.files() {
        let name = file.path().to_string_lossy();
        if file.path().extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            let content = file.contents();
            samples.push(made(&name, content, false)?);
            let most = content.len().saturating_sub(content.len() / 3);
            samples.push(made(&format!("{name}, cut short"), content.get(..most).unwrap_or_default(), true)?);
            for seed in 1..=COPIES {
                samples.push(made(&format!("{name}, changed copy {seed}"), &changed(content, seed), true)?);
            }
        }
    }
    for path in named {
        if !path.is_file() {
            return Err(format!("{}: there is no such capture", path.display()));
        }
        samples.push(of_file(path));
    }
    Ok(samples)
}

fn of_file(path: &Path) -> Sample {
    Sample { name: path.display().to_string(), path: path.to_owned(), is_damaged: true, _file: None }
}

fn made(name: &str, content: &[u8], is_damaged: bool) -> Result<Sample, String> {
    let file = tempfile::NamedTempFile::with_suffix(".pcap")
        .and_then(|file| std::fs::write(file.path(), content).map(|()| file))
        .map_err(|error| format!("a temporary file cannot be written: {error}"))?
        .into_temp_path();
    Ok(Sample { name: name.into(), path: file.to_path_buf(), is_damaged, _file: Some(file) })
}

/// A copy with some other octets behind the file header; the same ones for the same seed (xorshift64*, Vigna 2016).
fn changed(content: &[u8], seed: u64) -> Vec<u8> {
    let mut copy = content.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let number = usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or_default();
        number.checked_rem(below).unwrap_or_default()
    };
    for _ in 0..CHANGES {
        let at = next(copy.len().saturating_sub(EMPTY.len())).saturating_add(EMPTY.len());
        let octet = u8::try_from(next(256)).unwrap_or_default();
        if let Some(place) = copy.get_mut(at) {
            *place = octet;
        }
    }
    copy
}
