//! Who asks for a proof of identity, and who gives one (RFC 3261 §22).

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others};
use serde::Serialize;

use crate::limits;
use crate::message::facts::Facts;
use crate::seen::Seen;
use crate::transactions::Outcome;
use crate::words::word;

/// Challenges and credentials.
pub struct Authentication {
    challenges: BoundedMap<Challenge, Counted>,
    credentials: BoundedMap<Credentials, Counted>,
    other_challenges: Others<Challenge, Counted>,
    other_credentials: Others<Credentials, Counted>,
    distinct_challenges: Distinct,
    distinct_credentials: Distinct,
}

/// A server; scheme, realm, algorithm and qop.
type Challenge = (IpAddr, [String; 4]);
/// A client and a server; scheme, user, realm, algorithm and qop.
type Credentials = (IpAddr, IpAddr, [String; 5]);

const CHALLENGES: &str = "statistics.authentication.challenges";
const CREDENTIALS: &str = "statistics.authentication.credentials";

#[derive(Default)]
struct Counted {
    first: u64,
    count: u64,
    stale: u64,
}

/// Challenges and credentials, the most frequent first; those that had to make room among 1,024 follow in no order, with exact counts. All of them were
/// sent in clear.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuthenticationReport {
    /// Challenges (401, 407) by server, scheme and realm, the most frequent first.
    pub challenges: Vec<ChallengeReport>,
    /// Different challenges.
    pub challenges_total: u64,
    /// Credentials by client, server, scheme, user and realm, the most frequent first.
    pub credentials: Vec<CredentialsReport>,
    /// Different credentials.
    pub credentials_total: u64,
    /// Whether both totals are exact; otherwise they are estimates with a standard error of 0.8 %.
    pub totals_are_exact: bool,
}

/// What a server asks for. Retransmissions do not count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChallengeReport {
    /// Address that challenges.
    pub server: IpAddr,
    /// `Digest`, `Basic`.
    pub scheme: String,
    /// Realm. Text from the capture.
    pub realm: String,
    /// MD5 when nothing is said.
    pub algorithm: String,
    /// Empty: the form of RFC 2069, without protection against chosen challenges.
    pub qop: String,
    /// Challenges.
    pub count: u64,
    /// Challenges that only renew the nonce.
    pub stale: u64,
    /// Frame of the first.
    pub first_frame: u64,
}

/// Whom a client claims to be. Passwords and proofs are left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CredentialsReport {
    /// Address that sent them.
    pub client: IpAddr,
    /// Address that they were sent to.
    pub server: IpAddr,
    /// `Digest`, `Basic`.
    pub scheme: String,
    /// User name. Text from the capture.
    pub username: String,
    /// Realm. Text from the capture.
    pub realm: String,
    /// MD5 when nothing is said.
    pub algorithm: String,
    /// Empty: the form of RFC 2069, without protection against chosen challenges.
    pub qop: String,
    /// Requests with it.
    pub count: u64,
    /// Frame of the first.
    pub first_frame: u64,
}

impl Authentication {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            challenges: BoundedMap::new(limits::AUTHENTICATION),
            credentials: BoundedMap::new(limits::AUTHENTICATION),
            other_challenges: Others::new(CHALLENGES, lists),
            other_credentials: Others::new(CREDENTIALS, lists),
            distinct_challenges: Distinct::new(),
            distinct_credentials: Distinct::new(),
        }
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, facts: &Facts<'_>, outcome: Outcome) {
        if matches!(outcome, Outcome::Again(_)) {
            return;
        }
        let make = || Counted { first: seen.frame, ..Counted::default() };
        if facts.is_request() {
            for one in &facts.credentials {
                let texts = [one.scheme, &one.username, one.realm, one.algorithm, one.qop].map(word);
                let key = (seen.source.ip(), seen.destination.ip(), texts);
                if self.credentials.get(&key).is_none() {
                    self.distinct_credentials.add(&key);
                }
                let other = self.other_credentials.entry(&key, || key.clone(), make).map(|(_, known)| known);
                let known = self.credentials.get_or_insert_with(key, make).0;
                for known in [Some(known), other].into_iter().flatten() {
                    known.count = known.count.saturating_add(1);
                }
            }
            return;
        }
        for one in &facts.challenges {
            let texts = [one.scheme, one.realm, one.algorithm, one.qop].map(word);
            let key = (seen.source.ip(), texts);
            if self.challenges.get(&key).is_none() {
                self.distinct_challenges.add(&key);
            }
            let other = self.other_challenges.entry(&key, || key.clone(), make).map(|(_, known)| known);
            let known = self.challenges.get_or_insert_with(key, make).0;
            for known in [Some(known), other].into_iter().flatten() {
                known.count = known.count.saturating_add(1);
                known.stale = known.stale.saturating_add(one.stale.into());
            }
        }
    }

    /// Entries that had to make room.
    pub fn evicted(&self) -> u64 {
        self.challenges.evicted().saturating_add(self.credentials.evicted())
    }

    /// What there was.
    pub fn report(&self, lists: &mut Lists) -> AuthenticationReport {
        let mut challenges: Vec<_> = self.challenges.iter().collect();
        challenges.sort_by_key(|(_, known)| (Reverse(known.count), known.first));
        let mut credentials: Vec<_> = self.credentials.iter().collect();
        credentials.sort_by_key(|(_, known)| (Reverse(known.count), known.first));
        AuthenticationReport {
            challenges_total: self.distinct_challenges.count(),
            credentials_total: self.distinct_credentials.count(),
            totals_are_exact: self.distinct_challenges.is_exact() && self.distinct_credentials.is_exact(),
            challenges: self
                .other_challenges
                .list(
                    challenges,
                    limits::LISTED,
                    self.distinct_challenges.count(),
                    |key| self.challenges.get(key).is_some(),
                    lists,
                )
                .into_iter()
                .map(|((server, texts), known)| {
                    let [scheme, realm, algorithm, qop] = texts.clone();
                    let (count, stale, first_frame) = (known.count, known.stale, known.first);
                    ChallengeReport { server: *server, scheme, realm, algorithm, qop, count, stale, first_frame }
                })
                .collect(),
            credentials: self
                .other_credentials
                .list(
                    credentials,
                    limits::LISTED,
                    self.distinct_credentials.count(),
                    |key| self.credentials.get(key).is_some(),
                    lists,
                )
                .into_iter()
                .map(|((client, server, texts), known)| {
                    let [scheme, username, realm, algorithm, qop] = texts.clone();
                    let (count, first_frame) = (known.count, known.first);
                    let (client, server) = (*client, *server);
                    CredentialsReport { client, server, scheme, username, realm, algorithm, qop, count, first_frame }
                })
                .collect(),
        }
    }
}
