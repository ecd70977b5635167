//! What processes take. Each is a child of its own, so that nothing of one is counted for another; this program itself stays small, because
//! Linux counts the memory of the one that starts a process as the new one's until it runs.

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use wait4::Wait4;

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Seconds from its start to its end.
    pub wall: f64,
    /// Seconds of processor time, of itself and the system for it.
    pub cpu: f64,
    /// The most memory that it had at a time, in bytes.
    pub memory: u64,
}

/// Runs a program to its end, with something more in its environment. `None` when it cannot be started, or fails.
pub fn cost(program: &str, arguments: &[String], environment: &[(&str, &str)]) -> Option<Cost> {
    let begun = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let used = child.wait4().ok()?;
    let wall = begun.elapsed().as_secs_f64();
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    used.status.success().then_some(Cost { wall, cpu, memory: used.rusage.maxrss })
}

/// Runs a program to its end, for its line of JSON.
pub fn line(program: &str, arguments: &[&str]) -> Option<Value> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
}

/// The middle of some numbers; `None` of none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = numbers.into_iter().collect();
    all.sort_by(f64::total_cmp);
    let (low, high) = (all.get(all.len().saturating_sub(1) / 2)?, all.get(all.len() / 2)?);
    Some((low + high) / 2.0)
}
