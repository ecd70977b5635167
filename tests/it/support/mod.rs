//! What the tests share: components, captures, and the service.

pub mod http;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use mcpcap::capture::Remote;
use mcpcap::contract::arguments::MAX_CHARS;
use mcpcap::sandbox::{Analyzer, Sandbox};
use mcpcap::service::{Options, Service};
use mcpcap::settings::Limits;
use tokio_util::sync::CancellationToken;

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A capture of the project's own, below `tests/captures/crafted`.
pub fn crafted(name: &str) -> PathBuf {
    root().join("tests/captures/crafted").join(name)
}

/// A recording below `examples/captures`.
pub fn example(name: &str) -> PathBuf {
    root().join("examples/captures").join(name)
}

/// The WebAssembly of a hostile component; all are built once for each run of the tests.
pub fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let target = root().join("target/guests");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root());
        cargo
            .args(["build", "--locked", "--profile", "guest", "--target", "wasm32-wasip2", "--target-dir"])
            .arg(&target);
        for guest in ["analyzer", "decoder", "packets", "reader", "speaker"] {
            cargo.args(["-p", &format!("mcpcap-hostile-{guest}")]);
        }
        for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"] {
            cargo.env_remove(flags);
        }
        assert!(cargo.status().expect("cargo starts").success(), "the hostile components build");
        target.join("wasm32-wasip2/guest")
    });
    let file = folder.join(format!("mcpcap_hostile_{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// One engine for all tests.
pub fn engine() -> &'static Sandbox {
    static ENGINE: OnceLock<Sandbox> = OnceLock::new();
    ENGINE.get_or_init(|| Sandbox::new().expect("the sandbox starts"))
}

/// What a run of the program gave and cost.
pub struct Measured {
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// The most memory that the whole process had, in KiB.
    pub peak: u64,
}

/// Runs the program and watches its memory.
pub fn measured(arguments: &[&str]) -> Measured {
    let program = Path::new(env!("CARGO_BIN_EXE_mcpcap"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        let mut peak = 0;
        // Without memory it is a zombie, or gone.
        while let Some(now) = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)) {
            peak = peak.max(now);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        peak
    });
    let mut stderr = String::new();
    let mut errors = child.stderr.take().expect("standard error");
    let errors = std::thread::spawn(move || errors.read_to_string(&mut stderr).map(|_| stderr));
    let output = child.wait_with_output().expect("its output");
    let stderr = errors.join().expect("a thread").expect("UTF-8");
    Measured { stdout: output.stdout, stderr, peak: watch.join().expect("a thread") }
}

fn high_water(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok())
}

/// The hostile analyzer.
pub fn hostile() -> &'static Analyzer {
    static HOSTILE: OnceLock<Analyzer> = OnceLock::new();
    HOSTILE.get_or_init(|| {
        let loaded = engine().compile("hostile", &guest("analyzer")).expect("it compiles");
        engine().analyzer(loaded).expect("it is admitted")
    })
}

/// The service with its default options.
pub fn service() -> Arc<Service> {
    static SERVICE: OnceLock<Arc<Service>> = OnceLock::new();
    Arc::clone(SERVICE.get_or_init(|| {
        let remote = Remote { private: true, ..Remote::default() };
        let options = Options { remote, ..Options::default() };
        Arc::new(Service::start(&options).expect("the service starts"))
    }))
}

/// Limits that let a hostile test end soon.
pub fn tight() -> Limits {
    Limits { call: std::time::Duration::from_millis(300), ..Limits::default() }
}

/// The complete schema of a tool's answers, as clients read it.
pub async fn complete_schema<S: rmcp::Service<rmcp::RoleClient>>(
    client: &rmcp::service::RunningService<rmcp::RoleClient, S>,
    tool: &str,
) -> serde_json::Value {
    let request = rmcp::model::ReadResourceRequestParams::new(format!("mcpcap://schema/{tool}"));
    let content = client.read_resource(request).await.expect("a schema");
    let content = serde_json::to_value(content).expect("JSON");
    serde_json::from_str(content["contents"][0]["text"].as_str().expect("text")).expect("JSON")
}

/// Runs a tool of the service and gives its report as whole as it may be, with lists as objects, or the error.
pub async fn ask(
    tool: &str,
    capture: &Path,
    arguments: serde_json::Value,
) -> Result<serde_json::Value, mcpcap::answer::AnswerError> {
    let mut arguments = arguments.as_object().cloned().unwrap_or_default();
    arguments.insert("pcap_file".into(), capture.display().to_string().into());
    arguments.entry("max_chars").or_insert_with(|| MAX_CHARS.1.into());
    arguments.entry("as_objects").or_insert(true.into());
    Ok(service().answer(tool, arguments, CancellationToken::new(), Arc::new(|_, _| {})).await?.report)
}
