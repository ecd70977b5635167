//! Data of an answer record, as Zeek tells it (`scripts/base/protocols/dns/main.zeek`), of its presentation format.

use std::borrow::Cow;

/// What Zeek tells of a record of a type, with its data as zone files have it; `name` is what was asked for. Nothing of those that it does not tell.
pub(super) fn text<'d>(kind: &str, data: &'d str, name: &str) -> Option<Cow<'d, str>> {
    // Data that does not fit its type.
    if data.is_empty() || data.starts_with("\\#") && is_known(kind) {
        return None;
    }
    let part = |place: usize| data.split(' ').nth(place);
    Some(match kind {
        "A" | "AAAA" => data.into(),
        "NS" | "CNAME" | "PTR" => lower(data),
        "SOA" => lower(part(0)?),
        "MX" => lower(part(1)?),
        "SRV" => lower(part(3)?),
        "TXT" | "SPF" => strings(kind, data).into(),
        "RRSIG" => {
            let signer = part(7)?.to_ascii_lowercase();
            let signer = if signer == "." { "<Root>" } else { &signer };
            format!("RRSIG {} {signer}", number(part(0)?)?).into()
        }
        "DNSKEY" => format!("DNSKEY {}", part(2)?).into(),
        "DS" => format!("DS {} {}", part(1)?, part(2)?).into(),
        "NSEC" => format!("NSEC {name} {}", part(0)?.to_ascii_lowercase()).into(),
        "NSEC3" | "NSEC3PARAM" => kind.to_owned().into(),
        "SSHFP" => format!("SSHFP: {}", part(2)?).into(),
        // Their events make no answers.
        "WKS" | "HINFO" | "SVCB" | "HTTPS" | "CAA" | "NAPTR" | "TKEY" | "TSIG" | "LOC" | "OPT" => return None,
        _ => format!("<unknown type={}>", number(kind)?).into(),
    })
}

/// Whether data is taken apart.
fn is_known(kind: &str) -> bool {
    number(kind).is_some() && !kind.starts_with("TYPE")
}

fn lower(name: &str) -> Cow<'_, str> {
    if name == "." {
        return "<Root>".into();
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// `TXT 3 abc` for each text of `"abc" "de"`.
fn strings(kind: &str, data: &str) -> String {
    let mut all = String::new();
    let mut characters = data.chars().peekable();
    while let Some(quote) = characters.next() {
        if quote != '"' {
            continue;
        }
        let (mut text, mut length) = (String::new(), 0_u32);
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => match characters.peek() {
                    Some(digit) if digit.is_ascii_digit() => {
                        let digits: String = characters.by_ref().take(3).collect();
                        let byte = digits.parse::<u8>().unwrap_or_default();
                        // Zeek writes bytes that do not print so.
                        text.push_str(&format!("\\x{byte:02x}"));
                    }
                    _ => text.extend(characters.next()),
                },
                _ => text.push(character),
            }
            length = length.saturating_add(1);
        }
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&format!("{kind} {length} {text}"));
    }
    all
}

/// The number of a type by its name (IANA, registry "Resource Record (RR) TYPEs").
fn number(kind: &str) -> Option<u16> {
    if let Some(number) = kind.strip_prefix("TYPE") {
        return number.parse().ok();
    }
    NUMBERS.iter().find(|(name, _)| *name == kind).map(|(_, number)| *number)
}

const NUMBERS: [(&str, u16); 82] = [
    ("A", 1),
    ("NS", 2),
    ("MD", 3),
    ("MF", 4),
    ("CNAME", 5),
    ("SOA", 6),
    ("MB", 7),
    ("MG", 8),
    ("MR", 9),
    ("NULL", 10),
    ("WKS", 11),
    ("PTR", 12),
    ("HINFO", 13),
    ("MINFO", 14),
    ("MX", 15),
    ("TXT", 16),
    ("RP", 17),
    ("AFSDB", 18),
    ("X25", 19),
    ("ISDN", 20),
    ("RT", 21),
    ("NSAP", 22),
    ("NSAP-PTR", 23),
    ("SIG", 24),
    ("KEY", 25),
    ("PX", 26),
    ("GPOS", 27),
    ("AAAA", 28),
    ("LOC", 29),
    ("NXT", 30),
    ("EID", 31),
    ("NIMLOC", 32),
    ("SRV", 33),
    ("ATMA", 34),
    ("NAPTR", 35),
    ("KX", 36),
    ("CERT", 37),
    ("A6", 38),
    ("DNAME", 39),
    ("SINK", 40),
    ("OPT", 41),
    ("APL", 42),
    ("DS", 43),
    ("SSHFP", 44),
    ("IPSECKEY", 45),
    ("RRSIG", 46),
    ("NSEC", 47),
    ("DNSKEY", 48),
    ("DHCID", 49),
    ("NSEC3", 50),
    ("NSEC3PARAM", 51),
    ("TLSA", 52),
    ("SMIMEA", 53),
    ("HIP", 55),
    ("NINFO", 56),
    ("RKEY", 57),
    ("TALINK", 58),
    ("CDS", 59),
    ("CDNSKEY", 60),
    ("OPENPGPKEY", 61),
    ("CSYNC", 62),
    ("ZONEMD", 63),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("SPF", 99),
    ("NID", 104),
    ("L32", 105),
    ("L64", 106),
    ("LP", 107),
    ("EUI48", 108),
    ("EUI64", 109),
    ("TKEY", 249),
    ("TSIG", 250),
    ("IXFR", 251),
    ("AXFR", 252),
    ("MAILB", 253),
    ("MAILA", 254),
    ("URI", 256),
    ("CAA", 257),
    ("TA", 32768),
    ("DLV", 32769),
    ("ANY", 255),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_as_zeek_tells_them() {
        for (kind, data, expected) in [
            ("A", "192.0.2.1", Some("192.0.2.1")),
            ("CNAME", "WWW.example.com", Some("www.example.com")),
            ("MX", "10 mail.example.com", Some("mail.example.com")),
            ("SOA", "ns.example.com host.example.com 1 2 3 4 5", Some("ns.example.com")),
            ("SRV", "0 5 5060 sip.example.com", Some("sip.example.com")),
            ("TXT", r#""v=spf1 -all""#, Some("TXT 11 v=spf1 -all")),
            ("TXT", r#""a\"b" "" "\\\200""#, Some(r#"TXT 3 a"b TXT 0  TXT 2 \\xc8"#)),
            ("SPF", r#""x""#, Some("SPF 1 x")),
            ("RRSIG", "A 8 2 300 20300101000000 20290101000000 12345 . AAAA", Some("RRSIG 1 <Root>")),
            (
                "RRSIG",
                "TYPE999 8 2 300 20300101000000 20290101000000 12345 Example.com AAAA",
                Some("RRSIG 999 example.com"),
            ),
            ("DNSKEY", "256 3 8 AAAA", Some("DNSKEY 8")),
            ("DS", "12345 8 2 abcd", Some("DS 8 2")),
            ("NSEC", "b.example.com A RRSIG", Some("NSEC a.example.com b.example.com")),
            ("NSEC3", "1 0 10 ab CD A", Some("NSEC3")),
            ("SSHFP", "1 1 abcdef", Some("SSHFP: abcdef")),
            ("HTTPS", "1 . alpn=h2", None),
            ("TYPE65280", r"\# 2 abcd", Some("<unknown type=65280>")),
            ("DHCID", "AAAA", Some("<unknown type=49>")),
            ("A", r"\# 3 010203", None),
            ("NS", "", None),
        ] {
            assert_eq!(text(kind, data, "a.example.com").as_deref(), expected, "{kind} {data}");
        }
    }
}
