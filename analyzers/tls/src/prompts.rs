//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, HOST, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[PCAP_FILE, HOST];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "tls_security_analysis",
        title: "TLS security analysis",
        description: "Judges certificates, versions and cipher suites, and looks for what hides in TLS.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "tls_troubleshooting",
        title: "TLS troubleshooting",
        description: "Finds out why TLS handshakes fail or are slow, and which side ends them.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, TROUBLESHOOTING),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_tls", arguments: &["host"] }], body, RULES)
}

/// What holds for TLS besides the rules of all prompts.
const RULES: &str = "\
- Nothing is decrypted without a key log (`keylog_file`). In TLS 1.3 certificates, chosen ALPN and later alerts are encrypted: without one their absence says nothing.
- TLS within QUIC (HTTP/3) is not here: call analyze_quic for it, where it is offered.
- `connections` and `certificates` are pages; `where` chooses among them, and `offers` set to true lists what each client offers.
- `server_name`, `offered_alpn` and names in certificates are claims of the sender. Signatures of certificates are not checked: `self_signed` compares names.
- `ech` may be there for the look of it (GREASE). JA3, JA3S and JA4 tell programs apart, not what they do; many programs share one.
- `outcome` \"handshake_not_seen\" means that the capture begins later or misses it.";

const SECURITY: &str = "\
Judge this TLS traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the connections (`where` with `server_ip` or \
`server_name`).
2. Certificates: `certificates[]` with `validity`, `days_left`, `self_signed`, `key_bits`, `signature_algorithm`; `connections[].certificate` with `name_matches` and \
`in_order`. Say which server sends which. Benign: devices and test systems of one's own; a wrong clock at the capturing host.
3. Obsolete versions and suites: `statistics.versions`, `statistics.cipher_suites`; tls_ssl_version, tls_obsolete_version, tls_broken_suite, tls_weak_suite name the servers that chose them. With \
`offers` it shows whether clients had offered better. Benign: old devices; old captures.
4. Changing certificates and fronting (tls_certificate_changed, tls_domain_fronting): compare issuers and `server_ip`. Benign: several providers, renewals, shared hosting.
5. What hides: connections without `server_name`, `statistics.ja4` with a single client, servers on odd ports (`statistics.servers`), self-signed certificates with random names, \
`client_bytes` far above `server_bytes`. Benign: monitoring, updates, APIs by address.
6. Attempts: tls_heartbleed, `statistics.malformed[]`, tls_downgrade. Benign: scanners of one's own.
7. What goes over QUIC instead (analyze_quic): names that are only there, `statistics.ja4`, its findings. Benign: browsers prefer it.

Answer with the suspicions in order of gravity: what was observed in numbers, the frames, the benign explanation and what speaks against it, and what to check next. Say so plainly \
when nothing stands out.";

const TROUBLESHOOTING: &str = "\
Find out why TLS does not work, or is slow.

1. `totals`: `established`, `refused`, `unanswered`, `handshakes_not_seen` of `connections`; then connections with `outcome` other than established (`where`).
2. Refused: `alerts[]` names the side and the reason. handshake_failure or insufficient_security: no suite, group or signature algorithm in common, so ask again with `offers` and \
compare; protocol_version: `offered_versions`; unknown_ca, bad_certificate, certificate_expired, certificate_unknown from the client: look at `certificate` and \
its `validity`, `name_matches`, `in_order` (a missing or misplaced intermediate); unrecognized_name: `server_name`; no_application_protocol: `offered_alpn`; \
certificate_required: the server wants a client's certificate. Benign: close_notify and user_canceled end connections as they should.
3. Refused in TLS 1.3: later alerts are encrypted (`encrypted_client_alerts`, `encrypted_server_alerts`); a connection that ends at once behind them was most likely refused by that side.
4. No answer: is the ClientHello large (several segments, `statistics.groups` with post-quantum ones) and lost on the way? Is there a reset (`end`)? Look at the connection with analyze_tcp_connections.
5. Slow: `handshake_ms` against `answer_ms`: a slow server answers late, a long way takes long in all steps; `retry_frame` costs one round trip, and `resumed` saves work. \
`totals.handshake_time` and `totals.answer_time` have the percentiles.
6. Does the client try QUIC first (analyze_quic: quic_blocked, no_answer)? Then TLS begins late. Benign: browsers try both at once.
7. Middleboxes: another `issuer` than expected, `downgraded`, `fallback`, `has_gaps`.

Answer with: which connections fail and why, the side that ends them, the frames, what to change at which end, and what could not be seen. Name the benign cases as such.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_the_capture_and_the_host() {
        let given = PromptArguments::from_json(r#"{"pcap_file": "/captures/a.pcap", "host": "192.0.2.1"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            assert!(text.contains(r#"analyze_tls with {"pcap_file":"/captures/a.pcap","host":"192.0.2.1"}"#), "{text}");
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }

    /// Each name in backticks that looks like a field is one, at whatever depth.
    #[test]
    fn prompts_name_fields_that_exist() {
        let schema = mcpcap_analyzer::describe::tool::<crate::tool::Tls>();
        let mut fields = std::collections::BTreeSet::new();
        for part in ["report", "arguments"] {
            mcpcap_analyzer::harness::schema::walk(&schema[part], "", &mut |path, _| {
                fields.insert(path.rsplit('.').next().unwrap_or(path).replace("[]", ""));
            });
        }
        // Arguments of all tools, and what the host adds.
        let others = ["where", "keylog_file"];
        for text in [SECURITY, TROUBLESHOOTING, RULES] {
            for name in text.split('`').skip(1).step_by(2) {
                let last = name.split('.').next_back().unwrap_or(name).replace("[]", "");
                assert!(fields.contains(&last) || others.contains(&last.as_str()), "{name}");
            }
        }
    }
}
