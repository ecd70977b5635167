use super::*;

#[test]
fn numbers_have_the_names_of_their_registries() {
    // As tshark 4.0.17 and RFC 8446, RFC 8422, RFC 5246 have them; ML-KEM as draft-ietf-tls-ecdhe-mlkem, ML-DSA as draft-ietf-tls-mldsa.
    assert_eq!(suite(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(suite(0x1301), "TLS_AES_128_GCM_SHA256");
    assert_eq!(suite(0x3a3a), "GREASE");
    assert_eq!(suite(0xeeee), "0xeeee");
    assert_eq!(
        (group(0x001d), group(0x11ec), group(0x0100)),
        ("x25519".into(), "X25519MLKEM768".into(), "ffdhe2048".into())
    );
    assert_eq!((scheme(0x0804), scheme(0x0904)), ("rsa_pss_rsae_sha256".into(), "mldsa44".into()));
    assert_eq!((scheme(0x0202), scheme(0x0101)), ("dsa_sha1".into(), "rsa_pkcs1_md5".into()));
    assert_eq!((alert(40), alert(112)), ("handshake_failure".into(), "unrecognized_name".into()));
    assert_eq!(
        (extension(0xfe0d), extension(16)),
        ("encrypted_client_hello".into(), "application_layer_protocol_negotiation".into())
    );
    assert_eq!(
        (version(0x0304), version(0x7f1c), version(0xfefd)),
        ("TLS 1.3".into(), "TLS 1.3 draft 28".into(), "DTLS 1.2".into())
    );
}

#[test]
fn tables_are_in_order() {
    assert!(super::suite_names::SUITES.is_sorted());
    for (code, name) in super::suite_names::SUITES {
        assert_eq!(suite(code), name);
    }
}

#[test]
fn sixteen_numbers_are_grease() {
    let all: Vec<u16> = (0..=u16::MAX).filter(|code| is_grease(*code)).collect();
    assert_eq!((all.len(), all[0], all[1], all[15]), (16, 0x0a0a, 0x1a1a, 0xfafa));
}

#[test]
fn obsolete_suites_are_told_apart() {
    for (code, expected) in [
        (0x0001, Some(Weakness::Null)),
        (0x0003, Some(Weakness::Export)),
        (0x0005, Some(Weakness::Rc4)),
        (0x000a, Some(Weakness::TripleDes)),
        (0x0009, Some(Weakness::Des)),
        (0x0034, Some(Weakness::Anonymous)),
        (0xc018, Some(Weakness::Anonymous)),
        (0xc0b4, Some(Weakness::Null)),
        (0x00ff, None),
        (0x1301, None),
        (0xc02f, None),
        (0x002f, None),
    ] {
        assert_eq!(weakness(code), expected, "{code:04x}");
    }
}
