//! A message of either family, as the analysis needs it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stats::Pool;
use mcpcap_analyzer::text;

use crate::limits;
use crate::v4::{self, values};
use crate::v6;

/// DHCPv4 (and BOOTP), or DHCPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// DHCPv4 and BOOTP.
    V4,
    /// DHCPv6.
    V6,
}

impl Family {
    /// 4 or 6.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }
}

/// What a message is for, whatever its family calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// DISCOVER, SOLICIT: who is there?
    Discover,
    /// OFFER, ADVERTISE.
    Offer,
    /// REQUEST, RENEW, REBIND and the like: may I have this?
    Request,
    /// ACK; REPLY with success.
    Grant,
    /// NAK; ADVERTISE or REPLY that refuses all.
    Refuse,
    /// DECLINE: somebody has this address already.
    Decline,
    /// RELEASE.
    Release,
    /// INFORM, INFORMATION-REQUEST, and queries.
    Ask,
    /// The answer to a query about leases (RFC 4388 §5, RFC 5007 §4.1).
    Answer,
    /// Everything else.
    Other,
}

/// Where a message was heard, or, behind a relay, where its client is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment {
    /// Innermost VLAN.
    pub vlan: Option<u16>,
    /// The first relay, or a relay's address on the client's link.
    pub relay: Option<IpAddr>,
}

/// An address or prefix that is offered or granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The address or prefix.
    pub address: String,
    /// Seconds for which it is valid.
    pub valid: Option<u32>,
    /// Seconds for which it is preferred (DHCPv6).
    pub preferred: Option<u32>,
    /// T1 in seconds.
    pub renewal: Option<u32>,
    /// T2 in seconds.
    pub rebinding: Option<u32>,
}

/// Options of DHCPv4, as they are.
#[derive(Debug, Default)]
pub struct Options {
    /// Option 12.
    pub host_name: Option<String>,
    /// Option 15.
    pub domain: Option<String>,
    /// Option 50.
    pub requested: Option<Ipv4Addr>,
    /// Option 56.
    pub words: Option<String>,
}

/// A message.
#[derive(Debug)]
pub struct Seen {
    /// Its family.
    pub family: Family,
    /// Its frame.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time: Option<u64>,
    /// Its type; `None` for BOOTP.
    pub kind: Option<u8>,
    /// The type's name; `BOOTP` without one.
    pub name: Cow<'static, str>,
    /// What it is for.
    pub role: Role,
    /// Transaction id.
    pub xid: u32,
    /// Who the client is: hardware address, or DUID.
    pub client: String,
    /// The client's hardware address, where it is known.
    pub mac: Option<String>,
    /// Option 61, of DHCPv4.
    pub client_id: Option<String>,
    /// Server identifier: address, or DUID.
    pub server: Option<String>,
    /// Who sent it.
    pub source: IpAddr,
    /// Whether a server sent it.
    pub from_server: bool,
    /// Where.
    pub segment: Segment,
    /// Circuit and remote id of a relay.
    pub relay_ids: Vec<String>,
    /// What is offered, granted, declined or released.
    pub leases: Vec<Lease>,
    /// There were more addresses and prefixes than `leases` holds.
    pub more_leases: bool,
    /// Identity associations: code of the option, and IAID (DHCPv6).
    pub associations: Vec<(u16, u32)>,
    /// The address that the client asks for.
    pub requested: Option<String>,
    /// The client's name, from options 12 or 81, or 39 of DHCPv6.
    pub hostname: Option<String>,
    /// What rows alone have of DHCPv4: options 12, 15, 50 and 56.
    pub options: Options,
    /// Fully qualified name, option 81, or 39 of DHCPv6.
    pub fqdn: Option<String>,
    /// Vendor class.
    pub vendor: Option<String>,
    /// The options that the client asks for, in its order.
    pub fingerprint: Option<String>,
    /// Routers and name servers that a server gives.
    pub routers: Vec<String>,
    /// See `routers`.
    pub dns: Vec<String>,
    /// Why a request, or a part of it, is refused, in the server's words.
    pub reason: Option<String>,
}

impl Seen {
    /// A DHCPv4 message.
    pub fn v4(packet: &Packet<'_>, source: IpAddr, message: &v4::Message) -> Self {
        use v4::{code, kind};
        let type_code = message.kind();
        let role = match type_code {
            Some(kind::DISCOVER) => Role::Discover,
            Some(kind::OFFER) => Role::Offer,
            Some(kind::REQUEST) => Role::Request,
            Some(kind::ACK) => Role::Grant,
            Some(kind::NAK) => Role::Refuse,
            Some(kind::DECLINE) => Role::Decline,
            Some(kind::RELEASE) => Role::Release,
            Some(kind::INFORM | kind::LEASE_QUERY) => Role::Ask,
            Some(kind::LEASE_UNASSIGNED | kind::LEASE_UNKNOWN | kind::LEASE_ACTIVE) => Role::Answer,
            _ => Role::Other,
        };
        let set = |address: Ipv4Addr| Some(address).filter(|address| !address.is_unspecified());
        let address = match role {
            Role::Offer | Role::Grant => set(message.your),
            Role::Decline => message.address(code::REQUESTED_ADDRESS),
            Role::Release => set(message.client),
            _ => None,
        };
        let lease = address.map(|address| Lease {
            address: address.to_string(),
            valid: message.number(code::LEASE_TIME),
            preferred: None,
            renewal: message.number(code::RENEWAL_TIME),
            rebinding: message.number(code::REBINDING_TIME),
        });
        let listed = |code: u8| {
            let values = message.option(code).map(|value| values::values(code, value)).unwrap_or_default();
            values.into_iter().take(Pool::MOST).collect::<Vec<_>>()
        };
        let from_server = message.op == 2;
        let given = |code: u8| if from_server { listed(code) } else { Vec::new() };
        let fqdn = message.option(code::FQDN).and_then(values::fqdn).filter(|name| !name.is_empty());
        let relay_ids = message.option(code::RELAY).and_then(values::relay_parts).unwrap_or_default();
        Self {
            family: Family::V4,
            frame: packet.frame,
            time: packet.timestamp,
            kind: type_code,
            name: name(type_code, v4::type_name, "BOOTP"),
            role,
            xid: message.xid,
            client: message.mac.clone(),
            mac: Some(message.mac.clone()).filter(|mac| !mac.is_empty()),
            client_id: message.option(code::CLIENT_ID).map(values::client_id),
            server: message.address(code::SERVER_ID).map(|address| address.to_string()),
            source,
            from_server,
            segment: Segment { vlan: packet.vlans().last(), relay: set(message.relay).map(IpAddr::from) },
            relay_ids: relay_ids
                .into_iter()
                .filter(|(code, _)| matches!(code, 1 | 2))
                .map(|(code, part)| {
                    let name = if code == 1 { "circuit_id" } else { "remote_id" };
                    format!("{name} {}", values::identifier(part))
                })
                .collect(),
            leases: lease.into_iter().collect(),
            more_leases: false,
            associations: Vec::new(),
            requested: message
                .address(code::REQUESTED_ADDRESS)
                .or(set(message.client))
                .map(|address| address.to_string()),
            hostname: message.string(code::HOSTNAME).or(fqdn.clone()),
            options: Options {
                host_name: message.string(code::HOSTNAME),
                domain: message.string(code::DOMAIN),
                requested: message.address(code::REQUESTED_ADDRESS),
                words: message.string(code::MESSAGE),
            },
            fqdn,
            vendor: message.string(code::VENDOR_CLASS),
            fingerprint: message.option(code::PARAMETERS).map(|codes| {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                codes.join(",")
            }),
            routers: given(code::ROUTER),
            dns: given(code::DNS),
            reason: (role == Role::Refuse).then(|| message.string(code::MESSAGE)).flatten(),
        }
    }

    /// A DHCPv6 message.
    pub fn v6(packet: &Packet<'_>, source: IpAddr, message: &v6::Message) -> Self {
        use v6::{code, kind};
        let type_code = message.kind();
        let status = message.status();
        let bindings = message.bindings();
        let role = match type_code {
            Some(kind::SOLICIT) => Role::Discover,
            // An association may be refused, and another granted.
            Some(kind::ADVERTISE | kind::REPLY) if status.is_some() && !bindings.iter().any(v6::Binding::is_valid) => {
                Role::Refuse
            }
            Some(kind::ADVERTISE) => Role::Offer,
            Some(kind::REQUEST | 4 | kind::RENEW | kind::REBIND) => Role::Request,
            Some(kind::REPLY) => Role::Grant,
            Some(kind::DECLINE) => Role::Decline,
            Some(kind::RELEASE) => Role::Release,
            Some(11 | 14) => Role::Ask,
            Some(15) => Role::Answer,
            _ => Role::Other,
        };
        let from_server = matches!(type_code, Some(kind::ADVERTISE | kind::REPLY | kind::RECONFIGURE | 15 | 17))
            || (type_code.is_none() && message.kinds.first() == Some(&kind::RELAY_REPLY));
        let lease = |binding: &v6::Binding| Lease {
            address: binding.address.clone(),
            valid: Some(binding.valid),
            preferred: Some(binding.preferred),
            renewal: binding.renewal.filter(|seconds| *seconds > 0),
            rebinding: binding.rebinding.filter(|seconds| *seconds > 0),
        };
        let identifier = |code: u16| message.option(code).map(v6::values::duid);
        let peer = message.relays.last().map(|relay| relay.peer);
        let link = message.relays.last().map(|relay| IpAddr::from(relay.link));
        let mac = message.relays.last().and_then(|relay| {
            let option = relay.options.iter().find(|option| option.code == code::LINK_LAYER)?;
            Some(text::hexadecimal(option.value.get(2..)?, ":", 16))
        });
        // What a client holds on its way is what it asks for, not what it has.
        let wanted = matches!(role, Role::Offer | Role::Grant | Role::Decline | Role::Release);
        let outer = message.kinds.first().copied();
        let fqdn = message.option(code::FQDN).and_then(|value| v6::values::values(code::FQDN, value).pop());
        let fqdn = fqdn.filter(|name| !name.is_empty());
        Self {
            family: Family::V6,
            frame: packet.frame,
            time: packet.timestamp,
            kind: type_code.or(outer),
            name: name(type_code.or(outer), v6::type_name, "DHCPv6"),
            role,
            xid: message.xid.unwrap_or_default(),
            client: identifier(code::CLIENT_ID)
                .unwrap_or_else(|| peer.map_or_else(|| source.to_string(), |peer| peer.to_string())),
            mac: mac.or_else(|| message.option(code::CLIENT_ID).and_then(v6::values::duid_mac)),
            client_id: None,
            server: identifier(code::SERVER_ID),
            source,
            from_server,
            segment: Segment { vlan: packet.vlans().last(), relay: link.filter(|link| !link.is_unspecified()) },
            relay_ids: message
                .relays
                .iter()
                .flat_map(|relay| &relay.options)
                .filter(|option| matches!(option.code, code::INTERFACE_ID | code::REMOTE_ID))
                .flat_map(|option| {
                    let name = if option.code == code::INTERFACE_ID { "interface_id" } else { "remote_id" };
                    v6::values::values(option.code, &option.value)
                        .into_iter()
                        .map(move |value| format!("{name} {value}"))
                })
                .take(Pool::MOST)
                .collect(),
            leases: bindings.iter().take(if wanted { limits::OPTION_VALUES } else { 0 }).map(lease).collect(),
            more_leases: bindings.len() > limits::OPTION_VALUES,
            associations: message.associations(),
            requested: (!wanted).then(|| bindings.first().map(|binding| binding.address.clone())).flatten(),
            hostname: fqdn.clone(),
            options: Options::default(),
            fqdn,
            vendor: message.option(code::VENDOR_CLASS).map(|value| first_values(code::VENDOR_CLASS, value).join(" ")),
            fingerprint: message
                .option(code::OPTION_REQUEST)
                .map(|value| first_values(code::OPTION_REQUEST, value).join(",")),
            routers: Vec::new(),
            dns: match message.option(code::DNS) {
                Some(value) if from_server => {
                    v6::values::values(code::DNS, value).into_iter().take(Pool::MOST).collect()
                }
                _ => Vec::new(),
            },
            reason: status.filter(|_| from_server).map(|(code, words)| {
                let words = text::printable(&words, limits::CHARACTERS);
                format!("{} {words}", v6::status_name(code)).trim_end().to_owned()
            }),
        }
    }
}

/// The first values of a DHCPv6 option.
fn first_values(code: u16, value: &[u8]) -> Vec<String> {
    let mut values = v6::values::values(code, value);
    values.truncate(limits::OPTION_VALUES);
    values
}

fn name(kind: Option<u8>, known: fn(u8) -> Option<&'static str>, without: &'static str) -> Cow<'static, str> {
    match kind {
        None => without.into(),
        Some(kind) => known(kind).map_or_else(|| format!("type {kind}").into(), Cow::Borrowed),
    }
}
