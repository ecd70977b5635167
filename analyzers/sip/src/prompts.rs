//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[
    PCAP_FILE,
    PromptArgument { name: "call_id", description: "List only messages and calls with this Call-ID.", required: false },
    PromptArgument {
        name: "user",
        description: "List only messages and calls of this user part: `alice`, or `0049*` for all that begin so.",
        required: false,
    },
];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "sip_security_analysis",
        title: "SIP security analysis",
        description: "Looks for guessed passwords, enumeration, scans, floods and toll fraud in SIP traffic.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "sip_troubleshooting_analysis",
        title: "SIP troubleshooting",
        description: "Finds out why calls or registrations fail, or are slow, silent or cut off.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, TROUBLESHOOTING),
    },
    Prompt {
        name: "sip_forensic_investigation",
        title: "SIP forensics",
        description: "Reconstructs who registered and who called whom, and when, with evidence.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, FORENSICS),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_sip_packets", arguments: &["call_id", "user"] }], body, RULES)
}

/// What holds for SIP besides the rules of all prompts.
const RULES: &str = "\
- `calls`, `registrations` and `packets` are pages; `call_id`, `user` and `method` choose among them, and `headers` set to true gives all headers of messages.
- Lists in `statistics` hold the 20 first entries; the field named `…_total` beside each says how many there are, and `next` in `shown.lists` leads to the others.
- From, To, Contact, User-Agent and Via are claims of the sender; only addresses of frames were seen by the capture. Never write out credentials.";

const SECURITY: &str = "\
Judge this SIP traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the messages: call again with \
`call_id`, `user` or `method`, or page to its frames.
2. Guessed passwords (sip_register_brute_force): `registrations[]` with many `rejected`, and whether `registered` follows in \
`history`: then the account is lost. Benign: a telephone with an old password, many telephones behind one address.
3. Enumeration and scans (sip_user_enumeration, sip_options_sweep, sip_scanner_user_agent): `statistics.endpoints[]` with high \
`failures_received`, odd `agents`, 404 and 401 in `status_codes`. Benign: monitoring, a trunk with outdated numbers.
4. Toll fraud (sip_prefix_probing): `statistics.dialled_prefixes[]`, calls to international or premium numbers, at night, from new addresses, answered \
and long (`talk_seconds`). Say which numbers and which caller. Benign: ordinary international calls.
5. Floods (sip_invite_flood): rate, share of answers, one source or many. Benign: carriers, diallers, load tests.
6. Exposure: sip_basic_credentials, sip_digest_in_clear, `statistics.authentication.challenges[]` with MD5 or without `qop`, media with `encryption` \
none, or sdes whose keys stand in clear, versions in `user_agents` and `servers`, private addresses in Via and SDP.
7. Rogue ends: accounts in `registrations[]` with several `client` addresses or foreign `contacts`; `statistics.malformed[]`: messages \
built to break parsers. Benign: mobile telephones that change networks.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to check \
next. Say so plainly when nothing stands out.";

const TROUBLESHOOTING: &str = "\
Find out why calls or registrations fail, or are slow, silent or cut off.

1. Overview: `statistics.calls.outcomes`, `status_codes`, `statistics.transactions[]` (unanswered, retransmitted), `unanswered_requests[]`, \
`unasked_responses`.
2. Each failed call: `calls[]` with `outcome`, `final_code`, `final_reason`, then its `ladder`: where does it break, on which hop, after how long? \
Read the last message that got no answer. Call again with its `call_id` and `headers` true for Reason, Warning, Retry-After, Require, Session-Expires. \
Benign: busy, cancelled and challenged calls are no faults; the 401 or 407 before credentials is the usual first step.
3. Registrations: `registrations[]` with `state`, `history`, `codes`, `contacts` and their `expires`: wrong password (`rejected`), stale nonces, \
intervals too short (423), bindings that expire before they are renewed.
4. Slowness: `post_dial_delay`, `setup_time`, `statistics.transactions[].latency`: median against p95; retransmissions at 0.5, 1, 2, 4 s point at \
loss or a silent server (sip_silent_server, sip_unanswered_requests). Benign: ring time is people's, not the network's.
5. Silence or one-way audio: `calls[].media[]`: each side's address, port, direction, codecs; compare offer and answer. Private addresses \
(sip_private_media_address), port 0, sendonly or inactive, no common codec, encryption on one side only. The RTP itself is seen with the traffic tools, by \
these addresses and ports.
6. Calls cut off: `ended_by`, `end_reason`, `talk_seconds` near 32 s (no ACK: `acknowledged` false) or at a round number (session timer). \
`reinvites` and what was answered to them.
7. Mismatches: `malformed` of messages, Via with `received` and `rport` that differ (NAT), Contact that cannot be reached, `known_sip_port` false.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it (a command or a further capture), and the remedy. Mark \
what is a hypothesis.";

const FORENSICS: &str = "\
Reconstruct what happened in this SIP traffic, so that others can check it.

1. Scope: the capture's file name and hash, time span and whether it was read whole (`capture` in the report), `sip_packets_found`, `note` and \
`limits`, `encrypted_connections`. State times in UTC as given.
2. Parties: `statistics.endpoints[]` with `agents`; accounts and clients in `registrations[]`, names in \
`statistics.authentication.credentials[]`. An address is a host's at that time only.
3. Registrations: who registered which account from where, `history` with the frames that confirmed each, `contacts`, failed tries before.
4. Calls: every `calls[]` page: `start`, `caller`, `callee`, `request_uri`, addresses, `outcome`, `talk_seconds`, `ended_by`; ladders of those that matter, \
with `media[]` for finding the RTP. Correlate by `call_id`; a proxied call has several hops under one Call-ID, and a back-to-back agent changes it.
5. Findings: take over rule, `measures`, `threshold` and frames, and keep apart what was observed and what is inferred. Name the benign \
explanation of each, and what would decide.
6. Repeated and failed attempts: `final_code`, `challenges`, `rejected`, `retransmission_of`: the same message again is no further attempt.
7. Gaps: `not_seen_from_start`, `without_end`, `unasked_responses`, `incomplete_over_tcp`, `malformed` with their frames.

Answer with a timeline (time, frame, from, to, event), the list of accounts, numbers and addresses of interest, the evidence for each conclusion by frame \
number, and what stays uncertain: From and caller numbers can be forged, and an answered call does not tell who spoke.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_and_its_arguments() {
        let arguments = PromptArguments::from_json(r#"{"pcap_file": "/a.pcap", "call_id": "x@y"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&arguments);
            assert!(text.contains(r#"analyze_sip_packets with {"pcap_file":"/a.pcap","call_id":"x@y"}"#), "{text}");
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }
}
