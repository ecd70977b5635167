//! Fetching a capture from a URL into a temporary file that has no name, so that it is gone in every case.

use std::io::{Seek, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio_util::sync::CancellationToken;

use super::{CaptureError, CaptureFile};
use crate::settings::Limits;

/// Redirects that are followed. Mirrors and object stores need two or three.
const REDIRECTS: usize = 5;

/// Whether a capture is named by a URL rather than a path.
pub fn is_url(text: &str) -> bool {
    let start = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

/// Fetches captures. One for the whole server: it keeps connections.
#[derive(Debug, Clone)]
pub struct Fetch {
    client: Client,
    private: bool,
}

impl Fetch {
    /// A fetcher. `private` allows addresses that only this machine or its network can reach.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(limits: &Limits, private: bool) -> Result<Self, CaptureError> {
        // Fails only when another part of the program has set the same before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redirect = Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS {
                attempt.error(Refused("it redirects too often"))
            } else if let Err(reason) = literal(attempt.url(), private) {
                attempt.error(reason)
            } else {
                attempt.follow()
            }
        });
        let client = Client::builder()
            .user_agent(concat!("mcpcap/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect)
            .dns_resolver(Arc::new(Public { private }))
            // A proxy would resolve names itself, past the check of their addresses.
            .no_proxy()
            .connect_timeout(std::time::Duration::from_secs(15))
            .timeout(limits.download_time)
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client, private })
    }
}

/// Fetches a capture. `progress` is told how many octets there are, and of how many where the server says so.
///
/// # Errors
/// When the URL is refused, the server fails, or a limit is reached.
pub async fn fetch(
    fetcher: &Fetch,
    text: &str,
    limits: &Limits,
    cancel: &CancellationToken,
    progress: &(dyn Fn(u64, Option<u64>) + Sync),
) -> Result<CaptureFile, CaptureError> {
    let url = Url::parse(text).map_err(|error| refused(format!("the URL is malformed: {error}")))?;
    literal(&url, fetcher.private).map_err(|reason| refused(reason.0.into()))?;
    let work = download(fetcher, &url, limits, progress);
    let (file, size) = tokio::select! {
        done = work => done?,
        () = cancel.cancelled() => return Err(CaptureError::Cancelled),
    };
    Ok(CaptureFile { name: shown(&url), size, file })
}

async fn download(
    fetcher: &Fetch,
    url: &Url,
    limits: &Limits,
    progress: &(dyn Fn(u64, Option<u64>) + Sync),
) -> Result<(std::fs::File, u64), CaptureError> {
    let too_large = CaptureError::TooLarge { limit: limits.download };
    let mut response = fetcher.client.get(url.clone()).send().await.map_err(|error| failed(&error))?;
    let status = response.status();
    if !status.is_success() {
        return Err(refused(format!("the server answered {status}")));
    }
    let announced = response.content_length();
    if announced.is_some_and(|length| length > limits.download) {
        return Err(too_large);
    }
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
    file.rewind().map_err(|error| disk(&error))?;
    Ok((file, size))
}

/// A URL without what may be a secret in it: user, password, query and fragment.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs without a host, which are not fetched.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn refused(reason: String) -> CaptureError {
    CaptureError::Fetch { reason }
}

fn disk(error: &std::io::Error) -> CaptureError {
    refused(format!("the temporary file cannot be written: {}", error.kind()))
}

/// The innermost cause, without the URL, which may hold credentials.
fn failed(error: &reqwest::Error) -> CaptureError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let kind = if error.is_timeout() { "it took too long" } else { "the connection failed" };
    let text = if std::ptr::eq(cause, error as &dyn std::error::Error) { String::new() } else { format!(": {cause}") };
    refused(format!("{kind}{text}"))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

const PRIVATE: Refused =
    Refused("its host is a loopback, private, link-local or multicast address; --allow-private-urls permits those");

/// Checks a host that is an address. A name is checked when it is resolved.
fn literal(url: &Url, private: bool) -> Result<(), Refused> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refused("only http and https URLs are fetched"));
    }
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) if !private && !is_public(address) => Err(PRIVATE),
        _ => Ok(()),
    }
}

/// Resolves names to public addresses only; the connection is then made to those.
struct Public {
    private: bool,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|a| private || is_public(a.ip())).collect();
            if allowed.is_empty() {
                return Err(PRIVATE.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is meant to be reached from anywhere: not of the special-purpose registries (RFC 6890 and its updates).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            None => {
                // 2000::/3 is all that is assigned; the transition prefixes in it carry IPv4 addresses.
                let [first, second, ..] = v6.segments();
                first >> 13 == 1 && first != 0x2002 && !(first == 0x2001 && (second == 0 || second == 0xdb8))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_url_is_told_from_a_path() {
        assert!(is_url("https://example.com/x.pcap") && is_url("HTTP://example.com"));
        assert!(!is_url("/captures/x.pcap") && !is_url("http") && !is_url("ftp://example.com"));
    }

    #[test]
    fn what_is_shown_of_a_url_holds_no_secret() {
        let url = Url::parse("https://user:secret@example.com/x.pcap?token=secret#secret").unwrap();
        assert_eq!(shown(&url), "https://example.com/x.pcap");
    }

    #[test]
    fn an_address_in_the_url_is_checked_before_anything_is_sent() {
        let check = |text: &str| literal(&Url::parse(text).unwrap(), false).is_ok();
        assert!(!check("http://127.0.0.1/x") && !check("http://[::1]/x") && !check("http://2130706433/x"));
        assert!(check("http://example.com/x"));
    }
}
