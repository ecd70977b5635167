//! Compiling is done by another process, within its limits, and its result is kept.

use std::fmt::Write as _;
use std::time::Duration;

use mcpcap::settings::Limits;
use mcpcap_native::{CompileError, CompileLimits, Compiler};

use super::{Place, description, speaker};
use crate::support::engine;

fn compiler(change: impl FnOnce(&mut CompileLimits)) -> Compiler {
    let mut limits = Limits::default().compile;
    change(&mut limits);
    Compiler { program: env!("CARGO_BIN_EXE_mcpcap").into(), limits }
}

/// A component that the compiler has much to do with: one function of half a million octets.
fn laborious() -> Vec<u8> {
    let mut body = String::new();
    for n in 0..30_000 {
        write!(body, "(if (i32.eq (local.get 0) (i32.const {n})) (then (local.set 0 (i32.const {})))) ", n * 7)
            .unwrap();
    }
    let text = format!("(component (core module (func (export \"f\") (param i32) (result i32) {body} (local.get 0))))");
    wat::parse_str(text).unwrap()
}

#[test]
fn what_is_compiled_by_the_process_runs() {
    let wasm = speaker(&description("counter"));
    let compiled = compiler(|_| {}).compile(&wasm, &|| false).unwrap();
    assert!(compiled.size() > wasm.len() / 2);
    engine().analyzer(engine().compiled("counter", "digest", &compiled).unwrap()).unwrap();
}

#[test]
fn what_is_no_component_is_told_in_the_compilers_words() {
    let error = compiler(|_| {}).compile(b"\0asm\x0d\0\x01\0\xff", &|| false).err().unwrap();
    assert!(matches!(&error, CompileError::Invalid(words) if !words.is_empty()), "{error}");
}

#[track_caller]
fn stopped(compiler: &Compiler, by: &str) {
    match compiler.compile(&laborious(), &|| false) {
        Err(CompileError::Limit(limit)) => assert!(limit.contains(by), "{limit}"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was compiled"),
    }
}

#[test]
fn each_limit_stops_the_compiler() {
    compiler(|_| {}).compile(&laborious(), &|| false).unwrap();
    stopped(&compiler(|limits| limits.time = Duration::from_millis(20)), " s");
    stopped(&compiler(|limits| limits.memory = 224 << 20), "of memory");
    stopped(&compiler(|limits| limits.code = 10_000), "of native code");
}

#[test]
fn a_small_component_becomes_little_native_code() {
    // Two bytes at the ends of each memory: all that lies between would be 15 MiB.
    let module = "(core module (memory 256) (data (i32.const 0) \"a\") (data (i32.const 15000000) \"b\"))".repeat(8);
    let wasm = wat::parse_str(format!("(component {module})")).unwrap();
    assert!(wasm.len() < 1000);
    let compiled = compiler(|_| {}).compile(&wasm, &|| false).unwrap();
    assert!(compiled.size() < 1 << 20, "{} bytes", compiled.size());
    let small = |limits: &mut CompileLimits| (limits.code_free, limits.code_ratio) = (10_000, 1);
    let twice = |limits: &mut CompileLimits| (limits.code_free, limits.code_ratio) = (10_000, 100);
    let wasm = speaker(&description("counter"));
    let error = compiler(small).compile(&wasm, &|| false).err().unwrap();
    let said = format!("KiB of native code for its {} bytes", wasm.len());
    assert!(matches!(&error, CompileError::Limit(limit) if limit.contains(&said)), "{error}");
    compiler(twice).compile(&wasm, &|| false).unwrap();
}

#[test]
fn processor_time_ends_the_compiler() {
    let compiler = compiler(|limits| {
        limits.cpu = Duration::from_secs(1);
        limits.threads = 1;
    });
    // As long as it takes for one second of work.
    let many = wat::parse_str(format!(
        "(component {})",
        "(core module (func (export \"f\") (param i32) (result i32) ".to_owned()
            + &"(local.set 0 (i32.mul (local.get 0) (local.get 0))) ".repeat(400_000)
            + "(local.get 0)))"
    ))
    .unwrap();
    match compiler.compile(&many, &|| false) {
        Err(CompileError::Limit(limit)) => assert!(limit.contains("processor time"), "{limit}"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was compiled"),
    }
}

#[test]
fn a_cancelled_compilation_ends() {
    assert!(matches!(compiler(|_| {}).compile(&laborious(), &|| true), Err(CompileError::Cancelled)));
}

#[test]
fn native_code_is_kept_and_made_anew_when_it_is_damaged() {
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    let native = || {
        let mut files: Vec<_> =
            std::fs::read_dir(place.cache.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "native"));
        assert_eq!(files.len(), 1);
        files.remove(0)
    };
    let run = || {
        let capture = crate::support::example("dns.pcap");
        let file = place.path().join("counter.wasm");
        place.run(&["analyzer", "run", file.to_str().unwrap(), capture.to_str().unwrap()])
    };
    let first = run();
    assert!(first.status.success(), "{}", super::text(&first));
    let made = std::fs::metadata(native()).unwrap().modified().unwrap();
    let mut content = std::fs::read(native()).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(native(), &content).unwrap();
    let second = run();
    assert_eq!(String::from_utf8_lossy(&first.stdout), String::from_utf8_lossy(&second.stdout));
    content[middle] ^= 1;
    assert!(std::fs::read(native()).unwrap() == content, "it is what it was");
    assert!(std::fs::metadata(native()).unwrap().modified().unwrap() > made);
}

#[test]
fn a_cache_that_others_can_write_stops_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.put("counter.wasm", &speaker(&description("counter")));
    std::fs::set_permissions(place.cache.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = place.list(&[]);
    assert!(said.contains("can be written by others") && said.contains("chmod 700"), "{said}");
}
