//! Octets as people read them.

/// Octets in one line.
const WIDTH: usize = 16;

/// Lines of offset, hexadecimal digits and ASCII, as hexdump and Wireshark have them.
pub fn lines(octets: &[u8]) -> Vec<String> {
    let line = |(nth, octets): (usize, &[u8])| {
        let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let shown: String =
            octets.iter().map(|octet| if octet.is_ascii_graphic() { char::from(*octet) } else { '.' }).collect();
        format!("{:04x}  {:<47}  {shown}", nth.saturating_mul(WIDTH), digits.join(" "))
    };
    octets.chunks(WIDTH).enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_a_hex_dump() {
        let octets: Vec<u8> = (0x3c..0x4e).collect();
        assert_eq!(
            lines(&octets),
            [
                "0000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK",
                "0010  4c 4d                                            LM",
            ]
        );
        assert!(lines(&[]).is_empty());
    }
}
