//! Native code: the components that mcpcap brings along, compiled when the program was built, and those of others, compiled in a process of
//! their own and kept.
//!
//! This crate exists to hold the project's only `unsafe` line, and all that has to be right for it, apart from everything else. It does
//! not know what components do or how they are run.
#![deny(missing_docs)]
#![deny(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

mod cache;
mod compile;
mod config;
mod folder;
mod load;

pub use cache::{Cache, CacheError, engine_key};
pub use compile::{COMMAND, CompileError, CompileLimits, Compiled, Compiler, compile_in_this_process};
pub use config::{STACK, config};
pub use folder::{Closed, Entry, Folder, Unfit};

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// A component that was compiled along with this crate.
#[derive(Debug)]
pub struct Builtin {
    /// Its name, for example `dns`.
    pub name: &'static str,
    /// SHA-256 of the component (the `.wasm` file), as hexadecimal digits.
    pub sha256: &'static str,
    /// What an analyzer says of itself, as it said it when it was compiled; nothing for other components.
    pub description: Option<&'static str>,
    /// Its native code, packed by LZ4, behind its size.
    packed: &'static [u8],
}

impl Builtin {
    /// All of them, in the order in which their tools are listed.
    pub fn all() -> &'static [Self] {
        &COMPONENTS
    }

    /// The one with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|builtin| builtin.name == name)
    }

    /// Loads it into an engine made from [`config`].
    ///
    /// # Errors
    /// When the engine's configuration is another one, or the program is damaged.
    pub fn load(&self, engine: &Engine) -> Result<Component> {
        load::load(engine, &lz4_flex::decompress_size_prepended(self.packed)?)
    }
}
