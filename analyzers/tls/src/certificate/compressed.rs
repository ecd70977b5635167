//! Certificate messages that are compressed (RFC 8879).

use mcpcap_codings::{Coding, undo};
use mcpcap_tls_hello::wire::Cursor;
use mcpcap_tls_records::handshake::LONGEST;

use crate::fault::Fault;

/// The message that a whole CompressedCertificate stands for (RFC 8879 §4). It has to be as long as was said, and no longer than other messages.
///
/// # Errors
/// What is wrong with it.
pub fn decompressed(body: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut cursor = Cursor::new(body);
    let (Some(algorithm), Some(length)) = (cursor.u16(), cursor.u24()) else {
        return Err(Fault::CompressedCertificate);
    };
    let length = length as usize;
    if length > LONGEST {
        return Err(Fault::LongMessage);
    }
    // IANA's registry of TLS Certificate Compression Algorithm IDs.
    let coding = match algorithm {
        1 => Coding::Zlib,
        2 => Coding::Brotli,
        3 => Coding::Zstd,
        _ => return Err(Fault::CompressedCertificate),
    };
    let Some((bytes, true)) = cursor.vector_or_rest(3) else { return Err(Fault::CompressedCertificate) };
    let mut message = Vec::new();
    let done = undo(coding, bytes, &mut |piece| {
        message.extend_from_slice(piece);
        message.len() <= length
    });
    match done {
        Ok(()) if message.len() == length && cursor.is_empty() => Ok(message),
        _ => Err(Fault::CompressedCertificate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every sample holds; samples by Python's zlib, zstd 1.5 and the brotli of Node.
    const LINE: &[u8] = b"hello hello hello hello\n";
    const SAMPLES: [(u8, &str); 3] = [
        (1, "78dacb48cdc9c957c84027b932a8240e00abf222e9"),
        (2, "1b5f00f88d946ede445586d60a206c6f7a01258c91471d70c2ae169875"),
        (3, "28b52ffd24608500003868656c6c6f200a0200b51315994b112add9391"),
    ];

    fn message(algorithm: u8, length: u32, bytes: &[u8]) -> Vec<u8> {
        let sent = (bytes.len() as u32).to_be_bytes();
        [&[0, algorithm], &length.to_be_bytes()[1..], &sent[1..], bytes].concat()
    }

    fn bytes(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn each_algorithm_is_undone_and_lengths_have_to_be_right() {
        for (algorithm, sample) in SAMPLES {
            let sample = bytes(sample);
            assert_eq!(decompressed(&message(algorithm, 96, &sample)), Ok(LINE.repeat(4)), "{algorithm}");
            for length in [0, 95, 97, LONGEST as u32] {
                let read = decompressed(&message(algorithm, length, &sample));
                assert_eq!(read, Err(Fault::CompressedCertificate), "{algorithm} {length}");
            }
            // Another algorithm, bytes behind it, and every cut.
            assert!(decompressed(&message(algorithm % 3 + 1, 96, &sample)).is_err());
            let whole = message(algorithm, 96, &sample);
            assert!(decompressed(&[&whole[..], &[0]].concat()).is_err());
            assert!((0..whole.len()).all(|end| decompressed(&whole[..end]).is_err()));
        }
        assert_eq!(decompressed(&message(4, 96, &bytes(SAMPLES[0].1))), Err(Fault::CompressedCertificate));
        assert_eq!(decompressed(&message(1, 1 << 20, &bytes(SAMPLES[0].1))), Err(Fault::LongMessage));
    }

    #[test]
    fn a_bomb_ends_where_its_message_would() {
        // A block of zstd that stands for 128 KiB of one byte (RFC 8878 §3.1.1.2), a hundred times.
        let block = |last: u32| {
            ((128 << 10) << 3 | 1 << 1 | last).to_le_bytes()[..3].iter().copied().chain([7]).collect::<Vec<u8>>()
        };
        let head = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
        let blocks: Vec<u8> = (1..=100).flat_map(|n| block(u32::from(n == 100))).collect();
        let bomb = [&head[..], &blocks].concat();
        assert_eq!(decompressed(&message(3, LONGEST as u32, &bomb)), Err(Fault::CompressedCertificate));
    }
}
