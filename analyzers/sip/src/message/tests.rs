//! Messages of RFC 3261, RFC 4475 and RFC 8866, and broken ones.

use super::address::{Address, Uri, elements, host_port};
use super::auth::{Challenge, Credentials, shown};
use super::facts::Facts;
use super::sdp::{self, Direction};
use super::*;

fn parse(text: &str) -> Message<'_> {
    Message::parse(text.as_bytes(), false, false).unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// RFC 4475 §3.1.1.1, shortened: folded lines, odd case, blanks, compact forms, a Via list.
const TORTUOUS: &str = "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
    TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
    from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
    MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 3\r\n\
    cseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
    s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
    v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
    m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\nv=0";

#[test]
fn the_tortuous_invite_is_read() {
    let message = parse(TORTUOUS);
    assert_eq!((message.faults.as_slice(), message.body), ([].as_slice(), b"v=0".as_slice()));
    let facts = Facts::of(&message);
    assert_eq!((facts.cseq, text(facts.method)), (Some(9), "INVITE"));
    assert_eq!((facts.to_tag.map(text), facts.from_tag.map(text)), (Some("1918181833n"), Some("98asjd8")));
    assert_eq!((text(facts.from.uri.user), text(facts.from.display)), ("jdrosen", "J Rosenberg \\\\\\\""));
    assert_eq!(message.list("via").count(), 3);
    assert_eq!(text(facts.branch), "390skdjuw");
    assert_eq!(text(message.value("newfangledheader").unwrap()), "newfangled value continued newfangled value");
    assert_eq!(text(message.value("contact").unwrap()).split(';').count(), 4);
    assert_eq!(message.value("subject"), Some(b"".as_slice()));
}

#[track_caller]
fn start(line: &str, expected: Result<(&str, &str), Fault>) {
    let found = Start::parse(line.as_bytes()).map(|start| match start {
        Start::Request { method, uri } => (text(method).to_owned(), text(uri).to_owned()),
        Start::Response { status, reason } => (status.to_string(), text(reason).to_owned()),
    });
    assert_eq!(found, expected.map(|(one, other)| (one.to_owned(), other.to_owned())), "{line}");
}

#[test]
fn start_lines() {
    start("INVITE sip:a@b SIP/2.0", Ok(("INVITE", "sip:a@b")));
    start("!interesting-Method0123456789_*+`.%indeed'~ sip:a SIP/2.0", {
        Ok(("!interesting-Method0123456789_*+`.%indeed'~", "sip:a"))
    });
    start("OPTIONS * sip/2.0", Ok(("OPTIONS", "*")));
    start("SIP/2.0 200 OK", Ok(("200", "OK")));
    start("SIP/2.0 200", Ok(("200", "")));
    start("SIP/2.0 486 ", Ok(("486", "")));
    start("SIP/2.0 abc Weird", Err(Fault::BadStartLine));
    start("SIP/2.0 099 Low", Err(Fault::BadStartLine));
    start("SIP/2.0 700 High", Err(Fault::BadStartLine));
    start("OPTIONS * RTSP/1.0", Err(Fault::NoStartLine));
    start("NOTIFY * HTTP/1.1", Err(Fault::NoStartLine));
    start("INVITE SIP/2.0", Err(Fault::NoStartLine));
    start("SUBSCRIBE", Err(Fault::NoStartLine));
    start("INFO 12:00:01 service started ok", Err(Fault::NoStartLine));
    start("", Err(Fault::NoStartLine));
}

const HEAD: &str = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@y>\r\nCall-ID: c\r\n";

#[track_caller]
fn faults(rest: &str, framed: bool, expected: &[Fault]) {
    let octets = format!("INVITE sip:b@y SIP/2.0\r\n{HEAD}{rest}");
    let message = Message::parse(octets.as_bytes(), false, framed).unwrap();
    assert_eq!(message.faults, expected, "{rest}");
}

#[test]
fn faults_are_named_and_never_fatal() {
    faults("CSeq: 1 INVITE\r\n\r\n", false, &[]);
    faults("CSeq: 1 INVITE\r\n\r\n", true, &[Fault::NoContentLength]);
    faults("\r\n", false, &[Fault::NoCSeq]);
    faults("CSeq: one INVITE\r\n\r\n", false, &[Fault::BadCSeq]);
    faults("CSeq: 99999999999999999999 INVITE\r\n\r\n", false, &[Fault::BadCSeq]);
    faults("CSeq: 1 BYE\r\n\r\n", false, &[Fault::CSeqOfOtherMethod]);
    faults("CSeq: 1 INVITE\r\nnonsense\r\n\r\n", false, &[Fault::LineWithoutColon]);
    faults("CSeq: 1 INVITE\r\ni: other\r\n\r\n", false, &[Fault::RepeatedHeader]);
    faults("CSeq: 1 INVITE\r\nl: x\r\n\r\n", false, &[Fault::BadContentLength]);
    faults("CSeq: 1 INVITE\r\nl: -1\r\n\r\n", false, &[Fault::BadContentLength]);
    faults("CSeq: 1 INVITE\r\nl: 0\r\nContent-Length: 2\r\n\r\n", false, &[Fault::ConflictingContentLength]);
    faults("CSeq: 1 INVITE\r\nl: 9\r\n\r\nabc", false, &[Fault::BodyTooShort]);
    faults("CSeq: 1 INVITE\r\nl: 1\r\n\r\nabc", false, &[Fault::OctetsBehindBody]);
    faults("CSeq: 1 INVITE\r\nl: 1\r\n\r\na\r\n", false, &[]);
    faults("CSeq: 1 INVITE\r\n", false, &[Fault::NoBlankLine]);
    let many = "X: y\r\n".repeat(300);
    faults(&format!("CSeq: 1 INVITE\r\n{many}\r\n"), false, &[Fault::TooManyHeaders]);
}

#[test]
fn of_a_message_that_was_cut_nothing_is_missing() {
    let octets = b"INVITE sip:b@y SIP/2.0\r\nVia: SIP/2.0/UDP h;bra";
    let message = Message::parse(octets, true, false).unwrap();
    assert!(message.faults.is_empty() && message.headers.is_empty());
}

#[test]
fn addresses_and_uris() {
    let address = Address::parse(b"\"A, <B>\" <sips:alice:secret@[2001:db8::1]:5061;lr?x=y>;tag=7;q");
    assert_eq!((text(address.display), text(address.uri.user)), ("A, <B>", "alice"));
    assert_eq!(
        (text(address.uri.host), address.uri.port, address.uri.has_password),
        ("[2001:db8::1]", Some(5061), true)
    );
    assert_eq!((address.parameter("TAG"), address.parameter("q")), (Some(b"7".as_slice()), Some(b"".as_slice())));
    let bare = Address::parse(b"sip:+12125551212@Example.COM;tag=887s");
    assert_eq!(
        (text(&bare.uri.account()), bare.parameter("tag").map(text)),
        ("+12125551212@example.com", Some("887s"))
    );
    assert_eq!(text(Uri::parse(b"tel:+49-30;phone-context=x").user), "+49-30");
    let broken = Address::parse(b"\\\"arik\\\" <sip:816666@voip.example>;tag=6");
    assert_eq!((text(broken.uri.user), broken.parameter("tag").map(text)), ("816666", Some("6")));
    assert_eq!(host_port(b"192.0.2.1:99999"), (b"192.0.2.1".as_slice(), None));
    let list: Vec<&[u8]> = elements(b"\"a,b\" <sip:x,y@z>, <sip:c> ,").collect();
    assert_eq!(list, [b"\"a,b\" <sip:x,y@z>".as_slice(), b"<sip:c>"]);
}

#[test]
fn credentials_are_read_without_secrets() {
    let challenge = Challenge::parse(b"Digest realm=\"a, b\", nonce=\"n\", stale=TRUE, qop=\"auth,auth-int\"");
    assert_eq!((text(challenge.realm), text(challenge.qop)), ("a, b", "auth,auth-int"));
    assert_eq!((text(challenge.algorithm), challenge.stale), ("MD5", true));
    let value = b"Digest username=\"bob\",realm=\"r\", response=\"0123\",  algorithm=SHA-256";
    let credentials = Credentials::parse(value);
    assert_eq!((text(&credentials.username), text(credentials.algorithm)), ("bob", "SHA-256"));
    let shown_text = shown(value);
    assert!(!text(&shown_text).contains("0123") && text(&shown_text).contains("response=…"), "{}", text(&shown_text));
    // "bob:secret"
    let basic = Credentials::parse(b"Basic Ym9iOnNlY3JldA==");
    assert_eq!((text(&basic.username), basic.is_basic), ("bob", true));
    assert_eq!(text(&shown(b"Basic Ym9iOnNlY3JldA==")), "Basic …");
    assert!(Credentials::parse(b"Basic !!!").username.is_empty());
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1/127\r\nt=0 0\r\na=sendonly\r\n\
    m=audio 49170/2 RTP/SAVP 0 97\r\na=rtpmap:97 opus/48000/2\r\na=rtcp:53020\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n\
    m=video 0 UDP/TLS/RTP/SAVPF 31\r\nc=IN IP6 2001:db8::2\r\na=inactive\r\na=ice-ufrag:x\r\na=rtcp-mux\r\na=fingerprint:sha-256 00\r\n\
    a=candidate:1 1 UDP 2130706431 198.51.100.1 8998 typ host\r\nm=application nonsense\r\n";

#[test]
fn session_descriptions() {
    let usual = sdp::Keep::default();
    let media = sdp::of_body(b"Application/SDP;charset=x", SDP.as_bytes(), &usual);
    let [audio, video] = media.media.as_slice() else { panic!("{media:?}") };
    assert_eq!((text(audio.address), audio.port, audio.rtcp_port), ("192.0.2.1", 49170, Some(53020)));
    assert_eq!((audio.direction, text(audio.crypto[0])), (Direction::SendOnly, "AES_CM_128_HMAC_SHA1_80"));
    let codecs: Vec<_> = audio.formats.iter().map(|format| text(format.codec.unwrap())).collect();
    assert_eq!(codecs, ["PCMU/8000", "opus/48000/2"]);
    assert_eq!((text(video.address), video.port, video.direction), ("2001:db8::2", 0, Direction::Inactive));
    assert!(video.ice && video.rtcp_mux && video.fingerprint);
    assert_eq!(video.candidates, [(b"198.51.100.1".as_slice(), 8998)]);
}

#[test]
fn session_descriptions_in_multipart_bodies() {
    let usual = sdp::Keep::default();
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nm=x\r\n--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}--b--\r\n"
    );
    assert_eq!(
        sdp::of_body(b"multipart/mixed;boundary=\"b\"", body.as_bytes(), &usual),
        sdp::media(SDP.as_bytes(), &usual)
    );
    assert!(sdp::of_body(b"text/plain", body.as_bytes(), &usual).media.is_empty());
    assert!(sdp::of_body(b"multipart/mixed", body.as_bytes(), &usual).media.is_empty());
}

#[test]
fn extents_need_the_blank_line() {
    let octets = b"BYE sip:a SIP/2.0\r\nl : 3\r\n\r\nabc";
    let whole = Some(Extent { head: 28, body: 3 });
    assert_eq!(Head::default().advance(octets), whole);
    assert_eq!(Head::default().advance(&octets[..27]), None);
    // Octet by octet it is the same.
    let mut head = Head::default();
    let first = (1..=octets.len()).find_map(|length| head.advance(&octets[..length]));
    assert_eq!(first, whole);
    assert!(could_begin(b"INV") && could_begin(b"SIP/2") && could_begin(octets));
    assert!(!could_begin(b"GET / HTTP/1.1\r\n") && !could_begin(&[0x16, 3, 1]) && !could_begin(b"GET /index"));
}
