//! Which connections are asked for.

use std::net::IpAddr;

use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::{JsonSchema, Problem};
use serde::Serialize;

/// An end that a connection must have. Both parts are about the same end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    address: Option<IpAddr>,
    port: Option<u16>,
}

/// What was asked for. Absent when it was everything.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilterReport {
    /// The argument `server_ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_ip: Option<IpAddr>,
    /// The argument `server_port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_port: Option<u16>,
}

impl Filter {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`Problem::Arguments`] when `server_ip` is no address.
    pub fn new(server_ip: Option<&str>, server_port: Option<u16>) -> Result<Self, Problem> {
        let address = match server_ip.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Some(text.trim_matches(['[', ']']).parse().map_err(|_| {
                Problem::argument("server_ip", "must be an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1")
            })?),
            None => None,
        };
        Ok(Self { address, port: server_port.filter(|port| *port != 0) })
    }

    /// Whether one of the ends is the one asked for.
    pub fn fits(&self, a: Endpoint, b: Endpoint) -> bool {
        self.is(a) || self.is(b)
    }

    /// Whether an end is the one asked for.
    pub fn is(&self, end: Endpoint) -> bool {
        self.address.is_none_or(|address| address == end.address) && self.port.is_none_or(|port| port == end.port)
    }

    /// Whether anything was asked for.
    pub fn is_empty(&self) -> bool {
        self.address.is_none() && self.port.is_none()
    }

    /// `address:port`, with `any` for what was not given.
    pub fn text(&self) -> String {
        match (self.address, self.port) {
            (Some(address), Some(port)) => Endpoint { address, port }.to_string(),
            (Some(address), None) => format!("{address}:any"),
            (None, Some(port)) => format!("any:{port}"),
            (None, None) => "any".to_owned(),
        }
    }

    /// As the report repeats it.
    pub fn report(&self) -> FilterReport {
        FilterReport { server_ip: self.address, server_port: self.port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(address: &str, port: u16) -> Endpoint {
        Endpoint { address: address.parse().unwrap(), port }
    }

    #[test]
    fn address_and_port_are_about_the_same_end() {
        let filter = Filter::new(Some("192.0.2.1"), Some(80)).unwrap();
        assert!(filter.fits(end("192.0.2.1", 80), end("192.0.2.2", 4000)));
        assert!(!filter.fits(end("192.0.2.1", 4000), end("192.0.2.2", 80)));
    }

    #[test]
    fn any_notation_of_an_address_is_the_same() {
        let filter = Filter::new(Some(" 2001:0db8:0:0:0:0:0:0001 "), None).unwrap();
        assert!(filter.is(end("2001:db8::1", 443)));
        assert!(Filter::new(Some("[2001:db8::1]"), None).unwrap().is(end("2001:db8::1", 443)));
    }

    #[test]
    fn nothing_asked_for_is_everything_and_nonsense_is_refused() {
        assert!(Filter::new(Some(""), Some(0)).unwrap().is_empty());
        let error = Filter::new(Some("example.com"), None).unwrap_err();
        assert!(error.to_string().contains("server_ip"), "{error}");
    }
}
