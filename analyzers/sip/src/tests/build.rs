//! Messages for tests.

use mcpcap_analyzer::harness::build::udp;

pub const ALICE: &str = "192.0.2.10";
pub const BOB: &str = "198.51.100.20";

/// A request or response to be.
#[derive(Clone)]
pub struct Draft {
    pub start: String,
    pub method: &'static str,
    pub call: String,
    pub cseq: u32,
    pub branch: String,
    pub from: (String, String),
    pub to: (String, String),
    pub more: String,
    pub body: String,
}

/// A request of Alice for `uri`, in a call.
pub fn request(method: &'static str, uri: &str, call: &str, cseq: u32) -> Draft {
    Draft {
        start: format!("{method} {uri} SIP/2.0"),
        method,
        call: call.into(),
        cseq,
        branch: format!("z9hG4bK-{call}-{cseq}-{method}"),
        from: ("sip:alice@example.com".into(), "a1".into()),
        to: (uri.into(), String::new()),
        more: String::new(),
        body: String::new(),
    }
}

impl Draft {
    /// The response to it; its tag is that of the one who answers.
    pub fn answer(&self, status: &str, tag: &str) -> Self {
        let mut answer = Self { start: format!("SIP/2.0 {status}"), more: String::new(), ..self.clone() };
        answer.body = String::new();
        if !tag.is_empty() {
            answer.to.1 = tag.into();
        }
        answer
    }

    /// With the tag of the other side: within a dialog.
    pub fn within(mut self, tag: &str) -> Self {
        self.to.1 = tag.into();
        self
    }

    /// Sent by the other side of the dialog.
    pub fn reversed(mut self) -> Self {
        std::mem::swap(&mut self.from, &mut self.to);
        self
    }

    /// With further headers, each with its line end.
    pub fn with(mut self, headers: &str) -> Self {
        self.more.push_str(headers);
        self
    }

    /// With a session description.
    pub fn sdp(mut self, address: &str, port: u16) -> Self {
        self.more.push_str("Content-Type: application/sdp\r\n");
        self.body = format!(
            "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        self
    }

    pub fn octets(&self) -> Vec<u8> {
        let end = |(uri, tag): &(String, String)| match tag.as_str() {
            "" => format!("<{uri}>"),
            tag => format!("<{uri}>;tag={tag}"),
        };
        format!(
            "{}\r\nVia: SIP/2.0/UDP host;branch={}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n{}Content-Length: {}\r\n\r\n{}",
            self.start,
            self.branch,
            end(&self.from),
            end(&self.to),
            self.call,
            self.cseq,
            self.method,
            self.more,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }

    /// In a datagram from one host to another.
    pub fn over(&self, source: &str, destination: &str) -> Vec<u8> {
        udp((source, 5060), (destination, 5060), &self.octets())
    }

    /// From Alice to Bob.
    pub fn there(&self) -> Vec<u8> {
        self.over(ALICE, BOB)
    }

    /// From Bob to Alice.
    pub fn back(&self) -> Vec<u8> {
        self.over(BOB, ALICE)
    }
}
