//! How far a run is, and the words for it.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Bytes of the file, those of its download counted too.
    pub bytes: u64,
    /// Packets that were read; none while it is fetched.
    pub packets: Option<u64>,
}

/// Told what was done, and of how many bytes where that is known.
pub type Progress = dyn Fn(Done, Option<u64>) + Send + Sync;

/// How long something is watched before the time left is guessed.
const WATCHED: Duration = Duration::from_secs(1);

/// Watches a run, to say how long it may still take.
#[derive(Debug, Default)]
pub struct Pace {
    /// Since when, from which byte on, and whether it was fetched then.
    since: Option<(Instant, u64, bool)>,
}

impl Pace {
    /// What there is to say, as `42 %, 1,204,331 packets, about 8 s left`. The time is an estimate, and is said when there is ground for one.
    pub fn words(&mut self, done: Done, total: Option<u64>, now: Instant) -> String {
        let is_fetch = done.packets.is_none();
        // Fetching goes at another pace than reading.
        let (begun, from, _) = match self.since {
            Some(since) if since.2 == is_fetch => since,
            _ => *self.since.insert((now, done.bytes, is_fetch)),
        };
        let mut words = String::new();
        match total.filter(|total| *total > 0) {
            Some(total) => {
                let percent = u128::from(done.bytes).saturating_mul(100).checked_div(u128::from(total));
                let _ = write!(words, "{} %", percent.unwrap_or_default().min(100));
            }
            None => {
                let _ = write!(words, "{} bytes", grouped(done.bytes));
            }
        }
        match done.packets {
            None => words.push_str(" fetched"),
            Some(1) => words.push_str(", 1 packet"),
            Some(packets) => {
                let _ = write!(words, ", {} packets", grouped(packets));
            }
        }
        let (elapsed, gone) = (now.saturating_duration_since(begun), done.bytes.saturating_sub(from));
        if let Some(total) = total.filter(|total| elapsed >= WATCHED && gone > 0 && *total > done.bytes) {
            let left = total.saturating_sub(done.bytes) as f64 / gone as f64 * elapsed.as_secs_f64();
            let _ = write!(words, ", about {} left", lasting(left));
        }
        words
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn lasting(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds.ceil()).map_or(u64::MAX, |time| time.as_secs()).max(1);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_percent_packets_and_the_time_left() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut pace = Pace::default();
        let read = |bytes, packets| Done { bytes, packets: Some(packets) };
        assert_eq!(pace.words(read(0, 0), Some(1000), at(0)), "0 %, 0 packets");
        assert_eq!(pace.words(read(10, 1), Some(1000), at(0)), "1 %, 1 packet");
        assert_eq!(pace.words(read(420, 1_204_331), Some(1000), at(6)), "42 %, 1,204,331 packets, about 9 s left");
        assert_eq!(pace.words(read(1000, 2_000_000), Some(1000), at(9)), "100 %, 2,000,000 packets");
        assert_eq!(pace.words(read(12_345, 7), None, at(10)), "12,345 bytes, 7 packets");
    }

    #[test]
    fn fetching_has_a_pace_of_its_own() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut pace = Pace::default();
        let fetched = |bytes| Done { bytes, packets: None };
        assert_eq!(pace.words(fetched(0), Some(100), at(0)), "0 % fetched");
        assert_eq!(pace.words(fetched(50), Some(100), at(100)), "50 % fetched, about 100 s left");
        let read = |bytes| Done { bytes, packets: Some(5) };
        assert_eq!(pace.words(read(100), Some(200), at(200)), "50 %, 5 packets");
        assert_eq!(pace.words(read(150), Some(200), at(202)), "75 %, 5 packets, about 2 s left");
    }

    #[test]
    fn long_times_are_told_in_larger_units() {
        assert_eq!(
            (lasting(0.1).as_str(), lasting(119.0).as_str(), lasting(121.0).as_str()),
            ("1 s", "119 s", "3 min")
        );
        assert_eq!((lasting(7201.0).as_str(), grouped(1_000).as_str(), grouped(999).as_str()), ("3 h", "1,000", "999"));
    }
}
