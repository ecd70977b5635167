//! Messages of HTTP/1: start line, headers, and where the body ends.

pub mod facts;
mod fault;
pub mod framing;
mod head;
mod repair;
mod start;

pub use fault::{Fault, Faults};
pub use head::{Head, end};
pub use start::{Begins, Start, Version, begins, behind_line_ends, simple_target};

#[cfg(test)]
mod tests;
