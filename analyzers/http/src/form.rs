//! What people fill in: forms in bodies and queries.

use mcpcap_analyzer::text::printable;

use crate::body::Known;
use crate::body::kind::{self, Type};
use crate::limits;
use crate::message::facts::file_name as named;
use crate::secrets;

/// The name of the first file in a form of several parts (RFC 7578).
pub fn file_name(prefix: &[u8], content_type: &str) -> Option<String> {
    if !is_of_parts(content_type) {
        return None;
    }
    disposition_lines(prefix).find_map(named)
}

fn is_of_parts(content_type: &str) -> bool {
    content_type.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))
}

/// Where the first file in such a form begins; of anything else, all of it.
pub fn content<'a>(prefix: &'a [u8], content_type: &str) -> &'a [u8] {
    if !is_of_parts(content_type) {
        return prefix;
    }
    let named = b"filename=";
    let Some(file) = prefix.windows(named.len()).position(|part| part == named) else {
        return prefix;
    };
    let rest = prefix.get(file..).unwrap_or_default();
    let head = rest.windows(4).position(|part| part == b"\r\n\r\n");
    head.and_then(|end| rest.get(end.saturating_add(4)..)).unwrap_or_default()
}

/// What a body is, or the first file of a form.
pub fn kind(known: &Known, content_type: &str) -> Option<Type> {
    let content = content(&known.prefix, content_type);
    if content.len() == known.prefix.len() { known.kind } else { kind::of(content) }
}

/// Values of Content-Disposition of the parts.
fn disposition_lines(prefix: &[u8]) -> impl Iterator<Item = &[u8]> {
    prefix.split(|octet| *octet == b'\n').filter_map(|line| {
        let name = b"content-disposition:";
        let (begin, value) = line.split_at_checked(name.len())?;
        begin.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

/// Credentials in a form, without what is secret of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name of the field with the password.
    pub field: String,
    /// The user, when a field is called so.
    pub user: Option<String>,
}

/// Names of fields with users, in lower case and without `_`, `-` and `.`.
const USERS: [&[u8]; 10] =
    [b"user", b"username", b"login", b"email", b"name", b"userid", b"account", b"uid", b"log", b"usr"];

/// The login that `name=value` pairs hold.
pub fn login<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Login> {
    let (mut field, mut user) = (None, None);
    for (name, value) in pairs.take(256) {
        if field.is_none() && !value.is_empty() && secrets::is_password(name) {
            field = Some(printable(name, limits::WORD));
        }
        if user.is_none() && USERS.iter().any(|known| same(name, known)) {
            user = Some(printable(value, limits::WORD));
        }
    }
    field.map(|field| Login { field, user: user.filter(|user| !user.is_empty()) })
}

fn same(name: &[u8], known: &[u8]) -> bool {
    let plain = name.iter().filter(|octet| !matches!(octet, b'_' | b'-' | b'.')).map(u8::to_ascii_lowercase);
    plain.eq(known.iter().copied())
}

/// `a=1&b=2`.
pub fn pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|octet| *octet == b'&').filter_map(|pair| {
        let at = pair.iter().position(|octet| *octet == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        Some((name, value.get(1..).unwrap_or_default()))
    })
}

/// Text members of JSON, at any depth: `"name": "value"`.
pub fn members(json: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut texts = json.split(|octet| *octet == b'"');
    texts.next();
    std::iter::from_fn(move || {
        loop {
            let name = texts.next()?;
            let between = texts.next()?.trim_ascii();
            if between == b":" {
                let value = texts.next()?;
                texts.next();
                return Some((name, value));
            }
            // A number, or what is no member: the next text may be a name.
        }
    })
}

/// Name and value of the short parts of a form of several parts (RFC 7578).
pub fn parts(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut lines = body.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    std::iter::from_fn(move || {
        let head = b"content-disposition:";
        let line = lines.find(|line| line.get(..head.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(head)))?;
        lines.find(|line| line.is_empty())?;
        let value = lines.next()?;
        let name = line.split(|octet| *octet == b';').find_map(|part| part.trim_ascii().strip_prefix(b"name="));
        let name = name.unwrap_or_default();
        Some((name.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(name), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_without_what_is_secret() {
        let found = |user: &str| Some(Login { field: "password".into(), user: Some(user.into()) });
        assert_eq!(login(pairs(b"a=1&username=bob&password=x&b")), found("bob"));
        assert_eq!(login(members(br#"{"n": 1, "login": {"user": "eve", "password": "x"}}"#)), found("eve"));
        let multipart = b"--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nmallory\r\n--b\r\n\
            Content-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--";
        assert_eq!(login(parts(multipart)), found("mallory"));
        assert_eq!(login(pairs(b"user=a&password=")), None);
        assert_eq!(login(pairs(b"pass_age=1")), None);
    }

    #[test]
    fn the_name_of_a_file_that_is_sent_is_found() {
        let body =
            b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\nContent-Type: x/y\r\n\r\nMZ";
        assert_eq!(file_name(body, "multipart/form-data; boundary=b").as_deref(), Some("a.exe"));
        assert_eq!(content(body, "multipart/form-data; boundary=b"), b"MZ");
        assert_eq!((file_name(body, "text/plain"), content(b"abc", "text/plain")), (None, &b"abc"[..]));
    }
}
