//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::prompt::{self, Call, HOST, PCAP_FILE};
use mcpcap_analyzer::{Prompt, PromptArgument, PromptArguments};

const ARGUMENTS: &[PromptArgument] = &[PCAP_FILE, HOST];

/// All prompts.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "http_security_analysis",
        title: "HTTP security analysis",
        description: "Looks for attacks on servers, downloads of programs, passwords in clear, tunnels and regular contacts in HTTP.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, SECURITY),
    },
    Prompt {
        name: "http_troubleshooting",
        title: "HTTP troubleshooting",
        description: "Finds out why pages or interfaces fail, are slow, or break off.",
        arguments: ARGUMENTS,
        text: |arguments| text(arguments, TROUBLESHOOTING),
    },
];

fn text(arguments: &PromptArguments, body: &str) -> String {
    prompt::compose(arguments, &[Call { tool: "analyze_http", arguments: &["host"] }], body, RULES)
}

/// What holds for HTTP besides the rules of all prompts.
const RULES: &str = "\
- `exchanges` is a page; `where` chooses among all of them by any field: `status>=400`, `uri~login`, `response_body.type~portable`, `host=example.com`.
- Host, User-Agent, Server, Content-Type, X-Forwarded-For and file names are claims; addresses, `type` (by the first bytes) and hashes were seen. \
Passwords, tokens and values of cookies are left out (`…`); never guess at them.
- Most HTTP is encrypted: absence here says nothing about TLS, which is read only with a key log (`keylog_file`; `decryption` says how far). Behind `tunnel` only that was looked into.
- A hash stands only beside what is whole; `complete` false, `missing_bytes` and `undecoded` say why there is none.";

const SECURITY: &str = "\
Judge this HTTP traffic from a defender's point of view.

1. Read `findings` first. For each one compare `measures` with `threshold`, weigh `false_alarm`, then look at the exchanges: call again with `where` on \
their `frame`, `client_ip` or `uri`.
2. Attacks on servers (http_path_traversal, http_sql_injection, http_command_injection, http_log4shell, http_code_injection, http_web_shell): that they \
were sent is a fact, that they worked is not. http_attack_answered, 2xx with unusual sizes, and later connections of the server to outside speak for it. Benign: scanners \
that fail everywhere, authorised tests.
3. Searches and guessing (http_directory_search, http_login_guessing, http_scanner_user_agent): `statistics.failed[]`, and what got 2xx among it. Benign: \
moved sites, monitoring, a program with an old password.
4. Programs (http_executable_download, http_disguised_executable, http_executable_upload): `files[]` with `sha256`, `name`, `type` against `content_type`, from which \
host, after which redirect (`location`) or `referer`. Look the hashes up. Benign: updates.
5. Credentials (http_basic_credentials, http_password_in_clear, http_credentials_in_clear): who sends them where; they are lost to whoever reads the path.
6. Contacts (http_regular_posts, http_upload, http_connect_to_odd_port, http_websocket, http_program_user_agent): interval and sizes, hosts that are \
addresses, odd `user_agent`, bodies with entropy near 8 under types of text. Benign: telemetry, chat, backups.
7. Between servers: http_request_smuggling, `malformed` with its reasons, `via` and `forwarded_for`.

Answer with the suspicions in order of gravity: what was observed, the frames, the benign explanation and what speaks against it, and what to check \
next (analyze_conversations for what else these hosts did, analyze_dns_packets for the names). Say so plainly when nothing stands out.";

const TROUBLESHOOTING: &str = "\
Find out why pages or interfaces fail, are slow, or break off.

1. Overview: `totals` (requests, unanswered, client_errors, server_errors, incomplete_bodies), `statistics.status_codes`, `statistics.hosts`.
2. Failures: `statistics.failed[]` by status and URL; http_server_errors. 4xx point at the client, its URL or its rights; 502 to 504 at what stands behind a proxy \
(`via`, `server`). Benign: 401 before credentials, 404 of a favicon, 304.
3. Slowness: `totals.time_to_first_byte` (the server thinks) against `totals.duration` (and transfers); `statistics.slowest[]`, http_slow_server. A long wait \
before the first byte is the server's, a long transfer the network's or the client's: then ask analyze_tcp_connections and analyze_tcp_retransmissions \
about that connection. Benign: long polling, downloads.
4. Silence: http_unanswered_requests, `unasked`: look at `capture` and `limits.reassembly` first, since a capture with gaps has both.
5. What breaks off: http_cut_responses, `complete` false with `content_length` against `bytes`, `malformed` (cut_message, bad_chunk, missing_bytes), `reset` with \
`reset_by` in HTTP/2, `grpc_status` other than 0.
6. Redirects: follow `location` from exchange to exchange; loops, changes between hosts, http and https.
7. Caches, proxies, codings: `via`, `content_encoding` with `undecoded`, 206 with `content_range`, `interim`.

Answer with the likeliest cause first, each with its numbers and frames, what would confirm it (a request to repeat or a further capture), and the remedy. Mark \
what is a hypothesis.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_name_the_tool_and_its_arguments() {
        let arguments = PromptArguments::from_json(r#"{"pcap_file": "/a.pcap", "host": "192.0.2.1"}"#).unwrap();
        for prompt in PROMPTS {
            let text = (prompt.text)(&arguments);
            assert!(text.contains(r#"analyze_http with {"pcap_file":"/a.pcap","host":"192.0.2.1"}"#), "{text}");
            assert!(text.contains("frame") && text.to_lowercase().contains("benign"), "{}", prompt.name);
            assert!((prompt.text)(&PromptArguments::default()).contains("ask which one"), "{}", prompt.name);
        }
    }

    /// What a prompt tells to look at is there.
    #[test]
    fn fields_and_rules_of_the_prompts_exist() {
        let report = mcpcap_analyzer::describe::tool::<crate::tool::Http>()["report"].to_string();
        for text in [RULES, SECURITY, TROUBLESHOOTING] {
            let quoted = text.split('`').skip(1).step_by(2).filter(|word| !word.contains(['>', '~', '=', '…']));
            for field in quoted.flat_map(|path| path.split(['.', ' '])).map(|word| word.trim_end_matches("[]")) {
                let is_argument = ["where", "keylog_file", "false", "capture", "to", "limits"].contains(&field);
                assert!(is_argument || report.contains(&format!("\"{field}\":")), "{field}");
            }
        }
        let source = include_str!("prompts.rs");
        let named =
            source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("http_"));
        let rules: String = crate::tests::sources();
        for rule in named.filter(|word| !["http_security_analysis", "http_troubleshooting", "http_"].contains(word)) {
            assert!(rules.contains(&format!("name: \"{rule}\"")), "{rule}");
        }
    }
}
