//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[
    PCAP_FILE,
    PromptArgument {
        name: "client",
        description: "List only messages of this client: hardware address, DUID, host name or address, or a part of one.",
        required: false,
    },
];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "dhcp_network_analysis",
        title: "DHCP operations",
        description: "Finds out why hosts get no address, a wrong one or a slow one, and how the servers do.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, NETWORK),
    },
    Prompt {
        name: "dhcp_security_analysis",
        title: "DHCP security analysis",
        description: "Looks for rogue servers, starvation, spoofed clients and diverted traffic.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "dhcp_forensic_investigation",
        title: "DHCP forensics",
        description: "Reconstructs which device had which address when, with evidence.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, FORENSICS),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_dhcp_packets", arguments: &["client"] }], body, RULES)
}

/// What holds for DHCP besides the rules of all prompts.
const RULES: &str = "\
- `client` and `message_type` choose among `packets`; `section` with transactions gives the exchanges alone.
- Clients say what they like: hardware addresses, host names and vendor classes are claims, not identities.";

const NETWORK: &str = "\
Find out how address assignment works here, and why it fails where it does.

1. Outcomes: `statistics.exchanges.outcomes[]`, then `transactions[]` that are not `leased`: `unanswered` (no server, no relay, or a filter), \
`offered` (the client took another server's offer, or the REQUEST was lost), `refused` with `reason`, `declined`. Benign: a NAK when a notebook \
comes from another network; INFORM without lease (`configured`).
2. Time: `time_to_offer` and `time_to_grant`; `offer_ms` of single exchanges. A second and more before an offer is mostly a server that pings the \
address first, which is benign; several messages before it mean losses.
3. Servers: `servers[]`: who offers, grants and refuses, lease times, `routers` and `dns_servers`. Several on one segment need a reason \
(dhcp_several_servers, dhcp_servers_disagree).
4. Leases: `leases[]`: `lease_seconds` against the number of clients, `renewals`, T1 and T2, `expires`. Short leases in a small pool are a choice; \
clients that never renew are not.
5. Relays: `relays[]` with their circuit ids; clients behind a relay that get no answer hint at the relay or the route back.
6. Options: missing router, name server or mask in `packets[].options` of OFFER and ACK; `malformed`.
7. Conflicts: dhcp_address_conflict: a host with a fixed address, or two servers with the same pool.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it, and the remedy.";

const SECURITY: &str = "\
Judge this DHCP traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the messages themselves.
2. Rogue servers: dhcp_servers_disagree and dhcp_several_servers: which `servers[]` entry is the known one, what `routers`, `dns_servers` and \
other options (proxy 252, boot server 66 and 67, routes 121 and 249) does the other give, who took its offer (`transactions[].servers`). Benign: \
failover pairs, a lab's second server.
3. Starvation: dhcp_starvation, many `clients[]` with one fingerprint and no host name, addresses that are never used. Benign: many hosts that \
start at once.
4. Denial: dhcp_refusals, RELEASE or DECLINE messages of clients that did not send them (compare the frames' order with `leases[].ended`), \
dhcp_address_conflict. Benign: clients that move between networks.
5. Impersonation: one host name or client id with several `macs`, one address with several; fingerprints that do not fit the vendor class. \
Benign: random addresses of phones, docking stations, virtual machines.
6. Data in options: long or odd texts in host names, vendor options (43, 125), option numbers without a name. Benign: vendor provisioning.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to \
check next. Say so plainly when nothing stands out.";

const FORENSICS: &str = "\
Reconstruct which device had which address when, so that others can check it.

1. Scope: the capture's name, time span and whether it was read whole (`capture`), `dhcp_packets_found`, `limits`, `note`. Times are UTC.
2. Devices: `clients[]`: `macs`, `client_ids`, `hostnames`, `vendor_classes` and `fingerprints` together tell what a device says it is; list the frames.
3. Leases: `leases[]`: from `granted` to `expires`, or to the frame where it `ended`; `renewals` show that it was there in between. A client that \
asks for an address (`requested`) before it has one tells where it was before.
4. Sequence: `transactions[]` by `start_time`, each message with its frame; relays' circuit ids tell the switch port.
5. Findings: take over `findings` with rule, `measures`, `threshold` and frames, and keep apart what was observed and what is inferred. Name the \
benign explanation of each, and what would decide between both.
6. Gaps: `unanswered`, messages without their other half, leases that began before the capture.

Answer with a table (address, device, from, until, frames), a timeline of events, the evidence for each conclusion by frame number, and what the \
capture cannot show: that an address was leased does not say that it was used, nor by whom.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_the_capture_and_the_client() {
        let given = PromptArguments::from_json(r#"{"pcap_file": "/captures/a.pcap", "client": "02:00"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&given);
            assert!(
                text.contains(r#"analyze_dhcp_packets with {"pcap_file":"/captures/a.pcap","client":"02:00"}"#),
                "{text}"
            );
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }
}
