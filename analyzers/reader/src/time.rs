//! Timestamps of any resolution, as nanoseconds since 1970.

use crate::types::NO_TIME;

const NANOSECONDS: u64 = 1_000_000_000;

/// How an interface counts time (pcapng section 4.2, `if_tsresol` and `if_tsoffset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    scale: Scale,
    /// Ticks in one second.
    pub(crate) ticks_per_second: u64,
    /// Decimal digits of a second that the ticks justify, at most 9.
    pub(crate) digits: u8,
    /// Seconds to be added to each timestamp.
    pub(crate) offset: i64,
}

/// From ticks to nanoseconds without a general division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// 10^0 to 10^9 ticks a second: times so many nanoseconds.
    Times(u64),
    /// 10^10 to 10^19 ticks a second: so many ticks make a nanosecond.
    Over(u64),
    /// 2^n ticks a second.
    Binary(u32),
}

impl Clock {
    pub(crate) const MICROSECONDS: Self =
        Self { scale: Scale::Times(1_000), ticks_per_second: 1_000_000, digits: 6, offset: 0 };
    pub(crate) const NANOSECONDS: Self =
        Self { scale: Scale::Times(1), ticks_per_second: NANOSECONDS, digits: 9, offset: 0 };

    /// Decodes `if_tsresol`: the top bit says whether the rest is an exponent of 2 or of 10. `None` when the ticks of
    /// a second do not fit in 64 bits, which Wireshark refuses too.
    pub(crate) fn from_tsresol(tsresol: u8) -> Option<Self> {
        let exponent = u32::from(tsresol & 0x7f);
        if tsresol & 0x80 != 0 {
            let ticks_per_second = 1_u64.checked_shl(exponent)?;
            // As many digits as there are whole powers of ten in a second's ticks.
            let digits = ticks_per_second.ilog10().min(9) as u8;
            return Some(Self { scale: Scale::Binary(exponent), ticks_per_second, digits, offset: 0 });
        }
        let ticks_per_second = 10_u64.checked_pow(exponent)?;
        let scale = match NANOSECONDS.checked_div(ticks_per_second) {
            Some(nanoseconds) if nanoseconds > 0 => Scale::Times(nanoseconds),
            _ => Scale::Over(ticks_per_second.checked_div(NANOSECONDS)?),
        };
        Some(Self { scale, ticks_per_second, digits: exponent.min(9) as u8, offset: 0 })
    }

    /// The same clock with seconds to be added.
    pub(crate) fn shifted(self, offset: i64) -> Self {
        Self { offset, ..self }
    }

    /// Nanoseconds since 1970, finer units cut off; [`NO_TIME`] when it is before 1970 or does not fit.
    #[inline]
    pub(crate) fn nanoseconds(&self, ticks: u64) -> u64 {
        match self.scale {
            Scale::Times(nanoseconds) if self.offset == 0 => ticks.checked_mul(nanoseconds).unwrap_or(NO_TIME),
            _ => self.nanoseconds_wide(ticks),
        }
    }

    /// The general case. No sum or product here comes near to 2^127.
    fn nanoseconds_wide(&self, ticks: u64) -> u64 {
        let ticks = i128::from(ticks);
        let unshifted = match self.scale {
            Scale::Times(nanoseconds) => ticks.checked_mul(i128::from(nanoseconds)),
            Scale::Over(ticks_per_nanosecond) => ticks.checked_div(i128::from(ticks_per_nanosecond)),
            Scale::Binary(exponent) => ticks.checked_mul(i128::from(NANOSECONDS)).and_then(|n| n.checked_shr(exponent)),
        };
        let shift = i128::from(self.offset).checked_mul(i128::from(NANOSECONDS));
        unshifted
            .zip(shift)
            .and_then(|(time, shift)| time.checked_add(shift))
            .and_then(|time| u64::try_from(time).ok())
            .unwrap_or(NO_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(tsresol: u8) -> Clock {
        Clock::from_tsresol(tsresol).unwrap()
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(clock(6), Clock::MICROSECONDS);
        assert_eq!(clock(9), Clock::NANOSECONDS);
        assert_eq!(clock(0).nanoseconds(3), 3_000_000_000);
        assert_eq!(clock(3).nanoseconds(1_700_000_000_123), 1_700_000_000_123_000_000);
        // Picoseconds are cut off, not rounded.
        assert_eq!(clock(12).nanoseconds(1_999), 1);
        assert_eq!(clock(19).nanoseconds(u64::MAX), 1_844_674_407);
        assert_eq!(clock(12).digits, 9);
        assert_eq!(Clock::from_tsresol(20), None);
        assert_eq!(Clock::from_tsresol(127), None);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(clock(0x80).nanoseconds(2), 2_000_000_000);
        let clock_10 = clock(0x8a);
        assert_eq!(clock_10.nanoseconds(1_700_000_000 * 1024 + 512), 1_700_000_000_500_000_000);
        assert_eq!((clock_10.ticks_per_second, clock_10.digits), (1024, 3));
        // 1/2^20 s is 953.67 ns.
        assert_eq!(clock(0x94).nanoseconds(1), 953);
        assert_eq!(clock(0xbf).nanoseconds(u64::MAX), 1_999_999_999);
        assert_eq!(Clock::from_tsresol(0xc0), None);
    }

    #[test]
    fn offsets_are_signed_and_out_of_range_is_no_time() {
        let shifted = |offset| Clock::MICROSECONDS.shifted(offset);
        assert_eq!(shifted(-10).nanoseconds(10_000_001), 1_000);
        assert_eq!(shifted(-11).nanoseconds(10_000_000), NO_TIME);
        assert_eq!(shifted(1_000).nanoseconds(1), 1_000_000_001_000);
        assert_eq!(shifted(i64::MAX).nanoseconds(u64::MAX), NO_TIME);
        assert_eq!(shifted(i64::MIN).nanoseconds(u64::MAX), NO_TIME);
        assert_eq!(Clock::MICROSECONDS.nanoseconds(u64::MAX), NO_TIME);
        // A value beyond 64 bits that the offset brings back.
        assert_eq!(shifted(-18_446_744_073_709).nanoseconds(18_446_744_073_709_551_615), 551_615_000);
    }
}
