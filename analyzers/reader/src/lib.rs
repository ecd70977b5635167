//! Finds the frames of a capture file: pcap and pcapng in all their byte orders and resolutions.
//!
//! The file comes in windows of any size. What goes out is positions and numbers; no octet of a packet is copied.
//! [`Reader`] is plain Rust and runs natively; on wasm it is wrapped as a component of the world `reader`.
//!
//! `pcap-parser` gives the names of blocks and options, and reads single options. Its record and block parsers are not
//! used: they report a captured length that cannot be as "incomplete", so that a limit would never be checked, and
//! they collect options and names in lists many times as long as the block, which a hostile file can choose.
//!
//! Sources: "PCAP Capture File Format" (draft-ietf-opsawg-pcap), "pcapng" (draft-ietf-opsawg-pcapng), and for what real
//! files do beyond those, the behaviour of Wireshark, whose packet counts this crate reproduces.

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

mod classic;
#[cfg(target_arch = "wasm32")]
mod component;
mod detect;
mod facts;
mod fields;
mod page;
mod pcapng;
mod reader;
mod summary;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod types;
mod window;

pub use reader::Reader;
pub use summary::{
    BlockCounts, CommentSummary, Drops, InterfaceSummary, NameCounts, Page, PlacedText, SecretsCount, SectionSummary,
    Statistics, Summary,
};
pub use types::{Break, BreakKind, Index, Link, MAX_BLOCK, MAX_PACKET, NO_TIME, Problem, Progress, Range};
