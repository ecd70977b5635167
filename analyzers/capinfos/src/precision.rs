//! Names of time precisions.

use crate::summary::Summary;

/// The unit of the last of so many decimal digits of a second, in Wireshark's words (`wtap_tsprec_string`).
pub fn name(digits: u8) -> &'static str {
    match digits {
        0 => "seconds",
        1 => "100 milliseconds (deciseconds)",
        2 => "10 milliseconds (centiseconds)",
        3 => "milliseconds",
        4 => "100 microseconds",
        5 => "10 microseconds",
        6 => "microseconds",
        7 => "100 nanoseconds",
        8 => "10 nanoseconds",
        _ => "nanoseconds",
    }
}

/// The precision of a file, in the same words: `per packet` when interfaces differ, `unknown` when there is none.
pub fn of_file(summary: &Summary) -> &'static str {
    match summary.time_digits {
        Some(digits) => name(digits),
        None if summary.interfaces.is_empty() => "unknown",
        None => "per packet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_have_wiresharks_names() {
        assert_eq!(
            [0, 3, 6, 9, 12].map(name),
            ["seconds", "milliseconds", "microseconds", "nanoseconds", "nanoseconds"]
        );
    }

    #[test]
    fn a_file_has_a_precision_only_when_its_interfaces_agree() {
        let interfaces = vec![crate::summary::Interface::default(); 2];
        assert_eq!(of_file(&Summary { time_digits: Some(3), ..Summary::default() }), "milliseconds");
        assert_eq!(of_file(&Summary { interfaces, ..Summary::default() }), "per packet");
        assert_eq!(of_file(&Summary::default()), "unknown");
    }
}
