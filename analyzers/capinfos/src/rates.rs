//! Packets and bytes per second.

use mcpcap_analyzer::numbers::rounded;

/// Decimals of a rate. Slow captures have less than a packet in a thousand seconds.
const DECIMALS: i32 = 6;

/// Averages over the whole capture. Either all are there, or the reason why none is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// Bytes (original lengths) per second.
    pub bytes: Option<f64>,
    /// Bits per second.
    pub bits: Option<f64>,
    /// Packets per second.
    pub packets: Option<f64>,
    /// Why there are none.
    pub absent_because: Option<String>,
}

/// The rates of so many packets and bytes in so many nanoseconds. `untimed` packets have no time.
pub fn of(packets: u64, octets: u64, duration: Option<u64>, untimed: u64) -> Rates {
    let absent = |reason: String| Rates { absent_because: Some(reason), ..Rates::default() };
    match duration {
        _ if packets == 0 => absent("there are no packets".into()),
        _ if untimed > 0 => absent(format!("{untimed} of {packets} packets have no time")),
        None | Some(0) if packets == 1 => absent("one packet has no duration".into()),
        None | Some(0) => absent("all packets have the same time".into()),
        Some(nanoseconds) => {
            let per_second = |count: f64| Some(rounded(count * 1e9 / nanoseconds as f64, DECIMALS));
            Rates {
                bytes: per_second(octets as f64),
                bits: per_second(octets as f64 * 8.0),
                packets: per_second(packets as f64),
                absent_because: None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second() {
        let rates = of(6, 400, Some(5_000_985_000), 0);
        assert_eq!((rates.bytes, rates.bits, rates.packets), (Some(79.984243), Some(639.873945), Some(1.199764)));
        assert_eq!(of(2, 90, Some(1_000), 0).bytes, Some(90_000_000.0));
    }

    #[test]
    fn without_a_duration_the_reason_is_given() {
        for (packets, duration, untimed, word) in [
            (0, None, 0, "no packets"),
            (1, Some(0), 0, "one packet"),
            (2, Some(0), 0, "same time"),
            (3, Some(9), 1, "1 of 3"),
        ] {
            let rates = of(packets, 100, duration, untimed);
            assert_eq!((rates.bytes, rates.bits, rates.packets), (None, None, None));
            assert!(rates.absent_because.is_some_and(|reason| reason.contains(word)), "{word}");
        }
    }
}
