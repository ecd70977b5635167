//! Whether a name of a certificate is that of a host (RFC 6125 §6.4, RFC 9525 §6.3).

/// Whether it is. `*` stands for the whole first label, and for no dot.
pub fn fits(name: &str, host: &str) -> bool {
    let (name, host) = (name.trim_end_matches('.'), host.trim_end_matches('.'));
    if host.is_empty() {
        return false;
    }
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(domain) = name.strip_prefix("*.") else { return false };
    let Some((label, rest)) = host.split_once('.') else { return false };
    // A wildcard directly under a top-level domain is for nobody.
    !label.is_empty() && domain.contains('.') && rest.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        for (name, host, expected) in [
            ("example.com", "EXAMPLE.com", true),
            ("example.com", "example.com.", true),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("w*.example.com", "www.example.com", false),
            ("", "", false),
        ] {
            assert_eq!(fits(name, host), expected, "{name} {host}");
        }
    }
}
