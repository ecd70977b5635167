//! Lists that are cut go on.

use mcpcap_analyzer::harness::build::udp;
use mcpcap_analyzer::harness::lists::pages_are_whole;
use mcpcap_tls_hello::build::{list, message, server_hello};
use serde_json::json;

use crate::build::{Initial, OF_CLIENT, Wire, close, crypto, hello_with};
use crate::tool::Quic;

#[test]
fn all_lists_that_are_cut_go_on() {
    let wire = (0..45_u16).fold(Wire::default(), |wire, n| {
        let (client, server) = (("192.0.2.1", 10_000 + n), ("198.51.100.1", 2_000 + n));
        // Names with the same count are in the order of names.
        let (name, alpn) = (format!("host{n:02}.example"), format!("protocol{n:02}"));
        let asked = hello_with(&name, &alpn, OF_CLIENT, &[(0x8000 + n, vec![])]);
        let share = [(0x20 + n).to_be_bytes().to_vec(), list(2, &[8; 32])].concat();
        let told = message(2, &server_hello(0x0303, 0xc000 + n, &[(43, vec![3, 4]), (51, share)]));
        let told = [crypto(0, &told), close(0x100 + usize::from(n), "")].concat();
        let google = [&[0x0d][..], &[1; 8], format!("Q0{n:02}").as_bytes(), &[1, 0xaa]].concat();
        wire.frame(udp(client, server, &Initial::default().packet(&crypto(0, &asked))))
            .frame(udp(server, client, &Initial::of_server().packet(&told)))
            .frame(udp(client, ("198.51.100.2", 2_000 + n), &google))
    });
    pages_are_whole::<Quic>(&wire.capture(), &json!({}));
}
