//! The inert part of WASI that a component may import: no files, sockets or HTTP at all, no arguments, no environment, a
//! frozen clock, fixed random numbers, standard error into a bounded buffer.
//!
//! Programs compiled for WASI import these interfaces whether they use them or not, so they are there, and say nothing. Everything
//! that could wait is left out, because time spent in the host is not seen by the engine's deadline.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sync};
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{Deterministic, WasiCtx, WasiCtxView, WasiView};

/// Every interface that is linked, without its version. A component that imports anything else is refused by name.
pub(super) const INTERFACES: [&str; 19] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "mcpcap:analysis/types",
];

/// The most random octets that one call may ask for.
const RANDOM_MAX: u64 = 64 << 10;

/// What random numbers are made of: the same in each run. Hash maps want a seed, nothing wants a good one.
const SEED: [u8; 16] = *b"mcpcap-analysis-";

/// A component's WASI state.
pub(super) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    pub(super) stderr: Captured,
}

impl Wasi {
    pub(super) fn new(stderr: usize) -> Self {
        let stderr = Captured::new(stderr);
        let context = WasiCtx::builder()
            .stderr(stderr.clone())
            .wall_clock(Frozen)
            .monotonic_clock(Frozen)
            .secure_random(Deterministic::new(SEED.to_vec()))
            .insecure_random(Deterministic::new(SEED.to_vec()))
            .insecure_random_seed(u128::from_be_bytes(SEED))
            .max_random_size(RANDOM_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Self { context, table: ResourceTable::new(), stderr }
    }

    pub(super) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// Adds the interfaces one by one: the function that adds all of WASI would add files and sockets too.
pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    cli::environment::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::exit::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stdin::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stdout::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stderr::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_input::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_output::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stdin::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stdout::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stderr::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    clocks::wall_clock::add_to_linker::<T, WasiClocks>(linker, T::clocks)?;
    add_frozen_clock(linker)?;
    random::random::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    random::insecure::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    add_io(linker)
}

struct Table;

impl wasmtime::component::HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

fn add_io<T: WasiView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::bindings::io::error::add_to_linker::<T, Table>(linker, |t| t.ctx().table)?;
    sync::io::poll::add_to_linker::<T, Table>(linker, |t| t.ctx().table)?;
    sync::io::streams::add_to_linker::<T, Table>(linker, |t| t.ctx().table)
}

/// The monotonic clock without its timers, which would sleep in the host.
fn add_frozen_clock<T: 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.6")?;
    clock.func_wrap("now", |_, (): ()| Ok((0_u64,)))?;
    clock.func_wrap("resolution", |_, (): ()| Ok((1_u64,)))?;
    for timer in ["subscribe-instant", "subscribe-duration"] {
        clock.func_wrap(timer, |_, (_,): (u64,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
            Err(wasmtime::format_err!("the clock is frozen: there are no timers"))
        })?;
    }
    Ok(())
}

struct Frozen;

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1
    }
    fn now(&self) -> u64 {
        0
    }
}

/// What a component wrote to its standard error: the first octets of it. The rest is counted, so that a chatty component neither
/// fails nor fills the memory.
#[derive(Clone)]
pub(super) struct Captured {
    kept: usize,
    state: Arc<Mutex<(Vec<u8>, u64)>>,
}

impl Captured {
    fn new(kept: usize) -> Self {
        Self { kept, state: Arc::default() }
    }

    fn take(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.kept.saturating_sub(state.0.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        state.0.extend_from_slice(kept);
        state.1 = state.1.saturating_add(dropped.len() as u64);
    }

    /// The text, and how many octets of it were dropped.
    pub(super) fn text(&self) -> (String, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (String::from_utf8_lossy(&state.0).into_owned(), state.1)
    }
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

impl OutputStream for Captured {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(4096)
    }
}

impl AsyncWrite for Captured {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_standard_error_is_bounded_and_the_rest_is_counted() {
        let captured = Captured::new(10);
        let mut stream = captured.p2_stream();
        for _ in 0..1000 {
            stream.write(bytes::Bytes::from_static(b"abcdefg")).unwrap();
            assert!(stream.check_write().unwrap() > 0, "a chatty component is not stopped");
        }
        assert_eq!(captured.text(), ("abcdefgabc".into(), 6990));
    }
}
