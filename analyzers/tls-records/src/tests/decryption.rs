//! What is decrypted, and why something is not.

use mcpcap_analyzer::stream::Side::{Client, Server};

use super::{SECRETS, Talk, log, trace};
use crate::records::{ALERT, APPLICATION_DATA, HANDSHAKE, Head};
use crate::{KeyLog, Told, Why};

/// The bytes 0 to 49, which both sides send.
fn payload() -> Vec<u8> {
    (0..50).collect()
}

fn told(decrypted: u64, not_decrypted: u64, why: Option<Why>) -> Told {
    Told { decrypted, not_decrypted, why }
}

/// All records of the trace but some.
fn without(left_out: &[usize], log: &KeyLog) -> Talk {
    let mut talk = Talk::default();
    for (place, (from, record)) in trace().iter().enumerate() {
        if left_out.contains(&place) {
            talk.session.gap(*from, record.len() as u64);
        } else {
            talk.record(*from, record, log);
        }
    }
    talk
}

/// The lines of the key log that have one of some words.
fn lines(words: &[&str]) -> KeyLog {
    let all: Vec<&str> = SECRETS.lines().filter(|line| words.iter().any(|word| line.starts_with(word))).collect();
    log(&all.join("\n"))
}

#[test]
fn the_trace_of_the_rfc_is_decrypted() {
    let talk = without(&[], &log(SECRETS));
    assert_eq!(talk.session.told(), told(7, 0, None));
    let flight = talk.contents(Server, HANDSHAKE);
    // EncryptedExtensions, Certificate, CertificateVerify and Finished; then a NewSessionTicket.
    assert_eq!((flight.len(), flight[0].len(), flight[1].len()), (2, 0x2a2 - 17, 205));
    assert_eq!((flight[0][0], flight[1][0]), (8, 4));
    for side in [Client, Server] {
        assert_eq!(talk.contents(side, APPLICATION_DATA), [payload()]);
        assert_eq!(talk.contents(side, ALERT), [[1, 0]]);
    }
}

#[test]
fn records_that_are_missing_are_searched_for() {
    let log = log(SECRETS);
    for place in 2..7 {
        let talk = without(&[place], &log);
        assert_eq!(talk.session.told(), told(6, 0, None), "{place}");
        assert_eq!(talk.contents(Server, ALERT), [[1, 0]], "{place}");
        assert_eq!(talk.contents(Client, ALERT), [[1, 0]], "{place}");
    }
    assert_eq!(without(&[2, 3, 4, 5, 6], &log).session.told(), told(2, 0, None));
}

#[test]
fn a_record_that_is_not_whole_is_counted_and_the_next_ones_are_read() {
    let log = log(SECRETS);
    for place in 2..7 {
        let mut talk = Talk::default();
        for (at, (from, record)) in trace().iter().enumerate() {
            if at == place {
                talk.session.pass(*from, Head::parse(record).unwrap(), Why::MissingBytes);
            } else {
                talk.record(*from, record, &log);
            }
        }
        assert_eq!(talk.session.told(), told(6, 1, Some(Why::MissingBytes)), "{place}");
    }
}

#[test]
fn without_the_hellos_nothing_is_known() {
    let log = log(SECRETS);
    assert_eq!(without(&[0], &log).session.told(), told(0, 7, Some(Why::HandshakeNotSeen)));
    assert_eq!(without(&[1], &log).session.told(), told(0, 7, Some(Why::HandshakeNotSeen)));
}

#[test]
fn without_a_secret_it_is_said() {
    let other = log("CLIENT_RANDOM 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 00");
    let talk = without(&[], &other);
    assert_eq!(talk.session.told(), told(0, 7, Some(Why::NoSecret)));
    assert_eq!(talk.session.needless(&other), Some(Why::NoSecret));
    assert_eq!(without(&[], &lines(&["SERVER"])).session.told(), told(4, 3, Some(Why::NoSecret)));
}

#[test]
fn secrets_of_application_data_are_enough_for_it() {
    let talk = without(&[], &lines(&["CLIENT_TRAFFIC", "SERVER_TRAFFIC"]));
    assert_eq!(talk.session.told(), told(5, 2, Some(Why::NoSecret)));
    assert_eq!(
        (talk.contents(Client, APPLICATION_DATA), talk.contents(Server, APPLICATION_DATA)),
        (vec![&payload()[..]], vec![&payload()[..]])
    );
}

#[test]
fn secrets_that_come_later_decrypt_what_follows() {
    let mut late = log("# nothing yet");
    let mut talk = Talk::default();
    for (place, (from, record)) in trace().iter().enumerate() {
        if place == 5 {
            late.add(SECRETS.as_bytes(), true);
        }
        talk.record(*from, record, &late);
    }
    assert_eq!(talk.session.told(), told(4, 3, Some(Why::NoSecret)));
}

#[test]
fn a_wrong_secret_is_told_from_a_missing_one_and_not_tried_for_ever() {
    let wrong = log(&SECRETS.replace("a11af9f0", "a11af9f1"));
    let talk = without(&[], &wrong);
    assert_eq!(talk.session.told(), told(4, 3, Some(Why::AuthenticationFailed)));
    let mut talk = Talk::default();
    let (right, wrong) = (log(SECRETS), [&[23, 3, 3, 0, 40][..], &[7; 40]].concat());
    trace().iter().take(4).for_each(|(from, record)| talk.record(*from, record, &right));
    for _ in 0..7 {
        talk.record(Server, &wrong, &right);
    }
    let number = talk.session.told().not_decrypted;
    // Records in between count, also those that do not authenticate.
    trace().iter().skip(4).for_each(|(from, record)| talk.record(*from, record, &right));
    assert_eq!((number, talk.session.told().decrypted), (7, 4));
}

#[test]
fn any_change_of_a_record_is_noticed() {
    let log = log(SECRETS);
    let trace = trace();
    for place in 5..trace[6].1.len() {
        let mut talk = Talk::default();
        for (at, (from, record)) in trace.iter().enumerate() {
            let mut record = record.clone();
            if at == 6 {
                record[place] ^= 1;
            }
            talk.record(*from, &record, &log);
        }
        assert_eq!(talk.session.told(), told(6, 1, Some(Why::AuthenticationFailed)));
    }
}
