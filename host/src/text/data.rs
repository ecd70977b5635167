//! What goes to other programs: CSV, and JSON that says each character as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::is_hidden;

/// Whether a character of a JSON document is one that hides: those below the blank stand between values alone, and are escaped within them.
fn hides(character: char) -> bool {
    character > '~' && is_hidden(character)
}

/// A JSON document whose hidden characters are escaped: it shows none, and means the same.
pub fn exact(document: &str) -> Cow<'_, str> {
    if !document.chars().any(hides) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len().saturating_add(16));
    for character in document.chars() {
        if hides(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// A text as a cell of CSV (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front: it may be an attacker's.
pub fn csv_text(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_quoted = text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
    if !is_formula && !is_quoted {
        return Cow::Borrowed(text);
    }
    let mut cell = String::with_capacity(text.len().saturating_add(4));
    if is_formula {
        cell.push('\'');
    }
    cell.push_str(text);
    if is_quoted {
        cell = format!("\"{}\"", cell.replace('"', "\"\""));
    }
    Cow::Owned(cell)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_shows_nothing_hidden_and_means_the_same() {
        let value = json!({ "k\u{202e}": "a\u{1b}\u{7f}\u{e0041}\u{200b}ü\n", "n": [1, null] });
        for document in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = exact(&document);
            assert!(!shown.replace('\n', "").chars().any(is_hidden), "{shown}");
            assert!(shown.contains("\\udb40\\udc41") && shown.contains('ü'), "{shown}");
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
        assert!(matches!(exact("[\"ä\"]\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn cells_of_csv_are_quoted_and_none_is_a_formula() {
        for (text, cell) in [
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd()", "'=cmd()"),
            ("-x,y", "\"'-x,y\""),
            (" a", "\" a\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(csv_text(text), cell);
        }
    }
}
