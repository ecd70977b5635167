//! Web pages that may call this server: of which origins, and what their browsers are told about it (CORS).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// How long a browser may keep what it was told.
const KEPT: Duration = Duration::from_secs(3600);
/// Headers of answers that a page may read, besides those that every page may.
const EXPOSED: [HeaderName; 4] = [
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("www-authenticate"),
    HeaderName::from_static("retry-after"),
];

/// Where a web page comes from (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    /// `None`: any, or one of a scheme that has none.
    port: Option<u16>,
}

impl Origin {
    /// Reads one as it is typed: `https://example.com`, `http://localhost:3000`, `http://localhost:*`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (base, any) = text.strip_suffix(":*").map_or((text, false), |base| (base, true));
        let uri: Uri = base.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?.to_ascii_lowercase(), uri.authority()?);
        let is_bare = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        if !is_bare || authority.host().is_empty() || (any && authority.port().is_some()) {
            return None;
        }
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = if any { None } else { authority.port_u16().or(usual) };
        Some(Self { scheme, host: authority.host().to_ascii_lowercase(), port })
    }

    /// Whether it is the one that a browser names.
    pub(super) fn is(&self, header: &HeaderValue) -> bool {
        header.to_str().ok().and_then(Self::parse).is_some_and(|other| {
            self.scheme == other.scheme
                && self.host == other.host
                && self.port.is_none_or(|port| other.port == Some(port))
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}:", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(out, "{port}"),
            None => out.write_str("*"),
        }
    }
}

/// Answers browsers that ask beforehand, and says in each answer that the page may read it.
pub(super) fn layer(allowed: &Arc<[Origin]>) -> CorsLayer {
    let allowed = Arc::clone(allowed);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| allowed.iter().any(|one| one.is(origin))))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // Revisions of MCP bring headers of their own, and the page is trusted.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let is = |typed: &str, named: &str| Origin::parse(typed).unwrap().is(&named.parse().unwrap());
        for (typed, named) in [
            ("https://a.example", "https://a.example"),
            ("https://A.example:443", "https://a.example"),
            ("https://a.example/", "https://a.example:443"),
            ("http://localhost:*", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("chrome-extension://abc", "chrome-extension://abc"),
        ] {
            assert!(is(typed, named), "{typed} {named}");
        }
        for (typed, named) in [
            ("https://a.example", "http://a.example"),
            ("https://a.example", "https://a.example:8443"),
            ("https://a.example", "https://a.example.evil"),
            ("http://localhost:*", "https://localhost"),
            ("https://a.example", "null"),
            ("https://a.example", "https://a.example@evil"),
        ] {
            assert!(!is(typed, named), "{typed} {named}");
        }
        for wrong in
            ["", "*", "null", "a.example", "https://", "https://a/b", "https://a?b", "https://u@a", "https://a:1:*"]
        {
            assert_eq!(Origin::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Origin::parse("https://A").unwrap().to_string(), "https://a:443");
    }
}
