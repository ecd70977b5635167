//! TCP options (RFC 9293 §3.1; the IANA registry "TCP Option Kind Numbers").

use mcpcap_analyzer::decode::TcpOptions;

/// What the options of a SYN offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer {
    /// Maximum segment size in bytes (RFC 9293 §3.7.1).
    pub mss: Option<u16>,
    /// Window scale in bits (RFC 7323 §2), at most 14.
    pub window_scale: Option<u8>,
    /// Selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// Timestamps (RFC 7323 §3).
    pub timestamps: bool,
    /// A Fast Open cookie, or the request for one (RFC 7413).
    pub fast_open: bool,
    /// Multipath TCP (RFC 8684).
    pub multipath: bool,
}

/// Reads the options of a SYN, as far as they can be read.
pub fn offer(options: &[u8]) -> Offer {
    let mut found = Offer::default();
    for (kind, value) in TcpOptions::new(options) {
        match (kind, value) {
            (2, [a, b]) => found.mss = Some(u16::from_be_bytes([*a, *b])),
            (3, [shift]) => found.window_scale = Some((*shift).min(14)),
            (4, []) => found.sack = true,
            (8, _) => found.timestamps = true,
            (30, _) => found.multipath = true,
            (34, _) => found.fast_open = true,
            _ => {}
        }
    }
    found
}

/// The timestamps option (RFC 7323 §3): the sender's value, and the one it echoes.
pub fn timestamps(options: &[u8]) -> Option<(u32, u32)> {
    let read = |(kind, value): (u8, &[u8])| match (kind, value) {
        (8, [a, b, c, d, e, f, g, h]) => {
            Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])))
        }
        _ => None,
    };
    TcpOptions::new(options).filter_map(read).last()
}

/// How many blocks of selective acknowledgment there are.
pub fn sack_blocks(options: &[u8]) -> usize {
    TcpOptions::new(options).filter(|(kind, _)| *kind == 5).last().map_or(0, |(_, value)| value.len() / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_a_linux_syn_are_read() {
        let options = [2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];
        let expected =
            Offer { mss: Some(1460), window_scale: Some(7), sack: true, timestamps: true, ..Offer::default() };
        assert_eq!(offer(&options), expected);
    }

    #[test]
    fn timestamps_are_value_and_echo() {
        assert_eq!(timestamps(&[1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 7]), Some((256, 7)));
        assert_eq!(timestamps(&[8, 10, 0, 0]), None);
    }

    #[test]
    fn blocks_are_counted() {
        let options = [1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
        assert_eq!(sack_blocks(&options), 2);
    }

    #[test]
    fn nonsense_ends_the_list() {
        for options in [&[2_u8][..], &[2, 0, 1, 2], &[2, 1], &[8, 10, 0], &[0, 2, 4, 5, 0xb4]] {
            assert_eq!(offer(options), Offer::default(), "{options:?}");
        }
        // No stack takes a scale above 14 (RFC 7323 §2.3).
        assert_eq!(offer(&[3, 3, 200]).window_scale, Some(14));
    }
}
