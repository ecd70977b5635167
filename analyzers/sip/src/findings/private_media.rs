//! Session descriptions that name an address which the other side cannot reach.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::View;
use crate::limits;
use crate::message::sdp::Media;

const RULE: Rule = Rule {
    name: "sip_private_media_address",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "SDP from a public address between public addresses that asks for media at a private one, without ICE",
    false_alarm: "Harmless where the server sends media to where they come from (symmetric RTP), or rewrites the address.",
};

pub(super) struct Watch {
    senders: BoundedMap<IpAddr, Evidence>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { senders: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>, media: &[Media<'_>]) {
        let source = view.seen.source.ip();
        if is_private(source)
            || is_private(view.seen.destination.ip())
            || matches!(view.outcome, super::Outcome::Again(_))
        {
            return;
        }
        let address = |media: &Media<'_>| std::str::from_utf8(media.address).ok()?.parse::<IpAddr>().ok();
        let unreachable = |media: &Media<'_>| media.port != 0 && !media.ice && address(media).is_some_and(is_private);
        if media.iter().any(unreachable) {
            self.senders.get_or_insert_with(source, Evidence::default).0.add(view.seen.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.senders.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |(address, evidence): (&IpAddr, &Evidence)| {
            let many = evidence.total();
            RULE.finding(
                address.to_string(),
                format!("{address} sent {} with a private address for media.", counted(many, "session description")),
                vec![Measure::count("messages", many)],
                evidence,
            )
        };
        self.senders.iter().map(finding).collect()
    }
}

/// RFC 1918, RFC 3927, RFC 6598, RFC 4193 and link-local addresses. The unspecified one means hold (RFC 3264 §8.4).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || v4.is_loopback() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}
