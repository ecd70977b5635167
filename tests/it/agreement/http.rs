//! HTTP: requests and responses, in the frames that complete them, and what they are counted by.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Arguments that list all that the oracle lists.
pub fn arguments() -> Value {
    json!({ "limit": 1000 })
}

/// Entries that the oracle lists of requests and of responses, and characters of its texts.
const LISTED: usize = 200;
const TEXT: usize = 300;

/// Compares a report of `analyze_http` with the oracle's facts.
pub fn http(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let all = report["exchanges"].as_array().map_or(&[][..], Vec::as_slice);
    // More than a page of them: what is here is not all.
    if all.len() == 1000 {
        return;
    }
    let (second, first): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|exchange| exchange["version"] == "2");
    http1(&first, &facts["http"], note);
    http2(all, &facts["http2"], note);
    // The first oracles have counts only.
    if !facts["http"]["request_list"].is_null() || number(&facts["http"]["requests"]) == 0 {
        // Of HTTP/2 it has bodies with their codings.
        if facts["http2"].is_null() && second.is_empty() {
            objects(all, &facts["exported_objects"]["http"], note);
        }
    }
}

/// Bodies by size and SHA-256, without their codings.
fn objects(exchanges: &[Value], theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let listed = theirs["objects"].as_array().map_or(&[][..], Vec::as_slice);
    if listed.len() as u64 != theirs["objects_total"].as_u64().unwrap_or(0) {
        return;
    }
    let bodies = exchanges.iter().flat_map(|exchange| [&exchange["request_body"], &exchange["response_body"]]);
    let hashed = bodies.filter(|body| body["sha256"].is_string()).map(|body| {
        let size = if body["decoded_bytes"].is_u64() { &body["decoded_bytes"] } else { &body["bytes"] };
        json!([size, body["sha256"]])
    });
    let sorted = |mut list: Vec<Value>| {
        list.sort_by_key(Value::to_string);
        list
    };
    let mine = sorted(hashed.collect());
    let expected = sorted(listed.iter().map(|object| json!([object["size"], object["sha256"]])).collect());
    differing("http object", &mine, &expected, note);
}

fn http1(exchanges: &[&Value], theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let (requests, responses) = lists(exchanges);
    note("http requests", json!(requests.len()), number(&theirs["requests"]));
    note("http responses", json!(responses.len()), number(&theirs["responses"]));
    for (field, key) in [("method", "methods"), ("user_agent", "user_agents")] {
        let ours = requests.iter().filter_map(|request| request[field].as_str()).map(cut);
        note(&format!("http {key}"), counted(ours), sorted(&theirs[key]));
    }
    let codes = responses.iter().map(|response| response.code.to_string());
    note("http status codes", counted(codes), sorted(&theirs["status_codes"]));
    if let Some(listed) = listed(theirs, "request_list", requests.len()) {
        let their = |request: &Value| {
            json!([request["frame"], request["method"], request["host"], request["uri"], request["stream"]])
        };
        let expected: Vec<Value> = listed.iter().map(their).collect();
        let mine = requests.iter().map(|request| {
            // tshark has what stands before a blank, and the host of the header only.
            let uri = request["uri"].as_str().unwrap_or_default().split(' ').next().unwrap_or_default();
            let frame = &request["request_end_frame"];
            let same = expected
                .iter()
                .find(|other| other[0] == *frame && fits(&cut(uri), other[3].as_str().unwrap_or_default()));
            let host = if request["method"] == "CONNECT" {
                same.map_or(Value::Null, |same| same[2].clone())
            } else {
                request["host"].clone()
            };
            let uri = same.map_or(json!(cut(uri)), |same| same[3].clone());
            json!([frame, request["method"], host, uri, request["connection"]])
        });
        differing("http request", &mine.collect::<Vec<_>>(), &expected, note);
    }
    // Interim responses have no entry of their own here.
    let finals: Vec<&Response> = responses.iter().filter(|response| !is_interim(response.code)).collect();
    if let Some(listed) = listed(theirs, "response_list", finals.len()) {
        let expected: Vec<Value> = listed
            .iter()
            .filter(|response| !is_interim(response["code"].as_u64().unwrap_or_default()))
            .map(|response| json!([response["frame"], response["code"]]))
            .collect();
        let mine = finals.iter().map(|response| {
            // tshark has the frame that closes the connection where that ends the body.
            let behind = |other: &&Value| other[0].as_u64() >= Some(response.frame) && other[1] == response.code;
            let same = expected.iter().filter(|_| response.until_close).find(behind);
            same.cloned().unwrap_or(json!([response.frame, response.code]))
        });
        differing("http response", &mine.collect::<Vec<_>>(), &expected, note);
    }
}

/// The oracle's list, when it is all that there is.
fn listed<'a>(theirs: &'a Value, name: &str, ours: usize) -> Option<&'a [Value]> {
    let list = match theirs[name].as_array() {
        Some(list) => list.as_slice(),
        // The first oracles have counts only.
        None if ours > 0 && number(&theirs["requests"]) != 0 => return None,
        None => &[],
    };
    let whole = list.len() < LISTED && list.iter().all(|entry| entry.get("uri").is_none_or(|uri| !uri.is_null()));
    whole.then_some(list)
}

fn is_interim(code: u64) -> bool {
    code < 200 && code != 101
}

/// A response.
struct Response {
    frame: u64,
    code: u64,
    /// Whether nothing but the end of the connection ends its body.
    until_close: bool,
}

/// Whole requests by the frame that completes them, and whole responses likewise: tshark counts no others.
fn lists<'a>(exchanges: &[&'a Value]) -> (Vec<&'a Value>, Vec<Response>) {
    let is_whole = |body: &Value| body.is_null() || body["complete"] == true;
    let (mut requests, mut responses) = (Vec::new(), Vec::new());
    for exchange in exchanges {
        if exchange["request_end_frame"].is_u64() && is_whole(&exchange["request_body"]) {
            requests.push(*exchange);
        }
        for code in exchange["interim"].as_array().into_iter().flatten() {
            // The frame of an upgrade to HTTP/2 is not told.
            responses.push(Response { frame: 0, code: code.as_u64().unwrap_or_default(), until_close: code == 101 });
        }
        let body = &exchange["response_body"];
        let until_close = body["content_length"].is_null() && body["chunked"].is_null();
        // The response to an upgraded request is one of HTTP/2.
        if exchange["stream"].is_u64() {
            continue;
        }
        if let (Some(frame), Some(code)) = (exchange["response_end_frame"].as_u64(), exchange["status"].as_u64())
            && (is_whole(body) || (until_close && body["missing_bytes"].is_null()))
        {
            responses.push(Response { frame, code, until_close });
        }
    }
    requests.sort_by_key(|request| request["request_end_frame"].as_u64());
    responses.sort_by_key(|response| (response.frame, response.code));
    (requests, responses)
}

fn http2(exchanges: &[Value], theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let of = |field: &str| {
        let second =
            |exchange: &&Value| exchange["version"] == "2" || (exchange["stream"].is_u64() && field == "status");
        let values = exchanges.iter().filter(second).map(|exchange| &exchange[field]).filter(|value| !value.is_null());
        counted(values.map(|value| value.as_str().map_or_else(|| value.to_string(), cut)))
    };
    for (field, key) in [("method", "methods"), ("status", "status_codes"), ("host", "authorities"), ("uri", "paths")] {
        note(&format!("http2 {key}"), of(field), sorted(&theirs[key]));
    }
}

/// Notes equal lists once, and of others what differs.
fn differing(name: &str, ours: &[Value], theirs: &[Value], note: &mut impl FnMut(&str, Value, Value)) {
    if ours == theirs {
        return note(&format!("{name} list"), json!(ours.len()), json!(theirs.len()));
    }
    let only =
        |some: &[Value], others: &[Value]| some.iter().filter(|one| !others.contains(one)).cloned().collect::<Vec<_>>();
    note(&format!("{name} list"), json!(only(ours, theirs)), json!(only(theirs, ours)));
}

/// Whether a text is another one, of which parts are left out.
fn fits(masked: &str, whole: &str) -> bool {
    let Some((begin, behind)) = masked.split_once('…') else { return masked == whole };
    whole.starts_with(begin) && behind.split('…').all(|part| whole.contains(part))
}

fn number(value: &Value) -> Value {
    json!(value.as_u64().unwrap_or(0))
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

fn counted(values: impl Iterator<Item = String>) -> Value {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    json!(counts)
}

/// In the order of keys, so that equal objects look equal.
fn sorted(object: &Value) -> Value {
    let object = object.as_object().cloned().unwrap_or_default();
    let sorted: BTreeMap<String, Value> = object.into_iter().collect();
    Value::Object(sorted.into_iter().collect::<Map<_, _>>())
}
