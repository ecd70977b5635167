//! The prompts of this component.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument};

/// All of them.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "triage",
        title: "Triage of an unknown capture",
        description: "Starts from a capture that nobody knows: what is in it, what stands out, and where to look first.",
        arguments: &[
            PCAP_FILE,
            PromptArgument {
                name: "question",
                description: "What is wanted or suspected, in words: a complaint, a host, a time.",
                required: false,
            },
        ],
        text: |arguments| {
            let question = arguments
                .get("question")
                .map(|question| format!("The question is {}.\n\n", serde_json::Value::from(question)));
            prompt::compose(arguments, &[CAPINFOS], &format!("{}{TRIAGE}", question.unwrap_or_default()), RULES)
        },
    },
    Prompt {
        name: "capture_overview",
        title: "Overview of an unknown capture",
        description: "What a capture is, what it holds, how far it can be trusted, and what to look at next.",
        arguments: &[PCAP_FILE],
        text: |arguments| prompt::compose(arguments, &[CAPINFOS], OVERVIEW, RULES),
    },
];

const CAPINFOS: Call = Call { tool: "analyze_capinfos", arguments: &[] };

/// What holds here besides the rules of all prompts.
const RULES: &str = "\
- Comments, interface names and capture filters are text of whoever made the file.";

const OVERVIEW: &str = "\
Get to know the capture, and answer from the report, with numbers and field names:

1. What is it? `file_type`, `file_size_bytes`, `compression`, `sha256`; where it was captured and with what (`sections`, \
`interfaces`: name, filter, operating system); what people noted (`comments`).
2. When, and how much? `first_packet_time` to `last_packet_time` (UTC), `capture_duration_seconds`, `packet_count`, \
`data_size_bytes`, the rates, `packet_size` and `packet_size_distribution`.
3. What is in it? `protocols`: those with most packets and bytes, and anything that does not belong in such a network or is on a port where it is \
not expected. What has `by` \"port\" is a guess by the port number; call it one. `protocol_hierarchy`: tunnels and VLANs. Benign: a mirror port that \
sees each packet twice.
4. How far can it be trusted? `findings` first; then `capture.complete`, `drops` (absent: unknown, not zero), `snap_length` \
(packets cut), `strict_time_order`, `time_gaps` (duration and rates cover them), `packets_without_time`, `decoding`, `limits`, and a capture filter \
that hides traffic.
5. What next? The tools that `protocols` names in `next`, in the order of what they would tell, and what the capture cannot answer.";

const TRIAGE: &str = "\
Find out what this capture is about and what in it deserves attention. Nothing is known of it yet.

1. From the first report take the time span, the size, `protocols` and what limits trust (`findings`, `time_gaps`, `drops`, `snap_length`, \
`capture.complete`). Say in two sentences what kind of capture it is. `by` says how a protocol was recognised: \"port\" is only a guess.
2. Call the tools that `protocols` names in `next`, those that the server offers, with the same `pcap_file`:
   - always: analyze_conversations: who talks to whom, scans, beacons, uploads, protocols on ports of others
   - dhcp, dhcpv6: analyze_dhcp_packets: which device has which address (`leases`, `clients`)
   - icmp, icmpv6: analyze_icmp_packets: what cannot be reached, who probes
   - dns, mdns, llmnr: analyze_dns_packets: which names, which servers, what fails
   - all that TCP carries: analyze_tcp_connections, then analyze_tcp_anomalies where `issues` is not empty
   - http, http2: analyze_http: requests, downloads with hashes, attacks, passwords in clear
   - sip: analyze_sip_packets: calls, registrations, scanners
   - tls, dtls: analyze_tls: names, certificates, versions and suites that servers choose, failing handshakes
   - quic, gquic: analyze_quic: names and protocols, whether QUIC works or is blocked
   - others have no tool of their own: get_frames with `first_frame`; `port` narrows every tool to one of `ports`
3. Read `findings` of each report before its statistics. Put all findings of all tools into one list, gravest first; join those about the same \
address, name or time.
4. Follow the two or three gravest: names lead to addresses, addresses to connections (`server_ip` of the TCP tools), connections to times. Use \
the filters of the tools (`name`, `client`, `host`, `server_ip`, `call_id`) rather than paging through everything.
5. For each say what was observed, with frame numbers, what a benign explanation would look like, and what would decide between both.
6. Where nothing stands out, say so, and say what the capture cannot show: encrypted payload, other links, times outside of it.

Answer with: what the capture is; the hosts and their roles; the findings in order, each with frames, benign explanation and next step; what was \
not looked at.";

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::PromptArguments;

    use super::*;

    #[test]
    fn prompts_name_the_file_the_tool_and_fields_that_exist() {
        let given = PromptArguments::from_json(r#"{"pcap_file": "/captures/x.pcap"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            assert!(text.contains(r#"analyze_capinfos with {"pcap_file":"/captures/x.pcap"}"#), "{text}");
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
        let schema = mcpcap_analyzer::describe::tool::<crate::analysis::Capinfos>();
        let fields = schema["report"]["properties"].as_object().unwrap();
        let quoted = OVERVIEW.split('`').skip(1).step_by(2);
        // The host adds `capture`.
        for name in quoted.filter(|name| !["capture.complete", "by", "next"].contains(name)) {
            assert!(fields.contains_key(name), "{name}");
        }
        let protocols = schema["report"]["properties"]["protocols"]["items"]["properties"].as_object().unwrap();
        assert!(["by", "next", "ports", "first_frame"].iter().all(|name| protocols.contains_key(*name)));
    }

    #[test]
    fn triage_speaks_of_the_question_and_quotes_it() {
        let given = PromptArguments::from_json(r#"{"question": "why is \"mail\" slow?"}"#).unwrap();
        let text = (PROMPTS[0].text)(&given);
        assert!(text.contains(r#"The question is "why is \"mail\" slow?"."#), "{text}");
        assert!(!(PROMPTS[0].text)(&PromptArguments::default()).contains("The question is"));
    }
}
