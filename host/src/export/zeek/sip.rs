//! `sip.log`: a response with its request, or a request that nobody answered, of the table `sip`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::line::{Ends, Lines};
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `sip`.
    Of of "sip" {
        frame, time, source, source_port, destination, destination_port, community_id, connection, method, status, reason, uri, call_id, cseq,
        from_header, to_header, date, reply_to, subject, warning, vias, user_agent, content_type, content_length, request_frame, retransmission_of,
    }
}

/// Requests that wait for their responses. The oldest makes room.
const OPEN: usize = 10_000;
/// Connections whose requests are counted. The one that began first makes room.
const CONNECTIONS: usize = 10_000;

/// A request.
struct Request {
    time: Option<i64>,
    connection: (Uid, Ends),
    depth: u64,
    method: String,
    uri: Option<String>,
    from: String,
    to: String,
    call_id: String,
    seq: String,
    others: [Option<String>; 3],
    path: Vec<String>,
    user_agent: Option<String>,
    length: Option<u64>,
    /// Whether a line was written with a response to it.
    is_told: bool,
}

/// What a line has of a response.
struct Response<'a> {
    status: Option<u64>,
    reason: Option<&'a str>,
    from: &'a str,
    to: &'a str,
    path: Vec<&'a str>,
    warning: Option<&'a str>,
    length: Option<u64>,
    content_type: Option<&'a str>,
}

/// A header without the tag, and a Via without its branch.
fn before<'t>(text: &'t str, parameter: &str) -> &'t str {
    let found = text.match_indices(';').find(|(place, _)| {
        let rest = text.get(place.saturating_add(1)..).unwrap_or_default();
        rest.strip_prefix(' ').unwrap_or(rest).starts_with(parameter)
    });
    found.and_then(|(place, _)| text.get(..place)).unwrap_or(text)
}

impl Request {
    fn write(&self, response: Option<&Response<'_>>, lines: &mut Lines<'_>) -> io::Result<()> {
        lines.ts(self.time);
        lines.connection(&self.connection.0, self.connection.1);
        lines.count("trans_depth", Some(self.depth));
        lines.text("method", Some(&self.method));
        lines.text("uri", self.uri.as_deref());
        let [date, reply_to, subject] = self.others.each_ref().map(Option::as_deref);
        lines.text("date", date);
        lines.text("request_from", Some(&self.from));
        lines.text("request_to", Some(&self.to));
        lines.text("response_from", response.map(|response| response.from));
        lines.text("response_to", response.map(|response| response.to));
        lines.text("reply_to", reply_to);
        lines.text("call_id", Some(&self.call_id));
        lines.text("seq", Some(&self.seq));
        lines.text("subject", subject);
        lines.texts("request_path", Some(self.path.iter().map(String::as_str)));
        let path = response.map_or(&[][..], |response| response.path.as_slice());
        lines.texts("response_path", Some(path.iter().copied()));
        lines.text("user_agent", self.user_agent.as_deref());
        self.rest(response, lines)
    }

    /// The fields of the response.
    fn rest(&self, response: Option<&Response<'_>>, lines: &mut Lines<'_>) -> io::Result<()> {
        lines.count("status_code", response.and_then(|response| response.status));
        lines.text("status_msg", response.and_then(|response| response.reason));
        lines.text("warning", response.and_then(|response| response.warning));
        lines.count("request_body_len", self.length);
        lines.count("response_body_len", response.and_then(|response| response.length));
        lines.text("content_type", response.and_then(|response| response.content_type));
        lines.end()
    }
}

/// Lines of SIP.
#[derive(Default)]
pub(super) struct Sip {
    /// By their frames.
    open: BTreeMap<i64, Request>,
    /// Of each connection its ends, of which the one that asked first is the first, and its requests.
    connections: HashMap<Uid, (Ends, u64)>,
    /// In the order in which they began.
    began: VecDeque<Uid>,
}

impl Sip {
    /// Takes a request (1) or response (0) of a connection: gives the ends of the connection, and how many requests it had.
    fn count(&mut self, uid: &Uid, ends: Ends, requests: u64) -> (Ends, u64) {
        if !self.connections.contains_key(uid) {
            if self.began.len() >= CONNECTIONS
                && let Some(oldest) = self.began.pop_front()
            {
                self.connections.remove(&oldest);
            }
            self.began.push_back(uid.clone());
        }
        let (ends, count) = self.connections.entry(uid.clone()).or_insert((ends, 0));
        *count = count.saturating_add(requests);
        (*ends, *count)
    }

    fn request(&mut self, of: &Of<'_>, row: usize, uid: Uid, ends: Ends, lines: &mut Lines<'_>) -> io::Result<()> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let method = of.method.text(row).unwrap_or_default();
        // Nothing answers it.
        let (ends, depth) = self.count(&uid, ends, u64::from(method != "ACK"));
        if method == "ACK" {
            return Ok(());
        }
        let request = Request {
            time: of.time.time(row),
            depth,
            connection: (uid, ends),
            method: method.to_owned(),
            uri: own(of.uri.text(row)),
            from: before(of.from_header.text(row).unwrap_or_default(), "tag=").to_owned(),
            to: of.to_header.text(row).unwrap_or_default().to_owned(),
            call_id: of.call_id.text(row).unwrap_or_default().to_owned(),
            seq: of.cseq.integer(row).map_or_else(String::new, |number| format!("{number} {method}")),
            others: [of.date, of.reply_to, of.subject].map(|column| own(column.text(row))),
            path: of.vias.texts(row).into_iter().flatten().map(|via| before(via, "branch").to_owned()).collect(),
            user_agent: own(of.user_agent.text(row)),
            length: of.content_length.integer(row).and_then(|length| u64::try_from(length).ok()),
            is_told: false,
        };
        if self.open.len() >= OPEN
            && let Some((_, oldest)) = self.open.pop_first()
            && !oldest.is_told
        {
            oldest.write(None, lines)?;
        }
        self.open.insert(of.frame.integer(row).unwrap_or_default(), request);
        Ok(())
    }

    fn response(&mut self, of: &Of<'_>, row: usize, uid: &Uid, ends: Ends, lines: &mut Lines<'_>) -> io::Result<()> {
        // Who asked is whom it goes to.
        let (ends, depth) = self.count(uid, ends.turned(), 0);
        let status = of.status.integer(row).and_then(|status| u64::try_from(status).ok());
        let response = Response {
            status,
            reason: of.reason.text(row),
            from: before(of.from_header.text(row).unwrap_or_default(), "tag="),
            to: of.to_header.text(row).unwrap_or_default(),
            path: of.vias.texts(row).into_iter().flatten().map(|via| before(via, "branch")).collect(),
            warning: of.warning.text(row),
            length: of.content_length.integer(row).and_then(|length| u64::try_from(length).ok()),
            content_type: of.content_type.text(row),
        };
        let asked = of.request_frame.integer(row);
        if let Some(request) = asked.and_then(|frame| self.open.get_mut(&frame)) {
            request.is_told = true;
            request.write(Some(&response), lines)?;
            if status.is_none_or(|status| status >= 200)
                && let Some(frame) = asked
            {
                self.open.remove(&frame);
            }
            return Ok(());
        }
        // Its request is not in the capture.
        lines.ts(of.time.time(row));
        lines.connection(uid, ends);
        lines.count("trans_depth", Some(depth));
        lines.text("response_from", Some(response.from));
        lines.text("response_to", Some(response.to));
        lines.texts("request_path", Some(std::iter::empty()));
        lines.texts("response_path", Some(response.path.iter().copied()));
        lines.count("status_code", response.status);
        lines.text("status_msg", response.reason);
        lines.text("warning", response.warning);
        lines.count("response_body_len", response.length);
        lines.text("content_type", response.content_type);
        lines.end()
    }
}

impl Make for Sip {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            let (source, destination) = ((of.source, of.source_port), (of.destination, of.destination_port));
            let Some(ends) = ends(source, destination, row) else { continue };
            // What is sent again says nothing new.
            if of.retransmission_of.integer(row).is_some() {
                continue;
            }
            let community_id = of.community_id.text(row).unwrap_or_default();
            let uid = Uid::of_connection(capture, community_id, of.connection.integer(row));
            match of.status.integer(row) {
                None => self.request(&of, row, uid, ends, lines)?,
                Some(_) => self.response(&of, row, &uid, ends, lines)?,
            }
        }
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines<'_>) -> io::Result<()> {
        while let Some((_, request)) = self.open.pop_first() {
            if !request.is_told {
                request.write(None, lines)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_branches_are_left_out() {
        for (text, parameter, expected) in [
            ("<sip:a@b>;tag=1", "tag=", "<sip:a@b>"),
            ("<sip:a@b;x=1>; tag=1;y", "tag=", "<sip:a@b;x=1>"),
            ("<sip:a@b>", "tag=", "<sip:a@b>"),
            ("SIP/2.0/UDP h:1;rport;branch=z9", "branch", "SIP/2.0/UDP h:1;rport"),
        ] {
            assert_eq!(before(text, parameter), expected);
        }
    }
}
