//! Which components are let in.

use wasmparser::{Encoding, Parser, Payload};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::wasi::INTERFACES;
use crate::text::neutral;

/// The largest component that is compiled, in octets. CPython takes 18 MiB.
pub const SIZE_MAX: usize = 32 << 20;
/// What the compiler is given at most. In brackets what CPython as a component has, the largest that was seen.
const MODULES: usize = 128; // (38)
const FUNCTIONS: usize = 20_000; // (13,480)
const BODY: usize = 512 << 10; // (427 KiB) The compiler takes more than linear time and memory for one function.
const CODE: usize = 12 << 20; // (6.5 MiB)
const ITEMS: u64 = 200_000; // Types, imports, exports, globals, data segments and all else together.
const DEPTH: usize = 8; // Components within components.

/// The interface that makes a component an analyzer, and the versions of the contract that this host speaks: each with the same first two numbers.
const ANALYZE: &str = "mcpcap:analysis/analyze";
const CONTRACTS: [&str; 2] = ["0.1", "0.2"];
/// What every component of the contract imports, as types without functions.
const TYPES: &str = "mcpcap:analysis/types";
/// The version of WASI that is there, for whoever needs it.
const WASI: &str = "0.2";

/// Why a component was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It asks for something that no component gets.
    #[error("it imports {0}, which is not given to components: they have no files, no network and no host functions")]
    Import(String),
    /// It is larger than any analyzer needs to be.
    #[error("it has {0} bytes; at most {SIZE_MAX} are accepted")]
    Size(usize),
    /// It would cost the compiler too much.
    #[error("it has {count} {what}; at most {most} are accepted")]
    Shape {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u64,
        /// How much is accepted.
        most: u64,
    },
    /// Native code.
    #[error("it is native code, which could do anything; only WebAssembly components (.wasm) are accepted")]
    Native,
    /// A module that was not made a component.
    #[error(
        "it is a core module; make it a component: wasm-tools component new MODULE -o FILE, or a compiler for wasm32-wasip2"
    )]
    Module,
    /// It is not an analyzer.
    #[error("it does not export {ANALYZE}, which makes a component an analyzer; it exports {0}")]
    NoAnalyzer(String),
    /// It was made for a contract that this host does not know.
    #[error("it was made for version {found} of the contract; this program speaks {}", CONTRACTS.map(|version| format!("{version}.x")).join(", "))]
    Version {
        /// The version.
        found: String,
    },
    /// The bytes are something else.
    #[error("it is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// It does not export what the contract asks for.
    #[error("it does not fit the contract mcpcap:analysis: {0}")]
    Contract(String),
    /// It was there, and cannot be had any more.
    #[error("{0}")]
    Unavailable(String),
    /// The engine cannot run here.
    #[error("the sandbox cannot be started: {0}")]
    Engine(String),
}

impl Refused {
    pub(super) fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    pub(super) fn contract(error: wasmtime::Error) -> Self {
        Self::Contract(brief(&error))
    }
}

/// An engine's error in one bounded line: it may quote the component.
pub(super) fn brief(error: &wasmtime::Error) -> String {
    let text = format!("{error:#}");
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

pub(super) fn size(wasm: &[u8]) -> Result<(), Refused> {
    if wasm.len() > SIZE_MAX { Err(Refused::Size(wasm.len())) } else { Ok(()) }
}

/// Refuses a component by the name of the first thing that it must not import.
pub(super) fn imports(engine: &Engine, component: &Component) -> Result<(), Refused> {
    component.component_type().imports(engine).try_for_each(|(name, _)| allowed(name))
}

/// Looks at a stranger's component before anything is compiled: what it is, what it imports and exports, and what it would cost the compiler.
///
/// # Errors
/// With the first thing that is wrong with it.
pub fn before_compiling(wasm: &[u8]) -> Result<(), Refused> {
    size(wasm)?;
    if wasm.starts_with(b"\x7fELF") {
        return Err(Refused::Native);
    }
    let mut shape = Shape::default();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| invalid(&error))? {
            Payload::Version { encoding: Encoding::Module, .. } if shape.depth == 0 => return Err(Refused::Module),
            Payload::Version { .. } => shape.enter()?,
            Payload::End(_) => shape.depth = shape.depth.saturating_sub(1),
            Payload::CodeSectionStart { count, size, .. } => shape.code(count, size)?,
            Payload::CodeSectionEntry(body) => within("bytes in one function", body.range().len() as u64, BODY as u64)?,
            Payload::ComponentImportSection(imports) => {
                shape.items(imports.count())?;
                if shape.depth == 1 {
                    for import in imports {
                        allowed(import.map_err(|error| invalid(&error))?.name.name)?;
                    }
                }
            }
            Payload::ComponentExportSection(all) => {
                shape.items(all.count())?;
                if shape.depth == 1 {
                    for export in all {
                        exports.push(export.map_err(|error| invalid(&error))?.name.name);
                    }
                }
            }
            Payload::TypeSection(section) => shape.items(section.count())?,
            Payload::ImportSection(section) => shape.items(section.count())?,
            Payload::FunctionSection(section) => shape.items(section.count())?,
            Payload::TableSection(section) => shape.items(section.count())?,
            Payload::MemorySection(section) => shape.items(section.count())?,
            Payload::GlobalSection(section) => shape.items(section.count())?,
            Payload::ExportSection(section) => shape.items(section.count())?,
            Payload::ElementSection(section) => shape.items(section.count())?,
            Payload::DataSection(section) => shape.items(section.count())?,
            Payload::InstanceSection(section) => shape.items(section.count())?,
            Payload::CoreTypeSection(section) => shape.items(section.count())?,
            Payload::ComponentInstanceSection(section) => shape.items(section.count())?,
            Payload::ComponentAliasSection(section) => shape.items(section.count())?,
            Payload::ComponentTypeSection(section) => shape.items(section.count())?,
            Payload::ComponentCanonicalSection(section) => shape.items(section.count())?,
            // Names and the like: not compiled, and within the size of the whole.
            _ => {}
        }
    }
    speaks(&exports)
}

/// What has been seen of a component.
#[derive(Default)]
struct Shape {
    depth: usize,
    modules: usize,
    functions: u64,
    code: u64,
    items: u64,
}

impl Shape {
    fn enter(&mut self) -> Result<(), Refused> {
        self.depth = self.depth.saturating_add(1);
        self.modules = self.modules.saturating_add(1);
        within("components within components", self.depth as u64, DEPTH as u64)?;
        within("modules and components", self.modules as u64, MODULES as u64)
    }

    fn code(&mut self, functions: u32, size: u32) -> Result<(), Refused> {
        self.functions = self.functions.saturating_add(functions.into());
        self.code = self.code.saturating_add(size.into());
        within("functions", self.functions, FUNCTIONS as u64)?;
        within("bytes of code", self.code, CODE as u64)
    }

    fn items(&mut self, count: u32) -> Result<(), Refused> {
        self.items = self.items.saturating_add(count.into());
        within("items in its sections", self.items, ITEMS)
    }
}

fn within(what: &'static str, count: u64, most: u64) -> Result<(), Refused> {
    if count > most { Err(Refused::Shape { what, count, most }) } else { Ok(()) }
}

fn invalid(error: &wasmparser::BinaryReaderError) -> Refused {
    let text: String = error.message().chars().take(200).collect();
    Refused::NotAComponent(format!("{text} (at byte offset {})", error.offset()))
}

/// Name and version of an interface.
fn parted(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

/// Whether a version begins with these numbers.
fn is_of(version: &str, series: &str) -> bool {
    version.strip_prefix(series).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether an import is one of the inert ones, of a version that is there.
fn allowed(name: &str) -> Result<(), Refused> {
    let (interface, version) = parted(name);
    let is_known = INTERFACES.contains(&interface)
        && if interface == TYPES {
            CONTRACTS.iter().any(|series| is_of(version, series))
        } else {
            is_of(version, WASI)
        };
    if is_known { Ok(()) } else { Err(Refused::Import(shown(name))) }
}

/// Whether a component is an analyzer of a contract that this host knows. What else it exports is never called.
fn speaks(exports: &[&str]) -> Result<(), Refused> {
    let found = exports.iter().map(|name| parted(name)).find(|(interface, _)| *interface == ANALYZE);
    let Some((_, version)) = found else {
        let names: Vec<String> = exports.iter().take(5).map(|name| shown(name)).collect();
        return Err(Refused::NoAnalyzer(if names.is_empty() { "nothing".into() } else { names.join(", ") }));
    };
    if CONTRACTS.iter().any(|series| is_of(version, series)) {
        Ok(())
    } else {
        Err(Refused::Version { found: shown(version) })
    }
}

/// A component's own words, bounded and harmless.
fn shown(name: &str) -> String {
    neutral(name, 100).into_owned()
}

mod tests;
