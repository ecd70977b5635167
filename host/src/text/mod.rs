//! Text that somebody else wrote, made harmless for whoever reads it: a person at a terminal or a language model. All text leaves the program
//! through [`wire`] (clients), [`terminal`] (people, logs), [`json`] (the audit log) or [`data`] (other programs).

pub mod data;
mod filter;
pub mod terminal;
pub mod url;
pub mod wire;

use std::borrow::Cow;
use std::fmt::Write;

use unicode_general_category::{GeneralCategory, get_general_category};

/// What stands where a text was cut.
const CUT: char = '…';

/// Whether a character may hide, reorder or smuggle text, or command a terminal: controls (C0, C1), formats (bidirectional, zero width,
/// tags), line and paragraph separators, private use, what Unicode does not know, and variation selectors and blanks that show nothing.
pub fn is_hidden(character: char) -> bool {
    use GeneralCategory as G;
    if matches!(character, ' '..='~') {
        return false;
    }
    let hidden = matches!(
        get_general_category(character),
        G::Control
            | G::Format
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::PrivateUse
            | G::Unassigned
            | G::Surrogate
    );
    hidden
        || matches!(
            character,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
        )
}

/// A text with every hidden character written as `\u{HEX}`, cut with `…` behind `most` characters of the result.
pub fn neutral(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut written = 0_usize;
    for character in text.chars() {
        let before = out.len();
        if is_hidden(character) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
        written = written.saturating_add(out.get(before..).map_or(1, |piece| piece.chars().count()));
        if written > most {
            out.truncate(before);
            out.push(CUT);
            break;
        }
    }
    Cow::Owned(out)
}

/// As [`neutral`] for a text of several lines, such as a prompt: line ends stay.
pub fn neutral_lines(text: &str, most: usize) -> String {
    let lines: Vec<Cow<'_, str>> = text.lines().map(|line| neutral(line, most)).collect();
    lines.join("\n")
}

/// A JSON document without hidden characters in its texts, whoever wrote them.
pub fn json(value: &serde_json::Value) -> String {
    let mut document = Vec::new();
    filter::Filter::default().push(value.to_string().as_bytes(), &mut document);
    // What was UTF-8 stays so.
    String::from_utf8(document).unwrap_or_default()
}

/// The text that [`neutral`] wrote, with its hidden characters back; `None` where none was written out. For names of files that a client gives back
/// as it was told them.
pub fn written_out(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((before, behind)) = rest.split_once("\\u{") {
        let (digits, after) = behind.split_once('}')?;
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|c| is_hidden(*c))?;
        out.push_str(before);
        out.push(character);
        (rest, found) = (after, true);
    }
    out.push_str(rest);
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_stays_as_it_is() {
        for text in ["", "example.com", "Küche ☎ 日本語 עברית العربية 🦀", "a\\b\"c"] {
            assert!(matches!(neutral(text, 100), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_hides_is_written_out() {
        for (text, shown) in [
            ("a\u{0}b\u{1b}[31m\u{7f}", "a\\u{0}b\\u{1b}[31m\\u{7f}"),
            ("\u{85}\u{9b}", "\\u{85}\\u{9b}"),
            ("user\u{202e}gpj.exe\u{2066}\u{200f}", "user\\u{202e}gpj.exe\\u{2066}\\u{200f}"),
            ("a\u{200b}b\u{2060}c\u{feff}d\u{ad}", "a\\u{200b}b\\u{2060}c\\u{feff}d\\u{ad}"),
            ("\u{e0041}\u{e0100}\u{fe0f}", "\\u{e0041}\\u{e0100}\\u{fe0f}"),
            ("\u{e000}\u{f0000}\u{10fffd}", "\\u{e000}\\u{f0000}\\u{10fffd}"),
            ("a\nb\u{2028}c\u{2029}\u{fffe}", "a\\u{a}b\\u{2028}c\\u{2029}\\u{fffe}"),
        ] {
            assert_eq!(neutral(text, 100), shown);
        }
    }

    #[test]
    fn what_is_long_is_cut_and_marked_and_no_escape_is_cut_in_two() {
        assert_eq!(neutral("Grüße", 3), "Grü…");
        assert_eq!(neutral("Grüße", 5), "Grüße");
        assert_eq!(neutral("ab\u{202e}c", 9), "ab…");
        assert_eq!(neutral("ab\u{202e}c", 11), "ab\\u{202e}c");
    }

    #[test]
    fn a_name_that_was_written_out_leads_back() {
        for name in ["a\u{202e}b", "\u{1b}[31m", "x\u{e0041}\u{200b}"] {
            assert_eq!(written_out(&neutral(name, 100)).as_deref(), Some(name));
        }
        for name in ["plain", "a\\u{41}", "a\\u{202e", "\\u{}", "\\u{d800}"] {
            assert_eq!(written_out(name), None, "{name}");
        }
    }

    #[test]
    fn a_document_shows_nothing_hidden() {
        let document = json(&serde_json::json!({ "k\u{202e}": "a\u{1b}\u{e0041}\n" }));
        assert_eq!(document, "{\"k\\\\u{202e}\":\"a\\\\u{1b}\\\\u{e0041}\\n\"}");
    }

    #[test]
    fn line_ends_of_a_prompt_stay() {
        assert_eq!(neutral_lines("a\n\nb\u{7}\r\nc", 10), "a\n\nb\\u{7}\nc");
    }
}
