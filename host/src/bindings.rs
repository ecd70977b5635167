//! The contract as Rust types, generated from `wit/mcpcap.wit`. The records of `types` are shared by the worlds.

pub mod analyzer {
    wasmtime::component::bindgen!({ path: "../wit", world: "analyzer" });
}

pub mod reader {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "reader",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub mod codec {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "codec",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub mod selector {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "selector",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub use analyzer::mcpcap::analysis::types;
pub use reader::exports::mcpcap::analysis::read;
