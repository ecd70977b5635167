//! The program on a real terminal. `setsid --ctty` of util-linux makes it the controlling one, so that keys become signals.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{crafted, example};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);
const CTRL_C: &[u8] = b"\x03";

/// A terminal with the program in it.
struct Terminal {
    keys: File,
    program: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    fn with(arguments: &[&str], width: u16) -> Self {
        Self::start(arguments, width, None)
    }

    /// With something else as standard input.
    fn start(arguments: &[&str], width: u16, input: Option<Stdio>) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        tcsetwinsize(&keys, Winsize { ws_row: 50, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap();
        let open = || OwnedFd::from(File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap());
        let mut program = Command::new("setsid");
        if input.is_none() {
            program.arg("--ctty");
        }
        let program = program
            .arg(env!("CARGO_BIN_EXE_mcpcap"))
            .args(arguments)
            .env("TERM", "xterm-256color")
            .stdin(input.unwrap_or_else(|| open().into()))
            .stdout(open())
            .stderr(open())
            .spawn()
            .expect("setsid of util-linux starts");
        let keys = File::from(keys);
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let (mut from, into) = (keys.try_clone().unwrap(), Arc::clone(&shown));
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // It fails when nobody has the other side any more.
            while let Ok(read @ 1..) = from.read(&mut piece) {
                into.lock().unwrap().extend_from_slice(&piece[..read]);
            }
        });
        Self { keys, program, shown, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8(self.shown.lock().unwrap().clone()).unwrap()
    }

    fn wait_for(&self, words: &str) {
        let begun = Instant::now();
        while !self.text().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "no {words:?} in {:?}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.program.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for its end, and gives all that it showed.
    fn ended(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.program.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                self.program.kill().unwrap();
                panic!("it does not end: {:?}", self.text());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.reader.take().unwrap().join().unwrap();
        (status, self.text())
    }
}

/// By itself, or by the signal where that came before the server was there.
fn is_ended(status: ExitStatus) -> bool {
    status.success()
        || status.signal().is_some_and(|signal| [Signal::INT.as_raw(), Signal::TERM.as_raw()].contains(&signal))
}

#[test]
fn a_server_that_is_started_by_hand_says_what_it_waits_for() {
    let mut terminal = Terminal::with(&[], 80);
    terminal.wait_for("mcpcap --help");
    terminal.press(CTRL_C);
    let (status, text) = terminal.ended();
    assert!(is_ended(status), "{status}: {text}");
    let line = text.replace("^C", "");
    assert_eq!(line.trim().lines().count(), 1, "{text:?}");
    assert!(line.contains("waits for an MCP client") && line.contains("mcpcap FILE"), "{text}");
    // Not to a client, which does not read standard error in a terminal's place.
    let output = super::mcpcap(&[]);
    assert!(output.stderr.is_empty());
}

/// Also when half a message was typed, and when a session is open.
#[test]
fn signals_end_the_server_at_once_when_its_input_is_a_terminal() {
    const HELLO: &[u8] =
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\
        \"capabilities\":{},\"clientInfo\":{\"name\":\"x\",\"version\":\"1\"}}}\n";
    for typed in [&b""[..], b"{\"jsonrpc\"", HELLO] {
        for signal in [None, Some(Signal::TERM), Some(Signal::INT)] {
            let mut terminal = Terminal::with(&[], 80);
            terminal.wait_for("mcpcap --help");
            terminal.press(typed);
            if typed == HELLO {
                terminal.wait_for("serverInfo");
            }
            match signal {
                Some(signal) => terminal.signal(signal),
                None => terminal.press(CTRL_C),
            }
            let (status, text) = terminal.ended();
            assert!(is_ended(status), "{status}: {text}");
        }
    }
}

#[test]
fn a_report_fits_the_terminal_and_tells_findings_first() {
    let capture = example("dns.pcap").display().to_string();
    for width in [60_u16, 80, 132] {
        let (status, text) = Terminal::with(&["analyze", "dns", &capture], width).ended();
        assert!(status.success(), "{text}");
        // Behind the line of progress.
        let page = text.rsplit('\u{1b}').next().unwrap_or_default().replace('\r', "");
        let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("no {words}: {page}"));
        assert!(place("FINDINGS (4)") < place("SUMMARY") && place("SUMMARY") < place("MORE"), "{page}");
        assert!(place("HIGH") < place("MEDIUM") && place("MEDIUM") < place("LOW"), "{page}");
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for more in ["--section NAME a list of: ", "statistics.servers (5)", "--all "] {
            assert!(words.contains(more), "no {more}: {page}");
        }
        for line in page.lines().filter(|line| !line.contains(&capture)) {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
}

/// No colours and no commands but those of the line that shows progress, which is wiped away.
#[test]
fn a_terminal_gets_no_colours_and_no_warnings_of_libraries() {
    let capture = crafted("dns_two.pcap").display().to_string();
    for arguments in
        [&["--help"][..], &["analyze", "--wrong"], &["analyze", "dns", &capture], &["analyze", "dns", "/x"]]
    {
        let (_, text) = Terminal::with(arguments, 100).ended();
        for (place, _) in text.match_indices('\u{1b}') {
            let command: String = text[place..].chars().take(12).collect();
            let end = command.chars().find(char::is_ascii_alphabetic);
            assert!(end != Some('m'), "{arguments:?}: a colour: {command:?}");
        }
        assert!(!text.to_lowercase().contains("ansi") && !text.contains("warning"), "{arguments:?}: {text}");
    }
}

#[test]
fn progress_is_shown_in_percent_and_packets() {
    let capture = example("dns.pcap").display().to_string();
    let (_, text) = Terminal::with(&["analyze", "dns", &capture], 100).ended();
    assert!(text.contains(" %, ") && text.contains(" packets"), "{text:?}");
    let piped = super::mcpcap(&["analyze", "dns", &capture]);
    assert!(piped.stderr.is_empty(), "nobody looks");
}

#[test]
fn ctrl_c_ends_an_analysis_with_130() {
    let (input, _held) = std::io::pipe().unwrap();
    let program = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(["analyze", "dns", "-"])
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = Pid::from_raw(i32::try_from(program.id()).unwrap()).unwrap();
    let blocked = format!("/proc/{}/status", program.id());
    let begun = Instant::now();
    // Until it catches the signal (2), which it does when it has begun.
    while !std::fs::read_to_string(&blocked).unwrap().lines().any(|line| {
        line.strip_prefix("SigCgt:").is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 0b10 != 0)
    }) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(id, Signal::INT).unwrap();
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_capture_cannot_be_typed() {
    let (status, text) = Terminal::with(&["analyze", "dns", "-"], 100).ended();
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("pipe one in"), "{text}");
}
