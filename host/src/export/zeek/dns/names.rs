//! Names of numbers, as Zeek has them (`scripts/base/protocols/dns/consts.zeek`).

use std::borrow::Cow;

/// A class.
pub(super) fn class(number: u64) -> Cow<'static, str> {
    match number {
        1 => "C_INTERNET".into(),
        2 => "C_CSNET".into(),
        3 => "C_CHAOS".into(),
        4 => "C_HESIOD".into(),
        254 => "C_NONE".into(),
        255 => "C_ANY".into(),
        _ => format!("qclass-{number}").into(),
    }
}

/// A type, by its number and its usual name: Zeek has no other names but for those that it does not have at all.
pub(super) fn kind(number: u64, name: Option<&str>) -> Cow<'static, str> {
    let usual = name.filter(|name| !name.starts_with("TYPE"));
    match number {
        255 => "*".into(),
        38 => "A6".into(),
        40 => "SINK".into(),
        42 => "APL".into(),
        101 => "UID".into(),
        102 => "GID".into(),
        103 => "UNSPEC".into(),
        65281 => "WINS".into(),
        65282 => "WINS-R".into(),
        65422 => "XPF".into(),
        65521 => "INTEGRITY".into(),
        54 | 66..=98 | 110..=248 | 258..=32767 | 32770.. => format!("query-{number}").into(),
        _ => usual.map_or_else(|| format!("query-{number}").into(), |name| name.to_owned().into()),
    }
}

/// A response code.
pub(super) fn rcode(number: u64) -> Cow<'static, str> {
    match number {
        0 => "NOERROR".into(),
        1 => "FORMERR".into(),
        2 => "SERVFAIL".into(),
        3 => "NXDOMAIN".into(),
        4 => "NOTIMP".into(),
        5 => "REFUSED".into(),
        6 => "YXDOMAIN".into(),
        7 => "YXRRSET".into(),
        8 => "NXRRSet".into(),
        9 => "NOTAUTH".into(),
        10 => "NOTZONE".into(),
        11..=15 => format!("unassigned-{number}").into(),
        16 => "BADVERS".into(),
        17 => "BADKEY".into(),
        18 => "BADTIME".into(),
        19 => "BADMODE".into(),
        20 => "BADNAME".into(),
        21 => "BADALG".into(),
        22 => "BADTRUNC".into(),
        23 => "BADCOOKIE".into(),
        _ => format!("rcode-{number}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_zeeks_names() {
        assert_eq!((class(1), class(255), class(7)), ("C_INTERNET".into(), "C_ANY".into(), "qclass-7".into()));
        assert_eq!((kind(1, Some("A")), kind(65, Some("HTTPS"))), ("A".into(), "HTTPS".into()));
        assert_eq!((kind(255, Some("ANY")), kind(65280, Some("TYPE65280"))), ("*".into(), "query-65280".into()));
        assert_eq!((kind(70, Some("TYPE70")), kind(54, None)), ("query-70".into(), "query-54".into()));
        assert_eq!((rcode(3), rcode(12), rcode(99)), ("NXDOMAIN".into(), "unassigned-12".into(), "rcode-99".into()));
    }
}
