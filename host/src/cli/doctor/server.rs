//! Whether the server would work: sandbox, folders, transports.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::Check;
use crate::mcp::{Http, HttpOptions};
use crate::service::{Options, Service};
use crate::tables::kept::{TableCache, TableCacheError};

const BROKEN: &str =
    "this is a defect of the build or of the machine: build the program again, and report it with MCPCAP_LOG=debug";
const ABOVE: &str = "mend what stands above first";
/// How long the server may take to say its first word.
const FIRST_WORD: Duration = Duration::from_secs(20);

/// A capture of one frame: Ethernet, IPv4, UDP, and a DNS query for `example.com`.
fn capture() -> Vec<u8> {
    let dns = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    let udp = [b"\xc0\x00\0\x35\0\x25\0\0".as_slice(), dns].concat();
    let ip = b"\x45\0\0\x39\0\x01\0\0\x40\x11\0\0\xc0\0\x02\x01\xc0\0\x02\x35";
    let frame = [b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0".as_slice(), ip, &udp].concat();
    let length = u32::try_from(frame.len()).unwrap_or_default();
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1, 1, 0, length, length];
    [head.iter().flat_map(|number| number.to_le_bytes()).collect(), frame].concat()
}

/// Starts the components, and runs them on a capture.
pub(super) async fn sandbox(options: &Options) -> Vec<Check> {
    let begun = Instant::now();
    // Without what belongs to the operator: the log and the folders.
    let plain = Options { roots: Vec::new(), audit: None, modules: String::new(), tables: None, ..options.clone() };
    let service = match Service::start(&plain) {
        Ok(service) => Arc::new(service),
        Err(error) => return vec![failed(error.to_string())],
    };
    let started = format!("{} tools in {} ms", service.catalog().tools.len(), begun.elapsed().as_millis());
    let mut checks = vec![Check::ok("components", started)];
    let begun = Instant::now();
    checks.push(match analyses(&service).await {
        Ok(count) => Check::ok("sandbox", format!("{count} analyses in {} ms", begun.elapsed().as_millis())),
        Err(reason) => failed(reason),
    });
    checks
}

fn failed(reason: String) -> Check {
    // What the checks of the machine have mended already.
    let mend = if reason.contains("mmap") || reason.contains("temporary file") { ABOVE } else { BROKEN };
    Check::fail("sandbox", reason, mend)
}

async fn analyses(service: &Arc<Service>) -> Result<usize, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| format!("no temporary file: {error}"))?;
    file.write_all(&capture()).map_err(|error| format!("the temporary file cannot be written: {error}"))?;
    let expected = [("analyze_capinfos", "packet_count"), ("analyze_dns_packets", "dns_packets_found")];
    for (tool, field) in expected {
        let arguments = json!({ "pcap_file": file.path() });
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let nobody = Arc::new(|_, _| {});
        let answer = service.answer(tool, arguments, CancellationToken::new(), nobody).await;
        let report = answer.map_err(|error| format!("{tool}: {error}"))?.report;
        if report.get(field) != Some(&json!(1)) {
            return Err(format!("{tool} finds no packet in a capture that has one"));
        }
    }
    Ok(expected.len())
}

/// The folders that captures are read from.
pub(super) fn folders(roots: &[PathBuf]) -> Vec<Check> {
    if roots.is_empty() {
        return vec![Check::ok("captures", "read from wherever this user may read")];
    }
    roots.iter().map(|root| folder(root)).collect()
}

fn folder(root: &Path) -> Check {
    match std::fs::read_dir(root) {
        Ok(entries) => Check::ok("captures", format!("read below {}, {} entries", root.display(), entries.count())),
        Err(error) => Check::fail(
            "captures",
            format!("{} cannot be read: {error}", root.display()),
            "name another folder with --root, or give this user the right to read it",
        ),
    }
}

/// The folder where tables are kept.
pub(super) fn tables(folder: &Path, most: u64) -> Check {
    const NAME: &str = "tables";
    const MEND: &str = "name another folder with --tables-dir, or keep none with --kept-tables 0";
    match TableCache::open(folder, most, String::new()) {
        Ok(cache) => {
            let (count, bytes) = cache.held();
            let found = format!("{count} kept in {}, {} of {} MiB", folder.display(), bytes >> 20, most >> 20);
            Check::ok(NAME, found)
        }
        // The server does without.
        Err(error @ TableCacheError::Io { .. }) => Check::warn(NAME, error.to_string(), MEND),
        Err(error @ TableCacheError::NotPrivate { .. }) => Check::fail(NAME, error.to_string(), MEND),
    }
}

/// Whether the server could listen.
pub(super) async fn http(options: Result<HttpOptions, String>) -> Check {
    let bound = match options {
        Ok(options) => Http::bind(options).await.map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    match bound {
        Ok(http) => Check::ok("http", format!("can listen on {}", http.address())),
        Err(reason) => Check::fail("http", reason, "choose another --host or --port, and give the server a token"),
    }
}

/// Does what a client does: starts the program, and says hello.
pub(super) async fn stdio() -> Check {
    const MEND: &str = "run it by hand to see what it says; nothing but MCP may be written to its standard output";
    let begun = Instant::now();
    match tokio::time::timeout(FIRST_WORD, hello()).await {
        Ok(Ok(())) => Check::ok("stdio", format!("answers a client in {} ms", begun.elapsed().as_millis())),
        Ok(Err(reason)) => Check::fail("stdio", reason, MEND),
        Err(_) => Check::fail("stdio", format!("says nothing for {} s", FIRST_WORD.as_secs()), MEND),
    }
}

async fn hello() -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("the program does not find itself: {error}"))?;
    let mut child = tokio::process::Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the program cannot be started: {error}"))?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the program has no standard streams".into());
    };
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "mcpcap doctor", "version": env!("CARGO_PKG_VERSION") } } });
    stdin.write_all(format!("{request}\n").as_bytes()).await.map_err(|error| format!("it does not listen: {error}"))?;
    let mut lines = BufReader::new(stdout).lines();
    let line = lines.next_line().await.map_err(|error| format!("it cannot be read: {error}"))?;
    let line = line.ok_or("it ends without an answer")?;
    let answer: Value = serde_json::from_str(&line).map_err(|_| "its first line is not JSON".to_owned())?;
    match answer.pointer("/result/serverInfo/name").and_then(Value::as_str) {
        Some("mcpcap") => Ok(()),
        _ => Err("its first line is no answer of this server".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_a_failure() {
        assert_eq!(folder(Path::new("/nowhere")).state, super::super::State::Fail);
        assert_eq!(folder(&std::env::temp_dir()).state, super::super::State::Ok);
    }

    #[test]
    fn tables_are_kept_where_nobody_else_looks() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let of = |mode| {
            std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            tables(place.path(), 1 << 20).state
        };
        assert_eq!((of(0o700), of(0o755)), (super::super::State::Ok, super::super::State::Fail));
        assert_eq!(tables(Path::new("/proc/nowhere"), 1 << 20).state, super::super::State::Warn);
    }
}
