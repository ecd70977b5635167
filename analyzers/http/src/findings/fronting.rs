//! Requests for one name within TLS for another.

use std::net::IpAddr;
use std::rc::Rc;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http_domain_fronting",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "a decrypted request for another host than the server name of its TLS",
    false_alarm: "Browsers ask for several names over one connection where the certificate is for all of them (RFC 9113 section 9.1.1).",
};

/// Who asks whom, the name in TLS, and the host asked for.
type Key = (IpAddr, IpAddr, Rc<str>, String);

#[derive(Default)]
struct Asked {
    requests: u64,
    evidence: Evidence,
}

/// What is kept.
pub struct Watch {
    asked: BoundedMap<Key, Asked>,
}

impl Watch {
    pub fn new() -> Self {
        Self { asked: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, exchange: &Exchange) {
        let (Some(request), Some(name)) = (&exchange.request, &exchange.server_name) else { return };
        // A proxy is asked for the hosts of others.
        if request.head.method == "CONNECT" || request.head.target.get(..12).unwrap_or_default().contains("://") {
            return;
        }
        let Some(host) = exchange.host().map(bare) else { return };
        if host.is_empty() || host == name.trim_end_matches('.') {
            return;
        }
        let key = (exchange.client.ip(), exchange.server.ip(), Rc::clone(name), host);
        let (asked, _) = self.asked.get_or_insert_with(key, Asked::default);
        asked.requests = asked.requests.saturating_add(1);
        asked.evidence.add(exchange.frame());
    }

    pub fn evicted(&self) -> u64 {
        self.asked.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let finding = |((client, server, name, host), asked): (&Key, &Asked)| {
            let requests = counted(asked.requests, "request");
            let observation = format!("{client} sent {server} {requests} for another host than TLS was begun for.");
            let measures = vec![Measure::count("requests", asked.requests)];
            RULE.finding(format!("{host} within TLS for {name}"), observation, measures, &asked.evidence)
        };
        lower_bounds(self.asked.iter().map(finding).collect(), self.evicted())
    }
}

/// A host without its port, in lower case.
fn bare(host: &str) -> String {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|octet| octet.is_ascii_digit()));
    name.map_or(host, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::Flow;
    use mcpcap_analyzer::decode::Decoder;
    use mcpcap_analyzer::harness;
    use mcpcap_analyzer::stream::Streams;

    use super::*;
    use crate::streams::{Out, State};
    use crate::tests::build::{Talk, Tested as _};

    /// Subjects of what is found when these requests come out of TLS for `front.example`.
    fn found(requests: &[&str]) -> Vec<String> {
        let ask = |talk: Talk, request: &&str| talk.ask(request).tell("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let capture = requests.iter().fold(Talk::open(), ask).close().capture();
        let (mut decoder, mut streams, mut state) = (Decoder::new(), Streams::new(), State::default());
        let mut out = Out { encrypted: 1, server_name: Some("front.example".into()), ..Out::default() };
        let mut watch = Watch::new();
        harness::frames(&capture, |frame| {
            streams.push(&decoder.decode(frame), false, &mut |connection, event| {
                state.take(connection, event, &mut out);
            });
            Ok(Flow::More)
        })
        .unwrap();
        out.finished.iter().for_each(|exchange| watch.take(exchange));
        let mut subjects: Vec<String> = watch.findings().into_iter().map(|finding| finding.subject).collect();
        subjects.sort();
        subjects
    }

    #[test]
    fn another_host_than_that_of_tls_is_told() {
        let get = |host: &str| format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let (one, other) = (get("Hidden.example:443"), get("hidden.example"));
        assert_eq!(found(&[&one, &other]), ["hidden.example within TLS for front.example"]);
        for host in ["front.example", "FRONT.example:8443", "front.example."] {
            assert!(found(&[&get(host)]).is_empty(), "{host}");
        }
        // What a proxy is asked for, and who asks for nobody.
        let proxied = "GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n";
        for request in [proxied, "CONNECT other.example:443 HTTP/1.1\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            assert!(found(&[request]).is_empty(), "{request}");
        }
    }
}
