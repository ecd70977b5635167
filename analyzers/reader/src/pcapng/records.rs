//! Blocks that say something about packets: interface statistics (section 4.6), names (4.5), secrets (4.7).

use crate::facts::{Facts, On};
use crate::fields::{Fields, padded};
use crate::pcapng::block::{Block, too_short};
use crate::pcapng::options::{Opt, Options};
use crate::pcapng::state::Pcapng;
use crate::summary::Statistics;
use crate::types::{NO_TIME, Range};
use pcap_parser::{NameRecordType, OptionCode};

impl Pcapng {
    pub(crate) fn interface_statistics(&mut self, block: &Block, facts: &mut Facts) -> Result<(), String> {
        let mut fields = block.fields();
        let (Some(id), Some(ticks)) = (fields.u32(), fields.timestamp()) else { return Err(too_short(block, 12)) };
        let options = Options::checked(fields.rest(), block.order)?;
        // Statistics of an interface that was never declared harm nobody: they are counted with the blocks, no more.
        let Some(interface) = self.interfaces.get_mut(id as usize) else { return Ok(()) };
        let clock = interface.clock;
        let time = |ticks| Some(clock.nanoseconds(ticks)).filter(|time| *time != NO_TIME);
        let mut statistics = Statistics { timestamp: time(ticks), ..Statistics::default() };
        let section = self.sections.saturating_sub(1);
        for option in options {
            let number = option.u64();
            match option.code {
                OptionCode::IsbStartTime => statistics.start = option.timestamp().and_then(time),
                OptionCode::IsbEndTime => statistics.end = option.timestamp().and_then(time),
                OptionCode::IsbIfRecv => statistics.received = number,
                OptionCode::IsbIfDrop => statistics.dropped_by_interface = number,
                OptionCode::IsbFilterAccept => statistics.accepted_by_filter = number,
                OptionCode::IsbOsDrop => statistics.dropped_by_os = number,
                OptionCode::IsbUsrDeliv => statistics.delivered = number,
                OptionCode::Comment => facts.comment(On::Statistics(section, id), option.value),
                _ => {}
            }
        }
        facts.statistics(interface.link, &statistics, &mut interface.counters);
        Ok(())
    }

    pub(crate) fn name_resolution(&self, block: &Block, facts: &mut Facts) -> Result<(), String> {
        let mut fields = block.fields();
        let (mut ipv4, mut ipv6) = (0_u64, 0_u64);
        while !fields.rest().is_empty() {
            match name_record(&mut fields)? {
                (NameRecordType::End, _) => break,
                (NameRecordType::Ipv4, record) => ipv4 = ipv4.saturating_add(names(record, 4)?),
                (NameRecordType::Ipv6, record) => ipv6 = ipv6.saturating_add(names(record, 16)?),
                _ => {}
            }
        }
        let options = Options::checked(fields.rest(), block.order)?;
        facts.names(ipv4, ipv6);
        other_comments(options, On::NameResolution, facts);
        Ok(())
    }

    /// Where the secrets are, if they are a TLS key log.
    pub(crate) fn decryption_secrets(&self, block: &Block, facts: &mut Facts) -> Result<Option<Range>, String> {
        let mut fields = block.fields();
        let (Some(kind), Some(length)) = (fields.u32(), fields.u32()) else { return Err(too_short(block, 8)) };
        let room = fields.rest().len();
        let padded = usize::try_from(padded(length)).unwrap_or(usize::MAX);
        fields
            .take(padded)
            .ok_or_else(|| format!("this block holds secrets of {length} bytes, but has room for {room}"))?;
        let options = Options::checked(fields.rest(), block.order)?;
        match secrets_name(kind) {
            Some(name) => facts.secrets(name),
            None => facts.secrets(&format!("0x{kind:08x}")),
        }
        other_comments(options, On::DecryptionSecrets, facts);
        // Behind the type and the length of the secrets.
        let range = Range { offset: block.body_at.saturating_add(8), length };
        Ok((kind == TLS_KEY_LOG && length > 0).then_some(range))
    }
}

fn other_comments(options: Options, on: On, facts: &mut Facts) {
    for Opt { value, .. } in options.filter(|option| option.code == OptionCode::Comment) {
        facts.comment(on, value);
    }
}

/// One name record: its type and its content without padding.
fn name_record<'a>(fields: &mut Fields<'a>) -> Result<(NameRecordType, &'a [u8]), String> {
    let left = fields.rest().len();
    let (Some(kind), Some(length)) = (fields.u16(), fields.u16()) else {
        return Err(format!("{left} bytes are left for a name record, less than the 4 it must have"));
    };
    let record = fields.take(usize::from(length).next_multiple_of(4)).and_then(|record| record.get(..length.into()));
    let record =
        record.ok_or_else(|| format!("this block holds a name record of {length} bytes, but has room for {left}"))?;
    Ok((NameRecordType(kind), record))
}

/// How many names follow the address. Each ends with a zero octet.
fn names(record: &[u8], address: usize) -> Result<u64, String> {
    let length = record.len();
    let names = record
        .get(address..)
        .ok_or_else(|| format!("this block holds a name record of {length} bytes, too short for its address"))?;
    if names.last().is_some_and(|octet| *octet != 0) {
        return Err("this block holds a name record whose last name has no end".to_owned());
    }
    Ok(names.iter().filter(|octet| **octet == 0).count() as u64)
}

/// The type of TLS key logs.
const TLS_KEY_LOG: u32 = u32::from_be_bytes(*b"TLSK");

/// Types of section 4.7.
fn secrets_name(kind: u32) -> Option<&'static str> {
    Some(match &kind.to_be_bytes() {
        b"TLSK" => "TLS key log",
        b"SSHK" => "SSH key log",
        b"WGKL" => "WireGuard key log",
        b"ZNWK" => "ZigBee NWK key",
        b"ZAPS" => "ZigBee APS key",
        b"UAKL" => "OPC UA key log",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::fields::Order;
    use crate::testing::{File, Value, read, read_in};

    fn start(order: Order) -> File {
        File::section(order, &[]).interface(1, 0, &[])
    }

    #[test]
    fn statistics_stand_with_their_interface() {
        let options = [
            (1, Value::Text("done")),
            (2, Value::Time(1_000_000)),
            (3, Value::Time(5_000_000_000)),
            (4, Value::I64(100)),
            (5, Value::I64(1)),
            (6, Value::I64(90)),
            (7, Value::I64(2)),
            (8, Value::I64(88)),
        ];
        for order in [Order::Little, Order::Big] {
            let file = start(order)
                .interface(1, 0, &[])
                .body(5, |body| body.u32(1).u32(1).u32(0).options(&options))
                .body(5, |body| body.u32(7).u32(0).u32(0))
                .body(5, |body| body.u32(1).u32(0).u32(6));
            let summary = read(&file.octets).summary;
            assert_eq!(
                serde_json::to_value(&summary.interfaces[1].statistics).unwrap(),
                serde_json::json!([
                    { "timestamp": (1_u64 << 32) * 1_000, "start": 1_000_000_000, "end": 5_000_000_000_000_u64, "received": 100,
                      "dropped_by_interface": 1, "accepted_by_filter": 90, "dropped_by_os": 2, "delivered": 88 },
                    { "timestamp": 6_000 },
                ])
            );
            assert_eq!(summary.interfaces[0].statistics.len(), 0);
            assert_eq!(summary.blocks.unwrap().interface_statistics, 3);
            let comments = summary.comments.unwrap();
            let text = &comments.texts[0];
            assert_eq!((comments.statistics, text.place, text.interface), (1, "interface_statistics", Some(1)));
            assert_eq!((text.section, text.text.as_str()), (Some(0), "done"));
        }
    }

    #[test]
    fn names_are_counted() {
        for order in [Order::Little, Order::Big] {
            let names = |body: File| {
                let body =
                    body.u16(1).u16(8).raw(b"\xc0\0\x02\x01a.b\0").u16(1).u16(10).raw(b"\xc0\0\x02\x02ab\0cd\0\0\0");
                let body =
                    body.u16(2).u16(18).raw(&[0x20; 16]).raw(b"x\0\0\0").u16(9).u16(1).raw(b"?\0\0\0").u16(0).u16(0);
                body.options(&[(1, Value::Text("names"))])
            };
            let summary = read(&start(order).body(4, names).octets).summary;
            let counts = summary.names.unwrap();
            assert_eq!((counts.ipv4, counts.ipv6), (3, 1));
            let comments = summary.comments.unwrap();
            assert_eq!(
                (comments.other, comments.texts[0].place, comments.texts[0].frame),
                (1, "name_resolution", None)
            );
        }
    }

    #[test]
    fn damaged_names() {
        let reason = |body: &[u8]| read(&start(Order::Big).block(4, body).octets).broken().2.to_owned();
        assert!(reason(b"\0\x01\0\x03abc\0").contains("3 bytes, too short for its address"));
        assert!(reason(b"\0\x01\0\x06abcdef\0\0").contains("has no end"));
        assert!(reason(b"\0\x02\x01\0abcd").contains("256 bytes, but has room for 8"));
    }

    #[test]
    fn tls_key_logs_are_found_wherever_windows_end() {
        for order in [Order::Little, Order::Big] {
            let secrets = |kind, text: &'static [u8], padded: &'static [u8]| {
                move |body: File| body.u32(kind).u32(text.len() as u32).raw(text).raw(padded).options(&[])
            };
            let file = start(order)
                .body(10, secrets(0x544c_534b, b"first", b"\0\0\0"))
                .enhanced(0, 1, b"x", &[])
                .body(10, secrets(0x5747_4b4c, b"wire", b""))
                .body(10, secrets(0x544c_534b, b"", b""))
                .body(10, secrets(0x544c_534b, b"second..", b""));
            for step in [usize::MAX, 1, 7, 50, 100] {
                let found = read_in(&file.octets, step).unwrap().key_logs;
                let texts = found.iter().map(|(offset, length)| &file.octets[*offset as usize..][..*length as usize]);
                assert_eq!(texts.collect::<Vec<_>>(), [&b"first"[..], b"second.."], "{step}");
            }
        }
    }

    #[test]
    fn secrets_are_counted_by_type_and_never_shown() {
        for order in [Order::Little, Order::Big] {
            let secrets =
                |kind| move |body: File| body.u32(kind).u32(5).raw(b"12345\0\0\0").options(&[(1, Value::Text("key"))]);
            let file =
                start(order).body(10, secrets(0x544c_534b)).body(10, secrets(0x544c_534b)).body(10, secrets(0x1234));
            let summary = read(&file.octets).summary;
            let expected =
                serde_json::json!([{ "type": "TLS key log", "count": 2 }, { "type": "0x00001234", "count": 1 }]);
            assert_eq!(serde_json::to_value(&summary.secrets).unwrap(), expected);
            assert_eq!(summary.comments.as_ref().unwrap().other, 3);
            assert!(!serde_json::to_string(&summary).unwrap().contains("12345"));
            let reason = read(&start(order).body(10, |body| body.u32(1).u32(u32::MAX)).octets).end.unwrap().reason;
            assert_eq!(reason, "this block holds secrets of 4294967295 bytes, but has room for 0");
        }
    }
}
