//! TCP options (RFC 9293 §3.1; the IANA registry "TCP Option Kind Numbers").

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
    walk(options, |kind, value| match (kind, value) {
        (2, [a, b]) => found.mss = Some(u16::from_be_bytes([*a, *b])),
        (3, [shift]) => found.window_scale = Some((*shift).min(14)),
        (4, []) => found.sack = true,
        (8, _) => found.timestamps = true,
        (30, _) => found.multipath = true,
        (34, _) => found.fast_open = true,
        _ => {}
    });
    found
}

/// The timestamps option (RFC 7323 §3): the sender's value, and the one it echoes.
pub fn timestamps(options: &[u8]) -> Option<(u32, u32)> {
    let mut found = None;
    walk(options, |kind, value| {
        if let (8, [a, b, c, d, e, f, g, h]) = (kind, value) {
            found = Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])));
        }
    });
    found
}

/// How many blocks of selective acknowledgment there are.
pub fn sack_blocks(options: &[u8]) -> usize {
    let mut blocks = 0;
    walk(options, |kind, value| {
        if kind == 5 {
            blocks = value.len() / 8;
        }
    });
    blocks
}

fn walk(mut options: &[u8], mut take: impl FnMut(u8, &[u8])) {
    while let Some((&kind, rest)) = options.split_first() {
        match kind {
            0 => return,
            1 => options = rest,
            _ => {
                let Some((&length, rest)) = rest.split_first() else { return };
                // The length counts kind and length. Less is nonsense, and would never end.
                let Some((value, rest)) =
                    usize::from(length).checked_sub(2).and_then(|value| rest.split_at_checked(value))
                else {
                    return;
                };
                take(kind, value);
                options = rest;
            }
        }
    }
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
