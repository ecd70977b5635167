//! Records of TLS over TCP, the messages in them, and what decrypts them: what the analyzers of TLS and of HTTP share.
//!
//! * [`records`]: where records begin and end; [`handshake`]: the handshake messages in them
//! * [`KeyLog`]: the secrets of a key log; [`Session`]: what decrypts the records of a connection with them, which [`Gather`] puts together
//! * `suite`, `keys` and `schedule`: how records are protected, and how keys are made of secrets, those of QUIC too ([`expand_label`])
//! * [`Tally`] and [`DecryptionReport`]: what reports tell of it
//!
//! TLS 1.2 (RFC 5246) and 1.3 (RFC 8446) with AES in GCM, CCM and CBC mode and ChaCha20-Poly1305. No secret is ever told: what holds one has no way to
//! show it.
#![deny(missing_docs)]
#![deny(unsafe_code)]
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

mod gather;
pub mod handshake;
mod key_log;
mod keys;
pub mod records;
mod report;
mod schedule;
mod session;
mod suite;

pub use gather::Gather;
pub use key_log::KeyLog;
pub use report::{DecryptionReport, KeyLogReport, NotDecrypted, Tally};
pub use schedule::expand_label;
pub use session::{Opened, Session, Told, Why};
pub use suite::Hash;

#[cfg(test)]
mod tests;
