//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, HOST, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[PCAP_FILE, HOST];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "traffic_overview",
        title: "Overview of the traffic",
        description: "Who talks to whom, about what, how much and when, and what in it does not belong.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, OVERVIEW),
    },
    Prompt {
        name: "scan_and_beacon_hunting",
        title: "Hunt for scans and beacons",
        description: "Looks for scans, sweeps, floods, amplification, beacons, uploads and protocols where they do not belong.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, HUNTING),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_conversations", arguments: &["host"] }], body, RULES)
}

/// What holds for flows besides the rules of all prompts.
const RULES: &str = "\
- `application` with `by` \"port\" is a guess by the port number; call it one. \"signature\" is the form of the bytes, on whatever port.
- `client` began a flow where a SYN tells it; with `client_guessed` only ports or who sent first do.
- A flow with `one_sided` may mean a silent host, or that the capture has one direction only: look whether all flows of it are so.
- Where `limits` has `evicted`, totals are exact, and rankings may be too low by `bytes_missing_at_most`.";

const OVERVIEW: &str = "\
Describe the traffic, so that somebody who knows the network can say whether it is as it should be.

1. How much, of what? `totals` (flows, packets, bytes, hosts; `by_kind`; `bytes_to_outside` and `bytes_from_outside`), then `protocol_hierarchy.rows` for \
tunnels and VLANs, and `applications[]` for what UDP and TCP carry.
2. Who? `endpoints[]` with most bytes: say of each what it seems to be (client, server, gateway) from `peers`, from what it sends and receives, and from \
`top.ports[]`. `top.networks[]` and `top.vlans[]` show the parts of the network.
3. With whom? `top.pairs[]`; then `flows[]` of the largest pairs: `application`, `conn_state`, `client_bytes` against `server_bytes`. Benign: backups, updates, \
video, storage.
4. When? `over_time`: `peak_time`, spans that differ from the others, `gaps[]`. Ask again with `interval` and `by` \"host\" to see who made a peak, or with \
`start_time` and `end_time` for what was in it.
5. What fails? `totals.conn_states[]`: many S0 (unanswered) or REJ (refused), and which hosts they belong to (`where` conn_state=S0).
6. `findings[]`, gravest first, each with the benign explanation that its `false_alarm` names.

Answer with: the kind of network and the roles of its hosts; a table of the largest pairs with application and bytes each way; the course over time; what stands \
out, with frames; and the tool to call next for it (analyze_dns_packets, analyze_tcp_connections, get_stream and others).";

const HUNTING: &str = "\
Hunt for who looks around, who calls home, and what leaves.

1. Scans: `findings[]` flow_port_scan, flow_host_sweep, flow_block_scan, then `scans[]`: `source`, `method` (syn, connect, fin, null, xmas, maimon, ack, udp, ping, arp, \
neighbour), `open`, `closed` and `filtered` ports, hosts that `answered`. Say what the scanner learnt: the open ports. Benign: inventory and monitoring of \
one's own; routers that look for hosts by ARP.
2. After the scan: flows of the scanner to what was open (`where` client~SOURCE, conn_state=SF): was it used, with which `application`, how many bytes came back?
3. Beacons: `beacons[]`: `interval_seconds` with `deviation_seconds`, `interval_score` and `size_score` (RITA's), `contacts`, `coverage_percent`. A high score to an \
outside `server` that no other host uses, with small and equal `bytes`, deserves a look; get_stream shows what was said. Benign: updates, mail and chat clients, \
telemetry, health checks. NTP and the like are left out by design.
4. What leaves: flow_large_upload, flow_long_connection, and `endpoints[]` that send far more than they receive. Compare with `over_time` (at night?).
5. What hides: flow_protocol_on_odd_port and flow_protocol_on_unusual_port; tunnels in `protocol_hierarchy.rows`; `applications[]` that nobody expects (tor, socks, bittorrent, \
wireguard, openvpn).
6. Floods: flow_syn_flood, flow_udp_flood, flow_amplification: who is hit, from how many sources, what ratio; sources of floods are mostly forged.
7. Clear text: flow_clear_text names protocols whose passwords anybody on the way reads.

Answer with the suspicions in order of gravity: what was observed in numbers, the frames, the benign explanation and what speaks against it, the hosts involved with their roles, \
and what to check next. Say so plainly when nothing stands out.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_the_capture_and_the_host() {
        let given = PromptArguments::from_json(r#"{"pcap_file": "/captures/a.pcap", "host": "192.0.2.1"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            assert!(
                text.contains(r#"analyze_conversations with {"pcap_file":"/captures/a.pcap","host":"192.0.2.1"}"#),
                "{text}"
            );
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }

    /// Each name in backticks that looks like a field is one, at whatever depth.
    #[test]
    fn prompts_name_fields_that_exist() {
        let schema = mcpcap_analyzer::describe::tool::<crate::tool::Conversations>();
        let mut fields = std::collections::BTreeSet::new();
        for part in ["report", "arguments"] {
            mcpcap_analyzer::harness::schema::walk(&schema[part], "", &mut |path, _| {
                fields.insert(path.rsplit('.').next().unwrap_or(path).replace("[]", ""));
            });
        }
        // Arguments of all tools, and what the host adds.
        let others = ["where", "start_time", "end_time", "limits"];
        for text in [OVERVIEW, HUNTING, RULES] {
            for name in text.split('`').skip(1).step_by(2) {
                let last = name.split('.').next_back().unwrap_or(name).replace("[]", "");
                assert!(fields.contains(&last) || others.contains(&last.as_str()), "{name}");
            }
        }
    }
}
