//! Names of captures: which of them are URLs, and what of these may be shown.

use reqwest::Url;

/// Whether a capture is named by a URL rather than a path. As the standard for URLs reads them: blanks and controls in front, and tabs and line ends
/// anywhere, are not there.
pub fn is_url(text: &str) -> bool {
    let text = text.trim_start_matches(|character: char| character <= ' ');
    let start = text.chars().filter(|character| !matches!(character, '\t' | '\n' | '\r')).take(8);
    let start = start.collect::<String>().to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

/// How a capture is named in reports, errors and logs: a path as it is, a URL without what may be a secret in it.
pub fn shown(text: &str) -> String {
    if !is_url(text) {
        let of_other_scheme =
            Url::parse(text).ok().filter(|url| !url.username().is_empty() || url.password().is_some());
        return of_other_scheme.map_or_else(|| text.to_owned(), without_secrets);
    }
    Url::parse(text).map_or_else(|_| "a malformed URL".into(), without_secrets)
}

/// A URL without user, password, query and fragment.
pub(crate) fn without_secrets(mut url: Url) -> String {
    // Both fail only for URLs without a host, which are not fetched.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_from_a_path() {
        assert!(is_url("https://example.com/x.pcap") && is_url("HTTP://example.com"));
        for hidden in [
            " https://u:secret@example.com/x",
            "\u{1}\u{1f} http://u:secret@example.com",
            "ht\ntp:/\t/u:secret@example.com",
        ] {
            assert!(is_url(hidden) && !shown(hidden).contains("secret"), "{hidden:?}");
        }
        assert_eq!(shown("ftp://user:secret@example.com/x?y"), "ftp://example.com/x");
        assert_eq!((shown("/a/b:c@d").as_str(), shown("a: b").as_str()), ("/a/b:c@d", "a: b"));
        assert!(!is_url("/captures/x.pcap") && !is_url("http") && !is_url("ftp://example.com"));
    }

    #[test]
    fn what_is_shown_of_a_url_holds_no_secret() {
        assert_eq!(shown("https://user:secret@example.com/x.pcap?token=secret#secret"), "https://example.com/x.pcap");
        assert_eq!(shown("https://user:secret@exa mple"), "a malformed URL");
        assert_eq!(shown("/captures/x?y.pcap"), "/captures/x?y.pcap");
    }
}
