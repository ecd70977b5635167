//! Bytes of a capture as text.

/// Characters of one text: the host cuts captured texts that have more than 1,000.
pub const TEXT: usize = 960;

/// Characters of one escaped byte.
const ESCAPE: usize = 4;

/// Whether a byte stands for itself: printable ASCII does, except for the backslash that begins an escape.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'\\'
}

/// Characters that a byte takes as text.
pub fn width(byte: u8) -> usize {
    if is_plain(byte) { 1 } else { ESCAPE }
}

/// Printable ASCII as it is, every other byte and the backslash as `\xNN`; at most [`TEXT`] characters. The text, and how many bytes it holds.
pub fn escaped(bytes: &[u8]) -> (String, usize) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len().min(TEXT));
    let digit = |byte: u8| DIGITS.get(usize::from(byte & 0xf)).copied().unwrap_or('?');
    for (held, byte) in bytes.iter().enumerate() {
        if text.len().saturating_add(width(*byte)) > TEXT {
            return (text, held);
        }
        if is_plain(*byte) {
            text.push(char::from(*byte));
        } else {
            text.extend(['\\', 'x', digit(byte >> 4), digit(*byte)]);
        }
    }
    (text, bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_printable_ascii_is_escaped_and_so_is_the_backslash() {
        let (text, held) = escaped(b"GET /\\ \xc3\xa9\r\n\x00\x7f~");
        assert_eq!((text.as_str(), held), ("GET /\\x5c \\xc3\\xa9\\x0d\\x0a\\x00\\x7f~", 14));
    }

    #[test]
    fn a_text_ends_between_two_bytes() {
        let (text, held) = escaped(&[0; 1000]);
        assert_eq!((text.len(), held), (960, 240));
        assert_eq!(escaped(&[b'a'; 2000]).1, 960);
        let mixed = [vec![b'a'; 958], vec![0]].concat();
        assert_eq!(escaped(&mixed).1, 958);
    }
}
