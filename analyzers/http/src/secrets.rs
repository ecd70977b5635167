//! What must not stand in a report: passwords, tokens, values of cookies.

use std::borrow::Cow;

use mcpcap_analyzer::text::printable;

use crate::limits;

/// Names of parameters whose values are secrets, in lower case and without `_`, `-`, `.` and brackets.
const NAMES: [&str; 14] = [
    "pass",
    "pw",
    "pin",
    "otp",
    "key",
    "auth",
    "authorization",
    "sig",
    "session",
    "sid",
    "jwt",
    "code",
    "samlresponse",
    "userpass",
];
/// What such names end with.
const ENDINGS: [&str; 11] = [
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "pwd",
    "token",
    "secret",
    "apikey",
    "signature",
    "sessid",
    "sessionid",
];
/// Of both, names of passwords.
const PASSWORDS: ([&str; 5], [&str; 6]) =
    (["pass", "pw", "pin", "otp", "userpass"], ["password", "passwd", "passwort", "passphrase", "pwd", "secret"]);

/// What stands in place of a secret.
const MASK: &[u8] = "…".as_bytes();

fn is_one_of(name: &[u8], names: &[&str], endings: &[&str]) -> bool {
    let mut plain = [0_u8; 64];
    let mut length = 0_usize;
    for octet in name.iter().filter(|octet| !matches!(octet, b'_' | b'-' | b'.' | b'[' | b']')) {
        let Some(slot) = plain.get_mut(length) else { return false };
        *slot = octet.to_ascii_lowercase();
        length = length.saturating_add(1);
    }
    let plain = plain.get(..length).unwrap_or_default();
    names.iter().any(|known| known.as_bytes() == plain) || endings.iter().any(|known| plain.ends_with(known.as_bytes()))
}

/// Whether a parameter of this name holds a secret.
pub fn is_secret(name: &[u8]) -> bool {
    is_one_of(name, &NAMES, &ENDINGS)
}

/// Whether a parameter of this name holds a password.
pub fn is_password(name: &[u8]) -> bool {
    let (names, endings) = PASSWORDS;
    is_one_of(name, &names, &endings)
}

/// A URI without the values of secret parameters, and without the password before its host.
pub fn masked(uri: &[u8]) -> Cow<'_, [u8]> {
    let query = uri.iter().position(|octet| matches!(octet, b'?' | b';'));
    let has_user = uri.windows(3).take(12).any(|part| part == b"://") && uri.contains(&b'@');
    if query.is_none() && !has_user {
        return Cow::Borrowed(uri);
    }
    let (path, rest) = uri.split_at_checked(query.unwrap_or(uri.len())).unwrap_or((uri, b""));
    let mut out = Vec::with_capacity(uri.len());
    without_password(path, &mut out);
    let mut begin = 0_usize;
    for (at, octet) in rest.iter().enumerate() {
        if matches!(octet, b'?' | b'&' | b';' | b'#') {
            parameter_into(rest.get(begin..at).unwrap_or_default(), &mut out);
            out.push(*octet);
            begin = at.saturating_add(1);
        }
    }
    parameter_into(rest.get(begin..).unwrap_or_default(), &mut out);
    Cow::Owned(out)
}

fn parameter_into(pair: &[u8], out: &mut Vec<u8>) {
    let at = pair.iter().position(|octet| *octet == b'=');
    match at.and_then(|at| pair.split_at_checked(at)) {
        Some((name, value)) if is_secret(name) && value.len() > 1 => {
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(MASK);
        }
        _ => out.extend_from_slice(pair),
    }
}

/// `http://user:password@host` without the password.
fn without_password(path: &[u8], out: &mut Vec<u8>) {
    let host = path.windows(3).take(12).position(|part| part == b"://").map(|at| at.saturating_add(3));
    let parts = host.and_then(|host| path.split_at_checked(host)).and_then(|(scheme, rest)| {
        let end = rest.iter().position(|octet| *octet == b'/').unwrap_or(rest.len());
        let (authority, behind) = rest.split_at_checked(end)?;
        let at = authority.iter().rposition(|octet| *octet == b'@')?;
        let (user, host) = authority.split_at_checked(at)?;
        let colon = user.iter().position(|octet| *octet == b':')?;
        Some([scheme, user.get(..=colon)?, MASK, host, behind])
    });
    match parts {
        Some(parts) => parts.iter().for_each(|part| out.extend_from_slice(part)),
        None => out.extend_from_slice(path),
    }
}

/// `user:password@host` without the password.
pub fn masked_host(host: &[u8]) -> Cow<'_, [u8]> {
    let parts = host.iter().rposition(|octet| *octet == b'@').and_then(|at| {
        let (user, behind) = host.split_at_checked(at)?;
        let colon = user.iter().position(|octet| *octet == b':')?;
        Some([user.get(..=colon)?, MASK, behind])
    });
    parts.map_or(Cow::Borrowed(host), |parts| Cow::Owned(parts.concat()))
}

/// The user of Basic credentials.
pub fn basic_user(token: &[u8]) -> Option<String> {
    let token = token.get(..4096).unwrap_or(token);
    let decoded = data_encoding::BASE64.decode(token).or_else(|_| data_encoding::BASE64_NOPAD.decode(token)).ok()?;
    let colon = decoded.iter().position(|octet| *octet == b':')?;
    Some(printable(decoded.get(..colon)?, limits::WORD))
}

/// The value of `name="value"` in a list.
pub fn parameter<'a>(list: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    list.split(|octet| *octet == b',').find_map(|part| {
        let part = part.trim_ascii();
        let at = part.iter().position(|octet| *octet == b'=')?;
        let (own, value) = part.split_at_checked(at)?;
        let value = value.get(1..)?.trim_ascii();
        let plain = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
        own.trim_ascii().eq_ignore_ascii_case(name).then_some(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&masked(uri.as_bytes())), expected);
    }

    #[test]
    fn values_of_secret_parameters_are_left_out() {
        check("/login?user=a&password=b#c", "/login?user=a&password=…#c");
        check("/x?Access_Token=abc&api-key=1", "/x?Access_Token=…&api-key=…");
        check("/x;jsessionid=12?y", "/x;jsessionid=…?y");
        check(
            "/x?j_password=a&X-Amz-Security-Token=b&user[pwd]=c&PHPSESSID=d",
            "/x?j_password=…&X-Amz-Security-Token=…&user[pwd]=…&PHPSESSID=…",
        );
        check("/plain/path", "/plain/path");
        check("/x?keyword=a&passport=b&coder=c&tokens=d", "/x?keyword=a&passport=b&coder=c&tokens=d");
        check("/x?passage=b&password=", "/x?passage=b&password=");
    }

    #[test]
    fn passwords_before_a_host_are_left_out() {
        check("http://u:p@h/x?token=1", "http://u:…@h/x?token=…");
        check("ftp://u@h/", "ftp://u@h/");
        check("http://h/a@b", "http://h/a@b");
    }

    #[test]
    fn the_user_of_basic_credentials_is_told() {
        // RFC 7617 section 2.
        assert_eq!(basic_user(b"QWxhZGRpbjpvcGVuIHNlc2FtZQ==").as_deref(), Some("Aladdin"));
        assert_eq!(basic_user(b"!!"), None);
        assert_eq!(parameter(br#"realm="x", username="Mufasa", uri="/""#, b"username"), Some(&b"Mufasa"[..]));
    }
}
