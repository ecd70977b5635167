use super::*;

#[test]
fn what_begins_a_message_is_told_at_every_length() {
    for message in [
        "GET /a/b?c HTTP/1.1\r\n",
        "HTTP/1.1 200 OK\r\n",
        "PRI * HTTP/2.0\r\n",
        "CONNECT a:1 HTTP/1.0\n",
        "M-SEARCH * HTTP/1.1\r\n",
    ] {
        for end in 1..message.len() {
            assert_eq!(begins(&message.as_bytes()[..end]), Begins::Perhaps, "{}", &message[..end]);
        }
        let expected = if message.starts_with("HTTP") { Begins::Response } else { Begins::Request };
        assert_eq!(begins(message.as_bytes()), expected, "{message}");
    }
    for other in [
        "\x16\x03",
        "220 mail ready\r\n",
        "OPTIONS sip:a SIP/2.0\r\n",
        "GET foo\r\n",
        "HTTP/1.1 2000\r\n",
        "* OK\r\n",
        "SSH-2.0-x\r\n",
    ] {
        assert_eq!(begins(other.as_bytes()), Begins::No, "{other}");
    }
    let long = format!("GET /{}", "x".repeat(20_000));
    assert_eq!(begins(long.as_bytes()), Begins::No);
}

#[test]
fn start_lines_are_read() {
    let parse = |line: &'static str| Start::parse(line.as_bytes());
    let get =
        |target: &'static str| Ok(Start::Request { method: b"GET", target: target.as_bytes(), version: Version(1, 1) });
    assert_eq!(parse("GET /a b  c HTTP/1.1"), get("/a b  c"));
    assert_eq!(parse("GET  /a HTTP/1.1 "), get("/a"));
    assert_eq!(parse("HTTP/1.0 404"), Ok(Start::Response { version: Version(1, 0), status: 404, reason: b"" }));
    for bad in
        ["", "GET", "GET / HTTP/1", "GET HTTP/1.1", "G(T / HTTP/1.1", "HTTP/1.1 99 x", "HTTP/1.1 2x0 OK", "HTTP/1.1"]
    {
        assert_eq!(parse(bad), Err(Fault::NoStartLine), "{bad}");
    }
}

#[test]
fn the_end_of_a_head_is_found_wherever_its_pieces_end() {
    for head in ["A: b\r\n\r\n", "A: b\n\n", "A: b\r\n\n", "A: b\n\r\n"] {
        let whole = format!("{head}rest");
        for from in 0..=head.len() {
            assert_eq!(end(whole.as_bytes(), from), Some(head.len()), "{head:?} from {from}");
        }
        assert_eq!(end(&head.as_bytes()[..head.len() - 1], 0), None, "{head:?}");
    }
}

#[test]
fn framing_is_that_of_rfc_9112() {
    use framing::{Framing, of_request, of_response};
    let of = |headers: &str, method: Option<&str>, status: u16| {
        let text = format!("HTTP/1.1 {status} x\r\n{headers}\r\n");
        let head = Head::parse(text.as_bytes()).unwrap();
        of_response(&head, status, method, &mut Faults::default())
    };
    assert_eq!(of("Content-Length: 5\r\n", Some("GET"), 200), Framing::Length(5));
    assert_eq!(of("Content-Length: 5\r\n", Some("HEAD"), 200), Framing::None);
    assert_eq!(of("Content-Length: 5\r\n", Some("GET"), 304), Framing::None);
    assert_eq!(of("", Some("GET"), 200), Framing::Close);
    assert_eq!(of("Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n", None, 200), Framing::Chunked);
    assert_eq!(of("Transfer-Encoding: gzip\r\n", None, 200), Framing::Close);
    assert_eq!(of("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", None, 200), Framing::Length(5));
    let request = Head::parse(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(of_request(&request, &mut Faults::default()), Framing::None);
    assert_eq!(framing::number(b"9223372036854775807"), Some((1 << 63) - 1));
    assert_eq!(
        (framing::number(b"9223372036854775808"), framing::number(b"+1"), framing::number(b"")),
        (None, None, None)
    );
}

#[test]
fn file_names_are_those_that_are_meant() {
    use super::facts::file_name;
    for (value, expected) in [
        (r#"attachment; filename="a.exe""#, Some("a.exe")),
        (r#"attachment; FileName = a.exe ; x=y"#, Some("a.exe")),
        (r#"attachment; filename="a; b=c.exe"; size=3"#, Some("a; b=c.exe")),
        (r#"attachment; filename="a \"b\".exe""#, Some("a \"b\".exe")),
        (r#"attachment; filename="C:\dir\a.exe""#, Some(r"C:\dir\a.exe")),
        ("attachment; filename=plain.txt; filename*=UTF-8''na%C3%AFve%20.exe", Some("naïve .exe")),
        ("attachment; filename*=broken; filename=a", Some("a")),
        ("inline", None),
        ("attachment; filename=\"\"", None),
        ("attachment; filename=\"open", Some("\"open")),
    ] {
        assert_eq!(file_name(value.as_bytes()).as_deref(), expected, "{value}");
    }
}
