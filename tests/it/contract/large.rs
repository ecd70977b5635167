//! Lists whose entries have so many values that a thousand of them are more than a report may have.

use std::path::Path;

use serde_json::{Value, json};

use super::within::{capture, ip};
use super::{Client, client, report};

const CALLS: u16 = 1_150;
const TOOL: &str = "analyze_sip_packets";

/// A whole call: seven messages, two of them with SDP, about two streams each. Every second caller is another one.
fn call(n: u16) -> Vec<Vec<u8>> {
    let (caller, callee) = ([192, 0, 2, 7], [198, 51, 100, 9]);
    let who = if n.is_multiple_of(2) { "alice" } else { "bob" };
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n\
        a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\nm=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n";
    let message = |start: &str, sequence: &str, body: &str| {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{n}{}\r\nFrom: <sip:{who}@example.org>;tag=a{n}\r\nTo: <sip:carol@example.net>;tag=b{n}\r\n\
             Call-ID: call{n}\r\nCSeq: {sequence}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            sequence.replace(' ', ""),
            body.len()
        )
    };
    [
        (true, message("INVITE sip:carol@example.net SIP/2.0", "1 INVITE", sdp)),
        (false, message("SIP/2.0 100 Trying", "1 INVITE", "")),
        (false, message("SIP/2.0 180 Ringing", "1 INVITE", "")),
        (false, message("SIP/2.0 200 OK", "1 INVITE", sdp)),
        (true, message("ACK sip:carol@example.net SIP/2.0", "1 ACK", "")),
        (true, message("BYE sip:carol@example.net SIP/2.0", "2 BYE", "")),
        (false, message("SIP/2.0 200 OK", "2 BYE", "")),
    ]
    .into_iter()
    .map(|(asks, text)| {
        let ends = if asks { (caller, callee) } else { (callee, caller) };
        let length = u16::try_from(8 + text.len()).unwrap().to_be_bytes();
        let udp = [&[0x13, 0xc4, 0x13, 0xc4][..], &length, &[0, 0], text.as_bytes()].concat();
        ip(17, n, ends, &udp)
    })
    .collect()
}

/// Follows the pages of `calls`: the ids of the calls in the order in which they come.
async fn followed(client: &Client, capture: &Path, asked: &Value) -> Vec<String> {
    let (mut ids, mut asked) = (Vec::new(), asked.clone());
    asked["section"] = json!(["calls"]);
    asked["max_chars"] = json!(100_000);
    asked["as_objects"] = json!(true);
    loop {
        let page = report(client, TOOL, capture, &asked).await;
        ids.extend(page["calls"].as_array().unwrap().iter().map(|call| call["call_id"].as_str().unwrap().to_owned()));
        let info = page["shown"]["lists"].as_array().unwrap().iter().find(|info| info["list"] == "calls").unwrap();
        let Some(next) = info.get("next") else { return ids };
        asked.as_object_mut().unwrap().remove("section");
        asked["cursor"] = next.clone();
    }
}

#[tokio::test]
async fn what_is_more_than_a_report_holds_is_shown_page_by_page() {
    let client = client().await;
    let capture = capture((0..CALLS).flat_map(call));
    let first = report(&client, TOOL, capture.path(), &json!({})).await;
    let lists = first["shown"]["lists"].as_array().unwrap();
    let total = |list: &str| lists.iter().find(|info| info["list"] == list).unwrap()["total"].clone();
    assert_eq!((total("calls"), total("packets")), (json!(CALLS), json!(CALLS * 7)));

    let named = |numbers: &mut dyn Iterator<Item = u16>| numbers.map(|n| format!("call{n}")).collect::<Vec<_>>();
    assert_eq!(followed(&client, capture.path(), &json!({})).await, named(&mut (0..CALLS)));
    // Of what is sorted, all before a page is held.
    let falling = json!({ "sort": "-frame", "section": ["calls"], "as_objects": true, "limit": 5 });
    let first = report(&client, TOOL, capture.path(), &falling).await;
    let next =
        json!({ "cursor": first["shown"]["lists"][0]["next"], "sort": "-frame", "as_objects": true, "limit": 5 });
    let second = report(&client, TOOL, capture.path(), &next).await;
    let ids = [first, second].map(|page| page["calls"].as_array().unwrap().clone()).concat();
    let ids: Vec<&str> = ids.iter().map(|call| call["call_id"].as_str().unwrap()).collect();
    assert_eq!(ids, named(&mut (CALLS - ids.len() as u16..CALLS).rev()));
    assert!(ids.len() > 5);
    let of_bob = json!({ "where": "caller~bob" });
    assert_eq!(followed(&client, capture.path(), &of_bob).await, named(&mut (1..CALLS).step_by(2)));
    let counted = json!({ "where": "caller~alice", "section": ["calls"], "limit": 1 });
    let counted = report(&client, TOOL, capture.path(), &counted).await;
    let info = &counted["shown"]["lists"][0];
    assert_eq!((&info["looked_at"], &info["matched"]), (&json!(CALLS), &json!(CALLS / 2)));
    client.cancel().await.unwrap();
}
