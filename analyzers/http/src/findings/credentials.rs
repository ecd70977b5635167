//! Credentials that everybody on the path can read.

use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::tally::Tallies;
use crate::exchange::Exchange;

const BASIC: Rule = Rule {
    name: "http_basic_credentials",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a request with Basic credentials, which hold the password itself (RFC 7617 section 4)",
    false_alarm: "A capture taken behind the end of a tunnel or of TLS: then the path was protected.",
};
const FORM: Rule = Rule {
    name: "http_password_in_clear",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a request whose form, JSON or query has a field with the name of a password and a value",
    false_alarm: "A capture taken behind the end of a tunnel or of TLS; a field that only has such a name.",
};
const OTHER: Rule = Rule {
    name: "http_credentials_in_clear",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a request with credentials of another scheme: who reads a token can use it, and guess at Digest and NTLM offline",
    false_alarm: "A capture taken behind the end of a tunnel or of TLS; tokens that are not secret.",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum How {
    Basic,
    Form,
    Other,
}

/// What is kept.
#[derive(Default)]
pub struct Watch {
    found: Tallies<How>,
}

impl Watch {
    pub fn take(&mut self, exchange: &Exchange) {
        // Nobody on the path can read them.
        if exchange.is_decrypted {
            return;
        }
        let given = exchange.request.as_ref().and_then(|request| request.head.authorization.as_ref());
        if let Some(given) = given {
            let basic = given.scheme.eq_ignore_ascii_case("basic");
            self.found.add(exchange, if basic { How::Basic } else { How::Other }, false);
        }
        if exchange.login().is_some() {
            self.found.add(exchange, How::Form, false);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.found.evicted()
    }

    pub fn findings(&self) -> Vec<Vec<Finding>> {
        let of = |wanted: How, rule, what: &str| {
            self.found.findings(|how, tally| {
                (how == wanted).then(|| (rule, format!("{} with {what}", counted(tally.requests, "request"))))
            })
        };
        vec![
            of(How::Basic, &BASIC, "Basic credentials: the password in clear text"),
            of(How::Form, &FORM, "a password in clear text"),
            of(How::Other, &OTHER, "credentials over an unencrypted connection"),
        ]
    }
}
