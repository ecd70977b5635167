//! Metrics in the text format of OpenMetrics, which Prometheus reads. Labels have few values: nothing a caller or a capture says is one.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::End;

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
    connections: Gauge,
    refused: Family<ByReason, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("mcpcap");
        // From a small capture to the limit of a run.
        let buckets = || Histogram::new([0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0, 600.0]);
        let metrics = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            octets: Family::default(),
            limits: Family::default(),
            running: Gauge::default(),
            connections: Gauge::<i64>::default(),
            refused: Family::default(),
            registry: Registry::default(),
        };
        registry.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("calls", "Calls of tools that have ended", metrics.calls.clone());
        registry.register_with_unit("call", "Time of calls, waiting included", Unit::Seconds, metrics.seconds.clone());
        registry.register_with_unit("capture", "Octets of captures read", Unit::Bytes, metrics.octets.clone());
        registry.register("limits_reached", "Calls that reached a limit", metrics.limits.clone());
        registry.register("calls_in_progress", "Calls that wait or run", metrics.running.clone());
        registry.register("http_connections", "Connections that are open", metrics.connections.clone());
        registry.register("http_refused", "Requests that were refused before MCP", metrics.refused.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    pub(super) fn begun(&self) {
        self.running.inc();
    }

    pub(super) fn ended(&self, tool: &str, seconds: f64, end: End<'_>) {
        self.running.dec();
        let by_tool = ByTool { tool: tool.into() };
        self.calls.get_or_create(&ByOutcome { tool: tool.into(), outcome: end.outcome }).inc();
        self.octets.get_or_create(&by_tool).inc_by(end.octets);
        self.seconds.get_or_create(&by_tool).observe(seconds);
        if let Some(limit) = end.limit {
            self.limits.get_or_create(&ByLimit { tool: tool.into(), limit: limit.into() }).inc();
        }
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> &Gauge<i64, std::sync::atomic::AtomicI64> {
        &self.connections
    }

    /// A request was refused before MCP saw it.
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
