//! The lists that are cut, and their pages.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::harness::lists::{at, joined, joined_within, pages_are_whole, told};
use serde_json::{Value, json};

use super::build::{V4, every, option6, v6};
use super::run;
use crate::tool::DhcpPackets;

/// 100 clients, each with a server, a relay, a lease and names of its own; 60 that nobody answers; 30 that decline what they got.
fn crowded() -> Vec<u8> {
    let leased = |n: u32| {
        let name = format!("host-{n}");
        let discover = V4::new(1, n, 1).hardware(n).option(12, name.as_bytes()).option(60, name.as_bytes());
        let relay = [10, 0, 0, n as u8 + 1];
        let granted = V4::new(5, n, 1).hardware(n).server(n as u8).address(n as u8).relay(relay);
        [discover.frame(), granted.frame()]
    };
    let unanswered = |n: u32| V4::new(1, 1000 + n % 60, 1).hardware(1000 + n % 60).frame();
    let declined = |n: u32| V4::new(4, n, 1).hardware(n).option(50, &[192, 0, 2, n as u8]).frame();
    let options = (0..3).map(many_options);
    let frames = (0..100).flat_map(leased).chain((0..120).map(unanswered)).chain((0..30).map(declined)).chain(options);
    harness::build::pcap(&every(100, frames))
}

/// An answer of a DHCPv6 server with 200 options.
fn many_options(nth: u16) -> Vec<u8> {
    let options = (0..200).flat_map(|n| option6(1_000 + nth * 200 + n, &[]));
    v6(7, u32::from(nth) + 1, 1, Some(1), &options.collect::<Vec<_>>())
}

#[test]
fn options_go_on() {
    let capture = harness::build::pcap(&every(100, (0..40).chain([0]).map(many_options)));
    let (joined, total) = joined::<DhcpPackets>(&capture, &json!({}), "statistics.option_counts");
    let mut codes: Vec<(u64, u64)> =
        joined.iter().map(|entry| (entry["code"].as_u64().unwrap(), entry["count"].as_u64().unwrap())).collect();
    codes.sort_unstable();
    assert_eq!((total, &codes[..2]), (8_002, &[(1, 41), (2, 41)][..]));
    assert!(codes[2..].iter().copied().eq((1_000..9_000).map(|code| (code, 1 + u64::from(code < 1_200)))));
}

#[test]
fn pages_of_each_cut_list_joined_are_all_of_it_once() {
    pages_are_whole::<DhcpPackets>(&crowded(), &json!({}));
}

#[test]
fn lists_state_their_totals() {
    let report = run(&crowded(), &json!({}));
    for (list, listed, field, total) in [
        ("clients", 50, "unique_clients_count", 161),
        ("servers", 50, "unique_servers_count", 101),
        ("relays", 50, "relays_total", 100),
        ("leases", 50, "leases_total", 100),
        ("hostnames", 50, "hostnames_total", 100),
        ("vendor_classes", 50, "vendor_classes_total", 100),
    ] {
        let path = format!("statistics.{list}");
        assert_eq!((at(&report, &path).len(), &report["statistics"][field]), (listed, &total.into()), "{list}");
        assert_eq!(told(&report, &path).unwrap()[0], total, "{list}");
    }
    // 60 without an answer, 30 conflicts, and one crowd.
    assert_eq!((at(&report, "findings").len(), &report["findings_total"]), (41, &91.into()));
    assert_eq!(told(&report, "findings").unwrap()[0], 91);
}

#[test]
fn names_beyond_those_that_are_ranked_go_on() {
    let name = |n: u32| format!("host-{n}");
    let discover = |n: u32| V4::new(1, n, 1).hardware(n).option(12, name(n).as_bytes()).option(60, name(n).as_bytes());
    let frames = (0..2_600).chain(0..10).map(|n| discover(n).frame());
    let capture = harness::build::pcap(&every(100, frames));
    for list in ["statistics.hostnames", "statistics.vendor_classes"] {
        let (joined, total) = joined::<DhcpPackets>(&capture, &json!({}), list);
        assert_eq!(total, 2_600, "{list}");
        let (mut names, mut counted) = (Vec::new(), 0);
        for entry in &joined {
            let error = entry["count_too_high"].as_u64().unwrap_or(0);
            counted += entry["count"].as_u64().unwrap() - error;
            names.push(entry["text"].as_str().unwrap().to_owned());
        }
        names.sort_unstable();
        let mut expected: Vec<_> = (0..2_600).map(name).collect();
        expected.sort_unstable();
        // What made room for others is counted with those.
        assert!(names == expected && counted <= 2_610, "{list}: {} {counted}", names.len());
    }
}

#[test]
fn leases_that_made_room_are_on_a_further_page() {
    const MANY: u32 = 2_600;
    let granted = |n: u32, renewed: u32| {
        let [.., high, low] = n.to_be_bytes();
        let mut message = V4::new(5, n + renewed * MANY, 1).hardware(n).server(1).option(51, &[0, 0, 14, 16]);
        message = message.option(50, &[10, 0, high, low]);
        let mut frame = message.address(1).frame();
        // yiaddr, behind Ethernet, IP and UDP.
        frame[42 + 16..42 + 20].copy_from_slice(&[10, 0, high, low]);
        frame
    };
    let frames = (0..MANY).map(|n| granted(n, 0)).chain((0..10).map(|n| granted(n, 1)));
    let capture = harness::build::pcap(&every(100, frames));
    let (joined, total) = joined::<DhcpPackets>(&capture, &json!({}), "statistics.leases");
    let address = |lease: &Value| lease["address"].as_str().unwrap().parse::<std::net::Ipv4Addr>().unwrap();
    let mut addresses: Vec<_> = joined.iter().map(address).collect();
    addresses.sort_unstable();
    let expected = (0..MANY).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 + n));
    assert!(total == u64::from(MANY) && addresses.into_iter().eq(expected), "{total} {}", joined.len());
    assert!(joined[2_048..].iter().all(|lease| lease["renewals"] == 0 && lease["lease_seconds"] == 3_600));
}

#[test]
fn parties_that_made_room_are_on_further_pages() {
    const MANY: u32 = 2_600;
    let granted = |n: u32| {
        let [.., high, low] = n.to_be_bytes();
        let message = V4::new(5, n, 1).hardware(n).option(54, &[10, 1, high, low]).address(1).relay([10, 2, high, low]);
        message.frame()
    };
    let capture = harness::build::pcap(&every(100, (0..MANY).chain(0..10).map(granted)));
    for (list, key, messages) in [
        ("statistics.clients", "client", "messages"),
        ("statistics.servers", "server", "grants"),
        ("statistics.relays", "relay", "messages"),
    ] {
        let (joined, total) = joined::<DhcpPackets>(&capture, &json!({}), list);
        let mut keys: Vec<String> = joined.iter().map(|entry| entry[key].to_string()).collect();
        keys.sort_unstable();
        keys.dedup();
        let many = MANY as usize;
        assert_eq!((total, joined.len(), keys.len()), (u64::from(MANY), many, many), "{list}");
        // Those that came again came last.
        assert!(joined[2_048..].iter().all(|entry| entry[messages] == 1), "{list}");
    }
}

#[test]
fn lists_within_an_exchange_and_an_option_are_whole_up_to_1024_and_say_their_total() {
    let length = |value: &Value, list: &str| value[list].as_array().unwrap().len();
    let offered = |servers: u16| {
        let offer = |n: u16| {
            let [high, low] = n.to_be_bytes();
            V4::new(2, 1, 1).option(54, &[10, 0, high, low]).frame()
        };
        let frames = [V4::new(1, 1, 1).frame()].into_iter().chain((0..servers).map(offer));
        run(&harness::build::pcap(&every(100, frames)), &json!({}))["transactions"][0].clone()
    };
    let whole = offered(300);
    assert_eq!((length(&whole, "servers"), whole.get("servers_total"), length(&whole, "messages")), (300, None, 301));
    let cut = offered(1100);
    let total = cut["servers_total"].as_u64().unwrap();
    assert_eq!((length(&cut, "servers"), length(&cut, "messages"), &cut["messages_total"]), (1024, 1024, &1101.into()));
    assert!(total.abs_diff(1100) < 100 && cut["servers_total_is_estimate"] == true, "{total}");
    // The codes that a DHCPv6 client asks for (RFC 8415 §21.7), of which there may be 32,767.
    let asked = |codes: u16| {
        let codes: Vec<u8> = (0..codes).flat_map(u16::to_be_bytes).collect();
        let report = run(&harness::build::pcap(&every(100, [v6(1, 1, 9, None, &option6(6, &codes))])), &json!({}));
        let options = report["packets"][0]["options"].as_array().unwrap().clone();
        options.into_iter().find(|option| option["code"] == 6).unwrap()
    };
    assert_eq!((length(&asked(500), "values"), asked(500).get("values_total")), (500, None));
    assert_eq!((length(&asked(2000), "values"), &asked(2000)["values_total"]), (1024, &2000.into()));
}

#[test]
fn lists_within_entries_go_on() {
    // One client that always has another name, and is offered something by another server each time.
    let talk = |n: u16| {
        let [high, low] = n.to_be_bytes();
        let name = format!("host-{n}");
        let discover = V4::new(1, 1, 1).option(12, name.as_bytes());
        [discover.frame(), V4::new(2, 1, 1).option(54, &[10, 0, high, low]).frame()]
    };
    let capture = harness::build::pcap(&every(100, (0..3_100).flat_map(talk)));
    let joined = |name: &str| {
        let (values, pages) = joined_within::<DhcpPackets>(&capture, &json!({}), name);
        assert!(pages > 3, "{name}: {pages}");
        values
    };
    let sorted = |mut texts: Vec<String>| {
        texts.sort_unstable();
        texts
    };
    let texts = |values: Vec<Value>| sorted(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect());
    let hosts = sorted((0..3_100).map(|n| format!("host-{n}")).collect());
    assert!(texts(joined("statistics.clients[0].hostnames")) == hosts);
    let servers = sorted((0..3_100).map(|n| format!("10.0.{}.{}", n >> 8, n & 255)).collect());
    assert!(texts(joined("transactions[0].servers")) == servers);
    let messages = joined("transactions[0].messages");
    assert!(messages.iter().map(|message| message["frame"].as_u64().unwrap()).eq(1..=6_200));
}

#[test]
fn options_of_a_message_go_on() {
    let options: Vec<u8> = (0..240).flat_map(|code| option6(2_000 + code, &[code as u8; 128])).collect();
    // Behind Ethernet, IPv6 and UDP headers.
    let inner = v6(11, 7, 9, None, &[])[62..].to_vec();
    let relayed = [&[12, 0][..], &[0; 32], &options, &option6(9, &inner)].concat();
    let relayed = harness::build::udp(("2001:db8:9::1", 547), ("2001:db8:9::5", 547), &relayed);
    // All of them have more text than a report has room for.
    let messages = (0..50).map(|n| if n == 45 { relayed.clone() } else { v6(11, n, 9, None, &options) });
    let capture = harness::build::pcap(&every(100, messages));
    for (name, before) in [("packets[46].options", 1), ("packets[45].relays[0].options", 0)] {
        let (values, _) = joined_within::<DhcpPackets>(&capture, &json!({}), name);
        let codes = values[before..].iter().map(|option| option["code"].as_u64().unwrap());
        assert!(codes.eq(2_000..2_240), "{name}: {}", values.len());
    }
    let usual = harness::run::<DhcpPackets>(&capture, &json!({})).unwrap();
    assert_eq!(usual["packets"][46]["options_left_out"], 241);
}
