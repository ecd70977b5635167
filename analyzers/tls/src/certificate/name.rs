//! Distinguished names as text: `CN=example.com, O=Example`.

use mcpcap_analyzer::text;
use x509_parser::asn1_rs::Tag;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::limits;

/// Attributes of a name that are written.
const ATTRIBUTES: usize = 32;

/// In the order in which it stands in the certificate.
pub fn text(name: &X509Name<'_>) -> String {
    let mut all = name.iter_attributes();
    let parts: Vec<String> = all.by_ref().take(ATTRIBUTES).map(attribute).collect();
    let mut text = parts.join(", ");
    if all.next().is_some() {
        text.push_str(", …");
    }
    text::cut(&text, limits::TEXT.saturating_mul(2))
}

/// As RFC 4514 writes it: the last attribute first, with commas between, and a backslash before what else would be taken for one.
pub fn rfc4514(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for set in name.iter_rdn().take(ATTRIBUTES) {
        let attributes = set.iter().map(|attribute| {
            let kind = kind(attribute);
            format!("{kind}={}", escaped(&value(attribute)))
        });
        parts.push(attributes.collect::<Vec<_>>().join("+"));
    }
    parts.reverse();
    text::cut(&parts.join(","), limits::TEXT.saturating_mul(2))
}

/// A value whose characters say nothing of where it ends (RFC 4514 §2.4).
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (place, character) in value.chars().enumerate() {
        let is_special = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (character == ' ' && (place == 0 || place == last))
            || (character == '#' && place == 0);
        if is_special {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// The first common name.
pub fn common(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next().map(value)
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    format!("{}={}", kind(attribute), value(attribute))
}

/// The name of an attribute, or its number.
fn kind(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type();
    let kind = oid2abbrev(kind, oid_registry()).map_or_else(|_| kind.to_id_string(), str::to_owned);
    text::cut(&kind, 64)
}

/// BMPString holds UTF-16; what the other types hold is read as UTF-8.
fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    let bytes = attribute.as_slice();
    if attribute.attr_value().header.tag() == Tag::BmpString {
        let units = bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)));
        let characters: String = char::decode_utf16(units)
            .take(limits::TEXT)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        return text::printable(characters.as_bytes(), limits::TEXT);
    }
    text::printable(bytes, limits::TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4514 §2.4 and §4.
    #[test]
    fn what_would_be_taken_for_another_attribute_is_escaped() {
        for (value, expected) in [
            ("TOBU RAILWAY Co.,Ltd.", r"TOBU RAILWAY Co.\,Ltd."),
            (" a + b ", r"\ a \+ b\ "),
            ("#1 \"x\" <y>;\\", r#"\#1 \"x\" \<y\>\;\\"#),
            ("a#b=c", "a#b=c"),
            ("", ""),
        ] {
            assert_eq!(escaped(value), expected);
        }
    }
}
