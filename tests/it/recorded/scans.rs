//! `scans.pcap`: what nmap found (its output with `-oG`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{list, report, said};

/// What nmap calls the ports of a scan: state, ports.
type States = BTreeMap<String, BTreeSet<u16>>;

/// The scans of 192.0.2.80's ports by their options, such as `-sS`.
fn ports() -> BTreeMap<String, States> {
    let (mut scans, mut way) = (BTreeMap::new(), String::new());
    for line in said("scans.gnmap").lines() {
        if let Some(options) = line.strip_prefix("# ") {
            way = options.split(' ').find(|option| option.starts_with("-s")).unwrap().to_owned();
        } else if let Some((_, ports)) = line.split_once("\tPorts: ").filter(|(host, _)| host.contains(" 192.0.2.80 "))
        {
            let states: &mut States = scans.entry(way.clone()).or_default();
            for port in ports.split(", ") {
                let fields: Vec<&str> = port.split('/').collect();
                states.entry(fields[1].to_owned()).or_default().insert(fields[0].parse().unwrap());
            }
        }
    }
    scans
}

/// Ports that are written as runs: 22,80-81.
fn runs(text: &str) -> BTreeSet<u16> {
    let number = |text: &str| text.parse::<u16>().unwrap();
    let run = |run: &str| {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        number(first)..=number(last)
    };
    text.split(',').filter(|run| !run.is_empty()).flat_map(run).collect()
}

#[tokio::test]
async fn each_scan_found_what_nmap_found() {
    let report = report("analyze_conversations", "scans.pcap", json!({ "section": ["scans"] })).await;
    let nmap = ports();
    let ways = [
        ("-sT", "connect"),
        ("-sS", "syn"),
        ("-sF", "fin"),
        ("-sN", "null"),
        ("-sX", "xmas"),
        ("-sM", "maimon"),
        ("-sA", "ack"),
        ("-sU", "udp"),
    ];
    assert_eq!(nmap.len(), ways.len());
    let vertical: Vec<_> = list(&report, "/scans").iter().filter(|scan| scan["kind"] == "vertical").collect();
    assert_eq!(vertical.len(), ways.len());
    for (option, method) in ways {
        let ours = vertical.iter().find(|scan| scan["method"] == method).unwrap_or_else(|| panic!("no {method} scan"));
        let of = |field: &str| runs(ours[field].as_str().unwrap_or_default());
        let nmap = |states: &[&str]| {
            let states = states.iter().filter_map(|state| nmap[option].get(*state));
            states.flatten().copied().collect::<BTreeSet<u16>>()
        };
        assert_eq!(ours["target"], "192.0.2.80");
        assert_eq!(of("open"), nmap(&["open"]), "{method}");
        // An answer of RST to ACK tells nmap that a port is not filtered.
        assert_eq!(of("closed"), nmap(&["closed", "unfiltered"]), "{method}");
        assert_eq!(of("filtered"), nmap(&["filtered", "open|filtered"]), "{method}");
    }
}

#[tokio::test]
async fn each_sweep_found_the_hosts_that_nmap_found() {
    let report = report("analyze_conversations", "scans.pcap", json!({ "section": ["scans"] })).await;
    let text = said("scans.gnmap");
    let mut sweeps = text.split("# ").skip(1);
    let hosts = |sweep: &str, wanted: &str| {
        let lines = sweep.lines().filter(|line| line.contains(wanted));
        lines.filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let (link, ping, port) = (sweeps.next().unwrap(), sweeps.next().unwrap(), sweeps.next().unwrap());
    let expected = [
        ("arp", hosts(link, "Status: Up")),
        ("ping", hosts(ping, "Status: Up")),
        // Of 192.0.2.80 port 22 was tried with its other ports.
        ("tcp port 22", hosts(port, "22/open").into_iter().chain(["192.0.2.80".to_owned()]).collect()),
    ];
    for (service, expected) in expected {
        let ours = list(&report, "/scans").iter().find(|scan| scan["service"] == service).expect(service);
        let answered: BTreeSet<String> =
            list(ours, "/answered").iter().filter_map(|host| host.as_str().map(str::to_owned)).collect();
        assert_eq!((&answered, &ours["answered_total"]), (&expected, &json!(expected.len())), "{service}");
    }
}
