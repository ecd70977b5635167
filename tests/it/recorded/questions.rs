//! The questions of `docs/questions.md`: each is a call, with a short answer that holds what was recorded.

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use super::said;
use crate::support::{example, root};

/// Characters of an answer.
const MOST: usize = 6000;

/// A row of the table.
struct Question {
    text: String,
    capture: String,
    tool: String,
    arguments: Value,
}

fn questions() -> Vec<Question> {
    let page = std::fs::read_to_string(root().join("docs/questions.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        assert_eq!(cells.len(), 4, "{row}");
        Question {
            text: cells[0].to_owned(),
            capture: cells[1].to_owned(),
            tool: cells[2].to_owned(),
            arguments: serde_json::from_str(cells[3]).unwrap_or_else(|error| panic!("{row}: {error}")),
        }
    })
    .collect()
}

/// What an answer must say: how its entries begin, or what stands in them. What programs said of themselves is compared beside it.
fn facts() -> [&'static [&'static str]; 15] {
    [
        &[r#"["api.corp.example",10]"#, r#"["www.corp.example",98]"#, r#"["six.corp.example",1]"#],
        &[r#"["www.corp.example",35]"#, r#"["mail.corp.example",3]"#, r#"["printer.corp.example",1]"#],
        &[r#"["www.corp.example","quic","192.0.2.21",14]"#, r#"["www.corp.example","tls","192.0.2.21",1]"#],
        // The hashes: see below.
        &["application/x-executable"],
        &[
            r#""www.corp.example/docs/invoice.pdf","high","high","192.0.2.80 sent 192.0.2.21 a program for Windows"#,
            r#""www.corp.example/pictures/holiday.jpg","high","high","192.0.2.80 sent 192.0.2.21 a program (ELF)"#,
            r#""www.corp.example/tools/setup.exe","medium","high","192.0.2.80 sent 192.0.2.21 a program for Windows"#,
            r#""www.corp.example/tools/install.sh","medium","high","192.0.2.80 sent 192.0.2.21 a shell script"#,
            r#""www.corp.example/files/helper.exe","medium","high","192.0.2.21 sent 192.0.2.80 a program for Windows"#,
        ],
        &[
            "192.0.2.44:1444 chose an obsolete cipher suite (null), in 1 connection",
            "192.0.2.44:1444 chose an obsolete cipher suite (anonymous), in 1 connection",
            "192.0.2.44:6444 chose an obsolete cipher suite (rc4), in 2 connections",
            "192.0.2.44:7444 chose an obsolete cipher suite (triple_des), in 1 connection",
        ],
        &[
            "192.0.2.44:2443 chose TLS 1.0, in 1 connection",
            "192.0.2.44:2443 chose TLS 1.1, in 1 connection",
            "192.0.2.44:5444 chose DTLS 1.0, in 1 connection",
            "192.0.2.44:6444 chose TLS 1.0, in 1 connection",
        ],
        &[
            "192.0.2.44:3443 sent a certificate that had expired",
            "192.0.2.25:25 sent a certificate that had expired",
            "192.0.2.44:4443 sent a self-signed certificate",
            "192.0.2.44:5443 sent a certificate that is not for the name asked for",
            "192.0.2.44:6443 sent a certificate with a key of 1024 bits",
            "192.0.2.44:6443 sent a certificate that is signed with sha1",
            "192.0.2.44:7443 sent a certificate that is valid only later",
            "One name had 3 different certificates by 2 issuers",
        ],
        &[
            r#""connections":14,"established":7,"closed":5,"unanswered":2"#,
            "1 connection of 192.0.2.21 to 1 server had no answer, and TCP to the same address and port was accepted",
            "5 of 6 handshakes with 192.0.2.44:443 were closed",
        ],
        // tshark's bytes.
        &[r#"["10.0.0.32",135,107,10350,83611,"#, r#"["10.0.0.31",180,120,17130,12990,"#],
        &[r#"["10.0.0.31","198.51.100.66:80","tcp","http",0.989,"#, r#",30,5.058,"#],
        &[r#""open":"22,53,80,443,8080""#, r#""open":"53""#, r#"["192.0.2.70","vertical","xmas","192.0.2.80","#],
        &[
            "192.0.2.66 sent 192.0.2.80 12 requests with Basic credentials",
            "192.0.2.21 sent 192.0.2.1 3 requests with Basic credentials",
            "192.0.2.21 sent 192.0.2.80 1 request with a password in clear text",
        ],
        &["192.0.2.66 sent 192.0.2.80 2 requests with an attack and got what a system says"],
        &["http on tcp port 443"],
    ]
}

#[tokio::test]
async fn each_question_is_a_call_with_a_short_answer() {
    let server = TokioChildProcess::new(Command::new(env!("CARGO_BIN_EXE_mcpcap"))).unwrap();
    let client = ().serve(server).await.unwrap();
    let (questions, facts) = (questions(), facts());
    assert_eq!(questions.len(), facts.len());
    for (question, facts) in questions.iter().zip(facts) {
        let mut arguments = question.arguments.as_object().cloned().unwrap();
        arguments.insert("pcap_file".into(), json!(example(&question.capture)));
        let call = CallToolRequestParams::new(question.tool.clone()).with_arguments(arguments);
        let result = client.call_tool(call).await.unwrap();
        let text = result.content[0].as_text().unwrap().text.clone();
        let place = format!("{}\n{text}", question.text);
        assert_ne!(result.is_error, Some(true), "{place}");
        assert!(text.chars().count() < MOST, "{} characters: {place}", text.chars().count());
        for fact in facts {
            assert!(text.contains(fact), "{fact} is not said: {place}");
        }
        // Nothing of what was asked for is left out.
        let answer: Value = serde_json::from_str(&text).unwrap();
        let shown = &answer["shown"];
        assert!(shown["left_out"].is_null() && shown["shortened"].is_null(), "{place}");
        for list in shown["lists"].as_array().into_iter().flatten() {
            let whole = if list["matched"].is_null() { &list["total"] } else { &list["matched"] };
            assert_eq!(&list["returned"], whole, "{place}");
        }
        if question.text.contains("hashes") {
            said("http.sha256").lines().for_each(|line| assert!(text.contains(&line[..64]), "{line}: {place}"));
        }
    }
    client.cancel().await.unwrap();
}
