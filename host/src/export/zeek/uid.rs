//! Identifiers of connections and files: the same in every log of a capture, and the same when it is exported again.

use crate::digest::Sha256;

/// Zeek's identifiers have 96 bits, in these digits.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that 96 bits take.
const LENGTH: usize = 17;

/// An identifier: a letter and 17 digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Uid(String);

impl Uid {
    /// That of a connection of a capture. TCP connections have numbers, since their ends are used again; of anything else there is one between two ends.
    pub fn of_connection(capture: &str, community_id: &str, connection: Option<i64>) -> Self {
        Self::new('C', capture, community_id, connection, "")
    }

    /// That of a body that was sent within a connection: what is different for each of its bodies tells it from the others.
    pub fn of_file(&self, which: &str) -> Self {
        Self::new('F', &self.0, which, None, "file")
    }

    fn new(letter: char, within: &str, what: &str, number: Option<i64>, kind: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [within, what, kind] {
            hash.update(part.as_bytes());
            // Ends a text: no text has this byte.
            hash.update(&[0xff]);
        }
        if let Some(number) = number {
            hash.update(&number.to_be_bytes());
        }
        let mut rest = hash.finish().iter().take(12).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        let mut text = String::with_capacity(LENGTH.saturating_add(1));
        text.push(letter);
        for _ in 0..LENGTH {
            let digit = usize::try_from(rest % 62).ok().and_then(|place| DIGITS.get(place));
            text.push(digit.map_or('0', |digit| char::from(*digit)));
            rest /= 62;
        }
        Self(text)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_tell_captures_connections_and_files_apart() {
        let flow = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
        let uid = Uid::of_connection("a", flow, Some(3));
        assert_eq!(uid, Uid::of_connection("a", flow, Some(3)));
        let others = [
            uid.clone(),
            Uid::of_connection("b", flow, Some(3)),
            Uid::of_connection("a", flow, Some(4)),
            Uid::of_connection("a", flow, None),
            Uid::of_connection("a", "1:x", Some(3)),
            Uid::of_connection("a1:", "x", Some(3)),
            uid.of_file("1"),
            uid.of_file("2"),
        ];
        assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
        for (uid, letter) in [(&others[0], 'C'), (&others[6], 'F')] {
            let text = uid.as_str();
            assert!(text.starts_with(letter) && text.len() == 18 && text.chars().all(|c| c.is_ascii_alphanumeric()));
        }
    }
}
