//! The contract as Rust types, generated from `wit/`. The records of `types` are shared by the worlds, and by both versions of the contract: those that
//! 0.1 has are the same in 0.2.

pub mod analyzer {
    wasmtime::component::bindgen!({ path: "../wit/mcpcap.wit", world: "analyzer" });
}

/// What an analyzer exports besides, when it has tables.
pub mod tabled {
    wasmtime::component::bindgen!({
        inline: "package mcpcap:host; world tabled { export mcpcap:analysis/tables@0.2.0; }",
        path: "../wit/mcpcap.wit",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

/// What an analyzer exports besides, when it decrypts.
pub mod decrypting {
    wasmtime::component::bindgen!({
        inline: "package mcpcap:host; world decrypting { export mcpcap:analysis/key-log@0.2.0; }",
        path: "../wit/mcpcap.wit",
    });
}

/// Analyzers of contract 0.1, which take frames apart for themselves.
pub mod of_frames {
    wasmtime::component::bindgen!({
        path: "../wit/released/0.1.0/mcpcap.wit",
        world: "analyzer",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub mod reader {
    wasmtime::component::bindgen!({
        path: "../wit/mcpcap.wit",
        world: "reader",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub mod decoder {
    wasmtime::component::bindgen!({
        path: "../wit/mcpcap.wit",
        world: "decoder",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub mod codec {
    wasmtime::component::bindgen!({
        path: "../wit/mcpcap.wit",
        world: "codec",
        with: { "mcpcap:analysis/types": crate::bindings::types },
    });
}

pub use analyzer::mcpcap::analysis::types;
pub use reader::exports::mcpcap::analysis::read;
pub use tabled::exports::mcpcap::analysis::tables;
