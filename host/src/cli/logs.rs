//! The log: lines for people, or of JSON for machines. It goes to standard error only.

use std::fmt;

use clap::ValueEnum;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, fmt as logs};
use tracing_subscriber::registry::LookupSpan;

use crate::text;
use crate::text::terminal;

/// What a line of the log is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for people
    #[default]
    Text,
    /// An object of JSON
    Json,
}

/// Begins the log. `MCPCAP_LOG` says what is told: `debug`, `mcpcap=trace` and so on.
pub fn begin(format: Format, usual: &str) {
    let filter = EnvFilter::try_from_env("MCPCAP_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // Colours are commands to the terminal, of which no other may pass.
    let log = logs().with_env_filter(filter).with_writer(|| terminal::Log).with_ansi(false);
    match format {
        Format::Text => log.init(),
        Format::Json => {
            log.event_format(Json).init();
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        }
    }
}

/// Says why the program ends.
pub fn fail(format: Format, message: &str) {
    match format {
        Format::Text => terminal::complain(&format!("Error: {message}\n")),
        Format::Json => {
            terminal::complain(&line("ERROR", "mcpcap", Map::from_iter([("message".into(), message.into())])))
        }
    }
}

/// Lines of JSON: `time` (RFC 3339, UTC), `level`, `target`, `message`, and what else belongs to the event.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        out.write_str(&line(event.metadata().level().as_str(), event.metadata().target(), fields.0))
    }
}

fn line(level: &str, target: &str, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    for (name, text) in [("time", time.as_str()), ("level", level), ("target", target)] {
        line.insert(name.into(), text.into());
    }
    line.extend(fields);
    text::json(&line.into()) + "\n"
}

/// The fields of an event.
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().into(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
}
