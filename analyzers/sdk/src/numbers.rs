//! Numbers as reports show them.

/// A part of a whole in percent, with two decimals; 0 of nothing.
pub fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(part as f64 * 100.0 / whole as f64, 2) }
}

/// A share of a whole, from 0 to 1; 0 of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Counts one more.
pub fn add_one(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// A number with so many decimals.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let scaled = value * scale;
    // Beyond this there are no decimals to round, and the product could overflow.
    if scaled.abs() < 1e15 { scaled.round() / scale } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_never_infinite() {
        assert_eq!((percent(1, 3), percent(1, 0), percent(0, 7)), (33.33, 0.0, 0.0));
        assert_eq!((share(1, 0), share(1, 4)), (0.0, 0.25));
        assert_eq!((rounded(79.984_243_1, 2), rounded(1e300, 6)), (79.98, 1e300));
    }
}
