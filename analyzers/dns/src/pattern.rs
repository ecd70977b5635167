//! Names with `*`.

/// A pattern for names in presentation format, in lower case; `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Vec<u8>,
}

impl Pattern {
    /// Reads a pattern. A dot at the end is the root's, as everywhere.
    pub fn new(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let text = match text.strip_suffix('.') {
            Some(start) if !start.is_empty() && !start.ends_with('\\') => start.to_owned(),
            _ => text,
        };
        Self { text: text.into_bytes() }
    }

    /// Whether all of a folded name fits. Takes time in proportion to both lengths' product at most.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let (mut p, mut n) = (0_usize, 0_usize);
        // Where the last `*` stood, and how far it reaches.
        let mut star: Option<(usize, usize)> = None;
        while let Some(octet) = name.get(n) {
            match self.text.get(p) {
                Some(b'*') => {
                    star = Some((p, n));
                    p = p.saturating_add(1);
                }
                Some(own) if own == octet => {
                    p = p.saturating_add(1);
                    n = n.saturating_add(1);
                }
                _ => {
                    let Some((at, reach)) = star else { return false };
                    let reach = reach.saturating_add(1);
                    star = Some((at, reach));
                    p = at.saturating_add(1);
                    n = reach;
                }
            }
        }
        self.text.get(p..).is_some_and(|rest| rest.iter().all(|octet| *octet == b'*'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
    }

    #[test]
    fn stars_stand_for_any_characters() {
        check("www.example.com", "www.example.com", true);
        check("WWW.example.com.", "www.example.com", true);
        check("www.example.com", "www.example.org", false);
        check("*.example.com", "www.example.com", true);
        check("*.example.com", "example.com", false);
        check("*example.com", "example.com", true);
        check("*", ".", true);
        check(".", ".", true);
        check("a*b*c", "axxbxxbxxc", true);
        check("a*b*c", "axxbxxbxx", false);
        check("", "", true);
        check("", "a", false);
    }
}
