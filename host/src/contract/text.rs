//! Text that somebody else wrote, made harmless for whoever reads a report: a person at a terminal or a language model.

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
    fn line_ends_of_a_prompt_stay() {
        assert_eq!(neutral_lines("a\n\nb\u{7}\r\nc", 10), "a\n\nb\\u{7}\nc");
    }
}
