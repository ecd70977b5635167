//! The digests of a capture's file.

/// What a file is known by wherever it lies, as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: String,
    /// SHA-1, where it was asked for.
    pub sha1: Option<String>,
}

impl Digests {
    /// Whether they say all that others say.
    pub fn cover(&self, others: &Self) -> bool {
        self.sha256 == others.sha256 && (self.sha1.is_some() || others.sha1.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_cover_those_that_say_less() {
        let digests = |text: &str| Digests { sha256: text.into(), sha1: None };
        let both = Digests { sha1: Some("e".into()), ..digests("a") };
        assert!(both.cover(&digests("a")) && both.cover(&both) && digests("a").cover(&digests("a")));
        assert!(!digests("a").cover(&both) && !both.cover(&digests("b")));
    }
}
