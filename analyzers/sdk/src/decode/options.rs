//! The options of a TCP header (RFC 9293 §3.1; the IANA registry "TCP Option Kind Numbers").

/// Reads the options one by one, as far as they can be read.
///
/// ```
/// use mcpcap_analyzer::decode::TcpOptions;
///
/// let read: Vec<_> = TcpOptions::new(&[2, 4, 0x05, 0xb4, 1, 3, 3, 7, 0]).collect();
/// assert_eq!(read, [(2, &[0x05, 0xb4][..]), (1, &[]), (3, &[7])]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
}

impl<'a> TcpOptions<'a> {
    /// The option that only fills up: it has no length.
    pub const NOP: u8 = 1;

    /// Those of a header.
    pub fn new(options: &'a [u8]) -> Self {
        Self { rest: options }
    }

    /// What cannot be read, behind the last option that can.
    pub fn unread(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    /// Kind, and what follows the length.
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, rest) = self.rest.split_first()?;
        match kind {
            // Padding follows.
            0 => {
                self.rest = &[];
                None
            }
            Self::NOP => {
                self.rest = rest;
                Some((kind, &[]))
            }
            _ => {
                let (&length, rest) = rest.split_first()?;
                // The length counts kind and length. Less is nonsense, and would never end.
                let (value, rest) = rest.split_at_checked(usize::from(length).checked_sub(2)?)?;
                self.rest = rest;
                Some((kind, value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_ends_the_options() {
        for options in [&[2_u8][..], &[2, 0, 1, 2], &[2, 1], &[8, 10, 0]] {
            let mut read = TcpOptions::new(options);
            assert_eq!((read.next(), read.unread()), (None, options));
        }
        let mut read = TcpOptions::new(&[0, 2, 4, 5, 0xb4]);
        assert_eq!((read.next(), read.unread().len()), (None, 0));
    }
}
