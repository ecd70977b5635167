//! Transport parameters of a client (RFC 9000 §18; IANA, registry "QUIC Transport Parameters"). Those of servers are encrypted.

use std::borrow::Cow;

use mcpcap_analyzer::JsonSchema;
use mcpcap_tls_hello::ClientHello;
use mcpcap_tls_hello::wire::Cursor;
use serde::Serialize;

use crate::limits;
use crate::packet::Id;

/// The extension with them, and that of drafts up to 32.
const EXTENSIONS: [u16; 2] = [57, 0xffa5];

/// What is kept of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The first ones, in the client's order: number, and value.
    pub first: Vec<(u64, Value)>,
    /// How many there are.
    pub total: u64,
    /// `initial_source_connection_id`.
    pub source: Option<Id>,
    /// Versions of `version_information`: the one that is used, and those that could be.
    pub versions: Vec<u32>,
    /// A length lies, or one stands there twice.
    pub is_wrong: bool,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    /// So many bytes of something else.
    Bytes(u64),
}

/// A transport parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParameterReport {
    /// Its name in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// Its value, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Else how many bytes it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Parameters {
    /// Reads those of a ClientHello, if it has any.
    pub fn of(hello: &ClientHello<'_>) -> Option<Self> {
        let (_, body) = hello.extensions.iter().find(|(code, _)| EXTENSIONS.contains(code))?;
        let mut parameters = Self::default();
        parameters.is_wrong = parameters.read(body).is_none();
        Some(parameters)
    }

    fn read(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        let mut is_right = true;
        while !cursor.is_empty() {
            let (number, bytes) = (cursor.varint()?, cursor.varint_vector()?);
            self.total = self.total.saturating_add(1);
            let value = match kind(number) {
                Some((_, true)) => {
                    let mut value = Cursor::new(bytes);
                    Value::Number(value.varint().filter(|_| value.is_empty())?)
                }
                _ => Value::Bytes(bytes.len() as u64),
            };
            match number {
                0x0f => self.source = Some(Id::new(bytes)?),
                0x11 => {
                    let all =
                        bytes.chunks_exact(4).map(|four| four.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)));
                    self.versions = all.take(limits::VERSIONS).collect();
                    is_right &= bytes.len().is_multiple_of(4) && !bytes.is_empty();
                }
                _ => {}
            }
            is_right &= !self.has(number);
            if self.first.len() < limits::PARAMETERS {
                self.first.push((number, value));
            }
        }
        is_right.then_some(())
    }

    /// Whether one is there, among those that are kept.
    pub fn has(&self, number: u64) -> bool {
        self.first.iter().any(|(known, _)| *known == number)
    }

    /// As reports list them.
    pub fn report(&self) -> Vec<ParameterReport> {
        let report = |(number, value): &(u64, Value)| {
            let (value, bytes) = match value {
                Value::Number(value) => (Some(*value), None),
                Value::Bytes(bytes) => (None, Some(*bytes)),
            };
            ParameterReport { name: name(*number), value, bytes }
        };
        self.first.iter().map(report).collect()
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let first = self.first.capacity().saturating_mul(size_of::<(u64, Value)>());
        first.saturating_add(self.versions.capacity().saturating_mul(4))
    }
}

/// Name of a parameter, and whether its value is a number.
fn kind(number: u64) -> Option<(&'static str, bool)> {
    let kind = match number {
        0x00 => ("original_destination_connection_id", false),
        0x01 => ("max_idle_timeout", true),
        0x02 => ("stateless_reset_token", false),
        0x03 => ("max_udp_payload_size", true),
        0x04 => ("initial_max_data", true),
        0x05 => ("initial_max_stream_data_bidi_local", true),
        0x06 => ("initial_max_stream_data_bidi_remote", true),
        0x07 => ("initial_max_stream_data_uni", true),
        0x08 => ("initial_max_streams_bidi", true),
        0x09 => ("initial_max_streams_uni", true),
        0x0a => ("ack_delay_exponent", true),
        0x0b => ("max_ack_delay", true),
        0x0c => ("disable_active_migration", false),
        0x0d => ("preferred_address", false),
        0x0e => ("active_connection_id_limit", true),
        0x0f => ("initial_source_connection_id", false),
        0x10 => ("retry_source_connection_id", false),
        0x11 => ("version_information", false),
        0x20 => ("max_datagram_frame_size", true),
        0x173e => ("discard", false),
        0x26ab => ("google_handshake_message", false),
        0x2ab2 => ("grease_quic_bit", false),
        0x3127 => ("initial_rtt", true),
        0x3128 => ("google_connection_options", false),
        0x3129 => ("user_agent", false),
        0x4752 => ("google_version", false),
        // Of drafts.
        0x0f73_9bbc_1b66_6d05..=0x0f73_9bbc_1b66_6d11 => ("enable_multipath", false),
        0xff04_de1a | 0xff04_de1b | 0xff03_de1a | 0xff02_de1a => ("min_ack_delay", true),
        0x00ff_73db => ("version_information draft", false),
        _ => return None,
    };
    Some(kind)
}

/// Its name, or its number where it has none.
fn name(number: u64) -> Cow<'static, str> {
    match kind(number) {
        Some((name, _)) => Cow::Borrowed(name),
        None if number % 31 == 27 => Cow::Borrowed("GREASE"),
        None => Cow::Owned(format!("0x{number:x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Parameters {
        let hello = ClientHello { extensions: vec![(57, body)], ..ClientHello::default() };
        Parameters::of(&hello).unwrap()
    }

    #[test]
    fn parameters_have_the_names_of_the_registry() {
        // max_idle_timeout of 30,000 ms, a source id, versions 1 and 2, one of those that are reserved (27), one that nobody knows.
        let body = [
            1, 4, 0x80, 0, 0x75, 0x30, 15, 2, 7, 8, 17, 8, 0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf, 27, 0, 0x5f, 0xff, 1, 9,
        ];
        let read = read(&body);
        assert_eq!((read.total, read.is_wrong, read.source), (5, false, Id::new(&[7, 8])));
        assert_eq!(read.versions, [1, 0x6b33_43cf]);
        let report = read.report();
        let names: Vec<&str> = report.iter().map(|one| &*one.name).collect();
        assert_eq!(
            names,
            ["max_idle_timeout", "initial_source_connection_id", "version_information", "GREASE", "0x1fff"]
        );
        assert_eq!((report[0].value, report[1].bytes, report[4].bytes), (Some(30_000), Some(2), Some(1)));
    }

    #[test]
    fn lengths_that_lie_and_twins_are_told() {
        assert!(read(&[1, 9, 0]).is_wrong);
        assert!(read(&[1, 2, 3, 4]).is_wrong);
        assert!(read(&[1, 1, 3, 1, 1, 3]).is_wrong);
        let many: Vec<u8> = (0_u8..100).flat_map(|low| [0x5f, low, 0]).collect();
        let read = read(&many);
        assert_eq!((read.total, read.first.len(), read.is_wrong), (100, limits::PARAMETERS, false));
        assert_eq!(Parameters::of(&ClientHello::default()), None);
    }
}
