//! Lists that the summary holds a part of: their pages joined are all of them.

use serde_json::{Value as Json, json};

use crate::fields::Order;
use crate::testing::{File, Value, read_in, summary_with};

const MANY: usize = 2_500;

/// Many sections with an interface each; of the last one, many addresses, and statistics and packets with comments.
fn capture() -> Vec<u8> {
    let name = |n: usize| format!("number {n}");
    let addresses: Vec<[u8; 8]> = (0..MANY).map(|n| [10, 0, (n / 256) as u8, (n % 256) as u8, 255, 0, 0, 0]).collect();
    let addresses: Vec<_> = addresses.iter().map(|octets| (4, Value::Raw(octets))).collect();
    let mut file = File::section(Order::Little, &[(3, Value::Text(&name(0)))]);
    for n in 0..MANY {
        if n > 0 {
            file = file.next_section(Order::Little, &[(3, Value::Text(&name(n)))]);
        }
        let name = name(n);
        let mut options = vec![(2, Value::Text(&name))];
        if n + 1 == MANY {
            options.extend(&addresses);
        }
        file = file
            .interface(1, 0, &options)
            .body(5, |body| body.u32(0).u32(0).u32(0).options(&[(5, Value::I64(n as i64))]));
    }
    for n in 1..MANY {
        let options = [(5, Value::I64((MANY + n) as i64)), (1, Value::Text("statistics"))];
        file = file.body(5, |body| body.u32(0).u32(0).u32(n as u32).options(&options));
        file = file.enhanced(0, 7, b"", &[(1, Value::Text(&name(n)))]);
    }
    file.octets
}

fn summary(capture: &[u8], page: &Json) -> Json {
    serde_json::to_value(summary_with(&json!({ "page": page }).to_string(), capture)).unwrap()
}

fn told<'a>(summary: &'a Json, list: &str) -> Option<&'a Json> {
    summary["pages"].as_array().into_iter().flatten().find(|page| page["list"] == list)
}

#[test]
fn sections_interfaces_and_comments_go_on() {
    let capture = capture();
    let usual = summary(&capture, &json!({}));
    for (list, pointer, total) in [
        ("sections", "/sections", MANY),
        ("interfaces", "/interfaces", MANY),
        ("comments.texts", "/comments/texts", 2 * (MANY - 1)),
    ] {
        let first = json!({ "list": list, "total": total, "offset": 0, "returned": 1_000 });
        assert_eq!(told(&usual, list), Some(&first));
        let mut joined: Vec<Json> = Vec::new();
        while joined.len() < total {
            let page = summary(&capture, &json!({ "list": list, "offset": joined.len(), "limit": 900 }));
            let entries = page.pointer(pointer).unwrap().as_array().unwrap();
            let info = json!({ "list": list, "total": total, "offset": joined.len(), "returned": entries.len() });
            assert!(!entries.is_empty() && told(&page, list) == Some(&info), "{list}");
            joined.extend(entries.iter().cloned());
            // What is said of the whole file stays as it is.
            assert_eq!((&page["drops"], &page["time_digits"]), (&usual["drops"], &usual["time_digits"]));
        }
        assert!(joined.starts_with(usual.pointer(pointer).unwrap().as_array().unwrap()));
        let field = |entry: &Json| match list {
            "sections" => entry["operating_system"].clone(),
            "interfaces" => entry["name"].clone(),
            _ => json!([entry["where"], entry["section"], entry["interface"], entry["frame"], entry["text"]]),
        };
        let expected: Vec<Json> = match list {
            "comments.texts" => (1..MANY)
                .flat_map(|n| {
                    let on_statistics = json!(["interface_statistics", MANY - 1, 0, null, "statistics"]);
                    [on_statistics, json!(["packet", null, null, n, format!("number {n}")])]
                })
                .collect(),
            _ => (0..MANY).map(|n| json!(format!("number {n}"))).collect(),
        };
        assert!(joined.iter().map(field).eq(expected), "{list}");
        let behind = summary(&capture, &json!({ "list": list, "offset": u64::MAX, "limit": 1_000 }));
        assert!(behind.pointer(pointer).is_none_or(|entries| entries == &json!([])));
        assert_eq!(told(&behind, list).unwrap()["returned"], 0);
    }
    // Packets are those of the interface, wherever it stands on a page.
    let last = summary(&capture, &json!({ "list": "interfaces", "offset": MANY - 1, "limit": 9 }));
    assert_eq!((&last["interfaces"][0]["frames"], last["interfaces"].as_array().unwrap().len()), (&json!(MANY - 1), 1));
}

#[test]
fn lists_of_an_interface_go_on() {
    let capture = capture();
    let place = MANY - 1;
    for (list, kept, total) in [("addresses", 16, MANY), ("statistics", 3, MANY)] {
        let (named, general) = (format!("interfaces[{place}].{list}"), format!("interfaces[].{list}"));
        let usual = summary(&capture, &json!({ "list": "interfaces", "offset": place, "limit": 1 }));
        let next = if list == "statistics" { 0 } else { kept };
        let first = json!({ "list": named, "total": total, "offset": 0, "returned": kept, "next": next });
        assert_eq!(told(&usual, &named), Some(&first));
        let (mut after, mut joined, mut pages) = (0, Vec::new(), 0);
        loop {
            let within = json!({ "list": general, "after": after });
            let page = json!({ "list": "interfaces", "offset": place, "limit": 1_000, "within": within });
            let found = summary(&capture, &page);
            assert_eq!(found["interfaces"].as_array().unwrap().len(), 1);
            joined.extend(found["interfaces"][0][list].as_array().unwrap().iter().cloned());
            pages += 1;
            match told(&found, &named) {
                Some(page) => after = page["next"].as_u64().unwrap(),
                None => break,
            }
        }
        let expected = |n: usize| match list {
            "addresses" => json!(format!("10.0.{}.{}/255.0.0.0", n / 256, n % 256)),
            _ => json!({ "timestamp": n * 1_000, "dropped_by_interface": if n == 0 { place } else { MANY + n } }),
        };
        assert!(joined.into_iter().eq((0..total).map(expected)) && pages == 3, "{list}: {pages}");
    }
}

#[test]
fn drops_are_those_of_all_interfaces() {
    // Counters run from the capture's beginning, so of each interface the largest counts; here it is the last one.
    let others: usize = (0..MANY - 1).sum();
    let drops = read_in(&capture(), usize::MAX).unwrap().summary.drops.unwrap();
    assert_eq!((drops.interfaces_reporting, drops.received), (MANY as u64, None));
    assert_eq!(drops.dropped_by_interface, Some((others + MANY + MANY - 1) as u64));
}
