//! Whose name is whose: what somebody else's analyzer offers stands under a prefix of its own, and cannot pass for anything else.

use std::collections::HashSet;

use mcpcap_native::Builtin;

use super::describe::Description;
use super::lookalike;
use crate::text::neutral;

/// Characters of a component's name.
const NAME: usize = 32;
/// Characters of a tool's or prompt's name with its prefix. Clients put a prefix of their own in front, and models' interfaces take 64.
const OFFERED: usize = 56;
/// First words of names that this program gives its own tools and prompts, or may give.
pub(super) const WORDS: [&str; 20] = [
    "analyze", "capture", "dhcp", "dns", "forensic", "get", "http", "icmp", "list", "mcpcap", "network", "query",
    "quic", "scan", "security", "sip", "tcp", "tls", "traffic", "triage",
];

/// Why a name is refused.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// The component's.
    #[error("its name {0:?} is not 1 to {NAME} of a-z, 0-9 and hyphens, beginning with a letter")]
    Component(String),
    /// It belongs to this program.
    #[error("its name {0:?} is reserved for this program's own analyzers; choose another")]
    Reserved(String),
    /// Its version.
    #[error("its version {0:?} is not a version such as 1.2.3")]
    Version(String),
    /// A tool's or prompt's.
    #[error(
        "the name {0:?} of a tool or prompt is not 1 to {OFFERED} of A-Z, a-z, 0-9, underscores and hyphens, its prefix counted"
    )]
    Offered(String),
    /// It could be taken for something of this program's.
    #[error("{0:?} looks like {1:?}, which is this program's own; choose another")]
    Looks(String, &'static str),
    /// Two of its own.
    #[error("it has two tools or prompts that are called {0}")]
    Twice(String),
}

/// The name under which clients see a tool or prompt: `NAME_` and its own; one that begins so already stays.
pub fn prefixed(component: &str, own: &str) -> String {
    let prefix = format!("{component}_");
    // A component's name has no underscores, so no other's prefix begins like this one.
    if own.starts_with(&prefix) { own.to_owned() } else { prefix + own }
}

/// Whether a component may not be called so.
fn is_reserved(name: &str) -> bool {
    WORDS.contains(&name) || Builtin::all().iter().any(|builtin| builtin.name == name)
}

/// Checks the name of a component.
///
/// # Errors
/// When it is malformed or reserved.
pub fn check_component(name: &str) -> Result<(), NameError> {
    let said = || neutral(name, 100).into_owned();
    let fits = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-');
    if name.len() > NAME || !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(fits) {
        return Err(NameError::Component(said()));
    }
    if is_reserved(name) {
        return Err(NameError::Reserved(said()));
    }
    lookalike::of_component(name).map_or(Ok(()), |own| Err(NameError::Looks(said(), own)))
}

/// Checks all names that a component gives.
pub(super) fn check(description: &Description) -> Result<(), NameError> {
    let name = &description.name;
    check_component(name)?;
    if description.version.len() > 64 || semver::Version::parse(&description.version).is_err() {
        return Err(NameError::Version(neutral(&description.version, 100).into_owned()));
    }
    let tools = description.tools.iter().map(|tool| &tool.name);
    let prompts = description.prompts.iter().map(|prompt| &prompt.name);
    distinct(name, tools)?;
    distinct(name, prompts)?;
    let titles = description.tools.iter().map(|tool| &tool.title);
    let looks = |title: &String| Some(NameError::Looks(neutral(title, 100).into_owned(), lookalike::of_title(title)?));
    titles.chain(description.prompts.iter().map(|prompt| &prompt.title)).find_map(looks).map_or(Ok(()), Err)
}

fn distinct<'a>(component: &str, names: impl Iterator<Item = &'a String>) -> Result<(), NameError> {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let mut seen = HashSet::new();
    for own in names {
        let full = prefixed(component, own);
        if own.is_empty() || full.len() > OFFERED || !full.chars().all(fits) {
            return Err(NameError::Offered(neutral(own, 100).into_owned()));
        }
        let own = full.strip_prefix(component).and_then(|rest| rest.strip_prefix('_')).unwrap_or(own);
        if let Some(like) = lookalike::of_name(&full, own) {
            return Err(NameError::Looks(full, like));
        }
        if !seen.insert(full.clone()) {
            return Err(NameError::Twice(full));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::catalog::Catalog;
    use crate::sandbox::Sandbox;

    fn checked(name: &str, version: &str, tools: &[&str]) -> Result<(), NameError> {
        let tool = |name: &&str| json!({ "name": name, "title": "", "description": "", "arguments": {}, "report": {} });
        let tools: Vec<_> = tools.iter().map(tool).collect();
        let text = json!({ "name": name, "version": version, "tools": tools }).to_string();
        check(&Description::read(&text).unwrap())
    }

    #[test]
    fn names_are_checked() {
        checked("acme-arp", "1.0.0-beta.1", &["table", "acme-arp_other"]).unwrap();
        for name in ["", "Arp", "1arp", "arp_x", "arp x", "ärp", "a".repeat(33).as_str(), "-a"] {
            assert!(matches!(checked(name, "1.0.0", &["t"]), Err(NameError::Component(_))), "{name}");
        }
        for name in ["dns", "frames", "reader", "mcpcap", "analyze", "get"] {
            assert!(matches!(checked(name, "1.0.0", &["t"]), Err(NameError::Reserved(_))), "{name}");
        }
        assert!(matches!(checked("arp", "one", &["t"]), Err(NameError::Version(_))));
        for tool in ["", "a b", "a.b", "a".repeat(60).as_str()] {
            assert!(matches!(checked("arp", "1.0.0", &[tool]), Err(NameError::Offered(_))), "{tool}");
        }
        assert!(matches!(checked("arp", "1.0.0", &["table", "arp_table"]), Err(NameError::Twice(_))));
    }

    #[test]
    fn what_looks_like_our_own_is_refused() {
        for name in [
            "mcpcap-tools",
            "mcp-cap",
            "acme-mcpcap",
            "rncpcap",
            "mcpcaps",
            "mpccap",
            "analyzer",
            "analyse",
            "ana1yze",
            "analyze-dns",
            "get-more",
            "1ist".replace('1', "l").as_str(),
            "frame",
            "frarnes",
            "netvvork",
            "capinfo",
        ] {
            let error = checked(name, "1.0.0", &["t"]).unwrap_err();
            assert!(matches!(error, NameError::Looks(..) | NameError::Reserved(_)), "{name}: {error}");
        }
        for tool in
            ["analyze_dns_packets", "get-frames", "getframes", "Get_Frarnes", "analyzer_dns_packets", "for_mcpcap"]
        {
            assert!(matches!(checked("acme", "1.0.0", &[tool]), Err(NameError::Looks(..))), "{tool}");
        }
        assert!(matches!(checked("dhcp-security", "1.0.0", &["analysis"]), Err(NameError::Looks(..))));
        // Other protocols, whose names differ by a letter.
        for name in ["igmp", "dccp", "lisp", "dns-tunnels", "tcp-trace", "header", "s7comm"] {
            checked(name, "1.0.0", &["security_analysis", "packets", "look"]).unwrap();
        }
    }

    #[test]
    fn a_title_is_compared_as_people_see_it() {
        let titled = |title: &str| {
            let tool = json!({ "name": "t", "title": title, "description": "", "arguments": {}, "report": {} });
            let text = json!({ "name": "acme", "version": "1.0.0", "tools": [tool] }).to_string();
            check(&Description::read(&text).unwrap())
        };
        for title in [
            "DNS analysis",
            "dns-Analysis",
            "D\u{39d}S analysis",
            "DNS \u{430}nalysis",
            "TCP anornalies",
            "The rncpcap tool",
        ] {
            assert!(matches!(titled(title), Err(NameError::Looks(..))), "{title}");
        }
        for title in ["DNS tunnels", "IGMP analysis", "Count", ""] {
            titled(title).unwrap();
        }
    }

    #[test]
    fn no_prefix_leads_into_another_components_names() {
        assert_eq!(prefixed("a", "b_c"), "a_b_c");
        assert_eq!(prefixed("a-b", "c"), "a-b_c");
        assert_eq!(prefixed("arp", "arp_table"), "arp_table");
        assert_eq!(prefixed("arp", "arptable"), "arp_arptable");
    }

    #[test]
    fn nobody_can_have_a_name_like_our_own() {
        let catalog = Catalog::builtin(&Arc::new(Sandbox::new().unwrap()), "").unwrap();
        let tools = catalog.tools.iter().map(|tool| &tool.name);
        for name in tools.chain(catalog.prompts.iter().map(|prompt| &prompt.name)) {
            let first = name.split('_').next().unwrap();
            assert!(is_reserved(first), "{name}");
        }
    }
}
