//! The tool `analyze_capinfos`: what is kept during a run, and how it becomes the report.

use mcpcap_analyzer::application::Conversations;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Wants, Window, schemars, time};
use serde::Deserialize;

use crate::encapsulation::Encapsulations;
use crate::report::{Count, Evicted, Limits, NameResolution, Report};
use crate::rows::PacketRow;
use crate::sizes::Sizes;
use crate::summary::Summary;
use crate::times::{Times, decimal_seconds};
use crate::{comments, file_type, findings, interfaces, lists, precision, protocols, rates, rows, sections};
use mcpcap_analyzer::hierarchy::{Ended, Hierarchy, names};
use mcpcap_analyzer::numbers::rounded;

/// It has no arguments: the figures are about the whole file.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {}

/// The state of a run.
#[derive(Default)]
pub struct Capinfos {
    encapsulations: Encapsulations,
    hierarchy: Hierarchy,
    conversations: Conversations,
    sizes: Sizes,
    times: Times,
    last_frame: u64,
    lists: Lists,
}

impl Capinfos {
    /// Counts a packet at its place in the hierarchy. What UDP and TCP carry is counted when its conversation ends.
    fn place(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let original = frame.original;
        let (place, whole) = self.hierarchy.add(packet.layers, names::inner(frame, packet), original);
        let hierarchy = &mut self.hierarchy;
        let number = u32::try_from(place).ok().filter(|_| whole);
        let counted = number.is_some_and(|number| {
            self.conversations.push(packet, number, original.into(), &mut |settled| hierarchy.settled(settled))
        });
        if !counted {
            hierarchy.ended(place, Ended { packets: 1, bytes: original.into(), first_frame: frame.number });
        }
    }
}

impl Tool for Capinfos {
    const NAME: &'static str = "analyze_capinfos";
    const TITLE: &'static str = "Capture file overview";
    const DESCRIPTION: &'static str = "Overview of a capture file: start here. Shows which protocols it holds, from \
        the link layer to the application (DNS, TLS, HTTP, SIP, SMB and more), with packets and bytes, and which \
        tool to call next for each. Also file format, hashes, time span, sizes, rates, interfaces, drops and \
        comments. Findings: what limits conclusions, such as dropped, cut or duplicate packets, a damaged file, \
        times that cannot be right.";
    type Arguments = Arguments;
    type Report = Report;
    const CUT: &'static [&'static str] = lists::ALL;
    const TABLES: &'static [&'static Table] = &[PacketRow::TABLE];
    const WANTS: Wants = Wants { sha1: true, ..Wants::ALL };

    fn open(_: Arguments, window: Window) -> Result<Self, Problem> {
        let lists = Lists::new(window);
        let (sizes, times, hierarchy) = (Sizes::new(&lists), Times::new(&lists), Hierarchy::new(&lists));
        Ok(Self { sizes, times, hierarchy, lists, ..Self::default() })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if rows::are_wanted() {
            rows::add(frame, packet);
            return Ok(Flow::More);
        }
        self.last_frame = frame.number;
        self.times.add(frame);
        self.sizes.add(frame);
        self.encapsulations.add(frame.link.link_type);
        self.place(frame, packet);
        Ok(Flow::More)
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        let hierarchy = &mut self.hierarchy;
        self.conversations.finish(&mut |settled| hierarchy.settled(settled));
        let summary = Summary::from_value(&capture.reader)?;
        let (sizes, times, mut lists) = (&self.sizes, &self.times, self.lists);
        let file_type = file_type::of(&summary);
        let (encapsulations, encapsulations_total) = self.encapsulations.list(&mut lists);
        let (protocols, protocols_total) = protocols::list(&self.hierarchy, sizes.packets, &mut lists);
        let [first, last, first_record, last_record] = times.moments(&summary);
        let (first_packet_time, first_packet_epoch, first_packet_frame) = split(first);
        let (last_packet_time, last_packet_epoch, last_packet_frame) = split(last);
        let duration = times.duration();
        let rates = rates::of(sizes.packets, sizes.original, duration, times.without.total());
        let packet_size = sizes.quantiles.summary();
        let decoding = capture.decoder.decoding(&mut lists);
        let copies = capture.decoder.copies(&mut lists);
        let mut findings = findings::all(&findings::Facts {
            times,
            sizes,
            summary: &summary,
            copies: copies.as_ref(),
            decoding: &decoding,
            failed: &capture.decoder.failed(),
            end: capture.end.as_ref(),
            last_frame: self.last_frame,
        });
        lists.frames_of(&mut findings, 0);
        let file = &capture.file;
        let interfaces = interfaces::list(&summary, &mut lists);
        let sections = sections::list(&summary, &mut lists);
        let snap_length = sizes.snap_length(&summary, &mut lists);
        let out_of_order = times.out_of_order(&mut lists);
        let time_gaps = times.gaps.report(&summary, &mut lists);
        let protocol_hierarchy = self.hierarchy.report(sizes.packets, &mut lists);
        let comments = comments::of(&summary, &mut lists);
        let evicted = Evicted {
            conversations: self.conversations.evicted(),
            announcements: self.conversations.announcements_evicted(),
        };
        Ok(Report {
            filename: file.name.clone(),
            file_size_bytes: file.size,
            compression: file.compression.clone(),
            uncompressed_size_bytes: file.compression.is_some().then_some(file.uncompressed_size),
            sha256: file.sha256.clone(),
            sha1: file.sha1.clone(),
            file_type: file_type.description,
            file_type_key: file_type.key,
            format_version: summary.version.clone(),
            byte_order: summary.byte_order.clone(),
            file_encapsulation: self.encapsulations.of_file(&summary),
            encapsulations,
            encapsulations_total,
            time_precision: precision::of_file(&summary),
            time_precision_digits: summary.time_digits,
            snap_length,
            packet_count: sizes.packets,
            data_size_bytes: sizes.original,
            captured_size_bytes: sizes.captured,
            protocols,
            protocols_total,
            first_packet_time,
            first_packet_epoch,
            first_packet_frame,
            last_packet_time,
            last_packet_epoch,
            last_packet_frame,
            first_record,
            last_record,
            capture_duration_seconds: duration.map(time::seconds),
            capture_duration_exact: duration.map(decimal_seconds),
            strict_time_order: times.in_order(),
            out_of_order,
            packets_without_time: times.without.total(),
            time_gaps,
            data_rate_bytes: rates.bytes,
            data_rate_bits: rates.bits,
            average_packet_rate: rates.packets,
            // A filter may have left nothing of a capture that has packets.
            rates_absent_because: capture.nothing_chosen().or(rates.absent_because),
            average_packet_size_bytes: packet_size.map(|size| rounded(size.mean, 2)),
            packet_size,
            packet_size_distribution: sizes.distribution(),
            drops: interfaces::drops(&summary),
            protocol_hierarchy,
            decoding,
            copies,
            interface_count: summary.interfaces_total(),
            interfaces,
            section_count: sections::count(&summary),
            sections,
            comments: comments.filter(|comments| comments.total > 0),
            blocks: blocks(&summary),
            name_resolution: summary
                .names
                .map(|names| NameResolution { ipv4: names.ipv4, ipv6: names.ipv6 })
                .filter(|names| names.ipv4 > 0 || names.ipv6 > 0),
            decryption_secrets: summary
                .secrets
                .iter()
                .map(|secret| Count { name: secret.kind.clone(), count: secret.count })
                .collect(),
            findings,
            limits: Limits { evicted },
            pages: lists.into_pages(),
        })
    }
}

fn split(moment: Option<crate::times::Moment>) -> (Option<String>, Option<String>, Option<u64>) {
    moment.map_or((None, None, None), |moment| (Some(moment.time), Some(moment.epoch), Some(moment.frame)))
}

fn blocks(summary: &Summary) -> Vec<Count> {
    let counts = summary.blocks.iter().filter_map(|(name, count)| Some((name, count.as_u64()?)));
    counts.filter(|(_, count)| *count > 0).map(|(name, count)| Count { name: name.clone(), count }).collect()
}
