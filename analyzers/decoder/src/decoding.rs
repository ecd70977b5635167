//! A run of the decoder: from frames to columns.

use mcpcap_analyzer::columns::{Frames, Packets, StreamWriter, Streams, Writer};
use mcpcap_analyzer::decode::{Decoder, Packet, Summary};
use mcpcap_analyzer::links::Links;
use mcpcap_analyzer::stream::{self, Statistics};
use mcpcap_analyzer::{Link, Problem, Window, community};
use serde::{Deserialize, Serialize};

use crate::Choice;

/// What is asked of the decoder; `wit/README.md` has the members.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// An address or network that packets are about.
    host: Option<String>,
    /// A port of TCP or UDP that they are about.
    port: Option<u16>,
    /// Whether packets that were captured several times are packets like others.
    count_copies: bool,
    /// Whether the header of each layer is wanted.
    headers: bool,
    /// Whether the Community ID of each packet is wanted.
    community_ids: bool,
    /// Whether what happens in TCP streams is wanted.
    streams: bool,
    /// The part of the lists about copies that is asked for.
    page: Window,
}

/// A run.
pub struct Decoding {
    decoder: Decoder,
    choice: Option<Choice>,
    headers: bool,
    community_ids: bool,
    streams: Option<stream::Streams>,
    /// The last frame that was taken.
    last: u64,
    page: Window,
    links: Links,
}

/// What is told at the end.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    of_frames: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<Statistics>,
}

impl Decoding {
    /// Begins one. `options` is a JSON object.
    ///
    /// # Errors
    /// [`Problem::Arguments`] for an option that is unknown or makes no sense.
    pub fn open(options: &str) -> Result<Self, Problem> {
        let Options { host, port, count_copies, headers, community_ids, streams, page } =
            serde_json::from_str(options).map_err(|error| Problem::argument("options", error.to_string()))?;
        let is_choosing = host.is_some() || port.is_some();
        Ok(Self {
            decoder: Decoder::new().counting_copies(count_copies).listing(&page),
            choice: is_choosing.then(|| Choice::new(host.as_deref(), port)).transpose()?,
            headers,
            community_ids,
            streams: streams.then(stream::Streams::new),
            last: 0,
            page,
            links: Links::default(),
        })
    }

    /// Adds the links that the next batch declares.
    pub fn links(&mut self, links: impl IntoIterator<Item = Link>) {
        self.links.extend(links);
    }

    /// The packets of the frames of a batch that are chosen, and what they bring of streams. `position` is the offset of `data` in the capture.
    ///
    /// # Errors
    /// [`Problem::Input`] for a frame outside of its batch, which is a defect of the host.
    pub fn take(&mut self, frames: &Frames, position: u64, data: &[u8]) -> Result<(Packets, Streams), Problem> {
        let count = frames.number.len();
        let (mut writer, mut events) = (Writer::new(count, data.len()), StreamWriter::new(count));
        for (row, number) in (0_u32..).zip(&frames.number) {
            let frame = frames.frame(row as usize, position, data, |place| self.links.get(place));
            let (Some(frame), Some(offset)) = (frame, frames.offset.get(row as usize)) else {
                let reason = "the frame is outside its batch".into();
                return Err(Problem::Input { offset: None, frame: Some(*number), reason });
            };
            let choice = self.choice.as_ref();
            let is_chosen = |packet: &Packet<'_>| choice.is_none_or(|choice| choice.takes(packet));
            let decoded = self.decoder.take(&frame, Some(data), self.headers, &is_chosen);
            if decoded.is_chosen {
                writer.add(row, *offset, &decoded);
                if self.community_ids {
                    writer.add_community(community::of_packet(&decoded.packet));
                }
                if let (Some(streams), None) = (&mut self.streams, decoded.packet.copy_of) {
                    streams.push(&decoded.packet, frame.is_cut(), &mut |connection, event| {
                        events.add(*number, connection, event, data);
                    });
                }
            }
            self.last = *number;
        }
        self.decoder.settle(data);
        self.links.forget();
        Ok((writer.into_packets(), events.into_streams()))
    }

    /// What streams still hold, and their ends.
    pub fn end(&mut self) -> Streams {
        let mut events = StreamWriter::default();
        if let Some(streams) = &mut self.streams {
            let last = self.last;
            streams.finish(&mut |connection, event| events.add(last, connection, event, &[]));
        }
        events.into_streams()
    }

    /// How decoding went, as a JSON object.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn summary(&self) -> Result<String, Problem> {
        let streams = self.streams.as_ref().map(stream::Streams::statistics);
        let told = Told { of_frames: self.decoder.summary(self.page.clone()), streams };
        serde_json::to_string(&told).map_err(|error| Problem::Limit {
            limit: "summary".into(),
            reason: format!("it cannot be written as JSON: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::harness::{build, frames};
    use mcpcap_analyzer::{Flow, Link};

    use super::*;

    fn summary(capture: &[u8], options: &str) -> (Vec<u64>, serde_json::Value) {
        let mut decoding = Decoding::open(options).unwrap();
        decoding.links([Link { link_type: 1, ..Link::default() }]);
        let mut chosen = Vec::new();
        frames(capture, |frame| {
            let columns = Frames {
                number: vec![frame.number],
                timestamp: vec![frame.timestamp.unwrap_or(u64::MAX)],
                offset: vec![0],
                captured: vec![frame.data.len() as u32],
                original: vec![frame.original],
                link: vec![0],
                flags: vec![0],
            };
            let (packets, _) = decoding.take(&columns, 0, frame.data).unwrap();
            chosen.extend(packets.row.iter().map(|_| frame.number));
            Ok(Flow::More)
        })
        .unwrap();
        (chosen, serde_json::from_str(&decoding.summary().unwrap()).unwrap())
    }

    #[test]
    fn what_is_counted_is_what_was_chosen() {
        let packet = |host: &str| build::udp((host, 5000), ("198.51.100.9", 53), b"the same twice");
        let twice = |host: &str, time: u64| [(time, packet(host)), (time + 5, packet(host))];
        let capture = build::pcap(&[twice("192.0.2.1", 0), twice("192.0.2.2", 1_000_000)].concat());
        let (all, whole) = summary(&capture, "{}");
        assert_eq!(
            (all, &whole["decoding"]["frames"], &whole["copies"]["frames"]),
            (vec![1, 2, 3, 4], &4.into(), &2.into())
        );
        let (some, of_one) = summary(&capture, r#"{"host":"192.0.2.2"}"#);
        assert_eq!(
            (some, &of_one["decoding"]["frames"], &of_one["copies"]["frames"]),
            (vec![3, 4], &2.into(), &1.into())
        );
        assert_eq!(of_one["copies"]["first"], serde_json::json!([{ "frame": 4, "copy_of": 3 }]));
        let (each, counted) = summary(&capture, r#"{"count_copies":true}"#);
        assert_eq!((each.len(), counted.get("copies")), (4, None));
    }

    /// The specification's own example, and a frame without IP.
    #[test]
    fn community_ids_are_made_for_those_that_ask() {
        let segment = build::tcp(("128.232.110.120", 34_855), ("66.35.250.204", 80), 0x10, (1, 1), b"x");
        let data = [segment.clone(), vec![0; 60]].concat();
        let length = segment.len() as u32;
        let frames = Frames {
            number: vec![1, 2],
            timestamp: vec![0; 2],
            offset: vec![0, length],
            captured: vec![length, 60],
            original: vec![length, 60],
            link: vec![0; 2],
            flags: vec![0; 2],
        };
        let taken = |options: &str| {
            let mut decoding = Decoding::open(options).unwrap();
            decoding.links([Link { link_type: 1, ..Link::default() }]);
            decoding.take(&frames, 0, &data).unwrap().0
        };
        assert!(taken("{}").community.is_empty());
        let packets = taken(r#"{"community_ids":true}"#);
        let (hashes, _) = packets.community.as_chunks::<20>();
        assert_eq!((community::text(&hashes[0]).as_str(), hashes[1]), ("1:LQU9qZlK+B5F3KDmev6m5PMibrg=", [0; 20]));
        let stacks = mcpcap_analyzer::columns::Stacks::of(&packets).unwrap();
        let link = Link { link_type: 1, ..Link::default() };
        let mut rows = mcpcap_analyzer::columns::Rows::new(&frames, &packets, &stacks, 0, &data);
        let mut read = || rows.next(|_| Some(&link)).unwrap().unwrap().1.community;
        assert_eq!([read(), read()], [Some(&hashes[0]), None]);
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for options in ["", "{", r#"{"hosts":"192.0.2.1"}"#, r#"{"host":"router"}"#, r#"{"port":70000}"#] {
            assert!(Decoding::open(options).is_err(), "{options}");
        }
    }

    /// Bytes of the largest answer of a component that the host takes, unless it is told otherwise.
    const ANSWER: usize = 16 << 20;

    /// One byte in each segment, and a hole before each: the most events for what may wait.
    #[test]
    fn what_waited_comes_out_within_one_answer() {
        let (client, server) = (|port: u32| ("192.0.2.1", port as u16 + 1), ("192.0.2.2", 80));
        let segment = |n: u32| build::tcp(client(n % 12), server, 0x10, (10 + n / 12 * 2, 1), b"x");
        // Of an end that is not heard nothing is waited for.
        let heard = |port: u32| build::tcp(server, client(port), 0x10, (1, 8), b"x");
        let frames: Vec<Vec<u8>> =
            (0..24).map(segment).chain((0..12).map(heard)).chain((24..66_000).map(segment)).collect();
        let mut decoding = Decoding::open(r#"{"streams":true}"#).unwrap();
        decoding.links([Link { link_type: 1, ..Link::default() }]);
        let data = frames.concat();
        let (count, length) = (frames.len(), frames[0].len());
        let columns = Frames {
            number: (1..=count as u64).collect(),
            timestamp: vec![0; count],
            offset: (0..count).map(|row| (row * length) as u32).collect(),
            captured: vec![length as u32; count],
            original: vec![length as u32; count],
            link: vec![0; count],
            flags: vec![0; count],
        };
        let (_, before) = decoding.take(&columns, 0, &data).unwrap();
        let end = decoding.end();
        let given = |streams: &Streams| streams.kind.iter().filter(|kind| **kind <= 2).count();
        assert_eq!(given(&before) + given(&end), count);
        assert!(given(&end) > 50_000, "{}", given(&end));
        // Numbers of an event, and of a connection, in the columns.
        let size = end.kind.len() * 58 + end.id.len() * 78 + end.joined.len();
        assert!(size < ANSWER / 2, "{size}");
    }
}
