//! Decompresses capture files: gzip, zstd and lz4, as streams with bounded memory.
//!
//! [`Decoder`] is plain Rust and runs natively; on wasm it is wrapped as a component of the world `codec`. Input may be cut
//! anywhere and output is never more than the room given. What a stream becomes does not depend on either.
//!
//! Decoding itself is done by `miniz_oxide` (deflate), `ruzstd` (zstd blocks) and `lz4_flex` (lz4 blocks). Their readers
//! cannot be suspended in the middle of a frame, so headers, blocks and checksums are collected here.
//!
//! Memory: 64 KiB for gzip; for zstd a window of at most [`MAX_ZSTD_WINDOW`] and two blocks of 128 KiB, of which `ruzstd`
//! may hold one and a half times as much while it grows; for lz4 two blocks of at most 4 MiB.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![cfg_attr(target_arch = "wasm32", deny(unsafe_code))]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod buffers;
#[cfg(target_arch = "wasm32")]
mod component;
mod decoder;
mod detect;
mod fault;
mod frames;
mod gzip;
mod lz4;
#[cfg(test)]
mod testing;
mod zstd;

pub use decoder::{Decoder, Problem, Step};
pub use detect::{Compression, detect};
pub use zstd::MAX_ZSTD_WINDOW;
