//! The client that makes every request of this program: a URL and each redirect are checked before, the addresses of a name after it was resolved,
//! and the connection is made to those.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::public::is_public;

/// Redirects that are followed. Mirrors and object stores need two or three.
const REDIRECTS: usize = 5;

/// Why a request is not made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) &'static str);

const PRIVATE: Refused =
    Refused("its host is a loopback, private, link-local or multicast address; --allow-private-urls permits those");

/// Where requests may go.
pub(crate) trait Guard: Send + Sync + 'static {
    /// Checks a URL, as far as it can be told before its host is resolved.
    fn check(&self, url: &Url) -> Result<(), Refused>;

    /// Whether a name may stand for an address.
    fn admits(&self, name: &str, address: IpAddr) -> bool;
}

/// Checks a host that is an address, or a name of this machine wherever names are resolved.
pub(crate) fn check_address(url: &Url) -> Result<(), Refused> {
    let host = host(url);
    let is_local = host == "localhost" || host.ends_with(".localhost");
    if is_local || host.parse().is_ok_and(|address| !is_public(address)) { Err(PRIVATE) } else { Ok(()) }
}

/// A URL's host, an address without its brackets, a name without the dot behind it.
pub(crate) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches([']', '.'])
}

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// What knows the addresses of names.
#[derive(Clone)]
pub(crate) struct Names(Arc<dyn Fn(String) -> Found + Send + Sync>);

impl Names {
    /// The system's.
    pub(crate) fn system() -> Self {
        Self(Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })))
    }

    /// One that says the same of every name.
    #[cfg(test)]
    pub(crate) fn all_at(address: IpAddr) -> Self {
        Self(Arc::new(move |_| Box::pin(async move { Ok(vec![SocketAddr::new(address, 0)]) })))
    }
}

/// How long the other side may take.
pub(crate) struct Times {
    /// To let a connection be made.
    pub(crate) connect: Duration,
    /// To go on.
    pub(crate) silence: Duration,
    /// For all of an answer.
    pub(crate) whole: Duration,
}

/// A client whose requests go where the guard lets them. The first URL of each has yet to be checked.
pub(crate) fn client(guard: Arc<dyn Guard>, names: Names, times: &Times) -> reqwest::Result<Client> {
    // Fails only when another part of the program has set the same before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let check = Arc::clone(&guard);
    let redirect = Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            attempt.error(Refused("it redirects too often"))
        } else if let Err(reason) = check.check(attempt.url()) {
            attempt.error(reason)
        } else {
            attempt.follow()
        }
    });
    // The file as it is: a compressed capture is inflated by the codec, under its limits.
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    Client::builder()
        .user_agent(concat!("mcpcap/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect)
        // It would tell one server the URL of the other, with what is secret in it.
        .referer(false)
        .dns_resolver(Arc::new(Resolver { guard, names }))
        // A proxy would resolve names itself, past the check of their addresses.
        .no_proxy()
        .connect_timeout(times.connect)
        .read_timeout(times.silence)
        .timeout(times.whole)
        .build()
}

/// Resolves names to addresses that the guard admits.
struct Resolver {
    guard: Arc<dyn Guard>,
    names: Names,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, found) = (Arc::clone(&self.guard), (self.names.0)(name.as_str().to_owned()));
        Box::pin(async move {
            let mut found = found.await?;
            found.retain(|address| guard.admits(name.as_str(), address.ip()));
            if found.is_empty() {
                return Err(PRIVATE.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why a request failed: the innermost cause, without the URL, which may hold credentials.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let kind = if error.is_timeout() { "it took too long" } else { "the connection failed" };
    if std::ptr::eq(cause, error as &dyn std::error::Error) { kind.into() } else { format!("{kind}: {cause}") }
}
