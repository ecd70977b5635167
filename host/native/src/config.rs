//! The one engine configuration: for compiling components, at build time too, and for running them.

use wasmtime::Config;

/// Stack of a component, in octets. A thread that calls one needs this and room for the host's own frames.
pub const STACK: usize = 512 << 10;

/// The configuration of every engine in this project. Two engines agree about a compiled component only when theirs are equal.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        // The only thing that ends a loop. Cheaper than fuel (0 to 6 % against up to 51 % in a tight loop).
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        // No component needs these; less of the compiler is reachable without them.
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        // Calls are synchronous, on threads of their own.
        .concurrency_support(false)
        // The same report on every machine.
        .cranelift_nan_canonicalization(true)
        // A few bytes at both ends of a memory would be kept as all that lies between.
        .memory_guaranteed_dense_image_size(64 << 10)
        // Names and offsets of a component's functions are noise in a message.
        .wasm_backtrace_max_frames(None)
        // So nobody asks which code an offset belongs to, and no debugger looks in: an eighth of the native code's size.
        .generate_address_map(false)
        .native_unwind_info(false);
    // wasm_multi_memory and wasm_extended_const stay on: components with internal adapters need the first, QuickJS and
    // CPython guests the second.
    config
}
