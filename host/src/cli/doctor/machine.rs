//! What the machine gives: address space, descriptors, memory, disk, certificates.

use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::harden::{self, Measure, Needs};

/// What wasmtime reserves for the memories of one run. Reserved is not used: it costs addresses alone.
const ADDRESSES: u64 = 64 << 30;
/// What the program and one run for each core take at most, in octets: the built-in components may have 64 MiB each.
const PROGRAM: u64 = 80 << 20;
const RUN: u64 = 160 << 20;
/// Descriptors for connections, captures and the rest.
const DESCRIPTORS: u64 = 1024;

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

pub(super) fn program() -> Check {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    Check::ok("program", format!("mcpcap {version} on {os} {arch}, {} cores", cores()))
}

pub(super) fn address_space() -> Check {
    match getrlimit(Resource::As).current {
        None => Check::ok("address space", "not limited"),
        Some(limit) if limit >= ADDRESSES => Check::ok("address space", format!("{} GiB", limit >> 30)),
        Some(limit) => Check::warn(
            "address space",
            format!("limited to {} MiB; the sandbox reserves gigabytes of addresses without using them", limit >> 20),
            "lift the limit (ulimit -v unlimited, LimitAS=infinity) and limit memory by cgroup instead (MemoryMax=, docker --memory)",
        ),
    }
}

pub(super) fn open_files() -> Check {
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < DESCRIPTORS => Check::warn(
            "open files",
            format!("limited to {limit}"),
            "over HTTP each connection takes one: raise the limit (ulimit -n 4096, LimitNOFILE=4096)",
        ),
        limit => Check::ok("open files", limit.map_or_else(|| "not limited".into(), |limit| limit.to_string())),
    }
}

pub(super) fn memory() -> Check {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let available = available(&read("/proc/meminfo"), &read("/sys/fs/cgroup/memory.max"));
    let needed = PROGRAM.saturating_add(cores().saturating_mul(RUN));
    let Some(available) = available else {
        return Check::warn(
            "memory",
            "the system does not say how much there is",
            "see that a few hundred MiB are free",
        );
    };
    let found =
        format!("{} MiB available, {} MiB needed when every core runs an analysis", available >> 20, needed >> 20);
    if available < needed {
        Check::warn("memory", found, "give the server more memory, or fewer cores")
    } else {
        Check::ok("memory", found)
    }
}

/// Octets that may be used: what the system has available, or less where a control group allows less.
fn available(meminfo: &str, group: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let system = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let system = system.map(|kib| kib.saturating_mul(1024));
    match (system, group.trim().parse().ok()) {
        (Some(system), Some(group)) => Some(system.min(group)),
        (system, group) => system.or(group),
    }
}

pub(super) fn temporary(download: u64) -> Check {
    const NAME: &str = "temporary files";
    let folder = std::env::temp_dir();
    let shown = folder.display();
    if let Err(error) = tempfile::tempfile() {
        let found = format!("none can be made in {shown}: {error}");
        return Check::fail(NAME, found, "set TMPDIR to a folder that this user may write to; downloads go there");
    }
    let free = free(&folder);
    if free.is_some_and(|free| free < download) {
        let free = free.unwrap_or_default() >> 20;
        let found = format!("{free} MiB are free in {shown}, and a download may have {} MiB", download >> 20);
        return Check::warn(NAME, found, "make room, or set TMPDIR to a folder with more of it");
    }
    let nameless = rustix::fs::openat(CWD, &folder, OFlags::TMPFILE | OFlags::RDWR, Mode::RUSR | Mode::WUSR).is_ok();
    let found = format!("{shown}, {} MiB free", free.unwrap_or_default() >> 20);
    if nameless {
        Check::ok(NAME, found)
    } else {
        Check::warn(
            NAME,
            format!("{found}; its file system makes no files without names"),
            "a process that is killed at the wrong moment may leave an empty file; set TMPDIR to a tmpfs, ext4, xfs or btrfs",
        )
    }
}

fn free(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

pub(super) fn certificates() -> Check {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        Check::warn(
            "certificates",
            "the system has none, so no https URL can be fetched",
            "install them (Debian: ca-certificates), set SSL_CERT_FILE, or turn fetching off with --no-remote",
        )
    } else {
        Check::ok("certificates", format!("{} authorities", found.certs.len()))
    }
}

/// What a server would give up; it is given up here, so nothing else can be checked afterwards.
pub fn hardening(needs: Option<Needs>) -> Vec<Check> {
    const NAME: &str = "hardening";
    let Some(needs) = needs else {
        return vec![Check::warn(NAME, "off", "leave --no-hardening away where others send captures")];
    };
    let check = |measure: Measure| match measure.state {
        Ok(state) => Check::ok(NAME, format!("{}: {state}", measure.name)),
        Err(reason) => Check::warn(
            NAME,
            format!("{}: {reason}", measure.name),
            "use a kernel that has it: Linux 5.13 for files, 3.17 for calls",
        ),
    };
    harden::apply(&needs).into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_memory_counts() {
        let meminfo = "MemTotal: 8000 kB\nMemAvailable:    4000 kB\n";
        assert_eq!(available(meminfo, "max\n"), Some(4_096_000));
        assert_eq!(available(meminfo, "1000000\n"), Some(1_000_000));
        assert_eq!(available("", "1000000"), Some(1_000_000));
        assert_eq!(available("", ""), None);
    }
}
