//! Text from the capture.

use mcpcap_analyzer::text::printable;

use crate::limits;

/// A short text from the capture, such as a method or tag.
pub fn word(octets: &[u8]) -> String {
    printable(octets, limits::WORD)
}

/// A text from the capture.
pub fn text(octets: &[u8]) -> String {
    printable(octets, limits::TEXT)
}
