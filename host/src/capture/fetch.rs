//! Fetching a capture from a URL into a temporary file that has no name, so that it is gone in every case, also when the process is killed.

use std::io::Write;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use reqwest::header::{
    CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{Client, StatusCode, Url};
use tokio_util::sync::CancellationToken;

use super::guard::{self, Guard, Names, Refused, Times};
use super::public::is_public;
use super::validators::Validators;
use super::{CaptureError, CaptureFile};
use crate::recent::Recent;
use crate::settings::Limits;
use crate::text::url::without_secrets;

/// What may be fetched.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Whether anything may.
    pub enabled: bool,
    /// Whether URLs may lead to addresses that only this machine or its network can reach.
    pub private: bool,
    /// The hosts that may be asked, as names or `*.` and a domain; all when there are none.
    pub hosts: Vec<String>,
    /// Whether downloads are kept for the next question.
    pub keep: bool,
}

impl Default for Remote {
    fn default() -> Self {
        Self { enabled: true, private: false, hosts: Vec::new(), keep: true }
    }
}

/// Fetches captures. One for the whole server: it keeps connections.
#[derive(Debug)]
pub struct Fetch {
    /// Whether anything may be fetched.
    is_allowed: bool,
    /// Made for the first download, since it reads all certificates of the system.
    client: OnceLock<Client>,
    allowed: Arc<Allowed>,
    /// What was downloaded, by the URL as it was asked for, credentials included: another user's answer may be another. Files without names, so that they end
    /// with the process.
    kept: Recent<String, Download>,
}

/// A download that is kept for the next question about the same URL.
#[derive(Debug, Clone)]
struct Download {
    validators: Validators,
    file: Arc<std::fs::File>,
    size: u64,
}

impl Fetch {
    /// A fetcher.
    pub fn new(limits: &Limits, remote: &Remote) -> Self {
        let hosts = remote.hosts.iter().map(|host| host.trim().to_ascii_lowercase()).collect();
        Self {
            is_allowed: remote.enabled,
            client: OnceLock::new(),
            allowed: Arc::new(Allowed { private: remote.private, hosts }),
            kept: Recent::new(if remote.keep { limits.kept } else { 0 }),
        }
    }

    /// Whether anything may be fetched.
    pub fn is_allowed(&self) -> bool {
        self.is_allowed
    }

    /// Fetches a capture. `progress` is told how many octets there are, and of how many where the server says so.
    ///
    /// # Errors
    /// When the URL is refused, TLS cannot be set up, the server fails, or a limit is reached.
    pub async fn fetch(
        &self,
        text: &str,
        limits: &Limits,
        cancel: &CancellationToken,
        progress: &(dyn Fn(u64, Option<u64>) + Sync),
    ) -> Result<CaptureFile, CaptureError> {
        if !self.is_allowed {
            return Err(CaptureError::Remote);
        }
        let url = Url::parse(text).map_err(|error| refused(format!("the URL is malformed: {error}")))?;
        self.allowed.check(&url).map_err(|reason| refused(reason.0.into()))?;
        let (file, size) = tokio::select! {
            done = self.current(self.client(limits)?, &url, limits, progress) => done?,
            () = cancel.cancelled() => return Err(CaptureError::Cancelled),
        };
        CaptureFile::fetched(without_secrets(url), size, file)
            .map_err(|error| refused(format!("what was fetched cannot be read: {error}")))
    }

    fn client(&self, limits: &Limits) -> Result<&Client, CaptureError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = client(limits, &self.allowed)?;
        Ok(self.client.get_or_init(|| made))
    }

    /// What stands at the URL now: what is kept if the server says that it still is, else a download.
    async fn current(
        &self,
        client: &Client,
        url: &Url,
        limits: &Limits,
        progress: &(dyn Fn(u64, Option<u64>) + Sync),
    ) -> Result<(Arc<std::fs::File>, u64), CaptureError> {
        let kept = self.kept.find(&url.to_string());
        let condition = kept.as_ref().map(|kept| condition(&kept.validators)).unwrap_or_default();
        let request = client.get(url.clone()).headers(condition);
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (status, kept) {
            progress(kept.size, Some(kept.size));
            return Ok((kept.file, kept.size));
        }
        if !status.is_success() {
            return Err(refused(format!("the server answered {status}")));
        }
        let too_large = CaptureError::TooLarge { limit: limits.download };
        let announced = response.content_length();
        if announced.is_some_and(|length| length > limits.download) {
            return Err(too_large);
        }
        let validators = validators(response.headers());
        let mut file = tempfile::tempfile().map_err(|error| disk(&error))?;
        let mut size = 0_u64;
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            size = size.saturating_add(chunk.len() as u64);
            if size > limits.download {
                return Err(too_large);
            }
            file.write_all(&chunk).map_err(|error| disk(&error))?;
            progress(size, announced);
        }
        let file = Arc::new(file);
        if validators.is_some() {
            let download = Download { validators, file: Arc::clone(&file), size };
            self.kept.keep(url.to_string(), download, size);
        }
        Ok((file, size))
    }
}

fn client(limits: &Limits, allowed: &Arc<Allowed>) -> Result<Client, CaptureError> {
    let times = Times { connect: limits.connect_time, silence: limits.silence, whole: limits.download_time };
    guard::client(Arc::clone(allowed) as Arc<dyn Guard>, Names::system(), &times).map_err(|error| failed(&error))
}

/// What of an answer's head allows to ask later whether it still holds; nothing when the server does not want it kept.
fn validators(headers: &HeaderMap) -> Validators {
    let value = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if value(CACHE_CONTROL).is_some_and(|text| text.to_ascii_lowercase().contains("no-store")) {
        return Validators { etag: None, modified: None };
    }
    Validators { etag: value(ETAG), modified: value(LAST_MODIFIED) }
}

/// The question whether what is kept still holds. The time counts only where there is no tag (RFC 9110 section 13.1.3).
fn condition(validators: &Validators) -> HeaderMap {
    let tag = validators.etag.as_ref().map(|tag| (IF_NONE_MATCH, tag));
    let chosen = tag.or_else(|| validators.modified.as_ref().map(|time| (IF_MODIFIED_SINCE, time)));
    chosen.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?))).collect()
}

fn refused(reason: String) -> CaptureError {
    CaptureError::Fetch { reason }
}

fn disk(error: &std::io::Error) -> CaptureError {
    refused(format!("the temporary file cannot be written: {}", error.kind()))
}

fn failed(error: &reqwest::Error) -> CaptureError {
    refused(guard::cause(error))
}

/// Where a capture may come from.
#[derive(Debug)]
struct Allowed {
    private: bool,
    /// In lower case; all when there are none.
    hosts: Vec<String>,
}

impl Guard for Allowed {
    fn check(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused("only http and https URLs are fetched"));
        }
        let host = guard::host(url);
        let is_listed = |pattern: &String| match pattern.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => host == pattern,
        };
        if !self.hosts.is_empty() && !self.hosts.iter().any(is_listed) {
            return Err(Refused("its host is none of those that --allow-url-host names"));
        }
        if self.private { Ok(()) } else { guard::check_address(url) }
    }

    fn admits(&self, _: &str, address: IpAddr) -> bool {
        self.private || is_public(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_url_is_checked_before_anything_is_sent() {
        let allowed = Allowed { private: false, hosts: Vec::new() };
        let check = |text: &str| allowed.check(&Url::parse(text).unwrap()).is_ok();
        for loopback in [
            "http://127.0.0.1/x",
            "http://[::1]/x",
            "http://2130706433/x",
            "http://0x7f000001/x",
            "http://0177.0.0.1/x",
            "http://127.1/x",
            "http://0/x",
            "http://127.0.0.1./x",
            "http://%31%32%37.0.0.1/x",
            "http://\u{ff11}27.0.0.1/x",
            "http://[::ffff:127.0.0.1]/x",
            "http://[::ffff:7f00:1]/x",
            "http://[0:0:0:0:0:0:0:1]/x",
            "http://[::127.0.0.1]/x",
            "http://[64:ff9b::7f00:1]/x",
            "http://[2002:7f00:1::]/x",
        ] {
            assert!(!check(loopback), "{loopback}");
        }
        assert!(check("http://example.com/x") && !check("ftp://example.com/x"));
    }

    #[test]
    fn only_listed_hosts_are_asked() {
        let allowed = Allowed { private: false, hosts: vec!["example.com".into(), "*.example.org".into()] };
        let check = |text: &str| allowed.check(&Url::parse(text).unwrap()).is_ok();
        assert!(check("http://EXAMPLE.com./x") && check("https://a.b.example.org/x"));
        for other in ["http://a.example.com/", "http://example.org/", "http://badexample.org/", "http://1.1.1.1/"] {
            assert!(!check(other), "{other}");
        }
    }
}
