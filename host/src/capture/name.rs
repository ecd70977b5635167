//! How callers name captures: paths, URLs, and paths that are written as URLs.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::CaptureError;
use crate::text::url::is_url;

/// Schemes of places from which this program cannot read, and what brings a file from there.
const ELSEWHERE: [(&str, &str); 9] = [
    ("s3", "copy the file with `aws s3 cp`, or give a presigned https URL"),
    ("gs", "copy the file with `gcloud storage cp`, or give a signed https URL"),
    ("az", "copy the file with `azcopy`, or give an https URL with a SAS token"),
    ("abfs", "copy the file with `azcopy`, or give an https URL with a SAS token"),
    ("hdfs", "copy the file with `hdfs dfs -get`"),
    ("ftp", "copy the file with `curl`"),
    ("sftp", "copy the file with `sftp`"),
    ("scp", "copy the file with `scp`"),
    ("smb", "copy the file with `smbclient`, or mount the share"),
];

/// A capture's name as a path or as a URL of http or https: a `file:` URL is the path that it holds.
///
/// # Errors
/// [`CaptureError::BadName`] for other schemes, and for files of other machines, with what to do instead.
pub fn named(text: &str) -> Result<Cow<'_, str>, CaptureError> {
    if is_url(text) {
        return Ok(text.into());
    }
    let trimmed = text.trim();
    let Some((scheme, rest)) = trimmed.split_once(':') else { return Ok(text.into()) };
    let scheme = scheme.to_ascii_lowercase();
    let wrong = |reason: String| Err(CaptureError::BadName { reason });
    if scheme == "file" {
        // RFC 8089: `file:/path`, `file:///path` and `file://localhost/path` are the same.
        let path = match rest.strip_prefix("//") {
            Some(rest) => match rest.split_once('/') {
                Some((host, _)) if host.is_empty() || host.eq_ignore_ascii_case("localhost") => {
                    rest.get(host.len()..).unwrap_or_default()
                }
                _ => {
                    return wrong(
                        "a file: URL must name a file of this machine, as file:///path/of/capture.pcap".into(),
                    );
                }
            },
            None => rest,
        };
        let decoded = percent_decode_str(path).decode_utf8();
        return decoded
            .map(|path| Cow::Owned(path.into_owned()))
            .or_else(|_| wrong("a file: URL must be UTF-8".into()));
    }
    match ELSEWHERE.iter().find(|(known, _)| *known == scheme) {
        Some((_, instead)) if rest.starts_with("//") => {
            wrong(format!("captures are read from paths and from http and https URLs, not from {scheme}://; {instead}"))
        }
        _ => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_are_paths_and_other_places_say_what_is_possible() {
        for (text, path) in [
            ("/a/b.pcap", "/a/b.pcap"),
            ("file:///a/b%20c.pcap", "/a/b c.pcap"),
            ("FILE://localhost/a.pcap", "/a.pcap"),
            ("file:/a.pcap", "/a.pcap"),
            ("https://example.org/a.pcap", "https://example.org/a.pcap"),
            ("10:20 capture.pcap", "10:20 capture.pcap"),
            ("s3:notes.pcap", "s3:notes.pcap"),
        ] {
            assert_eq!(named(text).unwrap(), path, "{text}");
        }
        for (text, says) in [
            ("s3://bucket/a.pcap", "aws s3 cp"),
            ("GS://b/a", "gcloud"),
            ("file://server/a.pcap", "of this machine"),
            ("file:///%ff", "UTF-8"),
        ] {
            assert!(named(text).unwrap_err().to_string().contains(says), "{text}");
        }
    }
}
