//! Builds the built-in components for WebAssembly, compiles them to native code, and asks analyzers what they offer, so that the program
//! compiles and asks nothing at its start.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

#[path = "src/config.rs"]
mod config;
#[path = "src/load.rs"]
mod load;

/// The target of every component of this project.
const WASM: &str = "wasm32-wasip2";

/// What analyzers export, in front of its version.
const ANALYZE: &str = "mcpcap:analysis/analyze@";

/// Where hash maps take their seed.
const SEED: &str = "wasi:random/insecure-seed@";

/// Name of the component, and the package that holds it. Analyzers are offered in this order.
const COMPONENTS: [(&str, &str); 14] = [
    ("reader", "mcpcap-reader"),
    ("codec", "mcpcap-codec"),
    ("decoder", "mcpcap-decoder"),
    ("dns", "mcpcap-dns"),
    ("dhcp", "mcpcap-dhcp"),
    ("icmp", "mcpcap-icmp"),
    ("capinfos", "mcpcap-capinfos"),
    ("flows", "mcpcap-flows"),
    ("tcp", "mcpcap-tcp"),
    ("http", "mcpcap-http"),
    ("sip", "mcpcap-sip"),
    ("tls", "mcpcap-tls"),
    ("quic", "mcpcap-quic"),
    ("frames", "mcpcap-frames"),
];

fn main() {
    let out = PathBuf::from(variable("OUT_DIR"));
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../..");
    for watched in ["analyzers", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let built = build(&root, &target_directory(&out));
    let target = variable("TARGET");
    let engine = engine(&target);
    // A static: of a constant each place that names it has a copy.
    let mut list = format!("pub(crate) static COMPONENTS: [crate::Builtin; {}] = [\n", COMPONENTS.len());
    for (name, package) in COMPONENTS {
        let file = built.join(format!("{}.wasm", package.replace('-', "_")));
        let wasm = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let native = engine.precompile_component(&wasm).unwrap_or_else(|error| panic!("compiling {name}: {error:?}"));
        let packed = out.join(format!("{name}.lz4"));
        write(&packed, &lz4_flex::compress_prepend_size(&native));
        let component = if target == variable("HOST") {
            load::load(&engine, &native)
        } else {
            Component::new(&self::engine(&variable("HOST")), &wasm)
        };
        let said = component.and_then(|component| description(&component));
        let said = said.unwrap_or_else(|error| panic!("asking {name}: {error:?}"));
        let description = said.map_or_else(
            || "None".into(),
            |text| {
                let file = out.join(format!("{name}.json"));
                write(&file, text.as_bytes());
                format!("Some(include_str!({file:?}))")
            },
        );
        let digest: String = Sha256::digest(&wasm).iter().map(|octet| format!("{octet:02x}")).collect();
        list.push_str(&format!(
            "    crate::Builtin {{ name: {name:?}, sha256: {digest:?}, description: {description}, packed: include_bytes!({packed:?}) }},\n"
        ));
    }
    list.push_str("];\n");
    fs::write(out.join("components.rs"), list).expect("OUT_DIR is writable");
}

/// Runs cargo for the components, in a target folder of their own: the outer cargo holds the lock of the usual one.
fn build(root: &Path, target: &Path) -> PathBuf {
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--profile", "guest", "--target", WASM, "--target-dir"])
        .arg(target);
    for (_, package) in COMPONENTS {
        cargo.args(["-p", package]);
    }
    // What the outer cargo was told about its own compiler is not for this one: flags, clippy as a wrapper, the profile.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name == "RUSTFLAGS"
            || name == "CARGO_ENCODED_RUSTFLAGS"
            || name == "CARGO_BUILD_TARGET"
            || name == "CARGO_TARGET_DIR"
            || (name.starts_with("RUSTC") && name.ends_with("WRAPPER"))
            || name == "CLIPPY_ARGS"
        {
            cargo.env_remove(name.as_ref());
        }
    }
    let status = cargo.status().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
    assert!(
        status.success(),
        "the components could not be built; if the target is missing, install it: rustup target add {WASM}"
    );
    target.join(WASM).join("guest")
}

/// Code for any processor of this architecture, not only for the one that builds.
fn engine(target: &str) -> Engine {
    let mut config = config::config();
    config.target(target).unwrap_or_else(|error| panic!("{error:?}"));
    Engine::new(&config).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What an analyzer says of itself; nothing for other components. It may call nothing for that but the seed of its hash maps, which is another one where
/// the program runs: a test compares what it says there.
fn description(component: &Component) -> wasmtime::Result<Option<String>> {
    let engine = component.engine();
    let kind = component.component_type();
    let Some((interface, _)) = kind.exports(engine).find(|(name, _)| name.starts_with(ANALYZE)) else {
        return Ok(None);
    };
    let mut linker = Linker::new(engine);
    if let Some((random, _)) = kind.imports(engine).find(|(name, _)| name.starts_with(SEED)) {
        linker.instance(random)?.func_wrap("insecure-seed", |_, (): ()| Ok(((0_u64, 0_u64),)))?;
    }
    linker.define_unknown_imports_as_traps(component)?;
    let mut store = Store::new(engine, ());
    // Nothing moves the engine's clock here: none of these runs for ever.
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, component)?;
    let interface = instance.get_export_index(&mut store, None, interface);
    let describe = interface.and_then(|it| instance.get_export_index(&mut store, Some(&it), "describe"));
    let describe = describe.ok_or_else(|| wasmtime::format_err!("it does not export describe"))?;
    let describe = instance.get_typed_func::<(), (String,)>(&mut store, describe)?;
    Ok(Some(describe.call(&mut store, ())?.0))
}

fn write(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// `target/guests`, found from `target/<profile>/build/<package>/out`, so that all profiles share it.
fn target_directory(out: &Path) -> PathBuf {
    out.ancestors().nth(4).map_or_else(|| out.join("guests"), |target| target.join("guests"))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
