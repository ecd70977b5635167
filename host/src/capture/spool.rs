//! A capture that comes through a pipe: it is written into a file without a name first, since captures are read more than once.

use std::io::{self, Read, Write};

use super::{CaptureError, CaptureFile};

/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;

/// Takes a capture to its end.
///
/// # Errors
/// When it cannot be read or kept, or is larger than the limit.
pub fn spool(mut from: impl Read, limit: u64) -> Result<CaptureFile, CaptureError> {
    const NAME: &str = "standard input";
    let io = |error: io::Error| CaptureError::Io { path: NAME.into(), reason: error.kind().to_string() };
    let mut file = tempfile::tempfile().map_err(io)?;
    let mut piece = vec![0; PIECE];
    let mut size = 0_u64;
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(io(error)),
        };
        size = size.saturating_add(read as u64);
        if size > limit {
            return Err(CaptureError::TooLarge { limit });
        }
        file.write_all(piece.get(..read).unwrap_or_default()).map_err(io)?;
    }
    CaptureFile::fetched(NAME.into(), size, file.into()).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_the_limit_is_refused() {
        let size = |bytes: usize| spool(io::repeat(7).take(bytes as u64), 100_000).map(|file| file.size);
        assert_eq!(size(0).unwrap(), 0);
        assert_eq!(size(100_000).unwrap(), 100_000);
        assert!(matches!(size(100_001), Err(CaptureError::TooLarge { limit: 100_000 })));
    }
}
