//! Which conversation is asked for.

use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::{JsonSchema, Problem, schemars};
use serde::{Deserialize, Serialize};

/// What kind of conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What the names and answers of DNS between two hosts carry.
    Dns,
    /// What echoes between two hosts carry.
    Icmp,
    /// The datagrams between two ends.
    Udp,
    /// A connection.
    Tcp,
}

/// One end of a conversation; without a port, any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    address: IpAddr,
    port: Option<u16>,
}

impl End {
    /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
    fn read(name: &str, text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let with_port = text.parse::<SocketAddr>().map(|end| Self { address: end.ip(), port: Some(end.port()) });
        let alone = || text.trim_matches(['[', ']']).parse().map(|address| Self { address, port: None });
        with_port.or_else(|_| alone()).map_err(|_| {
            Problem::argument(
                name,
                "must be an address with or without a port, such as 192.0.2.1:80 or [2001:db8::1]:80",
            )
        })
    }

    fn is(&self, end: (IpAddr, Option<u16>)) -> bool {
        self.address == end.0 && (self.port.is_none() || end.1.is_none() || self.port == end.1)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The TCP connection with this number.
    Connection(u64),
    /// The conversation that a frame belongs to.
    Frame(u64),
    /// The first conversation between these ends, or of one of them, that carries something.
    Ends(Option<End>, Option<End>),
}

impl Choice {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`Problem::Arguments`] where an end is none, or there is more than one choice.
    pub fn read(
        connection: Option<u64>,
        frame: Option<u64>,
        client: Option<&str>,
        server: Option<&str>,
    ) -> Result<Self, Problem> {
        let end = |name: &str, text: Option<&str>| text.map(|text| End::read(name, text)).transpose();
        let ends = (end("client", client)?, end("server", server)?);
        match (connection, frame, ends) {
            (Some(id), None, (None, None)) => Ok(Self::Connection(id)),
            (None, Some(0), _) => Err(Problem::argument("frame", "must be a frame number, counted from 1")),
            (None, Some(frame), (None, None)) => Ok(Self::Frame(frame)),
            (None, None, (client, server)) => Ok(Self::Ends(client, server)),
            (connection, ..) => {
                let name = if connection.is_some() { "connection" } else { "frame" };
                Err(Problem::argument(name, "give only one of these: connection, frame, client and server"))
            }
        }
    }

    /// Whether a conversation between two ends may be the one asked for.
    pub fn fits(&self, a: (IpAddr, Option<u16>), b: (IpAddr, Option<u16>)) -> bool {
        match self {
            Self::Ends(first, second) => {
                let both = |a, b| first.is_none_or(|end| end.is(a)) && second.is_none_or(|end| end.is(b));
                both(a, b) || both(b, a)
            }
            Self::Connection(_) | Self::Frame(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_in_any_notation_and_fit_either_way_round() {
        let end = |text: &str| {
            let end: SocketAddr = text.parse().unwrap();
            (end.ip(), Some(end.port()))
        };
        let (a, b) = (end("192.0.2.1:4000"), end("[2001:db8::2]:80"));
        for (client, server, fits) in [
            (Some("192.0.2.1:4000"), Some("[2001:db8::2]:80"), true),
            (Some("2001:0db8::0002"), Some(" 192.0.2.1 "), true),
            (None, Some("[2001:db8::2]"), true),
            (None, None, true),
            (Some("192.0.2.1:4001"), None, false),
            (Some("192.0.2.1"), Some("192.0.2.1"), false),
        ] {
            let choice = Choice::read(None, None, client, server).unwrap();
            assert_eq!((choice.fits(a, b), choice.fits(b, a)), (fits, fits), "{client:?} {server:?}");
        }
        assert!(Choice::read(None, None, Some("example.com"), None).unwrap_err().to_string().contains("client"));
        assert!(Choice::read(Some(1), Some(1), None, None).unwrap_err().to_string().contains("only one"));
    }
}
