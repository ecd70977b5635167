use super::*;
use crate::build::{client_hello as body, list, numbers};
use crate::fingerprint::{Carrier, ja3, ja3s, ja4};

#[test]
fn ja4_is_that_of_the_published_example() {
    // The example of FoxIO's technical_details/JA4.md: its lists, in the order of its raw fingerprint, and its result.
    let suites = [
        0x002f, 0x0035, 0x009c, 0x009d, 0x1301, 0x1302, 0x1303, 0xc013, 0xc014, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8,
        0xcca9, 0x5a5a,
    ];
    let schemes = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
    let mut extensions: Vec<(u16, Vec<u8>)> = vec![
        (0x0000, list(2, &[vec![0], list(2, b"example.com")].concat())),
        (0x0010, list(2, &list(1, b"h2"))),
        (0x000d, numbers(2, &schemes)),
        (0x002b, numbers(1, &[0x8a8a, 0x0304, 0x0303])),
        (0xfafa, Vec::new()),
    ];
    for code in [0x0005, 0x0012, 0x0015, 0x0017, 0x001b, 0x0023, 0x002d, 0x4469, 0xff01] {
        extensions.push((code, Vec::new()));
    }
    extensions.push((0x000a, numbers(2, &[0x001d])));
    extensions.push((0x000b, list(1, &[0])));
    extensions.push((0x0033, numbers(2, &[])));
    let body = body(0x0303, &suites, &extensions);
    let hello = ClientHello::parse(&body, false).unwrap();
    assert_eq!(ja4(&hello, Carrier::Tcp), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_eq!(ja4(&hello, Carrier::Quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_eq!(
        (hello.server_name, hello.alpn().count(), hello.wrong),
        (Some(&b"example.com"[..]), 1, Wrong::default())
    );
}

#[test]
fn ja4_of_odd_protocols_takes_hexadecimal_digits() {
    let of = |name: &[u8]| {
        let body = body(0x0301, &[], &[(16, list(2, &list(1, name)))]);
        ja4(&ClientHello::parse(&body, false).unwrap(), Carrier::Tcp)
    };
    // FoxIO's JA4.md: 0xab is "ab", 0x30 0xab is "3b", 0x30 0x31 0xab 0xcd is "3d", 0x30 0xab 0xcd 0x31 is "01".
    assert_eq!(of(&[0xab]), "t10i0001ab_000000000000_000000000000");
    assert_eq!(&of(&[0x30, 0xab])[8..10], "3b");
    assert_eq!(&of(&[0x30, 0x31, 0xab, 0xcd])[8..10], "3d");
    assert_eq!(&of(&[0x30, 0xab, 0xcd, 0x31])[8..10], "01");
    assert_eq!(&of(b"h")[8..10], "hh");
}

#[test]
fn ja3_without_extensions_ends_with_commas() {
    // The example of salesforce/ja3: "769,4-5-10-9-100-98-3-6-19-18-99,,," is de350869b8c85de67a350c8d186f11e6.
    let suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
    let mut body = body(769, &suites, &[]);
    body.truncate(body.len() - 2);
    let hello = ClientHello::parse(&body, false).unwrap();
    assert_eq!(u128::from_be_bytes(ja3(&hello)), 0xde35_0869_b8c8_5de6_7a35_0c8d_186f_11e6);
    assert_eq!(hello.wrong, Wrong::default());
}

#[test]
fn hellos_cut_anywhere_tell_what_is_there() {
    let name = (0, list(2, &[vec![0], list(2, b"example.com")].concat()));
    let whole = body(0x0303, &[0x1301, 0xc02f], &[name, (10, numbers(2, &[29])), (43, numbers(1, &[0x0304]))]);
    for end in 0..whole.len() {
        let hello = ClientHello::parse(&whole[..end], false);
        assert_eq!(hello.is_some(), end >= 2, "{end}");
        if let Some(hello) = hello {
            assert!(hello.wrong.length || hello.extensions.is_empty(), "{end}");
            let _ = (ja3(&hello), ja4(&hello, Carrier::Tcp));
        }
    }
    let cut = ClientHello::parse(&whole[..whole.len() - 3], false).unwrap();
    assert_eq!((cut.server_name, cut.suites.len()), (Some(&b"example.com"[..]), 4));
}

#[test]
fn a_length_that_lies_is_told_and_the_rest_is_read() {
    let lying = body(0x0303, &[0x1301], &[(10, vec![0xff, 0xff, 0, 29]), (16, list(2, &list(1, b"h2")))]);
    let hello = ClientHello::parse(&lying, false).unwrap();
    assert!(hello.wrong.length && hello.groups.is_empty() && hello.alpn().eq([b"h2"]));
    let twice = body(0x0303, &[0x1301], &[(23, vec![]), (23, vec![])]);
    assert!(ClientHello::parse(&twice, false).unwrap().wrong.duplicate);
}

#[test]
fn a_hello_retry_request_is_told_by_its_random_number() {
    use sha2::{Digest, Sha256};
    let mut body = vec![3, 3];
    body.extend(Sha256::digest(b"HelloRetryRequest"));
    body.extend([0, 0x13, 0x01, 0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 29]);
    let hello = ServerHello::parse(&body).unwrap();
    assert!(hello.retry && hello.version == 0x0304 && hello.group == Some(29) && hello.wrong == Wrong::default());
    assert_eq!(hello.suite, 0x1301);
    // "771,4865,43-51" by md5sum.
    assert_eq!(u128::from_be_bytes(ja3s(&hello)), JA3S);
}

const JA3S: u128 = 0xf4fe_bc55_ea12_b31a_e17c_fb7e_614a_fda8;

#[test]
fn hellos_of_ssl_2_need_lengths_that_fit() {
    let mut hello = vec![0x80, 0, 1, 0, 2, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 5];
    hello.extend([9; 16]);
    hello[1] = (hello.len() - 2) as u8;
    hello.extend(b"rest");
    let (read, rest) = Ssl2Client::parse(&hello).unwrap();
    assert_eq!((read.version, read.ciphers.len(), rest), (2, 6, &b"rest"[..]));
    for at in [0, 1, 2, 3, 4, 6, 8, 10] {
        let mut other = hello.clone();
        other[at] ^= 0x81;
        assert_eq!(Ssl2Client::parse(&other), None, "{at}");
    }
}
