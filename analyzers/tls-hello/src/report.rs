//! What a client offers, as reports list it.

use mcpcap_analyzer::JsonSchema;
use serde::Serialize;

use crate::registry::{self, Name};
use crate::{Codes, Ech, Offer};

/// What is in the clear of an encrypted ClientHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EchReport {
    /// Number of the server's configuration for which it is encrypted.
    pub config_id: u8,
    /// Bytes that are encrypted.
    pub payload_bytes: u16,
}

impl From<Ech> for EchReport {
    fn from(ech: Ech) -> Self {
        Self { config_id: ech.config, payload_bytes: ech.payload }
    }
}

/// The names of numbers that were kept.
pub fn names(codes: &Codes, name: impl Fn(u16) -> Name) -> Vec<Name> {
    codes.first.iter().map(|code| name(*code)).collect()
}

/// The lists of a ClientHello, up to 128 entries of each.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OffersReport {
    /// Cipher suites.
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub cipher_suites: Vec<Name>,
    /// How many cipher suites there are.
    pub cipher_suites_total: u64,
    /// Extensions.
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub extensions: Vec<Name>,
    /// How many extensions there are.
    pub extensions_total: u64,
    /// Groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub groups: Vec<Name>,
    /// Groups for which keys are sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub key_shares: Vec<Name>,
    /// Whether a group that withstands quantum computers is among them.
    pub post_quantum: bool,
    /// Signature algorithms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub signature_algorithms: Vec<Name>,
    /// The gravest reason for which one of the suites is obsolete: `null`, `anonymous`, `export`, `rc4`, `des`, `triple_des`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub weakest_suite: Option<&'static str>,
    /// Whether the client offers to go on with a session: by id, ticket or pre-shared key.
    pub resumption: bool,
}

impl OffersReport {
    /// Describes an offer.
    pub fn new(offer: &Offer) -> Self {
        Self {
            cipher_suites: names(&offer.suites, registry::suite),
            cipher_suites_total: offer.suites.total,
            extensions: names(&offer.extensions, registry::extension),
            extensions_total: offer.extensions.total,
            groups: names(&offer.groups, registry::group),
            key_shares: names(&offer.key_shares, registry::group),
            post_quantum: offer.is_post_quantum(),
            signature_algorithms: names(&offer.schemes, registry::scheme),
            weakest_suite: offer.weakness.map(|weakness| weakness.name()),
            resumption: offer.pre_shared_key || offer.ticket || (!offer.session_id.is_empty() && !offer.offers_13()),
        }
    }
}
