//! Where captures come from: a file that was opened once, read to its end or to the break, hashed on the way.
//!
//! Nothing here looks into a byte. Decompression happens in a sandboxed codec.

mod digests;
mod fetch;
mod file;
pub(crate) mod guard;
mod key_log;
mod name;
pub(crate) mod public;
mod roots;
mod source;
mod spool;
mod validators;

pub use digests::Digests;
pub use fetch::{Fetch, Remote};
pub use file::{CaptureError, CaptureFile, Identity};
pub use key_log::{ARGUMENT as KEY_LOG, KeyLog};
pub use name::named;
pub use roots::{Root, Roots};
pub use source::{Chunk, Facts, Source, SourceEnd};
pub use spool::spool;
