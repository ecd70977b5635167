//! Header blocks of HTTP/2 (RFC 7541), undone field by field, so that what they expand to is bounded.

use loona_hpack::Decoder;

use crate::limits;
use crate::message::Fault;

/// Name and value of each field.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// The state of one direction. Once a block could not be read, later ones cannot either.
pub struct Hpack {
    decoder: Option<Box<Decoder<'static>>>,
}

impl Default for Hpack {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(limits::HPACK_TABLE);
        Self { decoder: Some(Box::new(decoder)) }
    }
}

impl Hpack {
    /// Reads a whole block. The fields as far as they could be read, and what is wrong.
    pub fn read(&mut self, block: &[u8]) -> (Fields, Option<Fault>) {
        let (mut fields, mut expanded, mut rest) = (Fields::new(), 0_usize, block);
        let Some(decoder) = &mut self.decoder else { return (fields, Some(Fault::BadHeaderBlock)) };
        while !rest.is_empty() {
            let Some((field, behind)) = next(rest) else { return self.give_up(fields, Fault::BadHeaderBlock) };
            let is_room = fields.len() < limits::HEADERS;
            let done = decoder.decode_with_cb(field, |name, value| {
                expanded = expanded.saturating_add(name.len()).saturating_add(value.len());
                if is_room && expanded <= limits::HEADER_LIST {
                    fields.push((name.into_owned(), value.into_owned()));
                }
            });
            if done.is_err() {
                return self.give_up(fields, Fault::BadHeaderBlock);
            }
            if expanded > limits::HEADER_LIST || fields.len() >= limits::HEADERS {
                // What follows would only be work.
                return self.give_up(fields, Fault::LargeHeaderList);
            }
            rest = behind;
        }
        (fields, None)
    }

    /// Reads nothing further.
    pub fn lose(&mut self) {
        self.decoder = None;
    }

    fn give_up(&mut self, fields: Fields, fault: Fault) -> (Fields, Option<Fault>) {
        self.lose();
        (fields, Some(fault))
    }
}

/// The next field with the updates of the table's size before it, and what stands behind.
fn next(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0_usize;
    loop {
        let rest = block.get(at..)?;
        let first = *rest.first()?;
        let (prefix, has_value) = match first {
            0x80.. => (7, false),
            0x40.. => (6, true),
            0x20.. => (5, false),
            _ => (4, true),
        };
        let (index, mut used) = integer(rest, prefix)?;
        if has_value {
            for _ in 0..if index == 0 { 2 } else { 1 } {
                let (length, own) = integer(rest.get(used..)?, 7)?;
                used = used.checked_add(own)?.checked_add(length)?;
            }
        }
        at = at.checked_add(used)?;
        if at > block.len() {
            return None;
        }
        if !(0x20..0x40).contains(&first) {
            return block.split_at_checked(at);
        }
    }
}

/// An integer (RFC 7541 §5.1), and its bytes.
fn integer(bytes: &[u8], prefix: u32) -> Option<(usize, usize)> {
    let mask = (1_u32 << prefix).saturating_sub(1);
    let first = u32::from(*bytes.first()?) & mask;
    if first < mask {
        return Some((first as usize, 1));
    }
    let mut value = u64::from(mask);
    for (nth, octet) in bytes.iter().skip(1).take(4).enumerate() {
        value = value.saturating_add(u64::from(octet & 0x7f) << (nth.saturating_mul(7)));
        if octet & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, nth.saturating_add(2)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(hex.replace(' ', "").as_bytes()).unwrap()
    }

    fn texts(fields: &Fields) -> Vec<(String, String)> {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        fields.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// RFC 7541 appendix C.4: three requests of one connection, with Huffman codes.
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let mut hpack = Hpack::default();
        let (first, fault) = hpack.read(&bytes("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"));
        assert_eq!(fault, None);
        let authority = (":authority".to_owned(), "www.example.com".to_owned());
        assert_eq!(texts(&first)[0], (":method".into(), "GET".into()));
        assert_eq!(texts(&first)[3], authority);
        let (second, _) = hpack.read(&bytes("8286 84be 5886 a8eb 1064 9cbf"));
        assert_eq!(texts(&second)[3..], [authority.clone(), ("cache-control".into(), "no-cache".into())]);
        let (third, _) = hpack.read(&bytes("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"));
        assert_eq!(texts(&third)[1..3], [(":scheme".into(), "https".into()), (":path".into(), "/index.html".into())]);
        assert_eq!(texts(&third)[3..], [authority, ("custom-key".into(), "custom-value".into())]);
    }

    #[test]
    fn blocks_that_lie_end_the_reading_of_their_direction() {
        // A string that is longer than the block; an index into nothing; an integer without end; a table of 2^28; a size alone.
        for lie in ["400a61", "be", "ffffffffffff", "3fe1ffff7f82", "20"] {
            let mut hpack = Hpack::default();
            assert_eq!(hpack.read(&bytes(lie)).1, Some(Fault::BadHeaderBlock), "{lie}");
            assert_eq!(hpack.read(&bytes("82")).1, Some(Fault::BadHeaderBlock), "{lie}");
        }
    }

    /// One entry of 4,000 bytes in the table, and then an index of one byte each time.
    #[test]
    fn a_bomb_is_given_up() {
        let mut block = bytes("4001787f");
        block.extend([0xa1, 0x1e]);
        block.extend(vec![b'y'; 4000]);
        block.extend(vec![0xbe; 60_000]);
        let (fields, fault) = Hpack::default().read(&block);
        assert_eq!(fault, Some(Fault::LargeHeaderList));
        assert!(fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= limits::HEADER_LIST);
        let many: Vec<u8> = vec![0x82; 60_000];
        let (fields, fault) = Hpack::default().read(&many);
        assert_eq!((fields.len(), fault), (limits::HEADERS, Some(Fault::LargeHeaderList)));
    }
}
