//! Which components are let in.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::wasi::INTERFACES;

/// The largest component that is compiled, in octets. CPython takes 18 MiB.
const SIZE_MAX: usize = 32 << 20;

/// Why a component was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It asks for something that no component gets.
    #[error("it imports {0}, which is not given to components: they have no files, no network and no host functions")]
    Import(String),
    /// It is larger than any analyzer needs to be.
    #[error("it has {0} octets; at most {SIZE_MAX} are accepted")]
    Size(usize),
    /// The bytes are something else.
    #[error("it is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// It does not export what the contract asks for.
    #[error("it does not fit the contract mcpcap:analysis@0.1.0: {0}")]
    Contract(String),
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
    for (name, _) in component.component_type().imports(engine) {
        let interface = name.split_once('@').map_or(name, |(interface, _)| interface);
        if !INTERFACES.contains(&interface) {
            return Err(Refused::Import(name.chars().take(100).collect()));
        }
    }
    Ok(())
}
