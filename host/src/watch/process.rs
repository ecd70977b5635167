//! What the process takes of the machine, under the names that all programs give it. Where the system does not tell, there is nothing.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Memory and processor time, looked up each time that somebody asks.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if let Some(bytes) = resident() {
            let gauge = ConstGauge::new(bytes);
            let help = "Memory that the process has in the machine";
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor("process_resident_memory", help, Some(&Unit::Bytes), kind)?)?;
        }
        if let Some(seconds) = processor_time() {
            let counter = ConstCounter::new(seconds);
            let help = "Time that processors worked for the process";
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), kind)?)?;
        }
        Ok(())
    }
}

/// Bytes of memory, from the second number of `/proc/self/statm`.
fn resident() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(i64::try_from(rustix::param::page_size()).ok()?)
}

/// Seconds, of the process's own clock, all of its threads together.
fn processor_time() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u32::try_from(time.tv_sec).ok()?;
    Some(f64::from(seconds) + f64::from(u32::try_from(time.tv_nsec).ok()?) / 1e9)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_memory_and_time() {
        let before = processor_time().unwrap();
        let sum = (0..5_000_000_u64).fold(0, |sum: u64, n| std::hint::black_box(sum ^ n));
        assert!(sum < u64::MAX && processor_time().unwrap() > before && before > 0.0);
        assert!((1 << 20..1 << 40).contains(&resident().unwrap()));
    }
}
