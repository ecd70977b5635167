//! What belongs to one instance: its WASI state, its limits, and why it ended.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::fault::Limit;
use super::wasi::Wasi;
use crate::effort::after;
use crate::settings::Limits;

/// Why the engine ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Cancelled,
    Limit(Limit),
}

/// When a call has to be over: once its thread has worked for so long. Where other processes take the processor meanwhile, a call that is nearly done is
/// not ended for it, before the clock says that it took several times as long.
struct Deadline {
    /// By the time that the thread has worked in all.
    worked: Duration,
    clock: Instant,
}

/// How many times as long as it may work a call may take.
const BUSY: u32 = 6;

impl Deadline {
    fn of(call: Duration) -> Self {
        Self { worked: worked().saturating_add(call), clock: after(call.saturating_mul(BUSY)) }
    }

    fn is_over(&self) -> bool {
        worked() >= self.worked || Instant::now() >= self.clock
    }
}

/// How long this thread has worked.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}

/// The data of a store.
pub(super) struct State {
    pub(super) wasi: Wasi,
    pub(super) limits: Limits,
    /// When the running call has to be over.
    deadline: Deadline,
    pub(super) ended: Option<Ended>,
    /// Bytes of all linear memories.
    pub(super) memory: usize,
    /// Elements of all tables.
    table_elements: usize,
    cancel: CancellationToken,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.view()
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // Memories only ever grow, so the sum over all of them is the peak.
        let all = self.memory.saturating_add(desired.saturating_sub(current));
        if all > self.limits.memory {
            self.ended = Some(Ended::Limit(Limit::Memory));
            // An error and not a refusal: a component that carries on with too little memory could report too little.
            return Err(wasmtime::format_err!("memory limit"));
        }
        self.memory = all;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let all = self.table_elements.saturating_add(desired.saturating_sub(current));
        if all > self.limits.table_elements {
            self.ended = Some(Ended::Limit(Limit::Table));
            return Err(wasmtime::format_err!("table limit"));
        }
        self.table_elements = all;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }
}

/// A call begins: it may take as long as each may.
pub(super) fn begin(store: &mut Store<State>) {
    let state = store.data_mut();
    state.deadline = Deadline::of(state.limits.call);
    store.set_epoch_deadline(1);
}

/// The one place that makes a store: everything that limits an instance is set here.
pub(super) fn store(engine: &wasmtime::Engine, limits: &Limits, cancel: &CancellationToken) -> Store<State> {
    let state = State {
        wasi: Wasi::new(limits.stderr),
        limits: limits.clone(),
        deadline: Deadline::of(limits.call),
        ended: None,
        memory: 0,
        table_elements: 0,
        cancel: cancel.clone(),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.answer);
    store.set_max_component_handles(limits.handles);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        let state = context.data_mut();
        if state.cancel.is_cancelled() {
            state.ended = Some(Ended::Cancelled);
        } else if state.deadline.is_over() {
            state.ended = Some(Ended::Limit(Limit::Time));
        } else {
            return Ok(UpdateDeadline::Continue(1));
        }
        Err(wasmtime::Trap::Interrupt.into())
    });
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_waits_is_no_work() {
        let deadline = Deadline::of(Duration::from_millis(200));
        std::thread::sleep(Duration::from_millis(400));
        assert!(!deadline.is_over());
        let begun = worked();
        while worked().saturating_sub(begun) < Duration::from_millis(200) {
            std::hint::black_box(0);
        }
        assert!(deadline.is_over());
    }

    #[test]
    fn a_call_that_only_waits_ends_too() {
        let deadline = Deadline::of(Duration::from_millis(10));
        std::thread::sleep(Duration::from_millis(70));
        assert!(worked() < deadline.worked && deadline.is_over());
    }
}
