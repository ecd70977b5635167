//! What is kept of a message's head. Texts are fit for a report, secrets are left out.

use mcpcap_analyzer::stats::{Lists, Pool, Sequence};
use mcpcap_analyzer::text::printable;

use super::{Fault, Head, Version};
use crate::form::{self, Login};
use crate::limits;
use crate::secrets;
use crate::signs::{self, Signs};

/// What is kept of a request's head.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// As it was sent, without secrets.
    pub target: String,
    /// Bytes of the target.
    pub target_bytes: usize,
    /// From an absolute target, else from Host.
    pub host: Option<String>,
    pub user_agent: Option<String>,
    pub referer: Option<String>,
    pub origin: Option<String>,
    /// Headers that proxies add, as `VIA -> 1.1 proxy`.
    pub proxied: Vec<String>,
    pub cookies: Names,
    pub authorization: Option<Authorization>,
    pub via: Option<String>,
    pub forwarded_for: Option<String>,
    pub upgrade: Option<String>,
    /// Strings that attack, in the target and in headers.
    pub signs: Signs,
    /// What its query logs in with.
    pub login: Option<Login>,
    pub entity: Entity,
}

/// What is kept of a response's head.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// None before HTTP/1.0.
    pub status: Option<u16>,
    pub reason: String,
    pub server: Option<String>,
    pub location: Option<String>,
    pub cookies: Names,
    /// Schemes that it asks for.
    pub challenge: Option<String>,
    pub via: Option<String>,
    pub upgrade: Option<String>,
    pub entity: Entity,
}

/// What headers say of a body.
#[derive(Debug, Clone, Default)]
pub struct Entity {
    pub content_type: Option<String>,
    pub content_length: Option<u64>,
    pub coding: Option<String>,
    pub file_name: Option<String>,
    pub range: Option<String>,
}

/// The list of names of cookies of each request.
pub const COOKIES: &str = "exchanges[].cookies";
/// The same of each response.
pub const SET_COOKIES: &str = "exchanges[].set_cookies";

/// Names of cookies.
#[derive(Debug, Clone, Default)]
pub struct Names(Sequence<String>);

/// Credentials, without what is secret of them.
#[derive(Debug, Clone)]
pub struct Authorization {
    pub scheme: String,
    /// Of Basic and Digest.
    pub user: Option<String>,
    /// Whether it is for a proxy.
    pub proxy: bool,
}

/// A short text from the capture, such as a method.
pub fn word(bytes: &[u8]) -> String {
    printable(bytes, limits::WORD)
}

/// A text from the capture.
pub fn text(bytes: &[u8]) -> String {
    printable(bytes, limits::TEXT)
}

/// A URI from the capture without secrets.
pub fn uri(bytes: &[u8]) -> String {
    printable(&secrets::masked(bytes), limits::TARGET)
}

/// A host from the capture, without the password before it.
pub fn host(bytes: &[u8]) -> String {
    printable(&secrets::masked_host(bytes), limits::TEXT)
}

impl Names {
    fn of(list: &str) -> Self {
        Self(Sequence::of(list, limits::COOKIES))
    }

    fn add(&mut self, name: &[u8]) {
        if !name.is_empty() {
            self.0.push(|| word(name), &mut Pool::new(0));
        }
    }

    /// The first ones.
    pub fn first(&self) -> &[String] {
        self.0.first()
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.total()
    }

    /// Those that a report holds of an exchange at a place.
    pub fn list(&self, list: &str, place: usize, lists: &mut Lists) -> Vec<String> {
        lists.sequence(list, &[place], self.0.clone())
    }
}

/// What stands before `=`.
fn name(pair: &[u8]) -> &[u8] {
    pair.split(|octet| *octet == b'=').next().unwrap_or_default().trim_ascii()
}

/// `1.1`.
pub fn version(version: Version) -> &'static str {
    match version {
        Version(0, 9) => "0.9",
        Version(1, 0) => "1.0",
        Version(1, 1) => "1.1",
        Version(2, 0) => "2",
        _ => "other",
    }
}

impl Request {
    /// Reads it. Adds what is wrong with the head.
    pub fn of(head: &mut Head<'_>, method: &[u8], target: &[u8], version: Version) -> Self {
        let mut hosts = head.values("host");
        let named = hosts.next().filter(|named| !named.is_empty()).map(host);
        let several = hosts.next().is_some();
        drop(hosts);
        if several {
            head.faults.add(Fault::SeveralHosts);
        }
        if version == Version(1, 1) && head.value("host").is_none() {
            head.faults.add(Fault::NoHost);
        }
        let host = if method == b"CONNECT" { Some(host(target)) } else { authority(target).map(text).or(named) };
        let mut signs = Signs::default();
        head.all().for_each(|(_, value)| signs.join(signs::of_header(value)));
        Self { host, ..Self::of_fields(&|name| head.value(name), &|name| joined(head, name), method, target) }
            .with(signs)
    }

    /// With further signs.
    pub fn with(mut self, signs: Signs) -> Self {
        self.signs.join(signs);
        self
    }

    /// The same of fields, whatever carried them, but for the host.
    pub fn of_fields<'h>(
        one: &impl Fn(&'static str) -> Option<&'h [u8]>,
        all: &impl Fn(&'static str) -> Vec<&'h [u8]>,
        method: &[u8],
        target: &[u8],
    ) -> Self {
        let mut cookies = Names::of(COOKIES);
        for value in all("cookie") {
            value.split(|octet| *octet == b';').for_each(|pair| cookies.add(name(pair)));
        }
        let given = |name, proxy| one(name).map(|value| Authorization::of(value, proxy));
        Self {
            method: word(method),
            target: uri(target),
            target_bytes: target.len(),
            host: None,
            user_agent: one("user-agent").map(text),
            referer: one("referer").map(uri),
            origin: one("origin").map(text),
            proxied: PROXIES
                .iter()
                .filter_map(|name| Some(format!("{} -> {}", name.to_ascii_uppercase(), text(one(name)?))))
                .collect(),
            cookies,
            authorization: given("authorization", false).or_else(|| given("proxy-authorization", true)),
            via: one("via").map(text),
            forwarded_for: one("x-forwarded-for").or_else(|| one("forwarded")).map(text),
            upgrade: one("upgrade").map(word),
            signs: signs::of_target(target),
            login: query(target).and_then(|query| form::login(form::pairs(query))),
            entity: Entity::of(one, all),
        }
    }
}

/// Headers that tell of proxies: those of Zeek.
const PROXIES: [&str; 7] =
    ["forwarded", "x-forwarded-for", "x-forwarded-from", "client-ip", "via", "xroxy-connection", "proxy-connection"];

/// What stands behind `?`.
fn query(target: &[u8]) -> Option<&[u8]> {
    let at = target.iter().position(|octet| *octet == b'?')?;
    target.get(at.saturating_add(1)..)
}

fn joined<'h>(head: &'h Head<'_>, name: &'static str) -> Vec<&'h [u8]> {
    head.values(name).collect()
}

impl Response {
    /// Reads it.
    pub fn of(head: &Head<'_>, status: u16, reason: &[u8]) -> Self {
        Self::of_fields(&|name| head.value(name), &|name| joined(head, name), status, reason)
    }

    /// The same of fields, whatever carried them.
    pub fn of_fields<'h>(
        one: &impl Fn(&'static str) -> Option<&'h [u8]>,
        all: &impl Fn(&'static str) -> Vec<&'h [u8]>,
        status: u16,
        reason: &[u8],
    ) -> Self {
        let mut cookies = Names::of(SET_COOKIES);
        for value in all("set-cookie") {
            cookies.add(name(value.split(|octet| *octet == b';').next().unwrap_or_default()));
        }
        let mut schemes: Vec<&[u8]> = Vec::new();
        for value in all("www-authenticate").into_iter().chain(all("proxy-authenticate")) {
            schemes.push(value.split(u8::is_ascii_whitespace).next().unwrap_or_default());
        }
        Self {
            status: Some(status),
            reason: word(reason),
            server: one("server").map(text),
            location: one("location").map(uri),
            cookies,
            challenge: (!schemes.is_empty()).then(|| word(&schemes.join(&b", "[..]))),
            via: one("via").map(text),
            upgrade: one("upgrade").map(word),
            entity: Entity::of(one, all),
        }
    }
}

impl Entity {
    /// Whether it is a form, by its type.
    pub fn is_form(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("multipart/form-data")
    }

    fn of<'h>(one: &impl Fn(&'static str) -> Option<&'h [u8]>, all: &impl Fn(&'static str) -> Vec<&'h [u8]>) -> Self {
        // Several headers are one list (RFC 9110 §5.3).
        let coding = all("content-encoding").join(&b", "[..]);
        Self {
            content_type: one("content-type").filter(|value| !value.is_empty()).map(text),
            content_length: one("content-length").and_then(super::framing::number),
            coding: (!coding.is_empty()).then(|| word(&coding)),
            file_name: one("content-disposition").and_then(file_name),
            range: one("content-range").map(word),
        }
    }
}

/// The file name of Content-Disposition: `filename*` before `filename` (RFC 6266 §4.3).
pub fn file_name(value: &[u8]) -> Option<String> {
    let (mut plain, mut extended, mut rest) = (None, None, value);
    while !rest.is_empty() {
        let (part, behind) = parameter(rest);
        rest = behind;
        let Some(at) = part.iter().position(|octet| *octet == b'=') else { continue };
        let (name, value) = part.split_at_checked(at).unwrap_or_default();
        let (name, value) = (name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
        if name.eq_ignore_ascii_case(b"filename") {
            plain = plain.or_else(|| Some(unquoted(value)));
        } else if name.eq_ignore_ascii_case(b"filename*") {
            extended = extended.or_else(|| of_charset(value));
        }
    }
    extended.or(plain).filter(|name| !name.is_empty()).map(|name| text(&name))
}

/// A part up to the next semicolon that is not within quotes, and what stands behind.
fn parameter(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let end = bytes.iter().position(|octet| {
        let ends = *octet == b';' && !is_quoted;
        is_quoted ^= *octet == b'"' && !is_escaped;
        is_escaped = *octet == b'\\' && is_quoted && !is_escaped;
        ends
    });
    match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((part, behind)) => (part, behind.get(1..).unwrap_or_default()),
        None => (bytes, &[]),
    }
}

/// A value without its quotes. Backslashes are left where browsers leave them: in paths of Windows.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let within = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    let mut plain = Vec::with_capacity(within.len());
    let mut rest = within;
    while let [first, behind @ ..] = rest {
        let is_escape = *first == b'\\' && matches!(behind, [b'"' | b'\\', ..]);
        rest = if is_escape { behind } else { rest };
        if let [octet, behind @ ..] = rest {
            plain.push(*octet);
            rest = behind;
        }
    }
    plain
}

/// `UTF-8''na%C3%AFve` (RFC 8187 §3.2).
fn of_charset(value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = value.splitn(3, |octet| *octet == b'\'');
    let (_, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    Some(signs::unescaped(encoded))
}

/// Host and port of an absolute target.
fn authority(target: &[u8]) -> Option<&[u8]> {
    let at = target.windows(3).take(12).position(|part| part == b"://")?;
    let rest = target.get(at.saturating_add(3)..)?;
    let rest = rest.split(|octet| matches!(octet, b'/' | b'?' | b'#')).next()?;
    let host = rest.rsplit(|octet| *octet == b'@').next()?;
    (!host.is_empty()).then_some(host)
}

impl Authorization {
    fn of(value: &[u8], proxy: bool) -> Self {
        let at = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
        let (scheme, rest) = value.split_at_checked(at).unwrap_or_default();
        let user = if scheme.eq_ignore_ascii_case(b"basic") {
            secrets::basic_user(rest.trim_ascii())
        } else if scheme.eq_ignore_ascii_case(b"digest") {
            secrets::parameter(rest, b"username").map(text)
        } else {
            None
        };
        // A scheme is a word; what is none may be the secret itself.
        let is_scheme = at < value.len() && scheme.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
        Self { scheme: if is_scheme { word(scheme) } else { "…".into() }, user, proxy }
    }
}
