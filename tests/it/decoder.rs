//! The line behind the reader: a decoder that lies, and several analyzers in one pass.

use std::sync::{Mutex, OnceLock};

use mcpcap::capture::{CaptureFile, Roots};
use mcpcap::pipeline::{Line, Outcome, Pass, Question, RunError, Wants};
use mcpcap::sandbox::{Analyzer, Fault, Limit};
use mcpcap::selection::Selection;
use mcpcap::settings::Limits;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::lies::{builtin_reader, hostile_asked, line};
use crate::support::{crafted, engine, example, guest, tight};

/// The analyzer of packets.
fn packets() -> &'static Analyzer {
    static PACKETS: OnceLock<Analyzer> = OnceLock::new();
    PACKETS.get_or_init(|| engine().analyzer(engine().compile("packets", &guest("packets")).unwrap()).unwrap())
}

fn lying() -> Line {
    let decoder = engine().decoder(engine().compile("liar", &guest("decoder")).unwrap()).unwrap();
    Line { decoder, ..line(builtin_reader(), tight()) }
}

fn open(path: &std::path::Path) -> CaptureFile {
    Roots::Everything.open(path.to_str().unwrap()).unwrap()
}

fn asking(tool: &'static str, wants: &'static Wants, may_end: bool) -> Question<'static> {
    Question { analyzer: packets(), tool, arguments: "{}", wants, may_end, key_log: None, rows: None }
}

static ALL: Wants = Wants {
    transports: None,
    ports: Vec::new(),
    streams: false,
    headers: false,
    community_ids: false,
    sha1: false,
    key_log: false,
};

static OF_STREAMS: Wants = Wants {
    transports: Some(Vec::new()),
    ports: Vec::new(),
    streams: true,
    headers: false,
    community_ids: false,
    sha1: false,
    key_log: false,
};

fn run_all(line: &Line, questions: &[Question<'_>], path: &std::path::Path) -> Vec<Result<Outcome, RunError>> {
    line.run_all(questions, &Pass::default(), open(path), &CancellationToken::new(), &|_| {}).unwrap()
}

fn frames(outcome: &Outcome) -> Vec<u64> {
    let report: Value = serde_json::from_str(&outcome.report).unwrap();
    report["frames"].as_array().unwrap().iter().filter_map(Value::as_u64).collect()
}

#[test]
fn a_lying_decoder_ends_the_run() {
    let line = lying();
    let run = |lie: &str| {
        let wants = if lie == "end_in_data" { &OF_STREAMS } else { &ALL };
        let pass = Pass { selection: Selection { host: Some(lie.into()), ..Selection::default() }, ..Pass::default() };
        line.run(
            &asking("all", wants, false),
            &pass,
            open(&crafted("dns_two.pcap")),
            &CancellationToken::new(),
            &|_| {},
        )
    };
    for lie in [
        "columns",
        "no_such_row",
        "row_twice",
        "no_such_stack",
        "payload_behind",
        "payload_before",
        "payload_of_another",
        "payload_far",
        "payload_across",
        "header_behind",
        "joined_behind",
        "layer_ends",
        "tunnel_ends",
        "tunnels",
        "fragment_packet",
        "fragment_frame",
        "copy_of",
        "community",
        "header_packet",
        "header_offset",
        "event_columns",
        "connection_columns",
        "vlan",
        "no_such_connection",
        "no_such_kind",
        "no_such_version",
        "arrival_behind",
        "arrival_falls",
        "event_frame",
        "first_frame",
        "event_before",
        "event_of_another",
        "event_joined_behind",
        "end_in_data",
    ] {
        let error = run(lie).expect_err(lie);
        let reason = error.to_string();
        assert!(matches!(error, RunError::Fault(Fault::Crashed { .. })), "{lie}: {reason}");
        assert!(reason.contains("the decoder component failed: it broke the contract: "), "{lie}: {reason}");
    }
    assert!(matches!(run("panic"), Err(RunError::Fault(Fault::Crashed { .. }))));
    assert!(matches!(run("spin"), Err(RunError::Fault(Fault::Limit { limit: Limit::Time, .. }))));
    assert!(matches!(run("flood"), Err(RunError::Fault(Fault::Limit { limit: Limit::Answer, .. }))));
    assert_eq!(frames(&run("honest").unwrap()), [1, 2]);
    let chosen = run("second_alone").unwrap();
    assert_eq!((frames(&chosen), chosen.frames, chosen.delivered.count()), (vec![2], 2, 1));
    assert_eq!(frames(&run("headers").unwrap()), [1, 2]);
}

#[test]
fn each_analyzer_is_given_what_it_wants() {
    let udp = Box::leak(Box::new(Wants { transports: Some(vec![17]), ..Wants::default() }));
    let domain = Box::leak(Box::new(Wants { transports: Some(vec![17, 6]), ports: vec![53], ..Wants::default() }));
    let questions = [asking("all", &ALL, false), asking("udp", udp, false), asking("domain", domain, false)];
    let outcomes = run_all(&line(builtin_reader(), Limits::default()), &questions, &example("dns.pcap"));
    let got: Vec<usize> = outcomes.iter().map(|outcome| frames(outcome.as_ref().unwrap()).len()).collect();
    // What tshark 4.0.17 counts: frames, `-Y udp`, `-Y "udp.port==53 or tcp.port==53"`, without ICMP.
    assert_eq!(got, [282, 213, 239]);
    for outcome in outcomes {
        let report: Value = serde_json::from_str(&outcome.unwrap().report).unwrap();
        assert_eq!(report["seen"]["frames"]["delivered"], 282);
    }
}

#[test]
fn streams_are_given_to_those_that_want_them() {
    let of_one = Box::leak(Box::new(Wants { ports: vec![43_883], ..OF_STREAMS.clone() }));
    let questions = [
        asking("streams", &OF_STREAMS, false),
        asking("streams", of_one, false),
        asking("all", &ALL, false),
        hostile_asked("honest", &ALL),
    ];
    let outcomes = run_all(&line(builtin_reader(), Limits::default()), &questions, &example("dns.pcap"));
    let reports: Vec<Value> =
        outcomes.iter().map(|outcome| serde_json::from_str(&outcome.as_ref().unwrap().report).unwrap()).collect();
    // What tshark 4.0.17 counts: the sum of `tcp.len`, none of it sent twice; that of the connection with port 43883; frames.
    let sent: Vec<&Value> = reports.iter().map(|report| &report["sent"]).collect();
    assert_eq!(sent[..3], [&Value::from(9313), &Value::from(452), &Value::from(0)]);
    assert_eq!(reports[2]["frames"].as_array().unwrap().len(), 282);
    assert_eq!(reports[3]["frames"], 282);
    // Data, and an end for each connection.
    assert_eq!(reports[0]["seen"]["decoder"]["streams"]["connections"], 5);
    let chosen = Pass { selection: Selection { port: Some(43_883), ..Selection::default() }, ..Pass::default() };
    let run = |pass: &Pass| {
        let capture = open(&example("dns.pcap"));
        line(builtin_reader(), Limits::default())
            .run(&questions[0], pass, capture, &CancellationToken::new(), &|_| {})
            .unwrap()
    };
    let report: Value = serde_json::from_str(&run(&chosen).report).unwrap();
    assert_eq!((&report["sent"], &report["seen"]["decoder"]["streams"]["connections"]), (&452.into(), &1.into()));
}

#[test]
fn a_fault_of_one_analyzer_leaves_the_others_alone() {
    let capture = example("dns.pcap");
    let whole = line(builtin_reader(), tight());
    let alone = run_all(&whole, &[asking("all", &ALL, false)], &capture).remove(0).unwrap();
    let questions = [
        asking("panic_in_feed", &ALL, false),
        asking("all", &ALL, false),
        asking("spin_in_feed", &ALL, false),
        asking("no_such_tool", &ALL, false),
        hostile_asked("panic", &ALL),
        hostile_asked("honest", &ALL),
    ];
    let outcomes = run_all(&whole, &questions, &capture);
    assert!(matches!(outcomes[0], Err(RunError::Fault(Fault::Crashed { .. }))));
    assert!(matches!(outcomes[2], Err(RunError::Fault(Fault::Limit { limit: Limit::Time, .. }))));
    assert!(matches!(outcomes[4], Err(RunError::Fault(Fault::Crashed { .. }))));
    for place in [1, 3] {
        let outcome = outcomes[place].as_ref().unwrap();
        assert_eq!((&outcome.report, &outcome.identity), (&alone.report, &alone.identity));
    }
    // One of the contract before is given the frames.
    let report: Value = serde_json::from_str(&outcomes[5].as_ref().unwrap().report).unwrap();
    assert_eq!(report["frames"], alone.frames);
}

/// A key log is given to those alone that want one, and they have to take it.
#[test]
fn who_wants_key_logs_and_takes_none_is_at_fault() {
    let wants = Wants { key_log: true, ..Wants::default() };
    let key_log = Some(&b"CLIENT_RANDOM 00 00"[..]);
    let questions = [
        Question { key_log, ..asking("all", &ALL, false) },
        Question { key_log, wants: &wants, ..asking("all", &ALL, false) },
        Question { key_log, ..hostile_asked("honest", &wants) },
    ];
    let [other, packets, frames] =
        run_all(&line(builtin_reader(), tight()), &questions, &example("dns.pcap")).try_into().unwrap();
    assert!(other.is_ok());
    for outcome in [packets, frames] {
        assert!(
            matches!(&outcome, Err(RunError::Fault(Fault::Crashed { reason, .. })) if reason.contains("key-log")),
            "{:?}",
            outcome.err()
        );
    }
}

#[test]
fn reading_ends_where_those_have_enough_that_may_end_it() {
    let capture = example("dns.pcap");
    let line = line(builtin_reader(), Limits::default());
    let whole = run_all(&line, &[asking("all", &ALL, false)], &capture).remove(0).unwrap();
    // One that is sated is fed no more, and the capture is read to its end.
    let sated = run_all(&line, &[asking("sated", &ALL, false)], &capture).remove(0).unwrap();
    assert!(sated.identity_is_whole && sated.end.is_none() && sated.frames == whole.frames);
    assert!(frames(&sated).len() < frames(&whole).len());
    let ends = run_all(&line, &[asking("ends", &ALL, true)], &capture).remove(0).unwrap();
    assert!(!ends.identity_is_whole && ends.end.as_ref().unwrap().was_asked() && ends.frames < whole.frames);
    assert_eq!(frames(&ends), frames(&sated));
    // Beside others it stops at the same place.
    let both = run_all(&line, &[asking("ends", &ALL, true), asking("all", &ALL, false)], &capture);
    let [beside, other] = [0, 1].map(|place| both[place].as_ref().unwrap());
    assert_eq!((&beside.report, &beside.identity, &beside.end), (&ends.report, &ends.identity, &ends.end));
    assert_eq!((&other.report, &other.identity, &other.end), (&whole.report, &whole.identity, &whole.end));
}

#[test]
fn progress_is_told_and_cancelling_ends_all() {
    let line = line(builtin_reader(), Limits::default());
    let told = Mutex::new(Vec::new());
    let capture = example("dns.pcap");
    let size = std::fs::metadata(&capture).unwrap().len();
    let questions = [asking("all", &ALL, false), asking("sated", &ALL, false)];
    let progress = |done: mcpcap::progress::Done| told.lock().unwrap().push((done.bytes, done.packets));
    line.run_all(&questions, &Pass::default(), open(&capture), &CancellationToken::new(), &progress).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.windows(2).all(|pair| pair[0] <= pair[1]) && told.last().unwrap().0 == size, "{told:?}");
    let cancel = CancellationToken::new();
    cancel.cancel();
    let ended = line.run_all(&questions, &Pass::default(), open(&capture), &cancel, &|_| {});
    assert!(matches!(ended, Err(RunError::Fault(Fault::Cancelled))));
}
