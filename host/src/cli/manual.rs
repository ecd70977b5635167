//! Pages of the manual: what clap knows, and examples, environment and exit status.

use std::collections::BTreeMap;
use std::io;

use clap::Command;
use clap_mangen::Man;

/// What to type, and what it does, for each page.
const EXAMPLES: [(&str, &[(&str, &str)]); 15] = [
    (
        "mcpcap",
        &[
            ("mcpcap capture.pcap", "the overview of a capture"),
            ("mcpcap analyze dns capture.pcap", "what the DNS in it shows"),
            ("mcpcap --root /srv/captures", "what an MCP client starts"),
            ("mcpcap --transport http --port 8080 --auth-token-file token", "the same over HTTP"),
        ],
    ),
    (
        "mcpcap-serve",
        &[("mcpcap serve --root /srv/captures", "captures below one folder, over standard input and output")],
    ),
    (
        "mcpcap-analyze",
        &[
            ("mcpcap analyze dns capture.pcap", "findings, a summary and tables"),
            ("mcpcap analyze dns --help", "the options of this tool"),
            (
                "mcpcap analyze tcp_connections --server-ip 192.0.2.53 day-*.pcap",
                "several captures, one connection's end",
            ),
            (
                "mcpcap analyze dns capture.pcap --section statistics.servers --format csv",
                "one list, for a spreadsheet",
            ),
            (
                "mcpcap analyze dns capture.pcap --all --format ndjson | jq .rcode",
                "all messages, a line of JSON for each",
            ),
            ("tcpdump -c 1000 -w - | mcpcap analyze tcp_anomalies -", "a capture from standard input"),
        ],
    ),
    (
        "mcpcap-query",
        &[
            (
                "mcpcap query capture.pcap \"SELECT name, count(*) FROM dns GROUP BY 1\"",
                "which names were asked, how often",
            ),
            (
                "mcpcap query captures/ \"SELECT capture, count(*) FROM tcp GROUP BY 1\" --format csv",
                "of all captures in a folder",
            ),
        ],
    ),
    (
        "mcpcap-export",
        &[
            ("mcpcap export captures/ --to dataset", "all tables as Parquet; again it makes what is missing"),
            ("mcpcap export capture.pcap --to dataset --tables dns,tcp --format csv", "two of them, for a spreadsheet"),
            (
                "mcpcap export captures/day1/a.pcap --base captures --to s3://bucket/dataset",
                "one of many tasks that fill a bucket",
            ),
        ],
    ),
    (
        "mcpcap-tools",
        &[
            ("mcpcap tools", "a line for each"),
            ("mcpcap tools dns", "all of one"),
            ("mcpcap tools dns --schema", "the schema of its report"),
        ],
    ),
    (
        "mcpcap-doctor",
        &[("mcpcap doctor --transport http --port 8080", "whether a server with these options would work")],
    ),
    (
        "mcpcap-healthcheck",
        &[("mcpcap healthcheck http://127.0.0.1:8080/readyz", "exit status 0 when the server is ready")],
    ),
    (
        "mcpcap-completions",
        &[("mcpcap completions bash > ~/.local/share/bash-completion/completions/mcpcap", "for bash")],
    ),
    ("mcpcap-man", &[("mcpcap man --dir ~/.local/share/man/man1", "all pages")]),
    ("mcpcap-analyzer-new", &[("mcpcap analyzer new my-first --language python", "a project in ./my-first")]),
    (
        "mcpcap-analyzer-check",
        &[("mcpcap analyzer check my-first.wasm --capture capture.pcap", "under the real limits")],
    ),
    ("mcpcap-analyzer-run", &[("mcpcap analyzer run my-first.wasm capture.pcap", "its first tool")]),
    (
        "mcpcap-analyzer-approve",
        &[("mcpcap analyzer approve my-first.wasm", "shows all that a model may read of it, and asks")],
    ),
    ("mcpcap-analyzer-pin", &[("mcpcap analyzer pin oci://ghcr.io/acme/banners:1.0", "the reference by digest")]),
];

/// Variables that are no option.
const VARIABLES: [(&str, &str); 7] = [
    ("MCPCAP_LOG", "what is logged on standard error: warn, debug, mcpcap=trace and so on"),
    ("MCPCAP_ROOTS", "folders for --root, with colons between"),
    ("MCPCAP_ANALYZERS", "folders and files for --analyzers and --analyzer, with colons between"),
    ("MCPCAP_AUTH_TOKEN", "the bearer token of the server over HTTP"),
    (
        "MCPCAP_REGISTRY_USER, MCPCAP_REGISTRY_PASSWORD, MCPCAP_REGISTRY_HOST",
        "who asks registries of analyzers, and which",
    ),
    ("COLUMNS", "the width of reports where standard output is no terminal"),
    ("TMPDIR", "where downloads and captures from standard input are kept while they are read"),
];

/// How it ends.
const STATUS: [(&str, &str); 5] = [
    ("0", "It was done."),
    ("1", "It failed; standard error says why. Of several captures at least one failed."),
    ("2", "What was typed makes no sense: an unknown option or tool, or an argument that the tool does not take."),
    ("3", "There is a report, and the capture is damaged or was cut short; standard error says where."),
    ("130", "Ctrl-C."),
];

/// A page.
///
/// # Errors
/// When it cannot be written.
pub fn page(command: &Command, name: &str) -> io::Result<String> {
    let mut page = Vec::new();
    // Its commands are pages of the same name with theirs behind.
    Man::new(command.clone().name(name.to_owned())).render(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    let examples = EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, examples)| *examples);
    page.push_str(&section("EXAMPLES", examples.unwrap_or_default().iter().map(|(typed, does)| (*typed, *does))));
    let named = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_str()?;
        Some((name.to_owned(), format!("the same as --{}", argument.get_long()?)))
    });
    let mut variables: BTreeMap<String, String> = named.collect();
    variables.extend(VARIABLES.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())));
    page.push_str(&section("ENVIRONMENT", variables.iter().map(|(name, what)| (name.as_str(), what.as_str()))));
    page.push_str(&section("EXIT STATUS", STATUS.iter().copied()));
    Ok(page)
}

fn section<'a>(head: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let entries: String =
        entries.map(|(name, what)| format!(".TP\n\\fB{}\\fR\n{}\n", escaped(name), escaped(what))).collect();
    if entries.is_empty() { entries } else { format!(".SH {}\n{entries}", quoted(head)) }
}

fn quoted(head: &str) -> String {
    format!("\"{head}\"")
}

/// A text in which nothing is a command of the typesetter's.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
