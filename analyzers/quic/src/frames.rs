//! Frames of Initial packets (RFC 9000 §19), of which few kinds may be there (RFC 9000 §12.4).

use mcpcap_tls_hello::wire::Cursor;

/// A frame that tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A part of the handshake, and where it begins.
    Crypto(u64, &'a [u8]),
    Close(Close<'a>),
}

/// CONNECTION_CLOSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close<'a> {
    pub code: u64,
    /// Kind of the frame that was the reason; 0 when that is not known.
    pub frame_kind: u64,
    pub reason: &'a [u8],
}

/// What is wrong with frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// One ends behind its packet.
    Length,
    /// One that no Initial packet may have.
    Kind,
}

/// Gives each frame that tells something.
pub fn read<'a>(content: &'a [u8], each: &mut impl FnMut(Frame<'a>)) -> Result<(), Wrong> {
    let mut cursor = Cursor::new(content);
    while !cursor.is_empty() {
        let kind = cursor.varint().ok_or(Wrong::Length)?;
        match kind {
            // PADDING and PING.
            0 | 1 => {}
            2 | 3 => acknowledgment(&mut cursor, kind == 3).ok_or(Wrong::Length)?,
            6 => {
                let offset = cursor.varint().ok_or(Wrong::Length)?;
                each(Frame::Crypto(offset, cursor.varint_vector().ok_or(Wrong::Length)?));
            }
            0x1c => each(Frame::Close(close(&mut cursor).ok_or(Wrong::Length)?)),
            _ => return Err(Wrong::Kind),
        }
    }
    Ok(())
}

/// Passes an ACK, with counts of congestion or without.
fn acknowledgment(cursor: &mut Cursor<'_>, has_counts: bool) -> Option<()> {
    cursor.varint()?;
    cursor.varint()?;
    let ranges = cursor.varint()?;
    cursor.varint()?;
    // Each has at least two bytes, so the packet's end ends them.
    for _ in 0..ranges {
        cursor.varint()?;
        cursor.varint()?;
    }
    if has_counts {
        for _ in 0..3 {
            cursor.varint()?;
        }
    }
    Some(())
}

fn close<'a>(cursor: &mut Cursor<'a>) -> Option<Close<'a>> {
    Some(Close { code: cursor.varint()?, frame_kind: cursor.varint()?, reason: cursor.varint_vector()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &[u8]) -> (Vec<Frame<'_>>, Result<(), Wrong>) {
        let mut found = Vec::new();
        let end = read(content, &mut |frame| found.push(frame));
        (found, end)
    }

    #[test]
    fn frames_that_tell_something_are_given() {
        // PADDING, PING, ACK with a range, ACK with counts, CRYPTO at 5, CONNECTION_CLOSE for a frame of CRYPTO.
        let content =
            [0, 0, 1, 2, 9, 0, 1, 0, 3, 4, 3, 9, 0, 0, 0, 1, 2, 3, 6, 5, 2, 7, 8, 0x1c, 0x41, 0x28, 6, 2, 104, 105];
        let close = Close { code: 0x128, frame_kind: 6, reason: b"hi" };
        assert_eq!(all(&content), (vec![Frame::Crypto(5, &[7, 8]), Frame::Close(close)], Ok(())));
        for end in 0..content.len() {
            let _ = all(&content[..end]);
        }
    }

    #[test]
    fn frames_that_lie_or_do_not_belong_end_reading() {
        assert_eq!(all(&[6, 0, 4, 1, 2]), (vec![], Err(Wrong::Length)));
        assert_eq!(all(&[6, 0, 1, 1, 8]), (vec![Frame::Crypto(0, &[1])], Err(Wrong::Kind)));
        // So many ranges that they do not end.
        assert_eq!(all(&[2, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]), (vec![], Err(Wrong::Length)));
    }
}
