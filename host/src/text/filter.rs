//! JSON text on its way out: hidden characters in its strings are written out, wherever they come from.

use super::is_hidden;

/// Bytes of the longest piece that is looked at as a whole: two escapes of a character beyond the basic plane.
const PIECE: usize = 12;

/// Takes JSON text piece by piece. In JSON a hidden character can only stand in a string, raw or escaped; both become the characters `\u{HEX}`,
/// which no reader takes for the character itself. Line ends and tabs stay, and so does all that is no JSON and has nothing hidden.
#[derive(Debug, Default)]
pub struct Filter {
    /// The beginning of an escape or a character whose end has not come yet.
    rest: Vec<u8>,
}

/// What stands at the beginning of a piece of text.
enum Head {
    /// So many bytes that stay.
    Plain(usize),
    /// A hidden character of so many bytes.
    Hidden(char, usize),
    /// More has to come before that can be told.
    Unfinished,
}

impl Filter {
    /// Takes the next bytes, and adds what becomes of them.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let joined;
        let mut text = bytes;
        if !self.rest.is_empty() {
            joined = [std::mem::take(&mut self.rest).as_slice(), bytes].concat();
            text = &joined;
        }
        while let Some(at) = text.iter().position(|byte| is_looked_at(*byte)) {
            let (plain, head) = text.split_at(at);
            out.extend_from_slice(plain);
            let taken = match look(head) {
                Head::Plain(length) => {
                    out.extend_from_slice(head.get(..length).unwrap_or(head));
                    length
                }
                Head::Hidden(character, length) => {
                    out.extend_from_slice(format!("\\\\u{{{:x}}}", u32::from(character)).as_bytes());
                    length
                }
                Head::Unfinished => {
                    self.rest = head.to_vec();
                    return;
                }
            };
            text = head.get(taken.max(1)..).unwrap_or_default();
        }
        out.extend_from_slice(text);
    }

    /// Ends the text: what was begun and not ended is no character and goes out as it is.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.rest);
    }
}

/// Whether a byte may begin something hidden.
fn is_looked_at(byte: u8) -> bool {
    !matches!(byte, b' '..=b'[' | b']'..=b'~' | b'\n' | b'\t' | b'\r')
}

fn look(head: &[u8]) -> Head {
    match head {
        [b'\\', b'u', ..] => escape(head),
        [b'\\', b'b', ..] => Head::Hidden('\u{8}', 2),
        [b'\\', b'f', ..] => Head::Hidden('\u{c}', 2),
        [b'\\', b'r', ..] => Head::Hidden('\r', 2),
        [b'\\', _, ..] => Head::Plain(2),
        [b'\\'] => Head::Unfinished,
        _ => raw(head),
    }
}

/// A character as it is in UTF-8.
fn raw(head: &[u8]) -> Head {
    let piece = head.get(..PIECE).unwrap_or(head);
    let valid = match std::str::from_utf8(piece) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() == 0 => {
            let is_whole = error.error_len().is_some() || head.len() >= PIECE;
            return if is_whole { Head::Plain(1) } else { Head::Unfinished };
        }
        Err(error) => piece.get(..error.valid_up_to()).map_or("", |valid| std::str::from_utf8(valid).unwrap_or("")),
    };
    match valid.chars().next() {
        Some(character) if is_hidden(character) => Head::Hidden(character, character.len_utf8()),
        Some(character) => Head::Plain(character.len_utf8()),
        None => Head::Plain(1),
    }
}

/// A character as an escape, or two of them.
fn escape(head: &[u8]) -> Head {
    let unit = |from: usize| {
        let digits = std::str::from_utf8(head.get(from..from.saturating_add(4))?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    if head.len() < 6 {
        return Head::Unfinished;
    }
    let Some(first) = unit(2) else { return Head::Plain(2) };
    let is_first_half = (0xd800..0xdc00).contains(&first);
    if is_first_half && head.len() < PIECE && b"\\u".starts_with(head.get(6..8.min(head.len())).unwrap_or_default()) {
        return Head::Unfinished;
    }
    let second = if is_first_half && head.get(6..8) == Some(b"\\u") { unit(8) } else { None };
    let units = [Some(first), second].into_iter().flatten();
    match char::decode_utf16(units).next() {
        Some(Ok('\n' | '\t')) | None => Head::Plain(6),
        Some(Ok(character)) if is_hidden(character) => {
            Head::Hidden(character, if character.len_utf16() > 1 { PIECE } else { 6 })
        }
        Some(Ok(character)) => Head::Plain(if character.len_utf16() > 1 { PIECE } else { 6 }),
        // Half of a character is none, and a reader may make anything of it.
        Some(Err(_)) => Head::Hidden(char::REPLACEMENT_CHARACTER, 6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn filtered(text: &str, step: usize) -> String {
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        text.as_bytes().chunks(step).for_each(|piece| filter.push(piece, &mut out));
        filter.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_hidden_in_strings_is_written_out_however_the_pieces_fall() {
        let texts = [
            "plain",
            "Grüße 日本 🦀 \\ \" \n\t /",
            "a\u{1b}[31m",
            "\u{202e}x\u{200b}",
            "\u{e0041}\u{10fffd}",
            "\u{8}\u{c}\r\u{7f}\u{9b}",
        ];
        let document = json!({ "list": texts, "k\u{202e}": 1 }).to_string();
        let all = filtered(&document, usize::MAX);
        for step in 1..14 {
            assert_eq!(filtered(&document, step), all, "{step}");
        }
        let read: Value = serde_json::from_str(&all).unwrap();
        assert_eq!((&read["list"][0], &read["list"][1]), (&json!(texts[0]), &json!(texts[1])));
        assert_eq!(read["list"][2], "a\\u{1b}[31m");
        assert_eq!(read["list"][3], "\\u{202e}x\\u{200b}");
        assert_eq!(read["list"][4], "\\u{e0041}\\u{10fffd}");
        assert_eq!(read["list"][5], "\\u{8}\\u{c}\\u{d}\\u{7f}\\u{9b}");
        assert_eq!(read["k\\u{202e}"], 1);
    }

    #[test]
    fn escapes_are_seen_through() {
        for (text, shown) in [
            (r#""\u001b\u202E""#, r#""\\u{1b}\\u{202e}""#),
            (r#""\udb40\udc41 \ud83e\udd80""#, r#""\\u{e0041} \ud83e\udd80""#),
            (r#""\ud83e x \ud83e""#, r#""\\u{fffd} x \\u{fffd}""#),
            (r#""\\u001b \u0041 \u00""#, r#""\\u001b \u0041 \u00""#),
            (r#""\n\t\u000a\"\/""#, r#""\n\t\u000a\"\/""#),
        ] {
            for step in [1, 2, 5, 100] {
                assert_eq!(filtered(text, step), shown, "{text} {step}");
            }
        }
    }

    #[test]
    fn what_is_no_text_goes_through() {
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        filter.push(b"\xff\xc3(\xe2\x80", &mut out);
        filter.finish(&mut out);
        assert_eq!(out, b"\xff\xc3(\xe2\x80");
    }
}
