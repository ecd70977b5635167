//! What belongs to one instance: its WASI state, its limits, and why it ended.

use std::time::Instant;

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

/// The data of a store.
pub(super) struct State {
    pub(super) wasi: Wasi,
    pub(super) limits: Limits,
    /// When the running call has to be over.
    pub(super) deadline: Instant,
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

/// The one place that makes a store: everything that limits an instance is set here.
pub(super) fn store(engine: &wasmtime::Engine, limits: &Limits, cancel: &CancellationToken) -> Store<State> {
    let state = State {
        wasi: Wasi::new(limits.stderr),
        limits: limits.clone(),
        deadline: after(limits.call),
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
        } else if Instant::now() >= state.deadline {
            state.ended = Some(Ended::Limit(Limit::Time));
        } else {
            return Ok(UpdateDeadline::Continue(1));
        }
        Err(wasmtime::Trap::Interrupt.into())
    });
    store
}
