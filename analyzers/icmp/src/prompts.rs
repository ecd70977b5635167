//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[
    PCAP_FILE,
    PromptArgument {
        name: "host",
        description: "Look only at frames from, to or about this address.",
        required: false,
    },
];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "icmp_network_diagnostics",
        title: "ICMP diagnostics",
        description: "Finds out what cannot be reached, what is lost or slow, and where on the path.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, DIAGNOSTICS),
    },
    Prompt {
        name: "icmp_security_analysis",
        title: "ICMP security analysis",
        description: "Looks for sweeps, floods, tunnels, redirects and rogue routers.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "icmp_forensic_investigation",
        title: "ICMP forensics",
        description: "Reconstructs who probed what, what was learnt, and what left in echoes, with evidence.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, FORENSICS),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_icmp_packets", arguments: &["host"] }], body, RULES)
}

/// What holds for ICMP besides the rules of all prompts.
const RULES: &str = "\
- An error says what its sender claims about the packet in `quoted`; anybody on the way can send one. Times are seen from where the capture was \
made.
- `host` gives the frames about an address alone; `icmp_type` and `ip_version` choose among `packets`; types have other meanings in ICMP (4) and ICMPv6 (6).";

const DIAGNOSTICS: &str = "\
Find out what cannot be reached, what is lost or slow, and where.

1. Reachability: `statistics.echo` (`loss`, `unanswered`), then `echo_pairs[]` to see which pairs lose. Benign: a host or firewall that does not \
answer pings by policy; requests in flight when the capture ended; a capture of one direction.
2. Time: `rtt` of all and of each pair: compare median with p95. `late_replies` and `duplicate_replies` hint at queues, retransmitting radio links \
or two answering devices. The first request may wait for ARP or neighbour discovery.
3. Errors: `unreachable_destinations[]` with `code_name`, `reported_by` (the destination itself, or the router where the path ends), `protocol` and \
`ports`. Port unreachable: nobody listens. Host or network unreachable: routing or a host that is down. Prohibited: a filter says so.
4. Path: `paths[]` hop by hop: where `answered` falls below `probes` for this and all later hops, packets are lost; at a single hop it is mostly \
rate limiting of errors, which is benign. `repeated` shows loops. `mpls_labels` show the provider's tunnels. With `derived` the probes were not captured: \
read `uncertain`.
5. MTU: `path_mtus[]`; without an answer to it, large packets vanish. Look for unanswered large echoes (`packet_size`).
6. Links: `redirects[]`, `neighbour_discovery`: addresses asked for (`solicited`) that nobody has, several `macs`, router lifetimes and prefixes.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it (a command or a further capture), and the remedy.";

const SECURITY: &str = "\
Judge this ICMP traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the messages themselves with `host`.
2. Reconnaissance: icmp_sweep, icmp_neighbour_sweep, icmp_udp_scan, icmp_timestamp_or_mask_request, traceroutes in `paths[]`. What answered is what was learnt. Benign: \
monitoring and inventory of one's own.
3. Floods: icmp_flood, icmp_smurf, many `replies_without_request` (the victim of somebody else's spoofing). Benign: load tests, one-sided captures.
4. Covert channels: icmp_tunnel (`tunnels[]` has the ends of packets within), icmp_large_payloads, `replies_unlike_request`, `payload_entropy`, echoes whose sizes vary (`min_payload`, \
`max_payload`), long sessions of many requests to one outside host. Benign: MTU tests, monitors with their own payload.
5. Traffic diverted: icmp_redirect, icmp_several_routers, icmp_router_withdrawn, icmp_neighbour_conflict: who claims to be router or neighbour, \
with which `mac`, `dns_servers` and `prefixes`. Benign: redundant routers, replaced hardware.
6. What should not pass a border: redirects, router advertisements, types that nobody needs, in `icmp_type_counts[]`.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to \
check next. Say so plainly when nothing stands out.";

const FORENSICS: &str = "\
Reconstruct what happened in ICMP, so that others can check it.

1. Scope: the capture's name, time span and whether it was read whole (`capture`), `icmp_packets_found`, `limits`, `note`. Times are UTC.
2. Parties: `unique_sources`, `echo_pairs[]` with `identifiers` (one for each run of a ping program), `first_frame`; who probed (icmp_sweep, \
icmp_udp_scan, `paths[]`) and what answered.
3. Channels: for a suspected tunnel `tunnels[]` (who talked to whom within), the frames of requests and replies, `payload_size` and `rtt_ms` of each by paging through `packets` with `host`, \
first and last time, bytes each way. Reports hold no payload; name the frames to extract it from.
4. Errors as witnesses: `quoted` names connections that failed, even those that the capture has nothing else of.
5. Findings: take over `findings` with rule, `measures`, `threshold` and frames, and keep apart what was observed and what is inferred. Name the \
benign explanation of each, and what would decide between both.

Answer with a timeline (time, frame, source, target, event), the hosts that were probed or reached, the evidence for each conclusion by frame \
number, and what the capture cannot show: source addresses of ICMP are easily forged.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_the_capture_and_the_host() {
        let given = PromptArguments::from_json(r#"{"pcap_file": "/captures/a.pcap", "host": "192.0.2.1"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            assert!(
                text.contains(r#"analyze_icmp_packets with {"pcap_file":"/captures/a.pcap","host":"192.0.2.1"}"#),
                "{text}"
            );
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }
}
