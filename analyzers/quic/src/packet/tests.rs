//! The examples of RFC 9001 appendix A and of RFC 9369 appendix A.

use mcpcap_analyzer::stream::Side;

use super::crypto::{Keys, retry_fits, whole_number};
use super::version::Form;
use super::*;
use crate::build::{ORIGINAL, bytes, encrypted, negotiation, sealed, short};

/// The CRYPTO frame of the client's Initial, in both.
const ASKED: &str = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868
    04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017
    0018001000070005 04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce1
    5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffff
    ffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

/// The frames of the server's Initial, in both.
const TOLD: &str = "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739
    88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bc
    f32bb9da1a002b00020304";

fn id() -> Id {
    Id::new(ORIGINAL).unwrap()
}

fn keys(form: Form, side: Side) -> Keys {
    Keys::initial(form, &id(), side).unwrap()
}

fn only(datagram: &[u8]) -> Packet<'_> {
    let all: Vec<Next<'_>> = Packets::new(datagram, datagram.len()).collect();
    let [Next::Long(packet)] = all[..] else { panic!("{all:?}") };
    packet
}

#[test]
fn keys_are_those_of_the_rfcs() {
    for (form, side, key, iv, header) in [
        // RFC 9001 A.1.
        (
            Form::One,
            Side::Client,
            "1f369613dd76d5467730efcbe3b1a22d",
            "fa044b2f42a3fd3b46fb255c",
            "9f50449e04a0e810283a1e9933adedd2",
        ),
        (
            Form::One,
            Side::Server,
            "cf3a5331653c364c88f0f379b6067e37",
            "0ac1493ca1905853b0bba03e",
            "c206b8d9b9f0f37644430b490eeaa314",
        ),
        // draft-ietf-quic-tls-29 A.1.
        (
            Form::Draft,
            Side::Client,
            "175257a31eb09dea9366d8bb79ad80ba",
            "6b26114b9cba2b63a9e8dd4f",
            "9ddd12c994c0698b89374a9c077a3077",
        ),
        (
            Form::Draft,
            Side::Server,
            "149d0b1662ab871fbe63c49b5e655a5d",
            "bab2b12a4c76016ace47856d",
            "c0c499a65a60024a18a250974ea01dfa",
        ),
        // RFC 9369 A.1.
        (
            Form::Two,
            Side::Client,
            "8b1a0bc121284290a29e0971b5cd045d",
            "91f73e2351d8fa91660e909f",
            "45b95e15235d6f45a6b19cbcb0294ba9",
        ),
        (
            Form::Two,
            Side::Server,
            "82db637861d55e1d011f19ea71d5d2a7",
            "dd13c276499c0249d3310652",
            "edf6d05c83121201b436e16877593c3a",
        ),
    ] {
        let found = keys(form, side);
        assert_eq!(
            (found.key.to_vec(), found.iv.to_vec(), found.header.to_vec()),
            (bytes(key), bytes(iv), bytes(header))
        );
    }
}

#[test]
fn the_clients_initials_of_the_rfcs_are_read() {
    // A.2 of both: header, how the packet begins, and its tag, which holds for everything in it.
    for (form, header, begin, tag) in [
        (
            Form::One,
            "c300000001088394c8f03e5157080000449e00000002",
            "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
            "e221af44860018ab0856972e194cd934",
        ),
        (
            Form::Two,
            "d36b3343cf088394c8f03e5157080000449e00000002",
            "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
            "a18b2faa745b6fe189cf772a9f84cbfc",
        ),
    ] {
        let keys = keys(form, Side::Client);
        let mut content = bytes(ASKED);
        content.resize(1162, 0);
        let datagram = sealed(&keys, &bytes(header), 2, 4, &content);
        assert!(datagram.starts_with(&bytes(begin)) && datagram.ends_with(&bytes(tag)) && datagram.len() == 1200);
        let packet = only(&datagram);
        assert_eq!(
            (packet.kind, packet.form, packet.destination, packet.source),
            (Kind::Initial, form, id(), Id::default())
        );
        let mut buffer = Vec::new();
        let (number, range) = keys.open(&packet, None, &mut buffer).unwrap();
        assert_eq!((number, &buffer[range]), (2, &content[..]));
        assert!(keys.open(&Packet { bytes: &datagram[..1199], ..packet }, None, &mut buffer).is_none());
    }
}

#[test]
fn the_servers_initials_of_the_rfcs_are_read() {
    // A.3 of both.
    for (form, datagram) in [
        (
            Form::One,
            "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf7
             3c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f
             58891850abbdca3d20398c276456cbc42158407dd074ee",
        ),
        (
            Form::Two,
            "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf8726301791535823003
             5f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21
             ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
        ),
    ] {
        let datagram = bytes(datagram);
        let packet = only(&datagram);
        let mut buffer = Vec::new();
        let (number, range) = keys(form, Side::Server).open(&packet, None, &mut buffer).unwrap();
        assert_eq!((number, &buffer[range]), (1, &bytes(TOLD)[..]));
        assert_eq!((packet.kind, packet.source.to_string().as_str()), (Kind::Initial, "f067a5502a4262b5"));
        assert!(keys(form, Side::Client).open(&packet, None, &mut buffer).is_none());
    }
}

#[test]
fn the_tags_of_the_rfcs_retries_fit() {
    for (form, datagram) in [
        // draft-ietf-quic-tls-29 A.4, RFC 9001 A.4 and RFC 9369 A.4.
        (Form::Draft, "ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49"),
        (Form::One, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),
        (Form::Two, "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"),
    ] {
        let datagram = bytes(datagram);
        let packet = only(&datagram);
        assert_eq!((packet.kind, packet.form, packet.token), (Kind::Retry, form, &b"token"[..]));
        assert_eq!((retry_fits(&packet, &id()), retry_fits(&packet, &Id::default())), (Some(true), Some(false)));
        assert_eq!(retry_fits(&Packet { is_whole: false, ..packet }, &id()), None);
    }
}

#[test]
fn packet_numbers_are_completed_as_in_the_rfc() {
    // RFC 9000 A.3.
    assert_eq!(whole_number(0x9b32, 2, Some(0xa82f_30ea)), 0xa82f_9b32);
    assert_eq!(whole_number(0, 1, None), 0);
    assert_eq!(whole_number(0x02, 1, Some(0xff)), 0x102);
    assert_eq!(whole_number(0xfe, 1, Some(0x101)), 0xfe);
    assert_eq!(whole_number(u64::from(u32::MAX), 4, None), u64::from(u32::MAX));
    assert_eq!(whole_number(5, 4, Some(u64::MAX)), 0xffff_ffff_0000_0005);
}

#[test]
fn a_datagram_is_taken_apart_into_its_packets() {
    let (a, b) = (&[1, 2, 3, 4][..], &[9][..]);
    let whole = [encrypted(Kind::Handshake, a, b, 30), encrypted(Kind::ZeroRtt, a, b, 20), short(a, 25)].concat();
    let kinds: Vec<_> = Packets::new(&whole, whole.len())
        .map(|next| match next {
            Next::Long(packet) => (packet.kind, packet.bytes.len()),
            Next::Short(rest) => (Kind::OneRtt, rest.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, [(Kind::Handshake, 44), (Kind::ZeroRtt, 34), (Kind::OneRtt, 30)]);
    assert!(fits(&whole, whole.len()) && fits(&[&whole[..44], &[0; 100]].concat(), 144));
    // What was not captured may be there.
    assert!(fits(&whole[..40], whole.len()) && !fits(&whole[..40], 40));
    assert!(!fits(&short(a, 30), 35) && !fits(&negotiation(&[1]), 30) && !fits(&[], 0));
    // For another id, and a length with too few bytes.
    assert!(!fits(&[&whole[..44], &encrypted(Kind::Handshake, b, b, 30)].concat(), 44 + 41));
    assert!(!fits(&encrypted(Kind::Handshake, a, b, 19), 33));
    for end in 0..whole.len() {
        let _ = (Packets::new(&whole[..end], end).count(), Packets::new(&whole[..end], whole.len()).count());
    }
}

#[test]
fn versions_have_names() {
    for (code, name, obsolete) in [
        (1, "QUIC 1", false),
        (0x6b33_43cf, "QUIC 2", false),
        (0xff00_001d, "QUIC draft 29", true),
        (0x5130_3436, "Google Q046", true),
        (0x5430_3531, "Google T051", true),
        (0xface_b002, "mvfst", false),
        (0x1a2a_3a4a, "GREASE", false),
        (0x1234_5678, "0x12345678", false),
    ] {
        assert_eq!((&*version::name(code), version::is_obsolete(code)), (name, obsolete));
    }
    let read: Vec<u32> = (0xff00_0000..=0xff00_0030).filter(|code| version::form(*code).is_some()).collect();
    assert_eq!(read, (0xff00_001d..=0xff00_0022).collect::<Vec<_>>());
}
