//! What was transferred, each once, however often it was sent.

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others};
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::body::{Body, kind};
use crate::counts::{essence, url};
use crate::exchange::Exchange;
use crate::{form, limits};

/// The list of files.
pub const FILES: &str = "files";
/// The frames of each.
pub const FRAMES: &str = "files[].frames";

/// Something that was transferred whole.
struct File {
    md5: [u8; 16],
    size: u64,
    kind: Option<kind::Type>,
    content_type: Option<String>,
    name: Option<String>,
    url: String,
    from: IpAddr,
    to: IpAddr,
    is_upload: bool,
    times: u64,
    evidence: Evidence,
}

/// All of them, by SHA-256.
pub struct Files {
    files: BoundedMap<[u8; 32], File>,
    others: Others<[u8; 32], File>,
    different: Distinct,
}

impl Files {
    /// None yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self { files: BoundedMap::new(limits::FILES), others: Others::new(FILES, lists), different: Distinct::new() }
    }

    /// Takes an exchange.
    pub fn take(&mut self, exchange: &Exchange) {
        let (client, server) = (exchange.client.ip(), exchange.server.ip());
        if let Some(response) = &exchange.response {
            let content_type = response.head.entity.content_type.as_deref();
            self.add(exchange, (&response.body, false), content_type, (server, client), response.begun.frame);
        }
        if let Some(request) = &exchange.request {
            let content_type = request.head.entity.content_type.as_deref();
            self.add(exchange, (&request.body, true), content_type, (client, server), request.begun.frame);
        }
    }

    fn add(
        &mut self,
        exchange: &Exchange,
        (body, is_upload): (&Body, bool),
        content_type: Option<&str>,
        (from, to): (IpAddr, IpAddr),
        frame: u64,
    ) {
        let Some(known) = body.known() else { return };
        let Some((sha256, md5)) = known.hashes else { return };
        let make = || File {
            md5,
            size: known.size,
            kind: form::kind(known, content_type.unwrap_or_default()),
            content_type: content_type.map(essence),
            name: if is_upload { exchange.uploaded_name() } else { exchange.downloaded_name() },
            url: url(exchange),
            from,
            to,
            is_upload,
            times: 0,
            evidence: Evidence::default(),
        };
        self.different.add(&sha256);
        let (file, _) = self.files.get_or_insert_with(sha256, make);
        let other = self.others.entry(&sha256, || sha256, make).map(|(_, file)| file);
        for file in [Some(file), other].into_iter().flatten() {
            file.times = file.times.saturating_add(1);
            file.evidence.add(frame);
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.different.count()
    }

    /// Those that made room.
    pub fn evicted(&self) -> u64 {
        self.files.evicted()
    }

    /// Programs first, then archives, documents and all others, the largest first.
    pub fn report(&self, lists: &mut Lists) -> Vec<FileReport> {
        let rank = |file: &File| match file.kind.map(|kind| kind.kind) {
            Some(kind::Kind::Executable) => 0,
            Some(kind::Kind::Archive) => 1,
            Some(kind::Kind::Document) => 2,
            Some(kind::Kind::Other) | None => 3,
        };
        let mut all: Vec<(&[u8; 32], &File)> = self.files.iter().collect();
        all.sort_by_key(|(sha256, file)| (rank(file), Reverse(file.size), *sha256));
        let has = |sha256: &[u8; 32]| self.files.get(sha256).is_some();
        let shown = self.others.list(all, limits::LISTED, self.total(), has, lists);
        let from = lists.place(FILES);
        let report = |(place, (sha256, file)): (usize, (&[u8; 32], &File))| FileReport {
            sha256: hexadecimal(sha256, "", 32),
            md5: hexadecimal(&file.md5, "", 16),
            bytes: file.size,
            kind: file.kind.map(|kind| kind.name),
            content_type: file.content_type.clone(),
            name: file.name.clone(),
            url: file.url.clone(),
            from: file.from,
            to: file.to,
            upload: file.is_upload,
            times: file.times,
            frames: lists.evidence(FRAMES, place, &file.evidence),
        };
        (from..).zip(shown).map(report).collect()
    }
}

/// Something that was transferred whole: its first transfer, and how many there were.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileReport {
    /// SHA-256 of it, without content coding.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha256: String,
    /// MD5 of it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub md5: String,
    /// Bytes of it.
    pub bytes: u64,
    /// Type that its first bytes show.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: Option<&'static str>,
    /// Type that Content-Type says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// File name, from Content-Disposition or the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Host and path, without the query.
    pub url: String,
    /// Address that sent it.
    pub from: IpAddr,
    /// Address that got it.
    pub to: IpAddr,
    /// Whether it was the body of a request.
    #[serde(skip_serializing_if = "is_default")]
    pub upload: bool,
    /// How often it was sent.
    pub times: u64,
    /// Frames of the heads of its messages. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}
