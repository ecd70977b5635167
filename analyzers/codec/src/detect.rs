//! Which compression a file has, by its first octets.

/// A compression that this crate decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// LZ4 frame format 1.6.
    Lz4,
}

impl Compression {
    /// `gzip`, `zstd` or `lz4`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];
pub(crate) const ZSTD: u32 = 0xfd2f_b528;
pub(crate) const LZ4: u32 = 0x184d_2204;

/// Whether a frame is to be skipped: zstd and lz4 share these sixteen magic numbers.
pub(crate) fn is_skippable(magic: u32) -> bool {
    magic & 0xffff_fff0 == 0x184d_2a50
}

/// The compression found in the first octets of a file.
///
/// A file may begin with skippable frames. They are looked behind as far as `start` goes; pzstd's is 12 octets long, so 16
/// octets are enough for it. Behind a longer one zstd is assumed, and [`crate::Decoder`] finds out by itself.
pub fn detect(start: &[u8]) -> Option<Compression> {
    if start.starts_with(&GZIP) {
        return Some(Compression::Gzip);
    }
    let mut rest = start;
    let mut skipped = false;
    loop {
        let Some((magic, behind)) = rest.split_first_chunk::<4>() else {
            return skipped.then_some(Compression::Zstd);
        };
        match u32::from_le_bytes(*magic) {
            ZSTD => return Some(Compression::Zstd),
            LZ4 => return Some(Compression::Lz4),
            magic if is_skippable(magic) => {
                skipped = true;
                let length = behind.first_chunk::<4>().map_or(u32::MAX, |length| u32::from_le_bytes(*length));
                let length = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(4);
                rest = behind.get(length..).unwrap_or_default();
            }
            _ => return skipped.then_some(Compression::Zstd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_numbers() {
        assert_eq!(detect(&[0x1f, 0x8b, 8]), Some(Compression::Gzip));
        assert_eq!(detect(&[0x28, 0xb5, 0x2f, 0xfd, 0]), Some(Compression::Zstd));
        assert_eq!(detect(&[0x04, 0x22, 0x4d, 0x18]).map(Compression::name), Some("lz4"));
        assert_eq!(detect(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0]), None);
        assert_eq!((detect(b""), detect(&[0x1f]), detect(&[0x28, 0xb5])), (None, None, None));
    }

    #[test]
    fn skippable_frames_are_looked_behind() {
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
        let behind = |magic: &[u8]| detect(&[&skippable, magic].concat());
        assert_eq!(behind(&ZSTD.to_le_bytes()), Some(Compression::Zstd));
        assert_eq!(behind(&LZ4.to_le_bytes()), Some(Compression::Lz4));
        assert_eq!(behind(&[&skippable[..], &LZ4.to_le_bytes()].concat()), Some(Compression::Lz4));
        assert_eq!(behind(b""), Some(Compression::Zstd));
        assert_eq!(detect(&[0x5f, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0]), Some(Compression::Zstd));
    }
}
