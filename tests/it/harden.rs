//! What the server has given up: seen from outside, and tried from inside.
#![cfg(target_os = "linux")]

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use mcpcap::harden::{self, Measure, Needs};

use crate::support::http::Http;

const TOKEN: &str = "0123456789-of-nobody-else";

#[tokio::test]
async fn a_server_has_no_rights_and_no_token_to_show() {
    let http = Http::start_with(&["--no-remote"], &[("MCPCAP_AUTH_TOKEN", TOKEN)]).await;
    let about = |name: &str| {
        let text = std::fs::read(format!("/proc/{}/{name}", http.child.id().unwrap())).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    };
    let status = about("status");
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        let is_known = std::fs::read_to_string("/proc/self/status").unwrap().contains(&line[..8]);
        assert!(!is_known || status.lines().any(|one| one == line), "{line}: {status}");
    }
    let core = about("limits");
    let core = core.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
    // It began anew without the token, and knows it all the same.
    let environment = about("environ");
    assert!(!environment.is_empty() && !environment.contains(TOKEN) && !about("cmdline").contains(TOKEN));
    let ask = |token: &str| crate::support::http::reqwest_client().get(http.url("/metrics")).bearer_auth(token).send();
    assert_eq!(ask(TOKEN).await.unwrap().status(), 200);
    assert_eq!(ask("another-of-that-length").await.unwrap().status(), 401);
}

/// Whether the kernel gave all that was asked for. One without Landlock or seccomp says so, and then there is nothing to try.
fn is_given(measures: &[Measure]) -> bool {
    let missing: Vec<&Measure> = measures.iter().filter(|measure| measure.state.is_err()).collect();
    let is_known = |measure: &&Measure| matches!(measure.name, "files" | "system calls");
    assert!(missing.iter().all(is_known), "{missing:?}");
    if !missing.is_empty() {
        eprintln!("not tried, since this kernel lacks it: {missing:?}");
    }
    missing.is_empty()
}

/// Runs on a thread of its own, which stays as poor as it becomes.
fn hardened(needs: Needs, work: impl FnOnce() + Send + 'static) {
    let inside = move || {
        if is_given(&harden::apply(&needs)) {
            work();
        }
    };
    std::thread::spawn(inside).join().unwrap();
}

#[test]
fn only_what_is_needed_can_be_reached() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (captures, temporary) = (folder.path().join("captures"), folder.path().join("temporary"));
    [&captures, &temporary].iter().for_each(|path| std::fs::create_dir(path).unwrap());
    std::fs::write(captures.join("a.pcap"), "a").unwrap();
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), captures.join("link")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let needs = Needs { read: Some(vec![captures.clone()]), write: vec![temporary.clone()], ..Needs::default() };
    let secret = outside.path().join("secret");
    hardened(needs, move || {
        assert_eq!(std::fs::read(captures.join("a.pcap")).unwrap(), b"a");
        for path in [&secret, &captures.join("link")] {
            assert_eq!(std::fs::read(path).unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
        assert!(
            std::fs::write(captures.join("b.pcap"), "b").is_err()
                && std::fs::remove_file(captures.join("a.pcap")).is_err()
        );
        std::fs::write(temporary.join("made"), "x").unwrap();
        std::fs::remove_file(temporary.join("made")).unwrap();
        tempfile::tempfile_in(&temporary).unwrap();
        assert!(TcpStream::connect(address).is_err() && TcpListener::bind("127.0.0.1:0").is_err());
        assert!(Command::new("/bin/true").spawn().is_err());
        // What resolvers and TLS read.
        assert!(std::fs::read("/etc/passwd").is_ok() && std::fs::read("/proc/self/status").is_ok());
    });
}

#[test]
fn what_is_needed_stays() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let needs = Needs { compiles: true, listens: true, connects: true, ..Needs::default() };
    hardened(needs, move || {
        assert!(TcpStream::connect(address).is_ok() && TcpListener::bind("127.0.0.1:0").is_ok());
        assert!(Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap().status.success());
        // Another program it cannot start, nor what it has written itself.
        assert_eq!(Command::new("/bin/true").spawn().unwrap_err().kind(), ErrorKind::PermissionDenied);
    });
}

#[test]
fn a_compiler_has_its_input_and_nothing_else() {
    let compiler = || {
        if !is_given(&harden::compiler()) {
            return;
        }
        assert!(std::fs::read("/etc/passwd").is_err() && TcpStream::connect("127.0.0.1:9").is_err());
        assert!(Command::new(std::env::current_exe().unwrap_or_default()).spawn().is_err());
        let memory = (0..4).map(|n| std::thread::spawn(move || vec![n; 1 << 20].len()).join().unwrap());
        assert_eq!(memory.sum::<usize>(), 4 << 20);
    };
    std::thread::spawn(compiler).join().unwrap();
}
