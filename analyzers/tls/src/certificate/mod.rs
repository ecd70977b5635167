//! Certificates that are sent in the clear: X.509 v3 (RFC 5280), read by `x509-parser`.

mod algorithms;
mod compressed;
mod host;
mod name;
mod report;
mod store;

use std::rc::Rc;

use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::facts::Mark;
use crate::fault::Fault;
use crate::limits;
use mcpcap_tls_hello::wire::Cursor;

pub use algorithms::{Key, Signature};
pub use compressed::decompressed;
pub use host::fits;
pub use report::{CertificateReport, FRAMES, HOSTS};
pub use store::{CERTIFICATES, Entry, Store};

/// A certificate.
#[derive(Debug)]
pub struct Certificate {
    pub sha1: [u8; 20],
    pub sha256: [u8; 32],
    /// Bytes of it.
    pub size: usize,
    /// What stands in it, if it can be read.
    pub content: Option<Content>,
}

/// What stands in a certificate.
#[derive(Debug)]
pub struct Content {
    pub subject: String,
    pub issuer: String,
    pub common_name: Option<String>,
    /// Hexadecimal digits.
    pub serial: String,
    /// Seconds since 1970, and as RFC 3339 has it.
    pub not_before: (i64, String),
    pub not_after: (i64, String),
    /// Names of hosts and addresses, one behind another with line ends between them.
    names: String,
    /// Names that it has.
    pub names_total: u64,
    /// URIs and mail addresses that it is for, likewise.
    uris: String,
    emails: String,
    /// Subject and issuer as RFC 4514 writes them: the last attribute first.
    pub subject_rfc4514: Box<str>,
    pub issuer_rfc4514: Box<str>,
    /// 1 to 3.
    pub version: u32,
    pub key: Key,
    pub signature: Signature,
    /// Whether issuer and subject are the same name.
    pub self_signed: bool,
    /// `basicConstraints` says that it may issue others.
    pub is_ca: bool,
    /// Whether it has `basicConstraints`, and how many others may stand between it and the last one.
    pub has_constraints: bool,
    pub path_length: Option<u32>,
    subject_bytes: Box<[u8]>,
    issuer_bytes: Box<[u8]>,
}

/// Bytes of names that are kept of a certificate.
const NAMES: usize = 16 << 10;
/// Digits of a serial number: RFC 5280 §4.1.2.2 allows 20 bytes.
const SERIAL: usize = 64;
/// Bytes of a distinguished name that tell it from others.
const NAME: usize = 1 << 10;

/// Whether a certificate may be used at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    Valid,
    Expired,
    NotYetValid,
}

impl Validity {
    /// As it is written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

impl Certificate {
    /// Reads DER. Always gives fingerprints.
    pub fn read(der: &[u8]) -> Self {
        Self {
            sha1: Sha1::digest(der).into(),
            sha256: Sha256::digest(der).into(),
            size: der.len(),
            content: Content::read(der),
        }
    }

    /// Memory that it takes, in bytes.
    pub fn memory(&self) -> usize {
        let texts = self.content.as_ref().map_or(0, |content| {
            [&content.subject, &content.issuer, &content.serial, &content.names, &content.uris, &content.emails]
                .into_iter()
                .map(String::capacity)
                .chain([content.subject_bytes.len(), content.issuer_bytes.len()])
                .chain([content.subject_rfc4514.len(), content.issuer_rfc4514.len()])
                .fold(100, usize::saturating_add)
        });
        size_of::<Self>().saturating_add(texts)
    }
}

impl Content {
    fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let (mut names, mut names_total, mut is_ca) = (String::new(), 0_u64, false);
        let (mut uris, mut emails, mut has_constraints, mut path_length) = (String::new(), String::new(), false, None);
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(all) => {
                    for name in &all.general_names {
                        match name {
                            GeneralName::URI(uri) => keep(&mut uris, &printable(uri)),
                            GeneralName::RFC822Name(email) => keep(&mut emails, &printable(email)),
                            _ => {}
                        }
                        let Some(name) = alternative(name) else { continue };
                        names_total = names_total.saturating_add(1);
                        keep(&mut names, &name);
                    }
                }
                ParsedExtension::BasicConstraints(constraints) => {
                    (is_ca, has_constraints) = (constraints.ca, true);
                    path_length = constraints.path_len_constraint;
                }
                _ => {}
            }
        }
        [&mut names, &mut uris, &mut emails].into_iter().for_each(String::shrink_to_fit);
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let whole = |name: &[u8]| name.iter().copied().take(NAME).collect::<Box<[u8]>>();
        let time = |time: ASN1Time| (time.timestamp(), date(time));
        Some(Self {
            subject: name::text(subject),
            issuer: name::text(issuer),
            common_name: name::common(subject),
            serial: mcpcap_analyzer::text::hexadecimal(certificate.raw_serial(), "", SERIAL),
            not_before: time(certificate.validity().not_before),
            not_after: time(certificate.validity().not_after),
            names,
            names_total,
            uris,
            emails,
            subject_rfc4514: name::rfc4514(subject).into(),
            issuer_rfc4514: name::rfc4514(issuer).into(),
            version: certificate.version().0.saturating_add(1),
            key: algorithms::key(certificate.public_key()),
            signature: algorithms::signature(&certificate.signature_algorithm),
            self_signed: subject.as_raw() == issuer.as_raw(),
            is_ca,
            has_constraints,
            path_length,
            subject_bytes: whole(subject.as_raw()),
            issuer_bytes: whole(issuer.as_raw()),
        })
    }

    /// Names of hosts and addresses that it is for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.lines()
    }

    /// URIs that it is for.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.lines()
    }

    /// Mail addresses that it is for.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.emails.lines()
    }

    /// Whether it may be used at a time, in nanoseconds since 1970.
    pub fn validity(&self, time: u64) -> Validity {
        let seconds = i64::try_from(time / 1_000_000_000).unwrap_or(i64::MAX);
        match seconds {
            _ if seconds < self.not_before.0 => Validity::NotYetValid,
            _ if seconds > self.not_after.0 => Validity::Expired,
            _ => Validity::Valid,
        }
    }

    /// Days from a time, in nanoseconds since 1970, to its end.
    pub fn days_left(&self, time: u64) -> i64 {
        let seconds = i64::try_from(time / 1_000_000_000).unwrap_or(i64::MAX);
        self.not_after.0.saturating_sub(seconds).div_euclid(86_400)
    }

    /// Days by which a time is before its beginning or behind its end.
    pub fn days_off(&self, time: u64) -> u64 {
        let seconds = i64::try_from(time / 1_000_000_000).unwrap_or(i64::MAX);
        let off = self.not_before.0.saturating_sub(seconds).max(seconds.saturating_sub(self.not_after.0));
        u64::try_from(off).unwrap_or_default() / 86_400
    }

    /// Whether it is for a host; `None` when not all of its names are kept and none of these is it.
    pub fn is_for(&self, host: &str) -> Option<bool> {
        if self.names_total == 0 {
            return Some(self.common_name.as_ref().is_some_and(|name| fits(name, host)));
        }
        let mut kept = 0_u64;
        let found = self.names().inspect(|_| kept = kept.saturating_add(1)).any(|name| fits(name, host));
        (found || kept == self.names_total).then_some(found)
    }

    /// Whether another one has the name of its issuer.
    pub fn is_issued_by(&self, other: &Self) -> bool {
        self.issuer_bytes == other.subject_bytes
    }
}

/// Adds a name to others, where there is room.
fn keep(names: &mut String, name: &str) {
    if names.len().saturating_add(name.len()) < NAMES {
        names.push_str(name);
        names.push('\n');
    }
}

fn printable(name: &str) -> String {
    mcpcap_analyzer::text::printable(name.as_bytes(), limits::TEXT)
}

/// A name of a host, or an address.
fn alternative(name: &GeneralName<'_>) -> Option<String> {
    let text = match name {
        GeneralName::DNSName(name) => printable(name),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(bytes) => std::net::Ipv4Addr::from(bytes).to_string(),
            Err(_) => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string(),
        },
        GeneralName::Invalid(_, bytes) => mcpcap_analyzer::text::printable(bytes, limits::TEXT),
        _ => return None,
    };
    Some(text)
}

/// RFC 3339 in UTC, for any year.
fn date(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Reads the certificates of a certificate message (RFC 5246 §7.4.2, of TLS 1.3 RFC 8446 §4.4.2), and how many there are.
pub fn chain(
    body: &[u8],
    is_13: bool,
    complete: bool,
    mark: Mark,
    store: &mut Store,
    fault: &mut dyn FnMut(Fault),
) -> (Vec<Rc<Certificate>>, u64) {
    let (mut read, mut total) = (Vec::new(), 0_u64);
    let mut cursor = Cursor::new(body);
    // With the context of the request for it.
    if is_13 && cursor.vector(1).is_none() {
        return (read, total);
    }
    let Some((list, is_whole)) = cursor.vector_or_rest(3) else { return (read, total) };
    let mut wrong = complete && (!is_whole || !cursor.is_empty());
    let mut list = Cursor::new(list);
    while !list.is_empty() {
        // Of TLS 1.3 each has extensions.
        let whole = list.vector(3).filter(|_| !is_13 || list.vector(2).is_some());
        let Some(der) = whole else {
            wrong |= complete;
            break;
        };
        total = total.saturating_add(1);
        if read.len() >= limits::CHAIN {
            fault(Fault::LongChain);
            continue;
        }
        if der.len() > limits::CERTIFICATE {
            fault(Fault::LongCertificate);
            continue;
        }
        let certificate = store.take(der, mark);
        if certificate.content.is_none() {
            fault(Fault::BadCertificate);
        }
        read.push(certificate);
    }
    if wrong {
        fault(Fault::CertificateLength);
    }
    (read, total)
}

/// Reads the certificate of a hello of SSL 2.0. `None` when it is none.
pub fn single(der: &[u8], mark: Mark, store: &mut Store) -> Option<Rc<Certificate>> {
    let certificate = store.take(der, mark);
    certificate.content.is_some().then_some(certificate)
}
