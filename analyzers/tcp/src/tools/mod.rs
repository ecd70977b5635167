//! The four tools.

pub mod anomalies;
pub mod connections;
mod events;
pub mod flow;
pub mod retransmissions;
