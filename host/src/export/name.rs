//! Names of files: what of a capture's name can stand in one, and what tells captures of the same name apart.

use std::fmt;

use crate::digest::hex_sha256;

/// Characters of a file's name that are a capture's.
const STEM: usize = 60;
/// Hexadecimal digits that tell captures apart.
const KEY: usize = 16;

/// How the files of a capture are called, without their ending: its name as far as it is harmless, and a key of its name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stem(String);

impl Stem {
    /// Of a capture with this name, as rows have it, and this SHA-256 of its content.
    pub fn new(name: &str, sha256: &str) -> Self {
        let last = name.rsplit('/').next().unwrap_or_default();
        let is_harmless = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut stem: String = last.chars().map(|c| if is_harmless(&c) { c } else { '_' }).take(STEM).collect();
        // Files that begin with a point are hidden, and those with a hyphen are options of many a program.
        if stem.starts_with(['.', '-']) {
            stem.replace_range(..1, "_");
        }
        if stem.is_empty() {
            stem.push('_');
        }
        let key = hex_sha256(format!("{name}\0{sha256}").as_bytes());
        Self(format!("{stem}.{}", key.get(..KEY).unwrap_or(&key)))
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_are_harmless_and_tell_captures_apart() {
        for (name, stem) in [
            ("a.pcap", "a.pcap"),
            ("day 1/ü b.pcap", "__b.pcap"),
            (".hidden", "_hidden"),
            ("-rf", "_rf"),
            ("", "_"),
            ("x/", "_"),
            ("..", "_."),
            ("https://example.org/a.pcap?x", "a.pcap_x"),
        ] {
            let made = Stem::new(name, SHA256).to_string();
            assert_eq!(made.rsplit_once('.').map(|(stem, key)| (stem.to_owned(), key.len())), Some((stem.into(), KEY)));
        }
        assert_eq!(Stem::new(&"x".repeat(300), SHA256).to_string().len(), STEM + 1 + KEY);
        // Of the same name in two folders, and of two contents of one name.
        let all = [Stem::new("a/x", SHA256), Stem::new("b/x", SHA256), Stem::new("a/x", "00")];
        assert!(all[0] != all[1] && all[0] != all[2]);
        assert_eq!(all[0], Stem::new("a/x", SHA256));
    }

    /// As docs/export.md tells others to compute it: printf 'a.pcap\0e3b0…' | sha256sum.
    #[test]
    fn the_key_is_the_one_that_is_documented() {
        let whole = hex_sha256([b"a.pcap\0", SHA256.as_bytes()].concat().as_slice());
        assert_eq!(Stem::new("a.pcap", SHA256).to_string(), format!("a.pcap.{}", &whole[..16]));
    }
}
