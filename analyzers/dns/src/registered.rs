//! Which domain somebody registered.

use crate::message::name::{Labels, is_plain};

/// The registered domain of a name in lower case, of its bytes and its text, of which it is the end: one label below a public suffix
/// (<https://publicsuffix.org>). Names of hosts without a domain, and public suffixes themselves, stand for themselves; reverse names count
/// under `in-addr.arpa` and `ip6.arpa`. With it comes whether its last label is a top-level domain.
pub fn registered<'t>(wire: &[u8], text: &'t str) -> (&'t str, bool) {
    for reverse in ["in-addr.arpa", "ip6.arpa"] {
        if let Some(before) = text.strip_suffix(reverse)
            && (before.is_empty() || before.ends_with('.'))
        {
            return (text.get(before.len()..).unwrap_or(text), true);
        }
    }
    // An escaped dot is no boundary of labels, so such a name's text would be taken apart in the wrong places.
    let text = if text.contains('\\') { last_plain_labels(wire, text) } else { text };
    let Some(found) = psl2::lookup(text) else { return (text, false) };
    // An escaped dot at the end would be taken for the root's.
    let domain = found.registrable_domain().filter(|domain| text.ends_with(domain));
    (domain.unwrap_or(text), found.is_known())
}

/// The longest end of a name whose labels need no escapes.
fn last_plain_labels<'t>(wire: &[u8], text: &'t str) -> &'t str {
    let mut plain = 0_usize;
    for label in Labels::of(wire) {
        let with_dot = plain.saturating_add(label.len()).saturating_add((plain > 0).into());
        plain = if is_plain(label) { with_dot } else { 0 };
    }
    match plain {
        0 => text,
        plain => text.get(text.len().saturating_sub(plain)..).unwrap_or(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::name::Name;

    #[track_caller]
    fn check(labels: &[&[u8]], expected: &str) {
        let mut message = vec![0; 12];
        for label in labels {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend_from_slice(label);
        }
        message.push(0);
        let (name, _) = Name::read(&message, 12, message.len()).unwrap();
        assert_eq!(registered(name.wire(), &name.to_string()).0, expected);
    }

    #[test]
    fn names_count_under_the_domain_that_was_registered() {
        check(&[b"www", b"example", b"com"], "example.com");
        check(&[b"a", b"b", b"example", b"co", b"uk"], "example.co.uk");
        check(&[b"example", b"com"], "example.com");
        check(&[b"www", b"example", b"notginh"], "example.notginh");
        check(&[b"10", b"2", b"0", b"192", b"in-addr", b"arpa"], "in-addr.arpa");
        check(&[b"printer"], "printer");
        check(&[b"com"], "com");
        check(&[b"co", b"uk"], "co.uk");
        check(&[], ".");
        check(&[b"a.b", b"example", b"com"], "example.com");
        check(&[b"a.b"], "a\\.b");
        check(&[b"1", b"in-addr", b"arp."], "1.in-addr.arp\\.");
    }
}
