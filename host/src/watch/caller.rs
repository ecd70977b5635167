//! Who asks.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::text::neutral;

/// Characters that are kept of what a caller says of itself.
const SAID: usize = 200;

/// Who asks, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The other end of the connection: of a proxy, where one stands in front.
    pub from: Option<IpAddr>,
    /// Whom that one says that it asks for.
    pub forwarded_for: Option<String>,
    /// How the id of its session begins: enough to tell sessions apart, too little to enter one.
    pub session: Option<String>,
    /// Name and version, as the client says.
    pub client: Option<(String, String)>,
    /// The name of its token.
    pub token: Option<Arc<str>>,
}

impl Caller {
    /// Its fields of a line of the audit log.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let client =
            self.client.as_ref().map(|(name, version)| json!({ "name": said(name), "version": said(version) }));
        let mut fields = Map::new();
        fields.insert("from".into(), self.from.map(|from| from.to_canonical().to_string()).into());
        if let Some(text) = &self.forwarded_for {
            fields.insert("forwarded_for".into(), said(text).into());
        }
        fields.insert("session".into(), self.session.as_deref().into());
        fields.insert("client".into(), client.into());
        fields.insert("token".into(), self.token.as_deref().into());
        fields
    }
}

fn said(text: &str) -> String {
    neutral(text, SAID).into_owned()
}

/// What counts as one address: of IPv6 the network that a site has at least, since each of its machines has as many addresses as it likes.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
