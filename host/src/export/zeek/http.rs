//! `http.log`: a request with its response, of the table `http`.

use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::files::{self, Body};
use super::line::{Ends, Lines};
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `http`, for `files.log` too.
    Of of "http" {
        frame, time, response_time, request_end_time, response_end_time, connection, client, client_port, server, server_port, community_id,
        depth, method, host, uri, referer, response_version, user_agent, origin, status, status_message, info_code, info_message,
        authorization, user, proxied, request_bytes, request_size, request_missing, request_magic, request_file_name, request_md5, request_sha256,
        response_bytes, response_size, response_length, response_missing, response_magic, response_file_name, response_md5, response_sha256,
        response_encoding,
    }
}

impl Of<'_> {
    /// Which connection a row is of.
    pub fn connection(&self, capture: &str, row: usize) -> Option<(Uid, Ends)> {
        let ends = ends((self.client, self.client_port), (self.server, self.server_port), row)?;
        let community_id = self.community_id.text(row).unwrap_or_default();
        Some((Uid::of_connection(capture, community_id, self.connection.integer(row)), ends))
    }
}

/// Lines of HTTP.
pub(super) struct Http;

impl Make for Http {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            let Some((uid, ends)) = of.connection(capture, row) else { continue };
            lines.ts(of.time.time(row));
            lines.connection(&uid, ends);
            lines.count("trans_depth", Some(of.depth.count(row)));
            lines.text("method", of.method.text(row));
            lines.text("host", of.host.text(row));
            lines.text("uri", of.uri.text(row).map(unescaped).as_deref());
            lines.text("referrer", of.referer.text(row));
            lines.text("version", of.response_version.text(row));
            lines.text("user_agent", of.user_agent.text(row));
            lines.text("origin", of.origin.text(row));
            let [sent, received] = Body::both(&of, row);
            lines.count("request_body_len", Some(sent.as_ref().map_or(0, |body| body.seen)));
            lines.count("response_body_len", Some(received.as_ref().map_or(0, |body| body.seen)));
            let status = of.status.integer(row).and_then(|status| u64::try_from(status).ok());
            let message = of.status_message.text(row);
            lines.count("status_code", status);
            lines.text("status_msg", message);
            // A response that ends HTTP, such as 101, informs and is the last one.
            let (mut info, mut info_message) = (of.info_code.integer(row), of.info_message.text(row));
            if status.is_some_and(|status| (100..200).contains(&status)) {
                (info, info_message) = (of.status.integer(row), message);
            }
            lines.count("info_code", info.and_then(|info| u64::try_from(info).ok()));
            lines.text("info_msg", info_message);
            lines.texts("tags", Some(std::iter::empty()));
            let is_basic = of.authorization.text(row).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
            lines.text("username", of.user.text(row).filter(|_| is_basic));
            lines.texts("proxied", of.proxied.texts(row).filter(|all| all.clone().next().is_some()));
            files::within(&uid, "orig", sent.as_ref(), lines);
            files::within(&uid, "resp", received.as_ref(), lines);
            lines.end()?;
        }
        Ok(())
    }
}

/// A target without its percents, as Zeek tells it: `%41` is `A`, and what does not print is `\x00`.
fn unescaped(target: &str) -> String {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(target).collect();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\u{0}'..'\u{20}' | '\u{7f}' => text.push_str(&format!("\\x{:02x}", u32::from(character))),
                _ => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_without_percents() {
        for (target, expected) in
            [("/a%20b?c=%41", "/a b?c=A"), ("/%zz%4", "/%zz%4"), ("/%00%0a%ff", "/\\x00\\x0a\\xff"), ("/%c3%a4", "/ä")]
        {
            assert_eq!(unescaped(target), expected);
        }
    }
}
