//! Calls: SIP over UDP (RFC 3261) with session descriptions (RFC 8866), and their media as RTP (RFC 3550) of G.711.

use std::io::Write;
use std::net::Ipv4Addr;

use super::frame::{Address, Path};
use super::world::{World, cut};

/// Where SIP is spoken.
const SIP: u16 = 5060;
/// Data of a packet: 20 ms of G.711.
const MEDIA: usize = 160;
/// Messages before the media: INVITE, 100, 180, 200, ACK.
const OPENING: u32 = 5;

/// A call.
pub struct Call {
    path: Path,
    talk: u32,
    step: u32,
    /// Packets of media, in both directions together.
    media: u32,
}

impl Call {
    /// Between a client and a server.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let servers = world.flows().servers();
        let server = 1_000 + world.below(servers);
        let path = world.plain_path(talk, server);
        let media = world.length(200..2_000, 40..200);
        Self { path, talk, step: 0, media }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        let step = self.step;
        self.step += 1;
        if (OPENING..OPENING + self.media).contains(&step) {
            world.counts.rtp += 1;
            self.media(world, step - OPENING);
            return Some(10_000);
        }
        world.counts.sip_messages += 1;
        world.counts.calls += u64::from(step == 0);
        let from_caller = step == 0 || step == 4 || step == OPENING + self.media;
        let path = if from_caller { self.path } else { self.path.back() };
        let call = &*self;
        world.frame.udp(&path, (SIP, SIP), |out| call.message(out, step));
        (step <= OPENING + self.media).then_some(if step == 2 { 2_000_000 } else { 15_000 })
    }

    /// RTP ports of caller and callee.
    fn ports(&self) -> (u16, u16) {
        let port = 16_384 + (self.talk % 8_000) as u16 * 2;
        (port, port + 16_000)
    }

    fn media(&self, world: &mut World, number: u32) {
        let (from_caller, number, (caller, callee)) = (number.is_multiple_of(2), number / 2, self.ports());
        let (path, ports) = match from_caller {
            true => (self.path, (caller, callee)),
            false => (self.path.back(), (callee, caller)),
        };
        let source = self.talk.wrapping_mul(2).wrapping_add(u32::from(from_caller));
        let (frame, pool) = world.parts();
        frame.udp(&path, ports, |out| {
            // Version 2, PCMU; the first packet carries the marker (RFC 3551 4.1).
            out.extend_from_slice(&[0x80, if number == 0 { 0x80 } else { 0 }]);
            out.extend_from_slice(&(number as u16).to_be_bytes());
            out.extend_from_slice(&number.wrapping_mul(MEDIA as u32).to_be_bytes());
            out.extend_from_slice(&source.to_be_bytes());
            cut(pool, (source as usize).wrapping_mul(131).wrapping_add(number as usize * MEDIA), MEDIA, out);
        });
    }

    fn message(&self, out: &mut Vec<u8>, step: u32) {
        let (Address::V4(caller), Address::V4(callee)) = (self.path.source.ip, self.path.destination.ip) else {
            return;
        };
        let (caller, callee, talk) = (Ipv4Addr::from(caller), Ipv4Addr::from(callee), self.talk);
        let (request, status) = match step {
            0 => ("INVITE", None),
            1 => ("INVITE", Some("100 Trying")),
            2 => ("INVITE", Some("180 Ringing")),
            3 => ("INVITE", Some("200 OK")),
            4 => ("ACK", None),
            _ if step == OPENING + self.media => ("BYE", None),
            _ => ("BYE", Some("200 OK")),
        };
        let number = if request == "BYE" { 2 } else { 1 };
        let transaction = if request == "ACK" { 9 } else { number };
        let tag = if step < 2 { String::new() } else { format!(";tag=e{talk}") };
        let body = match step {
            0 => self.session(caller, self.ports().0),
            3 => self.session(callee, self.ports().1),
            _ => String::new(),
        };
        let start = match status {
            None => format!("{request} sip:callee@{callee} SIP/2.0"),
            Some(status) => format!("SIP/2.0 {status}"),
        };
        // Writing to a Vec does not fail.
        let _ = write!(
            out,
            "{start}\r\nVia: SIP/2.0/UDP {caller}:{SIP};branch=z9hG4bK{talk}x{transaction}\r\nMax-Forwards: 70\r\n\
             From: <sip:caller@{caller}>;tag=r{talk}\r\nTo: <sip:callee@{callee}>{tag}\r\nCall-ID: call{talk}@{caller}\r\n\
             CSeq: {number} {request}\r\n"
        );
        if request == "INVITE" {
            let (user, host) = if status.is_none() { ("caller", caller) } else { ("callee", callee) };
            let _ = write!(out, "Contact: <sip:{user}@{host}:{SIP}>\r\n");
        }
        if !body.is_empty() {
            let _ = write!(out, "Content-Type: application/sdp\r\n");
        }
        let _ = write!(out, "Content-Length: {}\r\n\r\n{body}", body.len());
    }

    fn session(&self, host: Ipv4Addr, port: u16) -> String {
        let talk = self.talk;
        format!(
            "v=0\r\no=- {talk} 1 IN IP4 {host}\r\ns=call\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n\
             a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )
    }
}
