//! Connections that became something else.

use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::tally::Tallies;
use crate::exchange::{Exchange, Upgrade};

const CONNECT: Rule = Rule {
    name: "http_connect_tunnel",
    severity: Severity::Info,
    confidence: Confidence::High,
    threshold: "a CONNECT to port 443 that was answered with 2xx: a tunnel through a proxy",
    false_alarm: "Every browser behind a proxy does this.",
};
const ODD: Rule = Rule {
    name: "http_connect_to_odd_port",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a CONNECT to a port other than 443 that was answered with 2xx",
    false_alarm: "Services with TLS on other ports; proxies for mail or SSH by design.",
};
const WEBSOCKET: Rule = Rule {
    name: "http_websocket",
    severity: Severity::Info,
    confidence: Confidence::High,
    threshold: "an upgrade to WebSocket that was answered with 101: what follows is no HTTP",
    false_alarm: "Usual for pages that are kept up to date.",
};
const OTHER: Rule =
    Rule { name: "http_upgrade", threshold: "an upgrade to another protocol that was answered with 101", ..WEBSOCKET };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum How {
    Connect,
    Odd,
    WebSocket,
    Other,
}

/// What is kept.
#[derive(Default)]
pub struct Watch {
    found: Tallies<How>,
}

impl Watch {
    pub fn take(&mut self, exchange: &Exchange) {
        let how = match exchange.upgrade {
            Some(Upgrade::Connect) => {
                let port = exchange.host().and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
                if port == Some("443") { How::Connect } else { How::Odd }
            }
            Some(Upgrade::WebSocket) => How::WebSocket,
            Some(Upgrade::Other) => How::Other,
            Some(Upgrade::Http2) | None => return,
        };
        self.found.add(exchange, how, false);
    }

    pub fn evicted(&self) -> u64 {
        self.found.evicted()
    }

    pub fn findings(&self) -> Vec<Vec<Finding>> {
        let of = |wanted: How, rule, what: &str| {
            self.found.findings(|how, tally| {
                (how == wanted).then(|| (rule, format!("{} that {what}", counted(tally.requests, "request"))))
            })
        };
        vec![
            of(How::Connect, &CONNECT, "opened a tunnel to port 443"),
            of(How::Odd, &ODD, "opened a tunnel to another port than 443"),
            of(How::WebSocket, &WEBSOCKET, "became a WebSocket"),
            of(How::Other, &OTHER, "became another protocol"),
        ]
    }
}
