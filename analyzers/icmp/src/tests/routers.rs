//! Neighbour discovery and router advertisements.

use mcpcap_analyzer::harness::build;
use mcpcap_analyzer::harness::lists::joined_within;
use serde_json::{Value, json};

use super::build::{every, icmp, tagged};
use super::{report, rules};
use crate::tool::IcmpPackets;

const ROUTER: &str = "fe80::1";
const ALL: &str = "ff02::1";

/// A router advertisement with a prefix, an MTU, a name server and a search list.
fn advertisement(router: &str, lifetime: u16, network: u8) -> Vec<u8> {
    let mut body = vec![64, 0x40];
    body.extend_from_slice(&lifetime.to_be_bytes());
    body.extend_from_slice(&[0; 8]);
    body.extend_from_slice(&[1, 1, 2, 0, 0, 0, 0, network]);
    body.extend_from_slice(&[5, 1, 0, 0, 0, 0, 0x05, 0xdc]);
    body.extend_from_slice(&[3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x07, 0x08, 0, 0, 0, 0]);
    body.extend_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.extend_from_slice(&[25, 3, 0, 0, 0, 0, 0x0e, 0x10]);
    body.extend_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53]);
    body.extend_from_slice(&[31, 3, 0, 0, 0, 0, 0x0e, 0x10]);
    body.extend_from_slice(b"\x07example\x03com\x00\x00\x00\x00");
    icmp(router, ALL, 134, 0, &body)
}

fn neighbour(mac: u8) -> Vec<u8> {
    let mut body = vec![0x60, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    body.extend_from_slice(&[2, 1, 2, 0, 0, 0, 0, mac]);
    icmp("2001:db8::9", ALL, 136, 0, &body)
}

#[test]
fn an_advertisement_is_read_with_its_options() {
    let report = report(&every(1000, [advertisement(ROUTER, 1800, 1)]));
    let router = &report["statistics"]["neighbour_discovery"]["routers"][0];
    assert_eq!(router["address"], ROUTER);
    assert_eq!(router["mac"], "02:00:00:00:00:01");
    assert_eq!((&router["lifetime_seconds"], &router["mtu"]), (&1800.into(), &1500.into()));
    assert_eq!((&router["managed"], &router["other_configuration"]), (&false.into(), &true.into()));
    assert_eq!(
        router["prefixes"],
        json!([{ "prefix": "2001:db8:1::/64", "on_link": true, "autonomous": true, "valid_seconds": 3600, "preferred_seconds": 1800 }])
    );
    assert_eq!(router["dns_servers"], json!(["2001:db8:1::53"]));
    assert_eq!(router["dns_search"], json!(["example.com"]));
    assert_eq!(rules(&report), [""; 0]);
}

#[test]
fn two_routers_that_disagree_are_found_and_two_that_agree_are_not() {
    let found = report(&every(1000, [advertisement(ROUTER, 1800, 1), advertisement("fe80::2", 1800, 2)]));
    assert_eq!(rules(&found), ["icmp_several_routers"]);
    assert_eq!(found["findings"][0]["frames"], json!([1, 2]));
    assert_eq!(found["findings"][0]["subject"], "fe80::1, fe80::2");
    let agreed = report(&every(1000, [advertisement(ROUTER, 1800, 1), advertisement("fe80::2", 1800, 1)]));
    assert_eq!(rules(&agreed), [""; 0]);
}

#[test]
fn a_router_that_is_withdrawn_is_found() {
    let found = report(&every(1000, [advertisement(ROUTER, 1800, 1), advertisement(ROUTER, 0, 1)]));
    assert_eq!(rules(&found), ["icmp_router_withdrawn"]);
    assert_eq!(found["findings"][0]["frames"], json!([2]));
    // A router that never wanted to be the default one.
    assert_eq!(rules(&report(&every(1000, [advertisement(ROUTER, 0, 1), advertisement(ROUTER, 0, 1)]))), [""; 0]);
}

#[test]
fn one_address_with_two_link_layer_addresses_is_a_conflict() {
    let found = report(&every(1000, [neighbour(1), neighbour(1), neighbour(2)]));
    assert_eq!(rules(&found), ["icmp_neighbour_conflict"]);
    assert_eq!(found["findings"][0]["frames"], json!([1, 2, 3]));
    let entry = &found["statistics"]["neighbour_discovery"]["neighbours"][0];
    assert_eq!(entry["macs"], json!(["02:00:00:00:00:01", "02:00:00:00:00:02"]));
    assert_eq!(rules(&report(&every(1000, [neighbour(1), neighbour(1)]))), [""; 0]);
}

#[test]
fn redirects_name_the_better_hop() {
    let mut body = vec![0; 4];
    body.extend_from_slice(&"fe80::cafe".parse::<std::net::Ipv6Addr>().unwrap().octets());
    body.extend_from_slice(&"2001:db8::5".parse::<std::net::Ipv6Addr>().unwrap().octets());
    let report = report(&every(1000, [icmp(ROUTER, "fe80::9", 137, 0, &body)]));
    assert_eq!(rules(&report), ["icmp_redirect"]);
    let redirect = &report["statistics"]["redirects"][0];
    assert_eq!((&redirect["gateway"], &redirect["destination"]), (&"fe80::cafe".into(), &"2001:db8::5".into()));
}

#[test]
fn redirects_say_at_least_where_their_table_was_too_small() {
    let redirect = |host: u32| {
        let mut body = vec![0; 4];
        body.extend_from_slice(&"fe80::cafe".parse::<std::net::Ipv6Addr>().unwrap().octets());
        body.extend_from_slice(&std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(host)).octets());
        icmp(ROUTER, "fe80::9", 137, 0, &body)
    };
    let counts = |hosts: u32| {
        let found = report(&every(1000, (0..hosts).map(redirect)));
        assert_eq!(found["findings"][0]["rule"], "icmp_redirect");
        found["findings"][0]["measures"][0]["name"].clone()
    };
    let room = crate::limits::ENTRIES as u32;
    assert_eq!(counts(room), "redirects");
    assert_eq!(counts(room + 1), "redirects_at_least");
}

#[test]
fn the_same_address_on_two_links_is_no_conflict() {
    let on = |mac: u8, vlans: &[u16]| tagged(&neighbour(mac), vlans);
    assert_eq!(rules(&report(&every(1000, [on(1, &[5]), on(2, &[6]), on(3, &[7, 5])]))), [""; 0]);
    let found = report(&every(1000, [on(1, &[5]), on(2, &[6]), on(3, &[6])]));
    assert_eq!(rules(&found), ["icmp_neighbour_conflict"]);
    assert_eq!(found["findings"][0]["frames"], json!([2, 3]));
}

#[test]
fn lists_that_are_longer_than_what_is_kept_say_so() {
    let found = report(&every(1000, (0..60).map(neighbour)));
    let entry = &found["statistics"]["neighbour_discovery"]["neighbours"][0];
    assert_eq!((entry["macs"].as_array().unwrap().len(), &entry["macs_total"]), (60, &60.into()));
    assert_eq!(found["findings"][0]["observation"], "For 2001:db8::9 60 link-layer addresses were advertised.");
    let many = [1, 7, 8].into_iter().flat_map(|vlan| (0..=255).map(move |mac| tagged(&neighbour(mac), &[vlan])));
    let found = report(&every(1_000_000, many));
    let entry = &found["statistics"]["neighbour_discovery"]["neighbours"][0];
    assert_eq!((entry["macs"].as_array().unwrap().len(), &entry["macs_total"]), (256, &256.into()));
    assert_eq!(entry.get("macs_total_is_estimate"), None);
    assert!(found["findings"][0]["observation"].as_str().unwrap().contains("at least "));
    assert_eq!(found["findings"][0]["measures"][0]["name"], "link_layer_addresses_at_least");
    // Name servers (RFC 8106 §5.1), in options of 100: eight bytes of header, then 16 for each.
    let servers = |options: usize| {
        let mut body = vec![64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
        for _ in 0..options {
            body.extend_from_slice(&[25, 201, 0, 0, 0, 0, 0x0e, 0x10]);
            body.extend_from_slice(&[0x20; 100 * 16]);
        }
        let found = report(&every(1000, [icmp(ROUTER, ALL, 134, 0, &body)]));
        found["statistics"]["neighbour_discovery"]["routers"][0].clone()
    };
    let length = |router: &Value| router["dns_servers"].as_array().unwrap().len();
    assert_eq!((length(&servers(3)), servers(3).get("dns_servers_total")), (300, None));
    assert_eq!((length(&servers(12)), &servers(12)["dns_servers_total"]), (1024, &1200.into()));
}

#[test]
fn routers_and_neighbours_that_are_heard_years_apart_do_not_contradict() {
    let years = 7 * 365 * 86_400;
    let at = |seconds: u64, frame: Vec<u8>| (1_400_000_000_000_000 + seconds * 1_000_000, frame);
    let other = || advertisement("fe80::2", 1800, 2);
    for (pause, expected) in [(3600, &["icmp_several_routers"][..]), (3601, &[]), (years, &[])] {
        assert_eq!(rules(&report(&[at(0, advertisement(ROUTER, 1800, 1)), at(pause, other())])), expected, "{pause}");
    }
    // One that is heard for years, and another in the middle.
    let long =
        [at(0, advertisement(ROUTER, 1800, 1)), at(years, advertisement(ROUTER, 1800, 1)), at(years / 2, other())];
    assert_eq!(rules(&report(&long)), [""; 0]);
    let near =
        [at(0, advertisement(ROUTER, 1800, 1)), at(years, advertisement(ROUTER, 1800, 1)), at(years - 60, other())];
    assert_eq!(rules(&report(&near)), ["icmp_several_routers"]);
    assert_eq!(rules(&report(&[at(0, neighbour(1)), at(years, neighbour(2))])), [""; 0]);
    assert_eq!(rules(&report(&[at(years, neighbour(1)), at(years - 60, neighbour(2))])), ["icmp_neighbour_conflict"]);
    // A router of IPv4 and one of IPv6 have nothing to agree on (RFC 1256 §3).
    let v4 = icmp("192.0.2.1", "224.0.0.1", 9, 0, &[1, 2, 0x07, 0x08, 192, 0, 2, 1, 0, 0, 0, 0]);
    assert_eq!(rules(&report(&[at(0, advertisement(ROUTER, 1800, 1)), at(60, v4)])), [""; 0]);
}

#[test]
fn lists_of_neighbours_and_routers_go_on() {
    const MANY: u16 = 3_100;
    // One address that is claimed by many, twice by each, and routers that say more than a report holds.
    let claims = (0..MANY).chain(0..MANY).map(|mac| {
        let mut frame = neighbour(0);
        let at = frame.len() - 2;
        frame[at..].copy_from_slice(&mac.to_be_bytes());
        frame
    });
    let header = [64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
    let address = |n: u16| [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (n >> 8) as u8, n as u8];
    let said = |kind: u8, head: &[u8], many: std::ops::Range<u16>| {
        let option = |n| [&[kind, ((head.len() + 18) / 8) as u8], head, &address(n)].concat();
        icmp(ROUTER, ALL, 134, 0, &header.iter().copied().chain(many.flat_map(option)).collect::<Vec<_>>())
    };
    let lifetimes = [64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x07, 0x08, 0, 0, 0, 0];
    let prefixes = said(3, &lifetimes, 0..2_000);
    let routes = said(24, &[64, 0, 0, 0, 0, 0], 0..2_500);
    let servers = said(25, &[0, 0, 0, 0, 0x0e, 0x10], 0..2_500);
    // 320 names of six bytes in each option (RFC 8106 §5.2).
    let names = (0..10_u16).flat_map(|option| {
        let names = (0..320).flat_map(move |n| format!("\x04{:04}\0", option * 320 + n).into_bytes());
        [31, 241, 0, 0, 0, 0, 0x0e, 0x10].into_iter().chain(names)
    });
    let search = icmp(ROUTER, ALL, 134, 0, &header.iter().copied().chain(names).collect::<Vec<_>>());
    let joined = |frames: Vec<Vec<u8>>, list: &str| {
        let capture = build::pcap(&every(10_000, frames));
        let (values, pages) =
            joined_within::<IcmpPackets>(&capture, &json!({}), &format!("statistics.neighbour_discovery.{list}"));
        assert!((2..=6).contains(&pages), "{list}: {pages}");
        values
    };
    let texts = |many: u16, text: &dyn Fn(u16) -> String| (0..many).map(|n| json!(text(n))).collect::<Vec<_>>();
    let v6 = |n: u16| std::net::Ipv6Addr::from(address(n)).to_string();
    let mut macs = joined(claims.clone().collect(), "neighbours[0].macs");
    macs.sort_by_key(Value::to_string);
    assert!(macs == texts(MANY, &|n| format!("02:00:00:00:{:02x}:{:02x}", n >> 8, n & 255)));
    let frames = joined(claims.collect(), "neighbours[0].frames");
    // The first 512 were kept, so their second frames tell nothing new.
    assert!(frames == (1..=3_100).chain(3_613..=6_200).map(Value::from).collect::<Vec<_>>());
    let routes = joined(vec![routes], "routers[0].routes");
    assert!(routes == texts(2_500, &|n| format!("{}/64", v6(n))));
    let servers = joined(vec![servers], "routers[0].dns_servers");
    assert!(servers == texts(2_500, &v6));
    let search = joined(vec![search], "routers[0].dns_search");
    assert!(search == texts(3_200, &|n| format!("{n:04}")));
    let prefixes = joined(vec![prefixes], "routers[0].prefixes");
    let prefixes: Vec<Value> = prefixes.into_iter().map(|prefix| prefix["prefix"].clone()).collect();
    assert!(prefixes == texts(2_000, &|n| format!("{}/64", v6(n))));
    // The message counts at most 255 (RFC 1256 §3); those behind are read as well.
    let addresses = (0..3_100_u32).flat_map(|n| [[10, 0, (n >> 8) as u8, n as u8], [0; 4]].concat());
    let v4 =
        icmp("192.0.2.1", "224.0.0.1", 9, 0, &[255, 2, 0x07, 0x08].into_iter().chain(addresses).collect::<Vec<_>>());
    let gateways = joined(vec![v4], "routers[0].gateways");
    assert!(gateways == texts(3_100, &|n| format!("10.0.{}.{}", n >> 8, n & 255)));
}
