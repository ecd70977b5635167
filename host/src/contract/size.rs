//! How many characters a JSON value takes.

use std::io::{self, Write};

use serde_json::Value;

/// Characters (not octets) of a value as compact JSON, as an MCP result holds it.
pub fn size(value: &Value) -> usize {
    let mut counter = Counter(0);
    // The counter does not fail, and a value can always be written.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Characters of a string as JSON, quotes and escapes included.
pub fn text_size(text: &str) -> usize {
    let mut counter = Counter(0);
    let _ = serde_json::to_writer(&mut counter, text);
    counter.0
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // Octets that continue a character of UTF-8 begin with the bits 10.
        let characters = octets.iter().filter(|octet| **octet & 0xc0 != 0x80).count();
        self.0 = self.0.saturating_add(characters);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_counts_characters_of_compact_json() {
        for value in [json!({}), json!({"a": [1, 2.5, null, true], "ü": "Grüße \"x\" \u{1} 🦀"}), json!("")] {
            assert_eq!(size(&value), value.to_string().chars().count());
        }
        assert_eq!(text_size("ü\""), 5);
    }
}
