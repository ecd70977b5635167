//! What the fuzz targets share: a mutator that knows packets, and a way to run analyzers over what it makes.
#![forbid(unsafe_code)]

mod analyzers;
mod packets;
mod random;

pub use analyzers::{analyze, tool};
pub use packets::mutate;

/// A target that runs the tools of an analyzer, with one of the arguments each time.
#[macro_export]
macro_rules! analyzer {
    ($tools:expr, $arguments:expr) => {
        $crate::analyzer!($tools, $arguments, &[]);
    };
    ($tools:expr, $arguments:expr, $key_log:expr) => {
        $crate::capture!(|data: &[u8]| $crate::analyze($tools, $arguments, $key_log, data));
    };
}

/// A target that takes captures, made by the mutator of packets.
#[macro_export]
macro_rules! capture {
    (|$data:ident: &[u8]| $body:expr) => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
        });
        libfuzzer_sys::fuzz_target!(|$data: &[u8]| {
            $body;
        });
    };
}
