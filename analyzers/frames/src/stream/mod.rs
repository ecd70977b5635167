//! `get_stream`: its arguments, how the conversation is found, its report.

mod choice;
mod follow;
mod pieces;
mod report;
mod slot;
mod tunnel;
mod what;

use mcpcap_analyzer::application::{Conversations, Settled};
use mcpcap_analyzer::decode::{Packet, Transport};
use mcpcap_analyzer::schemars::{Schema, SchemaGenerator, json_schema};
use mcpcap_analyzer::stats::{Beyond, BoundedMap, Lists, Part};
use mcpcap_analyzer::stream::{Connection, Event, Identity, Tracker};
use mcpcap_analyzer::{Capture, Ends, Flow, Frame, JsonSchema, Problem, Tool, Wants, Window, schemars};
use serde::Deserialize;

use choice::{Choice, Kind};
use follow::{deliver, settle};
use pieces::{Form, Room, Wanted};
use report::Report;
use slot::{Id, Slot};

/// Conversations that are kept as long as it is not known which one is asked for. Each takes up to 10 kB besides its pieces; with those, what
/// waits in streams, and the recognition of protocols, that stays below 52 MiB of the 64 that the host allows.
const CANDIDATES: usize = 2048;
/// Memory in bytes for the pieces of all of them.
const ROOM: usize = 12 << 20;
/// Other connections between the same ends that are named first.
const OTHERS: usize = 20;
/// Their list.
const OTHER_CONNECTIONS: &str = "other_connections";
/// Parts of the chosen conversation whose protocols are kept: more than one has but in a capture made for it.
const SETTLED: usize = 64;
/// The place of packets that are not asked for, in the recognition of protocols.
const ELSEWHERE: u32 = u32::MAX;

/// What may be asked of `get_stream`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// A TCP connection's `id`.
    #[serde(default)]
    pub connection: Option<u64>,
    /// Or a frame of it.
    #[serde(default)]
    pub frame: Option<u64>,
    /// Or one end, "ip:port" or "ip".
    #[serde(default)]
    pub client: Option<String>,
    /// The other end.
    #[serde(default)]
    pub server: Option<String>,
    /// icmp, dns: what a tunnel between two hosts carries.
    #[serde(default)]
    #[schemars(schema_with = "kinds")]
    pub protocol: Option<Kind>,
    /// Default text.
    #[serde(default, rename = "as")]
    #[schemars(schema_with = "forms")]
    pub form: Option<Form>,
}

/// Short schemas: what a model reads of a tool costs room in each conversation.
fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["tcp", "udp", "icmp", "dns"] })
}

fn forms(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["text", "hex"] })
}

/// One run of `get_stream`.
pub struct GetStream {
    connections: Tracker<Identity>,
    protocols: Conversations,
    choice: Choice,
    kind: Option<Kind>,
    wanted: Wanted,
    room: Room,
    slots: BoundedMap<Id, Slot>,
    places: u32,
    /// Conversations that had to make room.
    evicted: u64,
    chosen: Option<Id>,
    /// What the packets of the chosen one are, as far as that is settled.
    settled: Vec<Settled>,
    /// Connections that fit, by number.
    fitting: Beyond<u64>,
    lists: Lists,
}

impl Tool for GetStream {
    const NAME: &'static str = "get_stream";
    const TITLE: &'static str = "One conversation's data";
    const DESCRIPTION: &'static str = "Shows what both ends of one TCP connection or UDP conversation sent, put together and in order, with holes and \
        frame numbers, and says what it is (HTTP, TLS with server name, SSH, SMB, FTP ...). Use it to read a session that another tool names. \
        `protocol` icmp or dns looks into tunnels.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["pieces"];
    const CUT: &'static [&'static str] = &[OTHER_CONNECTIONS, pieces::FRAME_LIST];

    const WANTS: Wants = Wants::ALL.and_streams();
    const ENDS: Ends = Ends::Always;

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let (client, server) = (arguments.client.as_deref(), arguments.server.as_deref());
        let choice = Choice::read(arguments.connection, arguments.frame, client, server)?;
        if matches!(choice, Choice::Connection(_)) && arguments.protocol.is_some_and(|kind| kind != Kind::Tcp) {
            return Err(Problem::argument("protocol", "must be tcp, or absent, with `connection`"));
        }
        let wanted = Wanted::new(arguments.form.unwrap_or_default(), &window);
        let lists = Lists::new(window);
        let Part { offset, limit } = lists.part(OTHER_CONNECTIONS, OTHERS);
        // The one that is shown may be among them.
        let fitting = Beyond::new(Part { offset, limit: limit.saturating_add(1) });
        Ok(Self {
            connections: Tracker::new(),
            protocols: Conversations::new(),
            choice,
            kind: arguments.protocol,
            wanted,
            room: Room(ROOM),
            slots: BoundedMap::new(CANDIDATES),
            places: 0,
            evicted: 0,
            chosen: None,
            settled: Vec::new(),
            fitting,
            lists,
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        let at = match &packet.transport {
            Transport::Tcp(tcp) => self.segment(packet, tcp),
            _ if packet.copy_of.is_some() => None,
            Transport::Udp(_) => self.datagram(packet),
            Transport::Icmp(_) | Transport::Icmpv6(_) => self.echo(packet),
            _ => None,
        };
        if let (None, Choice::Frame(number)) = (&self.chosen, self.choice) {
            if number == frame.number {
                self.chosen = at;
            }
            // It belongs to no conversation, or is not among the frames that other arguments choose.
            if self.chosen.is_none() && number <= frame.number {
                return Ok(Flow::Enough);
            }
        }
        Ok(if self.is_over() { Flow::Enough } else { Flow::More })
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { slots, wanted, room, .. } = self;
        deliver(slots, connection, event, wanted, room);
        Ok(if self.is_over() { Flow::Enough } else { Flow::More })
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        if self.chosen.is_none() && !matches!(self.choice, Choice::Frame(_)) {
            // The one that carries most, of the kind that comes first.
            let found = self
                .slots
                .iter()
                .rev()
                .max_by_key(|(id, slot)| (slot.pieces.bytes() > 0, id.kind(), slot.pieces.bytes()));
            self.chosen = found.map(|(id, _)| id.clone());
        }
        let chosen = self.chosen.take().and_then(|id| self.slots.remove(&id).map(|slot| (id, slot)));
        let Some((id, mut slot)) = chosen else {
            return Ok(Report {
                message: Some(self.nothing(capture)),
                pages: vec![self.page(0, 0)],
                ..Report::default()
            });
        };
        slot.pieces.close(&self.wanted, &mut self.room);
        let settled = &mut self.settled;
        self.protocols.finish(&mut |part| {
            if part.place == slot.place {
                settle(settled, part);
            }
        });
        let others = self.others(&id);
        Ok(self.report(&id, &slot, others))
    }
}
