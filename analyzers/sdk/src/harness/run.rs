//! A run of a tool: through the same reader and decoder as in the host, and the same columns.

use serde_json::{Value, json};

use super::{batches, frames, input};
use crate::columns::{Frames, Packets, StreamWriter, Streams, Writer};
use crate::decode::{Decoder, Packet, Transport};
use crate::feed::Batch;
use crate::stream::{self, Connection};
use crate::{Capture, Ends, Flow, Problem, Run, Tool, ToolEntry, TransportKind, Wants, Window, community};

/// Runs a tool over a capture (pcap or pcapng, not compressed) and gives its report.
///
/// # Errors
/// As the tool fails, and [`Problem::Input`] when the reader does not know the bytes.
pub fn run<T: Tool>(capture: &[u8], arguments: &Value) -> Result<Value, Problem> {
    run_with::<T>(capture, arguments, &[])
}

/// The same with a TLS key log, as the argument `keylog_file` names them.
///
/// # Errors
/// As [`run`].
pub fn run_with<T: Tool>(capture: &[u8], arguments: &Value, key_log: &[u8]) -> Result<Value, Problem> {
    let (report, _) = run_tool(&ToolEntry::of::<T>(), capture, arguments, key_log)?;
    serde_json::from_str(&report).map_err(|error| input(&error.to_string()))
}

/// The same for a tool that is not known by type: its report as JSON, and the number of frames that were read.
///
/// # Errors
/// As [`run`].
pub fn run_tool(tool: &ToolEntry, capture: &[u8], arguments: &Value, key_log: &[u8]) -> Result<(String, u64), Problem> {
    let mut run = (tool.open)(&arguments.to_string())?;
    let count_copies = arguments.get("count_copies").and_then(Value::as_bool).unwrap_or_default();
    let window: Window =
        arguments.get("page").and_then(|page| serde_json::from_value(page.clone()).ok()).unwrap_or_default();
    let mut decoder = Decoder::new().counting_copies(count_copies).listing(&window);
    let (mut delivered, mut is_fed, mut streams) = (0, true, stream::Streams::new());
    if tool.wants.key_log && !key_log.is_empty() {
        run.key_log(key_log, true);
    }
    let page = arguments.get("page").cloned().unwrap_or_else(|| json!({}));
    let (count, summary, end) = batches(capture, &page, |batch| {
        let mut writer = Writer::new(batch.frames.number.len(), batch.data.len());
        let (mut wanted, mut events) = (Frames::default(), StreamWriter::new(batch.frames.number.len()));
        for row in 0..batch.frames.number.len() {
            let frame = batch.frame(row);
            let decoded = decoder.take(&frame, Some(batch.data), tool.wants.headers, &|_| true);
            if wants(&tool.wants, &decoded.packet) {
                writer.add(wanted.number.len() as u32, batch.frames.offset[row], &decoded);
                if tool.wants.community_ids {
                    writer.add_community(community::of_packet(&decoded.packet));
                }
                wanted.push(&batch.frames, row);
            }
            if tool.wants.streams && decoded.packet.copy_of.is_none() {
                streams.push(&decoded.packet, frame.is_cut(), &mut |connection, event| {
                    if wants_stream(&tool.wants, connection) {
                        events.add(frame.number, connection, event, batch.data);
                    }
                });
            }
        }
        decoder.settle(batch.data);
        delivered += batch.frames.number.len() as u64;
        let (packets, streams) = (&writer.into_packets(), &events.into_streams());
        if tool.wants.key_log && !batch.key_log.is_empty() {
            run.key_log(&batch.key_log, true);
        }
        let fed = Batch { position: batch.position, data: batch.data, frames: &wanted, packets, streams };
        is_fed = is_fed && fed.feed(&mut *run, |position| batch.links.get(position as usize))? == Flow::More;
        let ends = match tool.ends {
            Ends::Never => false,
            Ends::Always => true,
            Ends::With(names) => names.iter().any(|name| arguments.get(name).is_some_and(|value| !value.is_null())),
        };
        Ok(if is_fed || !ends { Flow::More } else { Flow::Enough })
    })?;
    if is_fed && tool.wants.streams {
        let mut events = StreamWriter::default();
        streams.finish(&mut |connection, event| {
            if wants_stream(&tool.wants, connection) {
                events.add(count, connection, event, &[]);
            }
        });
        end_of(&mut *run, &events.into_streams())?;
    }
    let mut document = json!({
        "file": { "name": "test.pcap", "size": capture.len(), "uncompressed_size": capture.len() },
        "frames": { "read": count, "delivered": delivered },
        "reader": summary,
        "decoder": decoder.summary(window),
    });
    document["decoder"]["streams"] = json!(streams.statistics());
    if let Some(end) = end {
        document["end"] = end;
    }
    Ok((run.finish(&Capture::from_json(&document.to_string())?)?, count))
}

fn end_of(run: &mut dyn Run, streams: &Streams) -> Result<Flow, Problem> {
    let (frames, packets) = (&Frames::default(), &Packets::default());
    Batch { position: 0, data: &[], frames, packets, streams }.feed(run, |_| None)
}

/// How far a tool reads that may end the reading, frame by frame: the number of frames, and why reading ended early, if it did.
///
/// # Errors
/// As [`run`].
pub fn read_to<T: Tool>(capture: &[u8], arguments: &Value) -> Result<(u64, Option<Value>), Problem> {
    let mut run = (ToolEntry::of::<T>().open)(&arguments.to_string())?;
    let (mut decoder, mut streams) = (Decoder::new(), stream::Streams::new());
    let mut count = 0;
    let (.., end) = frames(capture, |frame| {
        count += 1;
        let packet = decoder.decode(frame);
        let mut flow = Run::packet(&mut *run, frame, &packet);
        if T::WANTS.streams && packet.copy_of.is_none() {
            streams.push(&packet, frame.is_cut(), &mut |connection, event| {
                if matches!(flow, Ok(Flow::More)) {
                    flow = run.stream(connection, event);
                }
            });
        }
        flow
    })?;
    Ok((count, end))
}

/// Whether the host gives a packet to a tool.
fn wants(wants: &Wants, packet: &Packet<'_>) -> bool {
    let transport = match &packet.transport {
        Transport::Udp(_) => Some(TransportKind::Udp),
        Transport::Tcp(_) => Some(TransportKind::Tcp),
        Transport::Icmp(_) => Some(TransportKind::Icmp),
        Transport::Icmpv6(_) => Some(TransportKind::Icmpv6),
        Transport::None => None,
    };
    wants.transports.is_none_or(|wanted| transport.is_some_and(|transport| wanted.contains(&transport)))
        && wants_ports(wants, packet.ports().unwrap_or_default())
}

/// Whether the host gives events of a connection to a tool that wants streams.
fn wants_stream(wants: &Wants, connection: &Connection) -> bool {
    wants_ports(wants, (connection.client.port, connection.server.port))
}

fn wants_ports(wants: &Wants, (a, b): (u16, u16)) -> bool {
    wants.ports.is_empty() || wants.ports.contains(&a) || wants.ports.contains(&b)
}
