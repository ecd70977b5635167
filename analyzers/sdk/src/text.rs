//! Text from a capture, made fit for a report.

use std::fmt::Write;

/// At most `most` characters of text that somebody else wrote: UTF-8 as it is, but control characters and bytes that are no UTF-8 as
/// `\xNN`, and `…` where it was cut.
pub fn printable(octets: &[u8], most: usize) -> String {
    let mut text = String::new();
    let mut written = 0_usize;
    for chunk in octets.utf8_chunks() {
        let valid = chunk.valid().chars().map(Piece::Char);
        for piece in valid.chain(chunk.invalid().iter().map(|octet| Piece::Octet(*octet))) {
            if written >= most {
                text.push('…');
                return text;
            }
            written = written.saturating_add(1);
            match piece {
                Piece::Char(c) if c.is_control() => c.to_string().bytes().for_each(|octet| escape(&mut text, octet)),
                Piece::Char(c) => text.push(c),
                Piece::Octet(octet) => escape(&mut text, octet),
            }
        }
    }
    text
}

enum Piece {
    Char(char),
    Octet(u8),
}

fn escape(text: &mut String, octet: u8) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\\x{octet:02x}");
}

/// At most `most` characters of a text, and `…` where it was cut.
pub fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// What stands before a number that may be too low: not all could be told apart, or entries of a table had to make room, and begin anew when they
/// come again.
pub fn at_least(is: bool) -> &'static str {
    if is { "at least " } else { "" }
}

/// A number with its noun, in singular or plural: `1 request`, `2 requests`, `2 addresses`. `noun` is the singular.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{number} {}", plural(number, noun))
}

/// A noun that stands behind a number: in singular behind 1, else in plural.
pub fn plural(number: u64, noun: &str) -> String {
    let vowel_before_y = |noun: &str| noun.ends_with(['a', 'e', 'i', 'o', 'u']);
    match noun.strip_suffix('y') {
        _ if number == 1 => noun.to_owned(),
        Some(start) if !vowel_before_y(start) => format!("{start}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") || noun.ends_with("sh") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Bytes as hexadecimal digits, two for each, with `separator` between them; at most `most` bytes, and `…` where it was cut.
pub fn hexadecimal(octets: &[u8], separator: &str, most: usize) -> String {
    let pairs: Vec<String> = octets.iter().take(most).map(|octet| format!("{octet:02x}")).collect();
    let mut text = pairs.join(separator);
    if octets.len() > most {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_what_does_not_print_is_escaped() {
        assert_eq!(printable("Küche\\x".as_bytes(), 99), "Küche\\x");
        assert_eq!(printable(b"a\x00b\x1b[31m\xffc\r\n", 99), "a\\x00b\\x1b[31m\\xffc\\x0d\\x0a");
        assert_eq!(printable("\u{85}".as_bytes(), 99), "\\xc2\\x85");
    }

    #[test]
    fn nouns_agree_with_their_number() {
        let said = |noun| [0, 1, 2].map(|number| counted(number, noun)).join(", ");
        assert_eq!(said("request"), "0 requests, 1 request, 2 requests");
        assert_eq!(said("address"), "0 addresses, 1 address, 2 addresses");
        assert_eq!(said("query"), "0 queries, 1 query, 2 queries");
        assert_eq!(said("different prefix"), "0 different prefixes, 1 different prefix, 2 different prefixes");
        assert_eq!(said("day"), "0 days, 1 day, 2 days");
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(printable("Grüße".as_bytes(), 3), "Grü…");
        assert_eq!(printable(b"abc", 3), "abc");
        assert_eq!((cut("Grüße", 3).as_str(), cut("Grü", 3).as_str()), ("Grü…", "Grü"));
        assert_eq!(hexadecimal(&[1, 2, 255], ":", 9), "01:02:ff");
        assert_eq!(hexadecimal(&[1, 2, 255], "", 2), "0102…");
    }
}
