//! The four tools.

pub mod anomalies;
pub mod connections;
pub mod flow;
pub mod retransmissions;
