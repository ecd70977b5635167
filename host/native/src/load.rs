//! The project's only `unsafe` line.

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Makes native code runnable.
///
/// # Errors
/// When it was compiled by another version of wasmtime, or for another configuration.
#[allow(unsafe_code, reason = "there is no safe way to load native code")]
pub(crate) fn load(engine: &Engine, native: &[u8]) -> Result<Component> {
    // SAFETY: `deserialize` trusts the bytes as native code. This function is private to the crate and has three callers. The build
    // script gives it what it has just compiled. `Builtin::load` gives it constants of the program, unpacked, that this build script compiled. `Compiled::load` gives it what the compiler,
    // run by `Compiler`, has written to its standard output, or what `Cache` has kept of that: in a folder that only this user can write, and whose
    // digest was verified. A file of a user's, a capture or a client's never comes here, since a `Compiled` cannot be made of any.
    unsafe { Component::deserialize(engine, native) }
}
