//! Who this program is for registries: a name and password, the hosts that they belong to, and what registries ask for instead of them.

use reqwest::Url;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use crate::capture::guard;

/// Name and password for registries that want them, and the hosts that get them: the registry, and where it has its tokens made.
const USER: &str = "MCPCAP_REGISTRY_USER";
const PASSWORD: &str = "MCPCAP_REGISTRY_PASSWORD";
pub(super) const HOST: &str = "MCPCAP_REGISTRY_HOST";
/// Characters of what a registry calls itself in a request for a token.
const SERVICE: usize = 255;

/// A name and a password, and whose they are.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
    /// Hosts, with their port when it is not the usual one, in lower case.
    hosts: Vec<String>,
}

impl Credentials {
    /// Those of the environment.
    pub(super) fn of_environment() -> Option<Self> {
        let (user, password) = (std::env::var(USER).ok()?, std::env::var(PASSWORD).ok()?);
        Some(Self::new(user, password, &std::env::var(HOST).unwrap_or_default()))
    }

    fn new(user: String, password: String, hosts: &str) -> Self {
        let hosts = hosts.split(',').map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty());
        Self { user, password, hosts: hosts.collect() }
    }

    /// Whether the host of a URL may have them: one that they belong to, and not over a network in plain text.
    pub(super) fn belong_to(&self, url: &Url) -> bool {
        let is_private = url.scheme() == "https" || is_this_machine(guard::host(url));
        is_private && self.hosts.contains(&authority(url))
    }
}

/// Whether a host is this machine by its name, without a look at what names stand for.
pub(super) fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

/// Host and port of a URL, without the port that its scheme has anyway.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What a registry wants before it answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password.
    Basic,
    /// A token, made at a realm (distribution specification, "token authentication").
    Bearer {
        /// Where.
        realm: Url,
        /// What the registry calls itself there.
        service: Option<String>,
    },
}

impl Challenge {
    /// The first that this program knows.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get_all(WWW_AUTHENTICATE).iter().find_map(|value| Self::read(value.to_str().ok()?))
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameter = |wanted: &str| parameters(rest).find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let realm = Url::parse(&parameter("realm")?.1).ok()?;
        let service = parameter("service").map(|(_, service)| service.chars().take(SERVICE).collect());
        Some(Self::Bearer { realm, service })
    }
}

/// `name="value"` or `name=value`, separated by commas (RFC 9110 section 11.2).
fn parameters(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, after) = rest.trim_start_matches([' ', ',']).split_once('=')?;
        let mut value = String::new();
        let Some(quoted) = after.strip_prefix('"') else {
            let (plain, behind) = after.split_once(',').unwrap_or((after, ""));
            rest = behind;
            return Some((name.trim(), plain.trim().to_owned()));
        };
        let mut characters = quoted.chars();
        while let Some(character) = characters.next().filter(|character| *character != '"') {
            value.push(if character == '\\' { characters.next()? } else { character });
        }
        rest = characters.as_str();
        Some((name.trim(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_the_hosts_that_they_belong_to_and_to_no_other() {
        let ours = Credentials::new("me".into(), "secret".into(), "ghcr.io, Registry.example:5000,127.0.0.1:7000");
        let may = |url: &str| ours.belong_to(&Url::parse(url).unwrap());
        for good in ["https://ghcr.io/token", "https://registry.example:5000/v2/", "http://127.0.0.1:7000/v2/"] {
            assert!(may(good), "{good}");
        }
        for bad in [
            "http://ghcr.io/token",
            "http://registry.example:5000/v2/",
            "https://registry.example/v2/",
            "https://ghcr.io:444/",
            "https://ghcr.io.evil.example/",
            "https://evil.example/ghcr.io",
            "https://ghcr.io@evil.example/",
            "http://127.0.0.1:7001/",
        ] {
            assert!(!may(bad), "{bad}");
        }
        let nobodys = Credentials::new("me".into(), "secret".into(), "");
        assert!(!nobodys.belong_to(&Url::parse("https://ghcr.io/").unwrap()));
    }

    #[test]
    fn challenges_are_read() {
        let bearer = |service: Option<&str>| {
            let realm = Url::parse("https://a.example/t?x=1,2").unwrap();
            Some(Challenge::Bearer { realm, service: service.map(str::to_owned) })
        };
        let realm = r#"realm="https://a.example/t?x=1,2""#;
        assert_eq!(Challenge::read(&format!("Bearer {realm}")), bearer(None));
        assert_eq!(Challenge::read(&format!(r#"bearer service="a \"b\"", {realm}"#)), bearer(Some("a \"b\"")));
        assert_eq!(Challenge::read(&format!("BEARER scope=x,service=s , {realm},error=1")), bearer(Some("s")));
        assert_eq!(Challenge::read("Basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(Challenge::read("basic"), Some(Challenge::Basic));
        for other in
            ["", "Bearer", "Bearer realm=\"nowhere\"", "Digest realm=\"x\"", "Bearer realm=\"https://a.example\\"]
        {
            assert_eq!(Challenge::read(other), None, "{other}");
        }
    }
}
