//! The components that mcpcap brings along, as native code that was compiled when the program was built.
//!
//! This crate exists to hold the project's only `unsafe` line apart from everything else. It does not know what the
//! components do or how they are run.
#![deny(missing_docs)]
#![deny(unsafe_code)]

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

mod config;

pub use config::{STACK, config};

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// A component that was compiled along with this crate.
#[derive(Debug)]
pub struct Builtin {
    /// Its name, for example `dns`.
    pub name: &'static str,
    /// SHA-256 of the component (the `.wasm` file), as hexadecimal digits.
    pub sha256: &'static str,
    native: &'static [u8],
}

impl Builtin {
    /// All of them, in the order in which their tools are listed.
    pub fn all() -> &'static [Self] {
        COMPONENTS
    }

    /// The one with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|builtin| builtin.name == name)
    }

    /// Loads it into an engine made from [`config`].
    ///
    /// # Errors
    /// When the engine's configuration is another one.
    #[allow(unsafe_code, reason = "there is no safe way to load native code")]
    pub fn load(&self, engine: &Engine) -> Result<Component> {
        // SAFETY: `deserialize` trusts the bytes as native code. These were produced by `Engine::precompile_component` in this
        // crate's build script, with this version of wasmtime, and are a constant of the program: nothing that a user, a
        // capture or a client supplies comes here. `native` is private, so no other bytes can.
        unsafe { Component::deserialize(engine, self.native) }
    }
}
