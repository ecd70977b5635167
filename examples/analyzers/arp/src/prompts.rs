//! What a model is asked to do with the reports.

use mcpcap_analyzer::Prompt;
use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};

pub const PROMPTS: &[Prompt] = &[Prompt {
    name: "arp_investigation",
    title: "Investigate ARP",
    description: "Looks for ARP spoofing, address conflicts and scans in a capture.",
    arguments: &[PCAP_FILE],
    text: |arguments| prompt::compose(arguments, &[TABLE], TASK, ""),
}];

const TABLE: Call = Call { tool: "arp_table", arguments: &[] };

const TASK: &str = "\
1. Which addresses are claimed by more than one hardware address (`findings`, `bindings`), since when (`first_frame`), and which of them was \
there first?
2. Who announces addresses unasked (`announcements`, `gratuitous_replies`), and who asks for addresses that never answer (`unanswered`)?";
