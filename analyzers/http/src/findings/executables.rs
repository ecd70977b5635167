//! Programs that were sent, also under the type or name of something else.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use crate::body::{Body, kind};
use crate::counts::{essence, url};
use crate::exchange::Exchange;
use crate::{form, limits};

const DOWNLOAD: Rule = Rule {
    name: "http_executable_download",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a response whose first bytes are those of a program or of a script for a shell",
    false_alarm: "Updates and installations; compare the hashes of the exchange.",
};
const UPLOAD: Rule = Rule {
    name: "http_executable_upload",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a request whose body, or the first file of its form, begins as a program or script does",
    false_alarm: "Developers and services that take programs; compare the hashes of the exchange.",
};
const DISGUISED: Rule = Rule {
    name: "http_disguised_executable",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a program whose Content-Type or file name is that of a picture, text, document, sound or film",
    false_alarm: "Servers with a wrong type for an unknown ending; updates that hide from filters.",
};

/// Endings of names that are no programs'.
const HARMLESS: [&str; 24] = [
    "jpg", "jpeg", "png", "gif", "bmp", "ico", "svg", "webp", "txt", "htm", "html", "css", "xml", "json", "pdf", "doc",
    "docx", "xls", "xlsx", "mp3", "mp4", "avi", "wav", "csv",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum How {
    Download,
    Upload,
    Disguised,
}

#[derive(Default)]
struct Sent {
    times: u64,
    bytes: u64,
    kind: &'static str,
    evidence: Evidence,
}

/// Who sent it to whom, how, and under which URL.
type Key = (How, IpAddr, IpAddr, String);

/// What is kept.
pub struct Watch {
    sent: BoundedMap<Key, Sent>,
}

impl Watch {
    pub fn new() -> Self {
        Self { sent: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, exchange: &Exchange) {
        let (client, server) = (exchange.client.ip(), exchange.server.ip());
        if let Some(response) = &exchange.response
            && let Some(kind) = program(&response.body, "")
        {
            let name = exchange.downloaded_name();
            let is_disguised = is_disguised(kind, response.head.entity.content_type.as_deref(), name.as_deref());
            let how = if is_disguised { How::Disguised } else { How::Download };
            self.add((how, server, client, url(exchange)), &response.body, kind, response.begun.frame);
        }
        if let Some(request) = &exchange.request
            && let content_type = request.head.entity.content_type.as_deref().unwrap_or_default()
            && let Some(kind) = program(&request.body, content_type)
        {
            let named = exchange.uploaded_name();
            let is_form = request.head.entity.is_form();
            let is_disguised = is_disguised(kind, Some(content_type).filter(|_| !is_form), named.as_deref());
            let how = if is_disguised { How::Disguised } else { How::Upload };
            self.add((how, client, server, url(exchange)), &request.body, kind, request.begun.frame);
        }
    }

    fn add(&mut self, key: Key, body: &Body, kind: &'static str, frame: u64) {
        let (sent, _) = self.sent.get_or_insert_with(key, Sent::default);
        sent.times = sent.times.saturating_add(1);
        sent.bytes = sent.bytes.max(body.sent);
        sent.kind = kind;
        sent.evidence.add(frame);
    }

    pub fn evicted(&self) -> u64 {
        self.sent.evicted()
    }

    pub fn findings(&self) -> [Vec<Finding>; 3] {
        [(How::Download, &DOWNLOAD), (How::Upload, &UPLOAD), (How::Disguised, &DISGUISED)].map(|(wanted, rule)| {
            let finding = |((_, from, to, url), sent): (&Key, &Sent)| {
                let as_other = if wanted == How::Disguised { " under another type or name" } else { "" };
                let times = counted(sent.times, "time");
                let observation =
                    format!("{from} sent {to} {} of up to {} bytes{as_other}, {times}.", what(sent.kind), sent.bytes);
                let measures = vec![Measure::count("times", sent.times), Measure::count("bytes", sent.bytes)];
                rule.finding(url.clone(), observation, measures, &sent.evidence)
            };
            let found = self.sent.iter().filter(|((how, ..), _)| *how == wanted);
            lower_bounds(found.map(finding).collect(), self.evicted())
        })
    }
}

/// The type of a program.
fn program(body: &Body, content_type: &str) -> Option<&'static str> {
    let known = body.known()?;
    let found = form::kind(known, content_type)?;
    (found.kind == kind::Kind::Executable).then_some(found.name)
}

/// What a type is, in words.
fn what(kind: &str) -> &'static str {
    match kind {
        "application/vnd.microsoft.portable-executable" => "a program for Windows",
        "application/x-executable" => "a program (ELF)",
        "application/x-mach-binary" => "a program for macOS",
        "application/java" => "a class of Java",
        "application/vnd.android.dex" => "a program for Android",
        "application/wasm" => "a WebAssembly module",
        "application/x-php" => "a PHP script",
        "application/x-bat" => "a batch file",
        _ => "a shell script",
    }
}

/// Whether a program is called something else. Scripts are texts.
fn is_disguised(kind: &str, content_type: Option<&str>, name: Option<&str>) -> bool {
    let is_script = kind.starts_with("text/") || matches!(kind, "application/x-php" | "application/x-bat");
    let kind = content_type.map(essence).unwrap_or_default();
    let other_type = ["image/", "audio/", "video/", "font/", "text/"].iter().any(|begin| kind.starts_with(begin))
        || matches!(
            kind.as_str(),
            "application/pdf" | "application/json" | "application/xml" | "application/javascript"
        );
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    let other_name = ending.is_some_and(|ending| HARMLESS.contains(&ending.as_str()));
    !is_script && (other_type || other_name)
}
