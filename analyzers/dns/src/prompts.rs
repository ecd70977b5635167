//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[
    PCAP_FILE,
    PromptArgument {
        name: "name",
        description: "List only messages about this name; `*` stands for any characters, as in `*.example.com`.",
        required: false,
    },
];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "security_analysis",
        title: "DNS security analysis",
        description: "Looks for tunnels, generated names, forged answers and reconnaissance in DNS traffic.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "network_troubleshooting",
        title: "DNS troubleshooting",
        description: "Finds out why name resolution fails or is slow.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, TROUBLESHOOTING),
    },
    Prompt {
        name: "forensic_investigation",
        title: "DNS forensics",
        description: "Reconstructs who looked up what, and when, with evidence.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, FORENSICS),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_dns_packets", arguments: &["name"] }], body, RULES)
}

/// What holds for DNS besides the rules of all prompts.
const RULES: &str = "\
- `packets` has `frame`, `request_frame` and `response_frame` of each message; `name` (such as \"*.example.com\") chooses among them.";

const SECURITY: &str = "\
Judge this DNS traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the messages themselves: call \
again with `name` set to the finding's domain, or page to its frames.
2. Tunnels (dns_tunnel, dns_tunnel_without_domain) and other data in names: `statistics.domains[]` with high `distinct_names`, `mean_label_octets` and \
`mean_label_entropy`, TXT or NULL in `types`, and more `octets_up` than browsing explains. Benign: antivirus and block list lookups, \
content networks, mail authentication.
3. Generated names (dns_generated_names, dns_nxdomain_burst): clients with a high share of NXDOMAIN in `statistics.clients[].rcodes`. Benign: \
suffix search lists, browser probes, mail servers that ask block lists.
4. Forged answers (dns_conflicting_answers, dns_answers_to_another_question, dns_unasked_responses, dns_response_flood): compare both \
responses' `answers` and timing, and `other_question`. Benign: queries that the capture missed.
5. Reconnaissance: dns_zone_transfer, ANY queries, long runs of PTR queries, dynamic updates (opcode UPDATE) and their `rcode`. Benign: \
secondary servers, DHCP servers that register names.
6. Who answers: `statistics.servers[]` that are not the expected resolvers, and llmnr_answers_for_many_names. Benign: mobile devices with fixed \
resolvers.
7. `statistics.services[].malformed`: other protocols on its ports (`not_dns`), which may be tunnels through a firewall, and messages built to \
break parsers.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to \
check next. Say so plainly when nothing stands out.";

const TROUBLESHOOTING: &str = "\
Find out why name resolution fails or is slow.

1. Timeouts: `statistics.transactions.unanswered_for_5_seconds`, `retransmitted` and `asked_again`, then `unanswered_queries[]` (frames, \
`sent`, `waited_seconds`) and the finding dns_silent_server. Benign: queries in flight when the capture ended (`unanswered` without \
`unanswered_for_5_seconds`), or a capture of one direction.
2. Slowness: `statistics.transactions.latency[]` by transport, and `statistics.servers[].latency`. Compare median with p95: a high p95 alone \
points at cache misses or loss, a high median at the server or the path. Latency counts from the first transmission of a query.
3. Errors: `statistics.services[].rcodes`, then `servers[].rcodes` to see which server says SERVFAIL, REFUSED or NXDOMAIN; Extended DNS Errors \
stand in `packets[].edns.options` (EDE). Benign: NXDOMAIN from suffix search lists and reverse lookups of private addresses.
4. Truncation: `truncated_responses` and `retried_over_tcp`. Answers that were truncated and not retried over TCP hint at blocked TCP port 53. \
Look at `edns.udp_size`, and at fragments in `limits.decoding`.
5. Wrong answers: look at CNAME chains and addresses in `answers`, private addresses for public names, TTL 0, missing AAAA or HTTPS records.
6. Conflicts between resolvers: the same name with different `rcode` or `answers` from different servers.
7. mDNS and LLMNR (`service`): names that leak to the link because DNS did not know them.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it (a command or a further capture), and the remedy.";

const FORENSICS: &str = "\
Reconstruct what was looked up, by whom and when, so that others can check it.

1. Scope: the capture's file name and hash, time span and whether it was read whole (`capture` in the report), `dns_packets_found`, `note` and \
`limits`. State times in UTC as given.
2. Hosts: `statistics.clients[]` and `statistics.servers[]`: who asked whom, how much. An address is a host's at that time only; DHCP leases in the \
same capture (analyze_dhcp_packets) may tell which.
3. Names: `statistics.domains[]`, `top_names` and `unique_domains`. For each domain that matters call again with `name` (for example \
\"*.example.com\") and list queries with their responses: `frame`, `timestamp`, `source_ip`, name, type, `rcode`, `answers`.
4. Findings: take over `findings` with rule, `measures`, `threshold` and frames, and keep apart what was observed and what is inferred. \
Name the benign explanation of each, and what would decide between both.
5. Sequence: order the events by time, since the file may not (`limits.order`); a response belongs to its query by `request_frame`, not by neighbourhood. Addresses that answers gave \
lead to connections: look for them with the TCP tools (analyze_tcp_connections).
6. Gaps: unanswered queries, responses without queries, `skipped_tcp_octets`, malformed messages with their frames.

Answer with a timeline (time, frame, host, event), the list of names and addresses of interest, the evidence for each conclusion by frame \
number, and what the capture cannot show: a lookup is no connection, and no lookup is no proof of none, since caches and encrypted DNS \
(TLS on port 853, HTTPS) leave no trace here.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_and_the_capture() {
        let arguments = PromptArguments::from_json(r#"{"pcap_file": "/captures/a \"b\".pcap"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&arguments);
            assert!(text.contains(r#"analyze_dns_packets with {"pcap_file":"/captures/a \"b\".pcap"}"#), "{text}");
            assert!(text.contains("frame") && text.contains("Benign") || text.contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }
}
