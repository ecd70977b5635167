//! How much work reading names was, for tests: labels that were looked at, in this thread.

use std::cell::Cell;

thread_local! {
    static LABELS: Cell<u64> = const { Cell::new(0) };
}

/// One more label.
pub fn step() {
    LABELS.set(LABELS.get() + 1);
}

/// Labels that were looked at while a function ran.
pub fn of(run: impl FnOnce()) -> u64 {
    let before = LABELS.get();
    run();
    LABELS.get() - before
}
