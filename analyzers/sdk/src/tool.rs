//! The trait that an analyzer implements, and how runs are driven through it.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::decode::Packet;
use crate::stats::{Window, within};
use crate::stream::{Connection, Event};
use crate::table::Table;
use crate::{Capture, Frame, Problem};

/// Whether more packets are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    More,
    /// Nothing further can change the report: no more is given, and reading ends where [`Tool::ENDS`] says that it may.
    Enough,
}

/// One tool of an analyzer: its description, and the state of one run.
///
/// A run is `open`, then `packet` for each frame that [`Tool::WANTS`] wants in the order of the file, with `stream` for each event of a TCP stream and
/// `key_log` for parts of key logs where it wants those, then `finish`. Nothing is kept between runs.
pub trait Tool: Sized + 'static {
    /// Name that MCP clients call, for example `analyze_dns_packets`.
    const NAME: &'static str;
    /// Title for people.
    const TITLE: &'static str;
    /// What question it answers and when to use it, for a language model.
    const DESCRIPTION: &'static str;
    /// The arguments without `pcap_file`. Derive `Deserialize` with `deny_unknown_fields` and `JsonSchema`.
    type Arguments: DeserializeOwned + JsonSchema;
    /// The report.
    type Report: Serialize + JsonSchema;

    /// Lists of the report that may be longer than a page: those for which the report's `pages` has a [`PageInfo`](crate::stats::PageInfo).
    const PAGED: &'static [&'static str] = &[];
    /// Lists of which the report holds the first entries, unless a page of one is asked for by name: for example `statistics.servers`. Make them
    /// with [`Lists`](crate::stats::Lists). Lists within entries, as `calls[].ladder`, belong here too; `findings[].frames` does by itself.
    const CUT: &'static [&'static str] = &[];

    /// The tables whose rows it gives, with [`table::add`](crate::table::add).
    const TABLES: &'static [&'static Table] = &[];

    /// The packets that it is given.
    const WANTS: Wants = Wants::ALL;
    /// When it may say [`Flow::Enough`] to end the reading of the capture.
    const ENDS: Ends = Ends::Never;

    /// Begins a run. `window` is the part of the lists in [`Self::PAGED`], or of one list of [`Self::CUT`], that is asked for.
    ///
    /// # Errors
    /// [`Problem::Arguments`] for values that fit the schema and still make no sense.
    fn open(arguments: Self::Arguments, window: Window) -> Result<Self, Problem>;

    /// Takes one frame with its packet: what is innermost in it, behind link layers, tags and tunnels.
    ///
    /// # Errors
    /// Only when the run cannot go on. What one packet has wrong belongs into the report.
    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem>;

    /// Takes what happened in a TCP stream, behind the packet that brought it; the last ones come behind all packets. [`States`](crate::stream::States)
    /// keeps what a tool has of each connection. Only of tools whose [`Tool::WANTS`] has `streams`.
    ///
    /// # Errors
    /// As [`Tool::packet`].
    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let _ = (connection, event);
        Ok(Flow::More)
    }

    /// Takes a part of a TLS key log, of the caller's or of the file's decryption secrets, before the packets that come with it. Parts may end anywhere;
    /// `ends`: the text ends with this one. Only of tools whose [`Tool::WANTS`] has `key_log`. Nothing of it may stand in a report.
    fn key_log(&mut self, part: &[u8], ends: bool) {
        let _ = (part, ends);
    }

    /// Ends the run.
    ///
    /// # Errors
    /// Only when there can be no report.
    fn finish(self, capture: &Capture) -> Result<Self::Report, Problem>;
}

/// Which packets a tool is given.
#[derive(Debug, Clone, Copy)]
pub struct Wants {
    /// Those with one of these transport headers; `None`: all frames, also those that hold no packet.
    pub transports: Option<&'static [TransportKind]>,
    /// Of these, those with one of these ports; none: with any. It goes for streams as well.
    pub ports: &'static [u16],
    /// With the events of TCP streams.
    pub streams: bool,
    /// With the header of each layer.
    pub headers: bool,
    /// With the Community ID of each packet ([`Packet::community`](crate::decode::Packet::community)).
    pub community_ids: bool,
    /// Whether the report shows the SHA-1 of the file, which takes time.
    pub sha1: bool,
    /// With TLS key logs, which the file may have and the argument `keylog_file` names.
    pub key_log: bool,
}

impl Wants {
    /// All frames.
    pub const ALL: Self = Self {
        transports: None,
        ports: &[],
        streams: false,
        headers: false,
        community_ids: false,
        sha1: false,
        key_log: false,
    };

    /// Packets with one of these transport headers.
    pub const fn of(transports: &'static [TransportKind]) -> Self {
        Self { transports: Some(transports), ..Self::ALL }
    }

    /// And the events of TCP streams.
    pub const fn and_streams(self) -> Self {
        Self { streams: true, ..self }
    }

    /// And key logs.
    pub const fn and_key_log(self) -> Self {
        Self { key_log: true, ..self }
    }
}

/// A transport header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the protocols'")]
pub enum TransportKind {
    Udp,
    Tcp,
    Icmp,
    Icmpv6,
}

impl TransportKind {
    /// Its name in the contract.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
        }
    }
}

/// When a tool may end the reading of the capture. The host waits for such a tool after each batch, so it costs time to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Never: when it has enough, it is given nothing more, and the capture is read to its end.
    Never,
    /// With any arguments.
    Always,
    /// When one of these arguments is given.
    With(&'static [&'static str]),
}

/// A prompt that a component offers.
#[derive(Debug, Clone, Copy)]
pub struct Prompt {
    /// Name that MCP clients ask for.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// One sentence on what it is for.
    pub description: &'static str,
    /// Arguments it takes.
    pub arguments: &'static [PromptArgument],
    /// Writes the text.
    pub text: fn(&PromptArguments) -> String,
}

/// An argument of a prompt. MCP gives all of them as strings.
#[derive(Debug, Clone, Copy)]
pub struct PromptArgument {
    /// Its name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Whether the prompt cannot do without.
    pub required: bool,
}

/// The values that a client gave for a prompt's arguments.
#[derive(Debug, Clone, Default)]
pub struct PromptArguments(serde_json::Map<String, Value>);

impl PromptArguments {
    /// Reads a JSON object of strings.
    ///
    /// # Errors
    /// [`Problem::Arguments`] when it is something else.
    pub fn from_json(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| Problem::argument("arguments", format!("must be a JSON object of strings: {error}")))
    }

    /// The value of an argument; `None` when it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|value| !value.is_empty())
    }
}

/// A run whose tool is no longer known by type.
pub trait Run {
    /// As [`Tool::packet`].
    #[doc(hidden)]
    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem>;
    /// As [`Tool::stream`].
    #[doc(hidden)]
    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem>;
    /// As [`Tool::key_log`].
    #[doc(hidden)]
    fn key_log(&mut self, part: &[u8], ends: bool);
    /// As [`Tool::finish`], with the report as JSON.
    #[doc(hidden)]
    fn finish(self: Box<Self>, capture: &Capture) -> Result<String, Problem>;
}

impl<T: Tool> Run for T {
    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        Tool::packet(self, frame, packet)
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        Tool::stream(self, connection, event)
    }

    fn key_log(&mut self, part: &[u8], ends: bool) {
        Tool::key_log(self, part, ends);
    }

    fn finish(self: Box<Self>, capture: &Capture) -> Result<String, Problem> {
        let report = Tool::finish(*self, capture)?;
        serde_json::to_string(&report).map_err(|error| Problem::Limit {
            limit: "report".into(),
            reason: format!("it cannot be written as JSON: {error}"),
        })
    }
}

/// A tool as [`component!`](crate::component!) lists it.
#[derive(Clone, Copy)]
pub struct ToolEntry {
    /// [`Tool::NAME`].
    pub name: &'static str,
    /// What `describe` says about it.
    pub describe: fn() -> Value,
    /// [`Tool::TABLES`].
    pub tables: &'static [&'static Table],
    /// [`Tool::WANTS`].
    pub wants: Wants,
    /// [`Tool::ENDS`].
    pub ends: Ends,
    /// Begins a run from JSON arguments.
    pub open: fn(&str) -> Result<Box<dyn Run>, Problem>,
}

impl ToolEntry {
    /// The entry of a tool.
    pub const fn of<T: Tool>() -> Self {
        Self {
            name: T::NAME,
            describe: crate::describe::tool::<T>,
            tables: T::TABLES,
            wants: T::WANTS,
            ends: T::ENDS,
            open: open::<T>,
        }
    }
}

/// The member of the arguments that holds the [`Window`].
const WINDOW: &str = "page";

fn open<T: Tool>(arguments: &str) -> Result<Box<dyn Run>, Problem> {
    let mut arguments: serde_json::Map<String, Value> =
        serde_json::from_str(arguments).map_err(|error| Problem::argument("arguments", error.to_string()))?;
    let window = arguments.remove(WINDOW).map_or(Ok(Window::default()), |window| fitting(window, WINDOW))?;
    within::begin(window.within.as_ref());
    Ok(Box::new(T::open(fitting(Value::Object(arguments), "arguments")?, window)?))
}

fn fitting<T: DeserializeOwned>(value: Value, name: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let argument = if path == "." { name.to_owned() } else { path };
        Problem::Arguments { argument, reason: error.into_inner().to_string() }
    })
}

/// Makes a crate an analyzer component: names its tools and prompts and exports the contract's functions.
///
/// The constants `TOOLS` and `PROMPTS` that it defines are there on every target, so that unit tests can use them; the
/// exports are there only when compiling to WebAssembly.
///
/// As in the [example](crate#an-analyzer-whole):
///
/// ```text
/// mcpcap_analyzer::component! { name: "ports", tools: [Ports], prompts: prompts::PROMPTS }
/// ```
#[macro_export]
macro_rules! component {
    (name: $name:literal, tools: [$($tool:ty),+ $(,)?], prompts: $prompts:expr $(,)?) => {
        /// The tools of this component.
        pub const TOOLS: &[$crate::ToolEntry] = &[$($crate::ToolEntry::of::<$tool>()),+];
        /// The prompts of this component.
        pub const PROMPTS: &[$crate::Prompt] = $prompts;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "wit-bindgen's exports are unsafe functions")]
        mod component_exports {
            struct Source;
            impl $crate::component::Source for Source {
                const NAME: &'static str = $name;
                const VERSION: &'static str = env!("CARGO_PKG_VERSION");
                const TOOLS: &'static [$crate::ToolEntry] = super::TOOLS;
                const PROMPTS: &'static [$crate::Prompt] = super::PROMPTS;
            }
            type Exports = $crate::component::Exports<Source>;
            $crate::component::bindings::export_decrypting_analyzer!(Exports with_types_in $crate::component::bindings);
        }
    };
}
