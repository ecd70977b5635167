//! Arithmetic of sequence numbers, modulo 2^32 (RFC 9293 §3.4).

/// Whether `a` comes after `b`.
pub fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// How far `a` is beyond `b`; 0 when it is not.
pub fn beyond(a: u32, b: u32) -> u32 {
    if after(a, b) { a.wrapping_sub(b) } else { 0 }
}

/// Within this time, in nanoseconds, what stands behind its answer was overtaken by it on the way into the file; later it is another copy,
/// sent again, of what was not captured (the shortest time-out of common stacks: RFC 6298 asks for a second, Linux takes 200 ms).
const OVERTAKEN: u64 = 200_000_000;

/// Whether two segments that stand in the wrong order were near enough in time for that. Without times they were.
pub fn is_overtaken(a: Option<u64>, b: Option<u64>) -> bool {
    a.zip(b).is_none_or(|(a, b)| a.abs_diff(b) < OVERTAKEN)
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
