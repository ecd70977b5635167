//! The requests of the OCI distribution specification that fetching takes: a manifest, a blob, a token. What a registry sends is bounded while it
//! arrives; where it sends this program to is checked.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::credentials::{Challenge, Credentials, HOST, authority, is_this_machine};
use super::registry::FetchError;
use crate::capture::guard::{self, Guard, Names, Refused, Times};
use crate::capture::public::is_public;
use crate::settings::RegistryLimits;
use crate::text::neutral;

/// What a manifest may be: of an image or an artifact. An index names several, and a component is one.
const MANIFESTS: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// How registries may be asked.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether they may be at addresses that only this machine or its network can reach.
    pub private: bool,
    /// What may be taken of them.
    pub limits: RegistryLimits,
}

/// Where requests may go that begin with a registry: to public addresses by https, and to the registry itself when it is one on this machine.
struct Around {
    private: bool,
    /// Host and port of a registry on this machine. It was named on the command line, and no other on this machine was.
    own: Option<String>,
}

impl Around {
    fn is_own(&self, url: &Url) -> bool {
        self.own.as_ref().is_some_and(|own| url.scheme() == "http" && *own == authority(url))
    }
}

impl Guard for Around {
    fn check(&self, url: &Url) -> Result<(), Refused> {
        if self.is_own(url) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Refused(
                "registries are asked by https only, but for one on this machine that is named itself",
            ));
        }
        if self.private { Ok(()) } else { guard::check_address(url) }
    }

    fn admits(&self, name: &str, address: IpAddr) -> bool {
        // `check` lets this name through for the registry alone.
        let is_own = name == "localhost" && self.own.is_some() && address.is_loopback();
        self.private || is_own || is_public(address)
    }
}

/// What a realm answers. The second name is OAuth 2's, and some give both.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// One artifact's name in a registry.
pub(super) struct Repository<'a> {
    client: Client,
    guard: Arc<Around>,
    base: Url,
    name: &'a str,
    credentials: Option<Credentials>,
    /// What goes with requests to the registry once it has asked for it.
    authorization: Option<HeaderValue>,
    limits: &'a RegistryLimits,
}

impl<'a> Repository<'a> {
    /// Of a registry by its host and port.
    pub(super) fn new(host: &str, name: &'a str, access: &'a Access, names: Names) -> Result<Self, FetchError> {
        let here =
            |scheme: &str| Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|error| failed(&error.to_string()));
        // As other clients of registries do: one on this machine has no certificate.
        let local = here("http")?;
        let is_local = is_this_machine(guard::host(&local));
        let base = if is_local { local } else { here("https")? };
        let guard = Arc::new(Around { private: access.private, own: is_local.then(|| authority(&base)) });
        let limits = &access.limits;
        let times = Times { connect: limits.connect_time, silence: limits.silence, whole: limits.time };
        let client = guard::client(Arc::clone(&guard) as Arc<dyn Guard>, names, &times)
            .map_err(|error| failed(&guard::cause(&error)))?;
        let credentials = Credentials::of_environment();
        Ok(Self { client, guard, base, name, credentials, authorization: None, limits })
    }

    /// The manifest with a tag or digest, as it is on the wire.
    pub(super) async fn manifest(&mut self, which: &str) -> Result<Vec<u8>, FetchError> {
        self.get("manifests", which, MANIFESTS, self.limits.manifest).await
    }

    /// A blob, of which at most so many bytes are taken.
    pub(super) async fn blob(&mut self, digest: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        self.get("blobs", digest, "*/*", most).await
    }

    async fn get(&mut self, kind: &str, which: &str, accept: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        let path = format!("{}/{kind}/{which}", self.name);
        let url = self.base.join(&path).map_err(|error| failed(&error.to_string()))?;
        let mut response = self.ask(&url, accept).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.authorization.is_none() {
            let challenge = Challenge::of(response.headers());
            self.authorization = Some(self.authorize(challenge).await?);
            response = self.ask(&url, accept).await?;
        }
        self.taken(response, most).await
    }

    async fn ask(&self, url: &Url, accept: &str) -> Result<Response, FetchError> {
        let request = self.client.get(url.clone()).header(ACCEPT, accept);
        let request = match &self.authorization {
            // The client leaves it out where it is redirected to another host.
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        };
        self.send(url, request).await
    }

    async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Response, FetchError> {
        self.guard.check(url).map_err(|reason| failed(reason.0))?;
        request.send().await.map_err(|error| failed(&guard::cause(&error)))
    }

    /// What the registry wants to see. A token is asked for as this program needs it, whatever else the registry proposes.
    async fn authorize(&self, challenge: Option<Challenge>) -> Result<HeaderValue, FetchError> {
        // A realm would make a token with them for a registry that they do not belong to.
        let ours = self.credentials.as_ref().filter(|ours| ours.belong_to(&self.base));
        let mut value = match challenge {
            None => return Err(failed("it wants a kind of authentication that is not known here")),
            Some(Challenge::Basic) => {
                let ours = ours.ok_or_else(|| failed(&self.without_credentials()))?;
                let request = self.client.get(self.base.clone()).basic_auth(&ours.user, Some(&ours.password));
                let request = request.build().map_err(|error| failed(&guard::cause(&error)))?;
                request.headers().get(AUTHORIZATION).cloned().ok_or_else(|| failed("the password fits no header"))?
            }
            Some(Challenge::Bearer { mut realm, service }) => {
                let scope = format!("repository:{}:pull", self.name);
                let service = service.as_deref().map(|service| ("service", service));
                realm.query_pairs_mut().extend_pairs(service).append_pair("scope", &scope);
                let request = self.client.get(realm.clone());
                let request = match ours.filter(|ours| ours.belong_to(&realm)) {
                    Some(ours) => request.basic_auth(&ours.user, Some(&ours.password)),
                    None => request,
                };
                let answer = self.taken(self.send(&realm, request).await?, self.limits.token).await?;
                let token: Option<Token> = serde_json::from_slice(&answer).ok();
                let token = token.and_then(|token| token.token.or(token.access_token));
                let token = token.ok_or_else(|| failed("its realm gives no token"))?;
                HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| failed("its token fits no header"))?
            }
        };
        value.set_sensitive(true);
        Ok(value)
    }

    fn without_credentials(&self) -> String {
        let host = authority(&self.base);
        match self.credentials {
            Some(_) => format!("it wants a name and a password, and {HOST} does not say that they belong to {host}"),
            None => "it wants a name and a password".into(),
        }
    }

    /// The bytes of an answer, as long as they are within a bound.
    async fn taken(&self, mut response: Response, most: usize) -> Result<Vec<u8>, FetchError> {
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            let hint = self.credentials.as_ref().is_some_and(|ours| !ours.belong_to(&self.base));
            let hint = if hint { format!("; {}", self.without_credentials()) } else { String::new() };
            return Err(failed(&format!("it answered {status}{hint}")));
        }
        if !status.is_success() {
            return Err(failed(&format!("it answered {status}")));
        }
        let too_much = || FetchError::Size(most);
        let announced = response.content_length().unwrap_or_default();
        if announced > most as u64 {
            return Err(too_much());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(&guard::cause(&error)))? {
            if bytes.len().saturating_add(piece.len()) > most {
                return Err(too_much());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

/// Words that may quote the registry.
pub(super) fn failed(words: &str) -> FetchError {
    FetchError::Registry(neutral(words, 300).into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn around(own: Option<&str>) -> Around {
        Around { private: false, own: own.map(str::to_owned) }
    }

    #[test]
    fn requests_go_to_public_hosts_by_https_and_to_the_registry_that_was_named() {
        let check = |own: Option<&str>, url: &str| around(own).check(&Url::parse(url).unwrap()).is_ok();
        let own = Some("127.0.0.1:5000");
        assert!(check(own, "http://127.0.0.1:5000/v2/") && check(own, "https://cdn.example/blob"));
        for elsewhere in [
            "http://127.0.0.1:5001/v2/",
            "https://127.0.0.1:5000/v2/",
            "https://127.0.0.1/v2/",
            "http://localhost:5000/v2/",
            "http://registry.example/v2/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://localhost/",
            "https://localhost.:5000/",
            "https://a.localhost:5000/",
            "ftp://registry.example/",
        ] {
            assert!(!check(own, elsewhere), "{elsewhere}");
            assert!(!check(Some("localhost:5001"), elsewhere), "{elsewhere}");
        }
        assert!(check(Some("localhost:5001"), "http://localhost:5001/v2/"));
        assert!(!check(None, "http://127.0.0.1:5000/v2/"));
    }

    #[test]
    fn a_name_stands_for_public_addresses_but_for_localhost_when_it_was_named() {
        let admits = |own, name: &str, address: &str| around(own).admits(name, address.parse().unwrap());
        assert!(admits(None, "registry.example", "1.1.1.1"));
        assert!(admits(Some("localhost:5000"), "localhost", "::1"));
        for (own, name, address) in [
            (None, "registry.example", "10.0.0.1"),
            (None, "localhost", "127.0.0.1"),
            (Some("localhost:5000"), "registry.example", "127.0.0.1"),
            (Some("localhost:5000"), "localhost", "10.0.0.1"),
        ] {
            assert!(!admits(own, name, address), "{name} {address}");
        }
    }

    #[tokio::test]
    async fn a_registry_whose_name_leads_into_this_network_is_not_asked() {
        for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1"] {
            let access = Access::default();
            let names = Names::all_at(address.parse().unwrap());
            let mut repository = Repository::new("registry.example", "a/b", &access, names).unwrap();
            let error = repository.manifest("1.0").await.unwrap_err().to_string();
            assert!(error.contains("--allow-private-urls"), "{address}: {error}");
        }
    }

    #[tokio::test]
    async fn a_registry_that_says_nothing_is_left_in_time() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let soon = Duration::from_millis(100);
        let limits = RegistryLimits::default();
        for limits in [RegistryLimits { silence: soon, ..limits.clone() }, RegistryLimits { time: soon, ..limits }] {
            let access = Access { private: false, limits };
            let mut repository = Repository::new(&host, "a/b", &access, Names::system()).unwrap();
            let error = repository.manifest("1.0").await.unwrap_err().to_string();
            assert!(error.contains("took too long"), "{error}");
        }
    }
}
