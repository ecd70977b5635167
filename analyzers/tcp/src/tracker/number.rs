//! Arithmetic of sequence numbers, modulo 2^32 (RFC 9293 §3.4).

/// Whether `a` comes after `b`.
pub fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// How far `a` is beyond `b`; 0 when it is not.
pub fn beyond(a: u32, b: u32) -> u32 {
    if after(a, b) { a.wrapping_sub(b) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_around() {
        assert!(after(1, 0) && !after(0, 1) && !after(5, 5));
        assert!(after(3, u32::MAX) && !after(u32::MAX, 3));
        assert_eq!((beyond(3, u32::MAX), beyond(u32::MAX, 3), beyond(9, 4)), (4, 0, 5));
    }
}
