//! Addresses (RFC 3261 §20.10), URIs (§19.1) and header parameters.

/// A value such as `"Alice" <sip:alice@example.com>;tag=1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address<'a> {
    /// The display name without quotes; empty when there is none.
    pub display: &'a [u8],
    pub uri: Uri<'a>,
    /// Header parameters behind it, each after a `;`.
    pub parameters: &'a [u8],
}

/// A `sip`, `sips` or `tel` URI, or any other as `scheme` and `host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uri<'a> {
    pub text: &'a [u8],
    pub scheme: &'a [u8],
    /// Without a password; the number of a `tel` URI.
    pub user: &'a [u8],
    /// Whether a password stands in it (RFC 3261 §19.1.1 advises against it).
    pub has_password: bool,
    pub host: &'a [u8],
    pub port: Option<u16>,
}

impl<'a> Address<'a> {
    /// Reads a name-addr or an addr-spec.
    pub fn parse(value: &'a [u8]) -> Self {
        // Broken quotes must not hide the URI.
        let open = outside_quotes(value, b'<').or_else(|| value.iter().rposition(|octet| *octet == b'<'));
        let Some((display, rest)) = open.and_then(|at| value.split_at_checked(at)) else {
            // Without brackets, parameters belong to the header (RFC 3261 §20.10).
            let (uri, parameters) = super::split_at(value, b';').unwrap_or((value, b""));
            return Self { display: b"", uri: Uri::parse(uri.trim_ascii()), parameters };
        };
        let rest = rest.get(1..).unwrap_or_default();
        let (uri, behind) = super::split_at(rest, b'>').unwrap_or((rest, b""));
        let display = display.trim_ascii();
        let unquoted = display.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        Self { display: unquoted.unwrap_or(display), uri: Uri::parse(uri.trim_ascii()), parameters: behind }
    }

    /// A header parameter.
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }
}

impl<'a> Uri<'a> {
    /// Reads a URI as far as it goes.
    pub fn parse(text: &'a [u8]) -> Self {
        let Some((scheme, rest)) = super::split_at(text, b':') else {
            return Self { text, host: text, ..Self::default() };
        };
        let whole = Self { text, scheme, ..Self::default() };
        if scheme.eq_ignore_ascii_case(b"tel") {
            let (number, _) = super::split_at(rest, b';').unwrap_or((rest, b""));
            return Self { user: number, ..whole };
        }
        // The user part may hold `;` and `?`, the host part may not hold `@`.
        let (userinfo, hostport) = match rest.iter().rposition(|octet| *octet == b'@') {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at.saturating_add(1)..).unwrap_or_default()),
            None => (b"".as_slice(), rest),
        };
        let (user, password) = super::split_at(userinfo, b':').map_or((userinfo, None), |(user, p)| (user, Some(p)));
        let end = hostport.iter().position(|octet| matches!(octet, b';' | b'?')).unwrap_or(hostport.len());
        let (host, port) = host_port(hostport.get(..end).unwrap_or_default());
        Self { user, has_password: password.is_some(), host, port, ..whole }
    }

    /// User and host without scheme and parameters: what an account is known by.
    pub fn account(&self) -> Vec<u8> {
        let mut account = self.user.to_vec();
        if !self.host.is_empty() {
            if !account.is_empty() {
                account.push(b'@');
            }
            account.extend(self.host.iter().map(u8::to_ascii_lowercase));
        }
        account
    }
}

/// A host and its port. IPv6 addresses stand in brackets, which stay.
pub fn host_port(text: &[u8]) -> (&[u8], Option<u16>) {
    let text = text.trim_ascii();
    let from = text.iter().position(|octet| *octet == b']').unwrap_or(0);
    match text.iter().skip(from).position(|octet| *octet == b':') {
        Some(at) => {
            let at = at.saturating_add(from);
            let port = text.get(at.saturating_add(1)..).and_then(super::number).and_then(|p| u16::try_from(p).ok());
            (text.get(..at).unwrap_or_default(), port)
        }
        None => (text, None),
    }
}

/// The value of a parameter in a list such as `;tag=1;lr`, without quotes; empty for one without value.
pub fn parameter<'a>(parameters: &'a [u8], name: &str) -> Option<&'a [u8]> {
    split(parameters, b';').find_map(|piece| named(piece, name))
}

/// The value of a parameter in a list such as `realm="a", qop="auth"`.
pub fn field<'a>(fields: &'a [u8], name: &str) -> Option<&'a [u8]> {
    split(fields, b',').find_map(|piece| named(piece, name))
}

fn named<'a>(piece: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (key, value) = super::split_at(piece, b'=').unwrap_or((piece, b""));
    if !key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    let value = value.trim_ascii();
    Some(value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value))
}

/// The elements of a list: pieces between commas that stand neither in quotes nor in brackets.
pub fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',').filter(|piece| !piece.is_empty())
}

/// Pieces between separators that stand neither in quotes nor in brackets, without blanks at both ends.
fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = outside_quotes(text, separator);
        let (piece, behind) = match at {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at.saturating_add(1)..)),
            None => (text, None),
        };
        rest = behind;
        Some(piece.trim_ascii())
    })
}

/// Where a byte stands that is neither quoted nor within `<>`.
fn outside_quotes(text: &[u8], wanted: u8) -> Option<usize> {
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    for (at, octet) in text.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted {
            match octet {
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if *octet == wanted && !bracketed {
            return Some(at);
        } else {
            match octet {
                b'"' => quoted = true,
                b'<' => bracketed = true,
                b'>' => bracketed = false,
                _ => {}
            }
        }
    }
    None
}
