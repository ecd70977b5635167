//! The fixed words of the rules, with their thresholds.

use mcpcap_analyzer::finding::{Confidence, Rule, Severity};

use super::What;
use mcpcap_tls_hello::registry::Weakness;

/// Bits of RSA, DSA and Diffie-Hellman below which keys are weak (NIST SP 800-131A).
pub const BITS: u32 = 2048;
/// Bits of curves, likewise.
pub const CURVE_BITS: u32 = 224;
/// Handshakes of a server that failed, from which on their share means something.
pub const FAILURES: u64 = 5;
/// Their share in percent of all whose beginning is in the capture.
pub const FAILURES_PERCENT: u64 = 50;

const EXPIRED: Rule = Rule {
    name: "tls_certificate_expired",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a server's certificate that ended before the time of the capture",
    false_alarm: "A clock of the capturing host that is wrong; devices that nobody looks after.",
};
const NOT_YET_VALID: Rule = Rule {
    name: "tls_certificate_not_yet_valid",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a server's certificate that begins after the time of the capture",
    false_alarm: "A clock of the capturing host that is wrong; a certificate made minutes ago by a host whose clock is ahead.",
};
const SELF_SIGNED: Rule = Rule {
    name: "tls_certificate_self_signed",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a server's certificate whose issuer is its subject",
    false_alarm: "Devices, test systems and services within one's own network.",
};
const MISMATCH: Rule = Rule {
    name: "tls_certificate_name_mismatch",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a server's certificate that is not for the server name of the ClientHello (RFC 9525)",
    false_alarm: "Servers that answer unknown names with a certificate of their own; clients that do not check names.",
};
const FRONTING: Rule = Rule {
    name: "tls_domain_fronting",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    threshold: "a certificate of another name than the ClientHello's, valid and not self-signed, and data in both directions behind it",
    false_alarm: "Clients that do not check names, and hosting with one certificate for all names.",
};
const WEAK_KEY: Rule = Rule {
    name: "tls_certificate_weak_key",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a server's certificate with an RSA or DSA key below 2048 bits, or a curve below 224",
    false_alarm: "Old devices in one's own network.",
};
const WEAK_SIGNATURE: Rule = Rule {
    name: "tls_certificate_weak_signature",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a server's certificate, or one that issued it, signed with MD2, MD5 or SHA-1 by another",
    false_alarm: "Old captures: SHA-1 was usual until 2016.",
};
const SSL: Rule = Rule {
    name: "tls_ssl_version",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a server that chooses SSL 2.0 or SSL 3.0",
    false_alarm: "Old devices in one's own network, and old captures.",
};
const OBSOLETE: Rule = Rule {
    name: "tls_obsolete_version",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a server that chooses TLS 1.0, TLS 1.1 or DTLS 1.0 (RFC 8996)",
    false_alarm: "Old clients that can do no better, and old captures.",
};
const BROKEN_SUITE: Rule = Rule {
    name: "tls_broken_suite",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a server that chooses a suite without encryption or authentication, or with export keys",
    false_alarm: "Mail servers between each other, and tests.",
};
const WEAK_SUITE: Rule = Rule {
    name: "tls_weak_suite",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a server that chooses a suite with RC4, DES or 3DES",
    false_alarm: "Old clients that can do no better, and old captures.",
};
const WEAK_DH: Rule = Rule {
    name: "tls_weak_key_exchange",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a Diffie-Hellman prime below 2048 bits",
    false_alarm: "Old clients that can do no better.",
};
const HEARTBLEED: Rule = Rule {
    name: "tls_heartbleed",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a heartbeat in the clear that asks for more bytes than it carries (CVE-2014-0160)",
    false_alarm: "Scanners of one's own; the capture shows by the length of the answer whether the server was open to it.",
};
const DOWNGRADED: Rule = Rule {
    name: "tls_downgrade",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a client that tries again with an older version, or a server that chooses less than was offered and says it could do better",
    false_alarm: "Clients that can do no better; networks with losses, behind which clients try older versions.",
};
/// Certificates of one name.
pub const CHANGED: Rule = Rule {
    name: "tls_certificate_changed",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    threshold: "2 different certificates by different issuers for one server name",
    false_alarm: "Services behind several providers; a renewal by another authority; names that devices share.",
};
/// Handshakes that servers refused.
pub const REFUSED: Rule = Rule {
    name: "tls_handshakes_refused",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "at least 5 handshakes with a server that a fatal alert ended, and 50 % of all",
    false_alarm: "Scanners, and clients that pin certificates.",
};
/// ClientHellos that servers did not answer.
pub const UNANSWERED: Rule = Rule {
    name: "tls_handshakes_unanswered",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "at least 5 ClientHellos to a server without a ServerHello, and 50 % of all",
    false_alarm: "A capture that has one direction only, or ends too early.",
};

/// The rule of what was found.
pub fn of(what: What) -> &'static Rule {
    match what {
        What::Expired => &EXPIRED,
        What::NotYetValid => &NOT_YET_VALID,
        What::SelfSigned => &SELF_SIGNED,
        What::Mismatch => &MISMATCH,
        What::Fronting => &FRONTING,
        What::WeakKey(_) => &WEAK_KEY,
        What::WeakSignature(_) => &WEAK_SIGNATURE,
        What::Version(0x0002 | 0x0300) => &SSL,
        What::Version(_) => &OBSOLETE,
        What::Suite(Weakness::Null | Weakness::Anonymous | Weakness::Export) => &BROKEN_SUITE,
        What::Suite(_) => &WEAK_SUITE,
        What::WeakDh(_) => &WEAK_DH,
        What::Heartbleed => &HEARTBLEED,
        What::Downgraded => &DOWNGRADED,
    }
}
