//! What a model is asked to do with the reports.

use mcpcap_analyzer::Prompt;
use mcpcap_analyzer::prompt::{self, Call, PCAP_FILE};

pub const PROMPTS: &[Prompt] = &[Prompt {
    name: "banners_investigation",
    title: "Investigate banners",
    description: "Says which software the TCP servers of a capture are, and which of them are not what their port says.",
    arguments: &[PCAP_FILE],
    text: |arguments| prompt::compose(arguments, &[SERVERS], TASK, ""),
}];

const SERVERS: Call = Call { tool: "banners_servers", arguments: &[] };

const TASK: &str = "\
1. Which software answers on which port (`servers`: `banner`, `frames`), and which of it tells its version to whoever asks?
2. Where does a server speak first although clients do on such a port (`findings`), and what does its banner say that it is?";
