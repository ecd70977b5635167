//! Metrics in the text format of OpenMetrics, which Prometheus reads. Labels have few values: nothing a caller or a capture says is one.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::End;
use super::process::Process;

/// Tools that have a label of their own: analyzers of others come and go while the server runs.
const TOOLS: usize = 200;
/// The label of the others.
const OTHERS: &str = "(others)";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTool {
    tool: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    tool: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByLimit {
    tool: String,
    limit: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

/// The counters of a server.
pub struct Metrics {
    registry: Registry,
    calls: Family<ByOutcome, Counter>,
    seconds: Family<ByTool, Histogram>,
    octets: Family<ByTool, Counter>,
    limits: Family<ByLimit, Counter>,
    running: Gauge,
    waiting: Gauge,
    waited: Family<ByTool, Histogram>,
    connections: Gauge,
    sessions: Gauge,
    refused: Family<ByReason, Counter>,
    kept: Family<ByTool, Counter>,
    held: Gauge,
    held_bytes: Gauge,
    tables: Gauge,
    tables_bytes: Gauge,
    /// Tools that have a label of their own.
    labels: Mutex<HashSet<String>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::default();
        all.register_collector(Box::new(Process));
        // From a small capture to the limit of a run.
        let times = || Histogram::new([0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0, 600.0]);
        let metrics = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(times),
            octets: Family::default(),
            limits: Family::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
            waited: Family::new_with_constructor(times),
            connections: Gauge::<i64>::default(),
            sessions: Gauge::default(),
            refused: Family::default(),
            kept: Family::default(),
            held: Gauge::<i64>::default(),
            held_bytes: Gauge::default(),
            tables: Gauge::<i64>::default(),
            tables_bytes: Gauge::default(),
            labels: Mutex::default(),
            registry: Registry::default(),
        };
        let registry = all.sub_registry_with_prefix("mcpcap");
        registry.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("calls", "Calls of tools that have ended", metrics.calls.clone());
        registry.register_with_unit("call", "Time of calls, waiting included", Unit::Seconds, metrics.seconds.clone());
        registry.register_with_unit("capture", "Bytes of captures read", Unit::Bytes, metrics.octets.clone());
        registry.register("limits_reached", "Calls that reached a limit", metrics.limits.clone());
        registry.register("calls_in_progress", "Calls that wait or run", metrics.running.clone());
        registry.register("calls_waiting", "Calls that wait for their turn", metrics.waiting.clone());
        registry.register_with_unit(
            "wait",
            "Time that calls waited for their turn",
            Unit::Seconds,
            metrics.waited.clone(),
        );
        registry.register("http_connections", "Connections that are open", metrics.connections.clone());
        registry.register("http_sessions", "Sessions of clients over HTTP", metrics.sessions.clone());
        registry.register(
            "answered_from_kept",
            "Calls that were answered without reading the capture",
            metrics.kept.clone(),
        );
        registry.register("kept_answers", "Answers of analyzers that are kept", metrics.held.clone());
        registry.register_with_unit(
            "kept_answers_size",
            "Memory of answers that are kept",
            Unit::Bytes,
            metrics.held_bytes.clone(),
        );
        registry.register("kept_tables", "Tables of captures that are kept", metrics.tables.clone());
        registry.register_with_unit(
            "kept_tables_size",
            "Disk space of tables that are kept",
            Unit::Bytes,
            metrics.tables_bytes.clone(),
        );
        registry.register("refused", "What was refused and is no call, by the reason", metrics.refused.clone());
        Self { registry: all, ..metrics }
    }
}

/// A call that waits for its turn, until this is dropped.
pub(crate) struct Waiting<'a> {
    metrics: &'a Metrics,
    tool: &'a str,
    since: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.metrics.waiting.dec();
        let by_tool = self.metrics.by_tool(self.tool);
        self.metrics.waited.get_or_create(&by_tool).observe(self.since.elapsed().as_secs_f64());
    }
}

impl Metrics {
    pub(super) fn begun(&self) {
        self.running.inc();
    }

    pub(super) fn ended(&self, tool: &str, seconds: f64, end: End<'_>) {
        self.running.dec();
        let by_tool = self.by_tool(tool);
        self.calls.get_or_create(&ByOutcome { tool: by_tool.tool.clone(), outcome: end.outcome }).inc();
        self.octets.get_or_create(&by_tool).inc_by(end.octets);
        self.seconds.get_or_create(&by_tool).observe(seconds);
        if end.kept == Some(true) {
            self.kept.get_or_create(&by_tool).inc();
        }
        if let Some(limit) = end.limit {
            self.limits.get_or_create(&ByLimit { tool: by_tool.tool, limit: limit.into() }).inc();
        }
    }

    /// The label of a tool that there is, of which there may be many in time.
    fn by_tool(&self, tool: &str) -> ByTool {
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        let is_own = labels.contains(tool) || (labels.len() < TOOLS && labels.insert(tool.into()));
        ByTool { tool: if is_own { tool.into() } else { OTHERS.into() } }
    }

    /// A call waits for its turn.
    pub(crate) fn waits<'a>(&'a self, tool: &'a str) -> Waiting<'a> {
        self.waiting.inc();
        Waiting { metrics: self, tool, since: Instant::now() }
    }

    /// So many sessions there are at this moment.
    pub(crate) fn sessions(&self, count: usize) {
        self.sessions.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> &Gauge<i64, std::sync::atomic::AtomicI64> {
        &self.connections
    }

    /// So many answers are kept, of so many bytes.
    pub(crate) fn kept(&self, (count, bytes): (usize, u64)) {
        self.held.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.held_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// So many tables are kept, of so many bytes.
    pub(crate) fn kept_tables(&self, (count, bytes): (usize, u64)) {
        self.tables.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.tables_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Something was refused that is no call.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ByReason { reason }).inc();
    }

    /// All of them as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_counted_until_it_is_its_turn() {
        let metrics = Metrics::default();
        let waiting = metrics.waits("analyze_a");
        assert!(metrics.text().contains("mcpcap_calls_waiting 1\n"));
        drop(waiting);
        let text = metrics.text();
        assert!(text.contains("mcpcap_calls_waiting 0\n"), "{text}");
        assert!(text.contains(r#"mcpcap_wait_seconds_count{tool="analyze_a"} 1"#), "{text}");
    }

    #[test]
    fn tools_that_come_and_go_have_few_labels() {
        let metrics = Metrics::default();
        for n in 0..1000 {
            metrics.begun();
            let tool = format!("tool_{n}");
            drop(metrics.waits(&tool));
            metrics.ended(&tool, 1.0, End { outcome: "ok", limit: Some("time"), capture: None, octets: 1, kept: None });
        }
        let text = metrics.text();
        assert!(text.contains(r#"mcpcap_calls_total{tool="(others)",outcome="ok"} 800"#), "{text}");
        for name in ["mcpcap_calls_total{", "mcpcap_limits_reached_total{", "mcpcap_wait_seconds_count{"] {
            assert_eq!(text.lines().filter(|line| line.starts_with(name)).count(), TOOLS + 1, "{name}");
        }
    }
}
