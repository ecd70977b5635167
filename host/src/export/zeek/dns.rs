//! `dns.log`: a query with its response, or a message that belongs to none, of the table `dns`.

mod answer;
mod names;

use std::borrow::Cow;
use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::line::{Lines, of_milliseconds};
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `dns`.
    Of of "dns" {
        time, latency_ms, service, transport, client, client_port, server, server_port, community_id, connection, id, opcode, name,
        qtype, qtype_number, qclass_number, rcode_number, answers, ttls, answer_types, answer_name, answers_total, query_size,
        is_authoritative, query_truncated, recursion_desired, recursion_available, z, is_rejected,
    }
}

/// Lines of DNS.
pub(super) struct Dns;

impl Make for Dns {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            // Zeek follows standard queries alone.
            if of.opcode.text(row) != Some("QUERY") {
                continue;
            }
            let Some(ends) = ends((of.client, of.client_port), (of.server, of.server_port), row) else { continue };
            let has_query = of.query_size.integer(row).is_some();
            // Members of a group answer it without being asked: who sends begins.
            let ends = if of.service.text(row) == Some("mdns") && !has_query { ends.turned() } else { ends };
            let community_id = of.community_id.text(row).unwrap_or_default();
            let uid = Uid::of_connection(capture, community_id, of.connection.integer(row));
            lines.ts(of.time.time(row));
            lines.connection(&uid, ends);
            lines.text("proto", of.transport.text(row));
            lines.count("trans_id", Some(of.id.count(row)));
            let has_answers = of.answers_total.count(row) > 0;
            let rtt = of.latency_ms.float(row).filter(|_| has_answers).map(of_milliseconds);
            lines.interval("rtt", rtt.filter(|rtt| *rtt > 0));
            let asked = of.name.text(row).filter(|_| has_query);
            let answered = of.answer_name.text(row).filter(|_| has_answers);
            let rejected = of.is_rejected.truth(row).unwrap_or_default();
            let name = asked.or(answered);
            lines.text("query", name.map(|name| if name == "." { "" } else { name }));
            let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
            if has_query && asked.is_some() {
                let (class, kind) = (number(of.qclass_number.integer(row)), number(of.qtype_number.integer(row)));
                lines.count("qclass", class);
                lines.text("qclass_name", class.map(names::class).as_deref());
                lines.count("qtype", kind);
                lines.text("qtype_name", kind.map(|kind| names::kind(kind, of.qtype.text(row))).as_deref());
            }
            let rcode = number(of.rcode_number.integer(row));
            lines.count("rcode", rcode);
            lines.text("rcode_name", rcode.map(names::rcode).as_deref());
            let is = |answers: bool, bit: Option<bool>| Some(answers && bit.unwrap_or_default());
            lines.truth("AA", is(has_answers, of.is_authoritative.truth(row)));
            lines.truth("TC", is(has_query, of.query_truncated.truth(row)));
            lines.truth("RD", is(has_query, of.recursion_desired.truth(row)));
            lines.truth("RA", is(has_answers, of.recursion_available.truth(row)));
            lines.count("Z", Some(if has_query { of.z.count(row) } else { 0 }));
            answers(&of, row, name.unwrap_or_default(), lines);
            lines.truth("rejected", Some(rejected));
            lines.end()?;
        }
        Ok(())
    }
}

/// Writes what was answered, and how long each may be kept.
fn answers(of: &Of<'_>, row: usize, name: &str, lines: &mut Lines<'_>) {
    let (Some(texts), Some(kinds)) = (of.answers.texts(row), of.answer_types.texts(row)) else { return };
    let ttls = of.ttls.integers(row).unwrap_or_default().iter();
    let told: Vec<(Cow<'_, str>, i64)> = texts
        .zip(kinds)
        .zip(ttls)
        .filter_map(|((text, kind), ttl)| Some((answer::text(kind, text, name)?, *ttl)))
        .collect();
    if !told.is_empty() {
        lines.texts("answers", Some(told.iter().map(|(text, _)| &**text)));
        lines.all_seconds("TTLs", told.iter().map(|(_, ttl)| *ttl));
    }
}
