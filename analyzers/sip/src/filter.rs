//! Which messages and calls are listed.

use crate::message::facts::Facts;
use mcpcap_analyzer::stats::Several;

/// Which messages and calls are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub call_id: Option<String>,
    pub method: Option<String>,
    pub user: Option<User>,
}

/// A user part, or the beginning of one.
#[derive(Debug, Clone)]
pub struct User {
    text: String,
    is_prefix: bool,
}

impl User {
    /// `alice`, or `0049*` for all that begin so.
    pub fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(prefix) => Self { text: prefix.to_owned(), is_prefix: true },
            None => Self { text: pattern.to_owned(), is_prefix: false },
        }
    }

    fn fits(&self, user: &[u8]) -> bool {
        let text = self.text.as_bytes();
        if self.is_prefix { user.starts_with(text) } else { user == text }
    }
}

impl Filter {
    /// Whether a message is listed.
    pub fn fits(&self, facts: &Facts<'_>) -> bool {
        let method = |wanted: &String| facts.method.eq_ignore_ascii_case(wanted.as_bytes());
        self.method.as_ref().is_none_or(method) && self.fits_call(facts)
    }

    /// Whether the call that a message begins is listed.
    pub fn fits_call(&self, facts: &Facts<'_>) -> bool {
        let call = |wanted: &String| facts.call_id == wanted.as_bytes();
        let user = |wanted: &User| {
            let named = facts.uri.iter().any(|uri| wanted.fits(uri.user));
            let credentials = facts.credentials.iter().any(|credentials| wanted.fits(&credentials.username));
            wanted.fits(facts.from.uri.user) || wanted.fits(facts.to.uri.user) || named || credentials
        };
        self.call_id.as_ref().is_none_or(call) && self.user.as_ref().is_none_or(user)
    }

    /// Whether a registration is listed, by its account and the names in its credentials.
    pub fn fits_account(&self, account: &[u8], usernames: &Several<String>) -> bool {
        let user = account.split(|octet| *octet == b'@').next().unwrap_or_default();
        let fits = |wanted: &User| wanted.fits(user) || usernames.iter().any(|(name, _)| wanted.fits(name.as_bytes()));
        self.user.as_ref().is_none_or(fits)
    }
}
