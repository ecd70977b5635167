//! What a web page of an allowed origin needs from its browser, and one of another does not get.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::{TOKEN, hello, post, request};
use crate::support::http::{Http, reqwest_client};

const PAGE: &str = "https://console.example";

/// What a browser asks before it sends a request with a token.
async fn preflight(http: &Http, origin: &str, method: &str, path: &str) -> (u16, HeaderMap) {
    let request = reqwest_client()
        .request(Method::OPTIONS, http.url(path))
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,mcp-protocol-version,mcp-session-id");
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone())
}

fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let text = headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
    text.split(',').map(|one| one.trim().to_ascii_lowercase()).filter(|one| !one.is_empty()).collect()
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_is_answered_and_another_is_not() {
    let options = ["--allow-origin", PAGE, "--allow-origin", "http://localhost:*"];
    let http = Http::start_with(&options, &[("MCPCAP_AUTH_TOKEN", TOKEN)]).await;
    for (origin, method) in [(PAGE, "POST"), (PAGE, "GET"), (PAGE, "DELETE"), ("http://localhost:5173", "POST")] {
        // Before the token: browsers send none with it.
        let (status, headers) = preflight(&http, origin, method, "/mcp").await;
        assert_eq!((status, &headers["access-control-allow-origin"]), (200, &origin.parse().unwrap()));
        assert!(listed(&headers, "access-control-allow-methods").contains(&method.to_ascii_lowercase()));
        let allowed = listed(&headers, "access-control-allow-headers");
        assert_eq!(allowed, ["authorization", "content-type", "mcp-protocol-version", "mcp-session-id"]);
        assert!(listed(&headers, "vary").contains(&"origin".into()));
    }
    for origin in ["https://other.example", "https://console.example:8443", "http://console.example", "null"] {
        let (_, headers) = preflight(&http, origin, "POST", "/mcp").await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    let list = |origin: &str| {
        let mut sent = post(&request("tools/list", json!({}))).header("origin", origin).build().unwrap();
        *sent.url_mut() = http.mcp().parse().unwrap();
        sent
    };
    // A page may read why it was refused, too.
    let refused = reqwest_client().execute(list(PAGE)).await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["access-control-allow-origin"]),
        (401, &PAGE.parse().unwrap())
    );
    for (origin, status, is_told) in [(PAGE, 200, true), ("https://other.example", 403, false)] {
        let mut sent = list(origin);
        sent.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
        let answer = reqwest_client().execute(sent).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), is_told);
    }
    // Not what belongs to operators.
    let (_, headers) = preflight(&http, PAGE, "GET", "/metrics").await;
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_page_can_read_the_id_of_its_session() {
    let http = Http::start(&["--allow-origin", PAGE]).await;
    let sent = reqwest_client().post(http.mcp()).header("content-type", "application/json").header("origin", PAGE);
    let answer = sent.header("accept", "application/json, text/event-stream").body(hello().to_string()).send().await;
    let answer = answer.unwrap();
    assert!(answer.headers().contains_key("mcp-session-id"));
    let exposed = listed(answer.headers(), "access-control-expose-headers");
    assert!(exposed.contains(&"mcp-session-id".into()) && exposed.contains(&"mcp-protocol-version".into()));
}

#[tokio::test]
async fn without_allowed_origins_browsers_are_told_nothing() {
    let http = Http::start(&[]).await;
    let (status, headers) = preflight(&http, PAGE, "POST", "/mcp").await;
    assert!((400..500).contains(&status) && !headers.contains_key("access-control-allow-origin"));
    let wrong = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(["--transport", "http", "--port", "1", "--allow-origin", "console.example"])
        .output()
        .unwrap();
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(1) && text.contains("--allow-origin console.example"), "{text}");
}
