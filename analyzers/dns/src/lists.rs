//! The lists of the report that hold their first entries, by the names under which the rest can be asked for.

/// Names asked for, in order of appearance.
pub const UNIQUE_DOMAINS: &str = "statistics.unique_domains";
/// Queries without a response.
pub const UNANSWERED: &str = "statistics.transactions.unanswered_queries";
/// The busiest servers.
pub const SERVERS: &str = "statistics.servers";
/// The busiest clients.
pub const CLIENTS: &str = "statistics.clients";
/// Registered domains.
pub const DOMAINS: &str = "statistics.domains";
/// Names most asked for.
pub const TOP_NAMES: &str = "statistics.top_names";
/// Frames of messages on other ports without a counterpart.
pub const UNCONFIRMED: &str = "limits.unconfirmed_frames";

/// Frames of each kind of malformed messages of each service.
pub const MALFORMED_FRAMES: &str = "statistics.services[].malformed[].frames";

/// Questions of each listed message.
pub const QUESTIONS: &str = "packets[].questions";
/// Its records in the answer section.
pub const ANSWERS: &str = "packets[].answers";
/// Those in the authority section.
pub const AUTHORITY: &str = "packets[].authority";
/// Those in the additional section.
pub const ADDITIONAL: &str = "packets[].additional";
/// Its EDNS options.
pub const OPTIONS: &str = "packets[].edns.options";

/// Codes of each service.
pub const OPCODES: &str = "statistics.services[].opcodes";
/// See [`OPCODES`].
pub const RCODES: &str = "statistics.services[].rcodes";
/// See [`OPCODES`].
pub const EXTENDED_RCODES: &str = "statistics.services[].extended_rcodes";
/// See [`OPCODES`].
pub const CLASSES: &str = "statistics.services[].classes";
/// See [`OPCODES`].
pub const QUERY_TYPES: &str = "statistics.services[].query_types";
/// See [`OPCODES`].
pub const RESPONSE_QUESTION_TYPES: &str = "statistics.services[].response_question_types";
/// See [`OPCODES`].
pub const RECORD_TYPES: &str = "statistics.services[].record_types";
/// See [`OPCODES`].
pub const EDNS_VERSIONS: &str = "statistics.services[].edns_versions";
/// See [`OPCODES`].
pub const EDNS_OPTIONS: &str = "statistics.services[].edns_options";
/// Response codes of each server.
pub const SERVER_RCODES: &str = "statistics.servers[].rcodes";
/// Those that each client got.
pub const CLIENT_RCODES: &str = "statistics.clients[].rcodes";
/// Types asked for in each domain.
pub const DOMAIN_TYPES: &str = "statistics.domains[].types";

/// All of them, and the findings.
pub const ALL: &[&str] = &[
    UNIQUE_DOMAINS,
    UNANSWERED,
    SERVERS,
    CLIENTS,
    DOMAINS,
    TOP_NAMES,
    "findings",
    UNCONFIRMED,
    MALFORMED_FRAMES,
    QUESTIONS,
    ANSWERS,
    AUTHORITY,
    ADDITIONAL,
    OPTIONS,
    EXTENDED_RCODES,
    CLASSES,
    QUERY_TYPES,
    RESPONSE_QUESTION_TYPES,
    RECORD_TYPES,
    EDNS_OPTIONS,
    SERVER_RCODES,
    CLIENT_RCODES,
    DOMAIN_TYPES,
];
