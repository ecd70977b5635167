//! Which captures are whose, where several machines take a share each.

use std::str::FromStr;

use crate::digest::hex_sha256;

/// One of some shares of about the same number of captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    number: u64,
    of: u64,
}

impl Share {
    /// Whether a capture with this name, as rows have it, is in it. The name alone decides, so that captures which come or go later change no other's
    /// share, whichever machine asks.
    pub fn has(self, name: &str) -> bool {
        let digest = hex_sha256(name.as_bytes());
        let begin = digest.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        begin.and_then(|begin| begin.checked_rem(self.of)) == Some(self.number)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let parts: Option<(u64, u64)> =
            typed.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if number < of => Ok(Self { number, of }),
            _ => Err("a share is I/N, with I from 0 to N - 1: 0/16 is the first of 16".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capture_is_in_one_share() {
        let shares: Vec<Share> = (0..7).map(|number| format!("{number}/7").parse().unwrap()).collect();
        let mut sizes = [0_u32; 7];
        for name in (0..700).map(|number| format!("day1/{number}.pcap")) {
            let whose: Vec<usize> = (0..7).filter(|number| shares[*number].has(&name)).collect();
            assert_eq!(whose.len(), 1, "{name}");
            sizes[whose[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (60..140).contains(size)), "{sizes:?}");
        let all: Share = "0/1".parse().unwrap();
        assert!(all.has("anything"));
    }

    /// Machines with another version of the program go on with the same shares.
    #[test]
    fn shares_follow_from_the_sha256_of_the_name() {
        for (name, share) in [("day1/a.pcap", "2/16"), ("a.pcap", "13/16")] {
            assert!(share.parse::<Share>().unwrap().has(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_share_is_told_so() {
        for typed in ["", "1", "2/2", "0/0", "-1/2", "a/b", "1/2/3", "0/"] {
            assert!(typed.parse::<Share>().unwrap_err().contains("0/16"), "{typed}");
        }
    }
}
