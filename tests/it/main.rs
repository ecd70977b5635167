//! End to end: the real binary over real stdio and HTTP, hostile components and captures, agreement with oracles.

mod agreement;
mod analyzers;
mod breaks;
mod cli;
mod config;
mod connections;
mod contract;
mod decoder;
mod fetch;
mod harden;
mod hidden;
mod http;
mod ids;
mod lies;
mod mcp;
mod packaging;
mod readme;
mod recorded;
mod reported;
mod rooms;
mod sandbox;
mod snapshots;
mod support;
mod tables;
mod torture;
mod wire;
