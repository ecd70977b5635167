#![no_main]

use mcpcap_analyzer::{Flow, harness};
use mcpcap_select::Choice;

const HOSTS: [Option<&str>; 4] = [None, Some("192.0.2.0/24"), Some("2001:db8::/32"), Some("10.0.0.1")];
const PORTS: [Option<u16>; 4] = [None, Some(53), Some(80), Some(5060)];

mcpcap_fuzz::capture!(|data: &[u8]| {
    let host = *mcpcap_fuzz::tool(&HOSTS, data, 8);
    let port = *mcpcap_fuzz::tool(&PORTS, data, 9);
    let mut choice = Choice::new(host, port).expect("these are hosts and ports");
    let _ = harness::frames(data, |frame| {
        let takes = choice.takes(frame);
        assert!(takes || host.is_some() || port.is_some(), "nothing was asked for, and a frame is not taken");
        Ok(Flow::More)
    });
});
