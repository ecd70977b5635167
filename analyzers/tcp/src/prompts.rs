//! The prompts: how to work with the reports, for a language model.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument};

const ARGUMENTS: &[PromptArgument] = &[
    PCAP_FILE,
    PromptArgument {
        name: "server_ip",
        description: "Look only at connections with this address at one end.",
        required: false,
    },
    PromptArgument {
        name: "server_port",
        description: "Look only at connections with this port at one end.",
        required: false,
    },
];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "tcp_connection_troubleshooting",
        title: "TCP troubleshooting",
        description: "Finds out why connections fail, end early, hang or are slow.",
        arguments: ARGUMENTS,
        text: |arguments| {
            let calls = [CONNECTIONS, Call { tool: "analyze_tcp_retransmissions", arguments: &["server_ip"] }];
            prompt::compose(arguments, &calls, TROUBLESHOOTING, RULES)
        },
    },
    Prompt {
        name: "tcp_security_analysis",
        title: "TCP security analysis",
        description: "Looks for floods, scans, sweeps, injected resets and data that change on the way.",
        arguments: ARGUMENTS,
        text: |arguments| {
            let calls = [Call { tool: "analyze_tcp_anomalies", arguments: BOTH }, CONNECTIONS];
            prompt::compose(arguments, &calls, SECURITY, RULES)
        },
    },
    Prompt {
        name: "tcp_forensic_investigation",
        title: "TCP forensics",
        description: "Reconstructs who connected to whom, when, and how much went each way, with evidence.",
        arguments: ARGUMENTS,
        text: |arguments| prompt::compose(arguments, &[CONNECTIONS], FORENSICS, RULES),
    },
];

const BOTH: &[&str] = &["server_ip", "server_port"];
const CONNECTIONS: Call = Call { tool: "analyze_tcp_connections", arguments: BOTH };

/// What holds for TCP besides the rules of all prompts.
const RULES: &str = "\
- `conn_state` and `history` are Zeek's, `completeness` and the names in `analysis` are Wireshark's suspicions; explain them in words. What was \
sent again is in `retransmissions` (bytes that the file has more than once), not in `analysis`.
- `file_order` says that the file is not in the order of the wire: then gaps, reordering and spurious retransmissions in `analysis` prove nothing.
- `client_known` false means that the roles are a guess by port; `one_sided` means that the other direction was not captured, and losses seen \
there may be the capture's.";

const TROUBLESHOOTING: &str = "\
Find out why connections fail, end early, hang or are slow.

1. Who fails to connect: `summary.unanswered_connections` (SYN without answer: a filter, or a host that is down; see tcp_silent_server), \
`rejected_connections` (RST to SYN: nobody listens; see tcp_refused), `half_open_connections` (the last ACK is missing). `failed_handshakes` \
counts them all; `handshake` of a connection tells which part of it the capture lacks. Benign: a client that tries IPv6 and IPv4 at once and drops one, health checks, a capture that begins or ends in between.
2. Who ends connections: `closed_by`, `close_reason` and `close_frame` of each connection, and `analyze_traffic_flow` with `server_ip` for RST \
each way (`rst_frames`). RST after data that nobody read, right after the request, or after a fixed idle time each point elsewhere: application, \
policy, or a middlebox's timer; tcp_reset_from_elsewhere shows a RST that another device sent. Benign: browsers and load balancers that close \
with RST.
3. Loss: `retransmission_rate`, then `by_connection` (plain: time-outs; fast: single losses; spurious: delay or lost ACKs) and its `frames`. \
`late_packets` were overtaken, or sent again after a loss before the place of the capture; `out_of_order` in `analysis` tells which by time. Benign: \
duplicated packets of a mirror port.
4. Waiting: call analyze_tcp_connections again with `detailed` true. `window_closed_seconds` and the finding tcp_closed_window: the receiver \
does not read. `window_full` without it: the window is too small for the path. `goodput_bytes_per_second` against `max_window` by `ack_rtt`.
5. Time: `summary.handshake_times` (`syn_to_syn_ack` and `syn_ack_to_ack` tell on which side of the capture the delay is), `ack_rtt` during \
transfers. \
An `mss` far below 1460 hints at tunnels; large segments that are lost again and again at a path whose MTU is smaller.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it (a command or a further capture), and the remedy.";

const SECURITY: &str = "\
Judge this TCP traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold` and weigh `false_alarm`.
2. Reconnaissance: tcp_port_scan, tcp_host_sweep, tcp_unusual_flags. Which ports answered (`handshake_completed`, `conn_state` SF, S1 or RSTO \
after a SYN-ACK) is what the scanner learnt: list the connections of the scanned host with `server_ip`. Benign: inventory and monitoring of \
one's own.
3. Floods: tcp_syn_flood, `patterns[]` syn_response_imbalance and handshake_completion, `statistics.conn_states` with many S0 or REJ. Benign: a \
service that is down while clients retry.
4. Interference: tcp_reset_from_elsewhere (hop limits in `measures`), tcp_end_ignored (a connection that went on behind a RST or FIN: evasion of a \
monitor, or a reset that came too late), tcp_conflicting_data (the same place in the stream with other bytes: \
injection, or evasion of a monitor), resets in one direction only (`rst_distribution.by_direction`). Benign: firewalls and proxies that reset in \
the name of others.
5. Exfiltration and remote control: connections with much more `new_payload_bytes` from the client than from the server, long ones with little \
data, regular intervals between `start_time` of the same two ends, servers on unusual ports. Call with `detailed` true and page through \
`connections`; analyze_traffic_flow tells the direction for one server. Benign: backups, uploads, mail, monitoring.
6. Filtering: destinations of which every attempt is S0 (dropped) or REJ (rejected) show what a firewall blocks.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to \
check next. Say so plainly when nothing stands out.";

const FORENSICS: &str = "\
Reconstruct who connected to whom, so that others can check it.

1. Scope: the capture's name, time span and whether it was read whole (`capture`), `tcp_packets_found`, `limits`, `note`. Times are UTC.
2. Parties: page through `connections`: `client`, `server`, `client_known`, and how many of each `conn_state`. An address is a host's at that time \
only; DHCP leases in the same capture (analyze_dhcp_packets) and names (analyze_dns_packets) tell more.
3. Each connection that matters: `start_time`, `duration_seconds`, bytes each way (`detailed` true: `new_payload_bytes`), `closed_by`, \
`community_id` (to find it in Zeek's, Suricata's and other logs), `first_frame` and `last_frame`.
4. Findings: take over `findings` with rule, `measures`, `threshold` and frames, and keep apart what was observed and what is inferred. Name the \
benign explanation of each, and what would decide between both.
5. Gaps: `missing_bytes`, `one_sided`, `lost_segment` and `ack_lost_segment` in `analysis`: what the capture does not have.

Answer with a timeline (time, frames, client, server, event), the connections of interest with their Community IDs, the evidence for each \
conclusion by frame number, and what the capture cannot show: that bytes were sent does not say what they mean.";

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::PromptArguments;

    use super::*;

    #[test]
    fn prompts_name_the_tools_the_capture_and_the_server() {
        let given = r#"{"pcap_file": "/captures/a.pcap", "server_ip": "192.0.2.1", "server_port": "443"}"#;
        let given = PromptArguments::from_json(given).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            let call = r#"analyze_tcp_connections with {"pcap_file":"/captures/a.pcap","server_ip":"192.0.2.1","server_port":443}"#;
            assert!(text.contains(call), "{text}");
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }

    /// Every rule that a prompt names exists, and every tool.
    #[test]
    fn prompts_name_only_what_there_is() {
        let rules = [
            "tcp_silent_server",
            "tcp_refused",
            "tcp_closed_window",
            "tcp_reset_from_elsewhere",
            "tcp_port_scan",
            "tcp_host_sweep",
            "tcp_unusual_flags",
            "tcp_syn_flood",
            "tcp_conflicting_data",
            "tcp_end_ignored",
        ];
        let tools = crate::TOOLS.iter().map(|tool| tool.name);
        let others = ["tcp_packets_found", "analyze_dhcp_packets", "analyze_dns_packets"];
        let known: Vec<&str> = rules.into_iter().chain(tools).chain(others).collect();
        for prompt in PROMPTS {
            let text = (prompt.text)(&PromptArguments::default());
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| word.starts_with("tcp_") || word.starts_with("analyze_")) {
                assert!(known.contains(&word), "{word} in {}", prompt.name);
            }
        }
    }
}
