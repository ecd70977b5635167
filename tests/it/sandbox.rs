//! Every limit, obeyed and violated, by a component that tries.

use std::time::Duration;

use mcpcap::sandbox::{Fault, Limit, Refused};
use mcpcap::settings::Limits;
use tokio_util::sync::CancellationToken;

use crate::support::{engine, hostile, tight};

/// Opens a tool of the hostile analyzer under some limits.
#[track_caller]
fn open(tool: &str, amount: usize, limits: &Limits) -> Result<(), Fault> {
    let mut session = hostile().session(limits, &CancellationToken::new())?;
    session.open(tool, &amount.to_string())
}

#[track_caller]
fn finish(tool: &str, limits: &Limits) -> Result<String, Fault> {
    let mut session = hostile().session(limits, &CancellationToken::new()).unwrap();
    session.open(tool, "{}")?;
    session.finish("{}")
}

#[track_caller]
fn violates(result: Result<(), Fault>, expected: Limit) {
    match result {
        Err(Fault::Limit { limit, .. }) if limit == expected => {}
        other => panic!("expected the limit of {}, got {other:?}", expected.name()),
    }
}

#[test]
fn an_honest_call_is_within_all_limits() {
    open("honest", 0, &Limits::default()).unwrap();
}

#[test]
fn a_spinning_analyzer_ends_at_its_deadline() {
    violates(open("spin", 0, &tight()), Limit::Time);
}

#[test]
fn a_cancelled_call_ends_although_it_spins() {
    let cancel = CancellationToken::new();
    let mut session = hostile().session(&Limits::default(), &cancel).unwrap();
    let trigger = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        trigger.cancel();
    });
    assert!(matches!(session.open("spin", "{}"), Err(Fault::Cancelled)));
    thread.join().unwrap();
}

#[test]
fn memory_below_the_limit_is_given() {
    open("grow", 16, &Limits { memory: 32 << 20, ..Limits::default() }).unwrap();
}

#[test]
fn memory_above_the_limit_is_refused() {
    violates(open("grow", 64, &Limits { memory: 32 << 20, ..Limits::default() }), Limit::Memory);
}

#[test]
fn endless_recursion_ends() {
    // A Rust component's own stack lies in its memory and ends before the engine's does.
    match open("recurse", 0, &Limits::default()) {
        Err(Fault::Limit { limit: Limit::Stack, .. }) | Err(Fault::Crashed { .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// A core module in a component that exports one function without parameters, as the contract's `describe` is.
fn component(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (table $t 1 funcref)
                {body}
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
            (core instance $i (instantiate $m)))"#
    );
    wat::parse_str(text).unwrap()
}

/// Instantiates a component made from text; its start function does the harm.
#[track_caller]
fn start(body: &str, limits: &Limits) -> Result<(), Fault> {
    engine().start_for_test("text", &component(body), limits)
}

#[test]
fn the_engines_own_stack_is_limited() {
    let body = "(func $f (call $f) (call $f)) (start $f)";
    violates(start(body, &Limits::default()), Limit::Stack);
}

#[test]
fn several_memories_and_tables_share_one_limit() {
    let four = |item: &str| {
        let instances: String = (0..4).map(|n| format!("(core instance $i{n} (instantiate $m))")).collect();
        format!("(component (core module $m {item}) {instances})")
    };
    let start = |text: String, limits: Limits| engine().start_for_test("test", &wat::parse_str(text).unwrap(), &limits);
    // A memory of 16 MiB has 256 pages.
    let limits = |memory| Limits { memory, ..Limits::default() };
    start(four("(memory 256)"), limits(64 << 20)).unwrap();
    violates(start(four("(memory 256)"), limits((64 << 20) - 1)), Limit::Memory);
    let limits = |table_elements| Limits { table_elements, ..Limits::default() };
    start(four("(table 1000 funcref)"), limits(4000)).unwrap();
    violates(start(four("(table 1000 funcref)"), limits(3999)), Limit::Table);
}

#[test]
fn a_table_may_grow_to_its_limit() {
    let body = "(func $f (drop (table.grow $t (ref.null func) (i32.const 1000)))) (start $f)";
    start(body, &Limits::default()).unwrap();
}

#[test]
fn a_table_may_not_grow_beyond_its_limit() {
    let body = "(func $f (drop (table.grow $t (ref.null func) (i32.const 1000000)))) (start $f)";
    violates(start(body, &Limits::default()), Limit::Table);
}

#[test]
fn more_instances_than_allowed_are_refused() {
    let many = "(core instance (instantiate $n))".repeat(10);
    let text = format!("(component (core module $n (memory 1) (table 1 funcref)) {many})");
    let wasm = wat::parse_str(text).unwrap();
    let roomy = Limits { memories: 20, tables: 20, instances: 20, ..Limits::default() };
    engine().start_for_test("text", &wasm, &roomy).unwrap();
    for tight in [
        Limits { memories: 9, ..roomy.clone() },
        Limits { tables: 9, ..roomy.clone() },
        Limits { instances: 9, ..roomy.clone() },
    ] {
        violates(engine().start_for_test("text", &wasm, &tight), Limit::Instances);
    }
}

#[test]
fn a_report_below_the_limit_is_taken() {
    finish("honest", &Limits { answer: 1 << 20, ..Limits::default() }).unwrap();
    finish("flood", &Limits { answer: 40 << 20, memory: 256 << 20, ..Limits::default() }).unwrap();
}

#[test]
fn a_report_above_the_limit_is_refused() {
    let flood = finish("flood", &Limits { memory: 256 << 20, ..Limits::default() });
    violates(flood.map(drop), Limit::Answer);
}

#[test]
fn standard_error_is_bounded_and_costs_nothing() {
    // Ten times the limit: the component goes on, the rest is dropped.
    open("chatter", 20_000, &Limits::default()).unwrap();
}

#[test]
fn nothing_can_sleep() {
    match open("sleep", 0, &Limits::default()) {
        Err(Fault::Crashed { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_panic_is_a_fault_and_the_instance_is_gone() {
    let mut session = hostile().session(&Limits::default(), &CancellationToken::new()).unwrap();
    assert!(matches!(session.open("panic", "{}"), Err(Fault::Crashed { .. })));
    match session.open("honest", "{}") {
        Err(Fault::Crashed { reason, .. }) => assert!(reason.contains("discarded"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_run_sees_the_same_surroundings() {
    let runs: Vec<String> = (0..3).map(|_| finish("surroundings", &Limits::default()).unwrap()).collect();
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    let seen: serde_json::Value = serde_json::from_str(&runs[0]).unwrap();
    for nothing in ["time", "elapsed", "args", "vars"] {
        assert_eq!(seen[nothing], 0, "{nothing}");
    }
}

#[test]
fn what_no_component_gets_is_refused_by_name() {
    for import in
        ["wasi:filesystem/preopens@0.2.6", "wasi:sockets/tcp@0.2.6", "wasi:http/outgoing-handler@0.2.0", "a:b/c"]
    {
        let wasm = wat::parse_str(format!("(component (import \"{import}\" (instance)))")).unwrap();
        let loaded = engine().compile("text", &wasm).unwrap();
        match engine().analyzer(loaded) {
            Err(Refused::Import(name)) => assert_eq!(name, import),
            _ => panic!("{import} was not refused"),
        }
    }
}

#[test]
fn what_is_no_component_of_the_contract_is_refused() {
    assert!(matches!(engine().compile("text", b"not wasm").map(drop), Err(Refused::NotAComponent(_))));
    let module = wat::parse_str("(module)").unwrap();
    assert!(matches!(engine().compile("text", &module).map(drop), Err(Refused::NotAComponent(_))));
    let empty = engine().compile("text", &wat::parse_str("(component)").unwrap()).unwrap();
    assert!(matches!(engine().analyzer(empty).map(drop), Err(Refused::Contract(_))));
}

#[test]
fn what_is_too_large_is_not_compiled() {
    assert!(matches!(engine().compile("text", &vec![0; 33 << 20]).map(drop), Err(Refused::Size(_))));
}
