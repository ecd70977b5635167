//! Where bytes lie among others.

/// Where bytes begin in others that hold them, in memory; nothing when they lie elsewhere.
pub(crate) fn within(bytes: &[u8], data: &[u8]) -> Option<usize> {
    let offset = bytes.as_ptr().addr().checked_sub(data.as_ptr().addr())?;
    (offset.checked_add(bytes.len())? <= data.len()).then_some(offset)
}
