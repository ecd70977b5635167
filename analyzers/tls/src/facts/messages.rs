//! What handshake messages tell.

use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text;
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::{Choice, ClientHello, EncryptedExtensions, Offer, ServerHello, Ssl2Client, Ssl2Server, Wrong};
use mcpcap_tls_records::handshake::{self, Message};

use super::{Facts, Mark};
use crate::fault::Fault;
use crate::out::Out;
use crate::{certificate, key_exchange, limits};

impl Facts {
    /// A handshake message ends in a frame; what it lacks is missing. `begun`: where it begins.
    pub fn message(&mut self, from: Side, message: &Message<'_>, begun: Mark, mark: Mark, out: &mut Out) {
        if let Some(count) = self.messages.get_mut(usize::from(message.kind).min(31)) {
            *count = count.saturating_add(1);
        }
        let complete = message.body.len() == message.length as usize;
        if message.many_records {
            self.fault(Fault::ManyRecords, mark.frame);
        }
        if handshake::is_read(message.kind) && !complete {
            if message.length as usize > handshake::LONGEST {
                self.fault(Fault::LongMessage, mark.frame);
            } else {
                out.incomplete = out.incomplete.saturating_add(1);
            }
        }
        match message.kind {
            handshake::CLIENT_HELLO => self.client_hello(message.body, complete, begun, mark),
            handshake::SERVER_HELLO => self.server_hello(message.body, complete, mark),
            handshake::HELLO_RETRY_REQUEST => self.retry = Some((mark.frame, None)),
            handshake::HELLO_VERIFY_REQUEST => self.verified = Some(mark.frame),
            handshake::CERTIFICATE => self.certificates(from, message.body, complete, mark, out),
            handshake::COMPRESSED_CERTIFICATE if complete => match certificate::decompressed(message.body) {
                Ok(body) => self.certificates(from, &body, true, mark, out),
                Err(fault) => self.fault(fault, mark.frame),
            },
            handshake::ENCRYPTED_EXTENSIONS => {
                if let Some(extensions) = EncryptedExtensions::parse(message.body) {
                    let alpn = extensions.alpn.map(|alpn| text::printable(alpn, limits::TEXT));
                    if let Some(choice) = &mut self.choice {
                        choice.alpn = choice.alpn.take().or(alpn);
                    }
                    self.early_data_taken = Some(extensions.early_data);
                }
            }
            handshake::SERVER_KEY_EXCHANGE => {
                if let Some(choice) = &mut self.choice {
                    key_exchange::read(message.body, choice);
                }
            }
            handshake::SERVER_HELLO_DONE => self.is_full = true,
            _ => {}
        }
        let is_retry = message.kind == handshake::SERVER_HELLO && self.retry.is_some() && self.choice.is_none();
        self.letter(from, if is_retry { 'j' } else { handshake::letter(message.kind) });
    }

    fn certificates(&mut self, from: Side, body: &[u8], complete: bool, mark: Mark, out: &mut Out) {
        let is_13 = self.is_13();
        let (read, total) = certificate::chain(body, is_13, complete, mark, &mut out.certificates, &mut |fault| {
            self.fault(fault, mark.frame);
        });
        let side = self.side_mut(from);
        if side.certificates_total == 0 {
            (side.certificates, side.certificates_total) = (read, total);
            (side.certificate_frame, side.certificate_time) = (Some(mark.frame), mark.time);
        }
    }

    fn wrong(&mut self, wrong: Wrong, complete: bool, frame: u64) {
        // In a hello that is cut the lengths go beyond its end.
        for (is_so, fault) in [
            (wrong.length && complete, Fault::HelloLength),
            (wrong.duplicate, Fault::DuplicateExtension),
            (wrong.trailing, Fault::TrailingBytes),
        ] {
            if is_so {
                self.fault(fault, frame);
            }
        }
    }

    fn client_hello(&mut self, body: &[u8], complete: bool, begun: Mark, mark: Mark) {
        // Keys may be agreed on anew, within what is encrypted.
        if self.established.is_some() {
            return;
        }
        let Some(hello) = ClientHello::parse(body, self.carrier == Carrier::Dtls) else { return };
        self.wrong(hello.wrong, complete, mark.frame);
        self.asked = Some((self.asked.map_or(begun, |(first, _)| first), mark));
        let offer = Offer::new(&hello, self.carrier, complete);
        // The second one, after a retry, says the same but for keys; the first has the order that the client chose by itself.
        if self.offer.as_ref().is_none_or(|known| !known.complete) || self.retry.is_none() {
            self.offer = Some(Box::new(offer));
        }
    }

    fn server_hello(&mut self, body: &[u8], complete: bool, mark: Mark) {
        if self.established.is_some() {
            return;
        }
        let Some(hello) = ServerHello::parse(body) else { return };
        self.wrong(hello.wrong, complete, mark.frame);
        let choice = Choice::new(&hello, complete);
        if hello.retry {
            self.retry = Some((mark.frame, hello.group));
            return;
        }
        if let Some(offer) = self.offer.as_ref().filter(|offer| offer.complete) {
            let suites = &offer.suites;
            let all_known = suites.total == suites.first.len() as u64;
            let wrong_suite = all_known && suites.total > 0 && !suites.first.contains(&hello.suite);
            if !offer.allows(choice.version) {
                self.fault(Fault::VersionNotOffered, mark.frame);
            }
            if wrong_suite {
                self.fault(Fault::SuiteNotOffered, mark.frame);
            }
        }
        self.answered = Some(mark);
        self.choice = Some(Box::new(choice));
    }

    /// A client's hello of SSL 2.0, which may ask for a newer version.
    pub fn ssl2_client(&mut self, hello: &Ssl2Client<'_>, mark: Mark) {
        self.asked = Some((self.asked.map_or(mark, |(first, _)| first), mark));
        self.offer = Some(Box::new(Offer::ssl2(hello)));
        (self.ssl2_hello, self.last) = (true, mark);
        self.letter(Side::Client, 'c');
    }

    /// A server's: it chose SSL 2.0, and the client chooses a cipher of those that it lists.
    pub fn ssl2_server(&mut self, hello: &Ssl2Server<'_>, mark: Mark, out: &mut Out) {
        let choice = ServerHello { legacy_version: hello.version, version: hello.version, ..ServerHello::default() };
        self.choice = Some(Box::new(Choice { suite: None, ..Choice::new(&choice, false) }));
        (self.answered, self.last) = (Some(mark), mark);
        self.letter(Side::Server, 's');
        if !hello.certificate.is_empty() {
            let read = certificate::single(hello.certificate, mark, &mut out.certificates);
            if read.is_none() {
                self.fault(Fault::BadCertificate, mark.frame);
            }
            let side = self.side_mut(Side::Server);
            (side.certificates, side.certificates_total) = (read.into_iter().collect(), 1);
            (side.certificate_frame, side.certificate_time) = (Some(mark.frame), mark.time);
        }
    }
}
