use super::*;

/// A query for example.com A, with an answer of one address where asked for.
fn message(flags: u16, counts: [u16; 4], rest: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x12, 0x34];
    octets.extend_from_slice(&flags.to_be_bytes());
    counts.iter().for_each(|count| octets.extend_from_slice(&count.to_be_bytes()));
    octets.extend_from_slice(rest);
    octets
}

/// The snap length cut a message of 512 bytes.
const SNAP: Short = Short { whole: 512, reason: Malformed::CutBySnapLength };

const QUESTION: &[u8] = b"\x07Example\x03com\x00\x00\x01\x00\x01";
const ANSWER: &[u8] = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x50";

#[track_caller]
fn check_fault(octets: &[u8], cut: bool, expected: Option<Malformed>) {
    let fault = match Message::parse(octets, cut.then_some(SNAP)) {
        Ok(message) => message.fault.map(|fault| fault.reason),
        Err(reason) => Some(reason),
    };
    assert_eq!(fault, expected);
}

#[test]
fn a_response_is_read_whole() {
    let octets = message(0x8590, [1, 1, 0, 0], &[QUESTION, ANSWER].concat());
    let message = Message::parse(&octets, None).unwrap();
    assert!(message.complete && message.fault.is_none() && message.is_strict());
    assert_eq!((message.header.id, message.header.opcode(), message.rcode()), (0x1234, 0, 0));
    assert!(message.header.is_response() && message.header.authoritative() && message.header.recursion_available());
    assert!(message.header.checking_disabled() && !message.header.authentic_data() && !message.header.truncated());
    assert_eq!(message.question_name(&message.questions[0]).unwrap().to_string(), "Example.com");
    let record = message.section(Section::Answer).next().unwrap();
    assert_eq!(message.owner_name(record).unwrap().to_string(), "Example.com");
    assert_eq!((record.kind, record.class, record.ttl), (1, 1, 60));
}

#[test]
fn what_is_wrong_is_named() {
    check_fault(&[], false, Some(Malformed::HeaderTooShort));
    check_fault(&[0; 11], true, Some(Malformed::CutBySnapLength));
    check_fault(&message(0x0100, [1, 0, 0, 0], QUESTION), false, None);
    check_fault(&message(0x0100, [2, 0, 0, 0], QUESTION), false, Some(Malformed::EndsEarly));
    check_fault(&message(0x0100, [2, 0, 0, 0], QUESTION), true, Some(Malformed::CutBySnapLength));
    check_fault(&message(0x0100, [1, 0, 0, 0], &[QUESTION, &[0]].concat()), false, Some(Malformed::TrailingOctets));
    check_fault(&message(0x0100, [1, 0, 0, 0], b"\xc0\x0c\x00\x01\x00\x01"), false, Some(Malformed::BadPointer));
    check_fault(&[0xff; 60], false, Some(Malformed::BadPointer));
    let short_address = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x03\xcb\x00\x71";
    check_fault(
        &message(0x8180, [1, 1, 0, 0], &[QUESTION, short_address].concat()),
        false,
        Some(Malformed::BadRecordData),
    );
}

#[test]
fn a_bad_name_does_not_hide_what_stands_behind_it() {
    let octets = message(0x0100, [2, 0, 0, 0], &[b"\xc0\x0c\x00\x1c\x00\x01", QUESTION].concat());
    let message = Message::parse(&octets, None).unwrap();
    assert!(message.complete && !message.is_strict());
    let kinds: Vec<u16> = message.questions.iter().map(|question| question.kind).collect();
    assert_eq!(kinds, [28, 1]);
    assert_eq!(message.question_name(&message.questions[0]), None);
    assert!(message.question_name(&message.questions[1]).is_some());
}

#[test]
fn opt_extends_the_response_code_and_is_found_once() {
    let opt = b"\x00\x00\x29\x04\xd0\x01\x00\x80\x00\x00\x04\x00\x03\x00\x00";
    let octets = message(0x8180, [1, 0, 0, 1], &[QUESTION, opt].concat());
    let message_with_opt = Message::parse(&octets, None).unwrap();
    let edns = message_with_opt.edns.as_ref().unwrap();
    assert_eq!((edns.udp_size, edns.version, edns.dnssec_ok, edns.options.len()), (1232, 0, true, 1));
    assert_eq!(message_with_opt.rcode(), 16);
    assert_eq!(message_with_opt.section(Section::Additional).count(), 0);
    check_fault(&octets, false, None);
    check_fault(&message(0x8180, [1, 0, 0, 2], &[QUESTION, opt, opt].concat()), false, Some(Malformed::BadOpt));
    check_fault(&message(0x8180, [1, 1, 0, 0], &[QUESTION, opt].concat()), false, Some(Malformed::BadOpt));
}

#[test]
fn updates_may_have_records_without_data() {
    // RFC 2136 §2.5.2: delete an RRset: class ANY, TTL 0, no data.
    let delete = b"\xc0\x0c\x00\x01\x00\xff\x00\x00\x00\x00\x00\x00";
    check_fault(&message(0x2800, [1, 0, 1, 0], &[QUESTION, delete].concat()), false, None);
}

/// Whatever the octets are, reading ends, and never leaves the message.
#[test]
fn no_octets_break_the_parser() {
    let whole = message(
        0x8180,
        [1, 2, 1, 1],
        &[QUESTION, ANSWER, ANSWER, ANSWER, b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"].concat(),
    );
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..20_000_usize {
        let mut octets = whole.clone();
        octets.truncate(whole.len().saturating_sub(round % 7));
        for _ in 0..=round % 4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = (state as usize) % octets.len();
            octets[at] = (state >> 32) as u8;
        }
        if let Ok(message) = Message::parse(&octets, (round % 2 == 0).then_some(SNAP)) {
            for record in &message.records {
                let mut text = String::new();
                rdata::write(&octets, record, &mut text).unwrap();
                let _ = message.owner_name(record);
            }
        }
    }
}
