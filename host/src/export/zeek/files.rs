//! `files.log`: bodies of HTTP, of the table `http`.

use std::io;

use super::Make;
use super::http::Of;
use super::line::Lines;
use super::local::is_local;
use super::uid::Uid;
use crate::rows::{Checked, Table};

/// A body that was sent.
pub(super) struct Body<'a> {
    /// Whether the client sent it.
    is_orig: bool,
    /// Which request or response of its connection it belongs to, by its first frame, too: behind an end they are counted anew.
    which: (u64, u64),
    begun: Option<i64>,
    ended: Option<i64>,
    /// Bytes of it that were seen, without content coding.
    pub seen: u64,
    /// Bytes of it in all, where it is sent as it is.
    total: Option<u64>,
    missing: u64,
    mime_type: Option<&'a str>,
    name: Option<&'a str>,
    md5: Option<&'a str>,
    sha256: Option<&'a str>,
}

impl<'a> Body<'a> {
    /// Those of request and response; none without a byte.
    pub fn both(of: &Of<'a>, row: usize) -> [Option<Self>; 2] {
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let which = (of.frame.count(row), of.depth.count(row));
        let sent = Self {
            is_orig: true,
            which,
            begun: of.time.time(row),
            ended: of.request_end_time.time(row),
            seen: number(of.request_size.integer(row))
                .unwrap_or_else(|| of.request_bytes.count(row).saturating_sub(of.request_missing.count(row))),
            total: None,
            missing: of.request_missing.count(row),
            mime_type: of.request_magic.text(row),
            name: of.request_file_name.text(row),
            md5: of.request_md5.text(row),
            sha256: of.request_sha256.text(row),
        };
        let received = Self {
            is_orig: false,
            which,
            begun: of.response_time.time(row),
            ended: of.response_end_time.time(row),
            seen: number(of.response_size.integer(row))
                .unwrap_or_else(|| of.response_bytes.count(row).saturating_sub(of.response_missing.count(row))),
            total: number(of.response_length.integer(row)).filter(|_| of.response_encoding.text(row).is_none()),
            missing: of.response_missing.count(row),
            mime_type: of.response_magic.text(row),
            name: of.response_file_name.text(row),
            md5: of.response_md5.text(row),
            sha256: of.response_sha256.text(row),
        };
        let has_bytes = |sent: u64, body| (sent > 0).then_some(body);
        [has_bytes(of.request_bytes.count(row), sent), has_bytes(of.response_bytes.count(row), received)]
    }

    /// By what it is known.
    fn uid(&self, connection: &Uid) -> Uid {
        let side = if self.is_orig { "orig" } else { "resp" };
        let (frame, depth) = self.which;
        connection.of_file(&format!("{side} {frame} {depth}"))
    }

    /// Its type by its first bytes, by Zeek's name.
    fn mime_type(&self) -> Option<&'a str> {
        self.mime_type.map(|name| match name {
            "application/vnd.microsoft.portable-executable" => "application/x-dosexec",
            "application/java" => "application/x-java-applet",
            other => other,
        })
    }
}

/// Writes what a line of HTTP says of a body: `orig_fuids` and its like.
pub(super) fn within(connection: &Uid, side: &str, body: Option<&Body<'_>>, lines: &mut Lines<'_>) {
    let Some(body) = body else { return };
    let one = |value: &str, name: &str, lines: &mut Lines<'_>| {
        lines.texts(&format!("{side}_{name}"), Some(std::iter::once(value)));
    };
    one(body.uid(connection).as_str(), "fuids", lines);
    if let Some(name) = body.name {
        one(name, "filenames", lines);
    }
    if let Some(mime_type) = body.mime_type() {
        one(mime_type, "mime_types", lines);
    }
}

/// Lines of files.
pub(super) struct Files;

impl Make for Files {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            let Some((uid, ends)) = of.connection(capture, row) else { continue };
            for body in Body::both(&of, row).into_iter().flatten() {
                lines.ts(body.begun);
                lines.text("fuid", Some(body.uid(&uid).as_str()));
                lines.connection(&uid, ends);
                lines.text("source", Some("HTTP"));
                lines.count("depth", Some(0));
                let analyzers = [("MD5", body.md5), ("SHA256", body.sha256)];
                lines.texts("analyzers", Some(analyzers.iter().filter_map(|(name, hash)| hash.map(|_| *name))));
                lines.text("mime_type", body.mime_type());
                lines.text("filename", body.name);
                let lasted = body.begun.zip(body.ended).map_or(0, |(begun, ended)| ended.saturating_sub(begun));
                lines.interval("duration", Some(lasted.max(0)));
                let sender = if body.is_orig { ends.orig.0 } else { ends.resp.0 };
                lines.truth("local_orig", Some(is_local(sender)));
                lines.truth("is_orig", Some(body.is_orig));
                lines.count("seen_bytes", Some(body.seen));
                lines.count("total_bytes", body.total);
                lines.count("missing_bytes", Some(body.missing));
                lines.count("overflow_bytes", Some(0));
                lines.truth("timedout", Some(false));
                lines.text("md5", body.md5);
                lines.text("sha256", body.sha256);
                lines.end()?;
            }
        }
        Ok(())
    }
}
