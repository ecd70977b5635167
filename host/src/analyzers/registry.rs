//! Components from OCI registries: an artifact is named by the digest of its manifest, so that what was looked at is what is run.

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use mcpcap_native::Cache;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as Named};

use crate::capture::hex_sha256;
use crate::contract::text::neutral;
use crate::sandbox::SIZE_MAX;

/// How a place says that it is in a registry.
pub const SCHEME: &str = "oci://";
/// Name and password for registries that want them.
const USER: &str = "MCPCAP_REGISTRY_USER";
const PASSWORD: &str = "MCPCAP_REGISTRY_PASSWORD";
/// Media types of a layer that is a component: as `wkg` and `oras` write them (CNCF TAG Runtime, "Wasm OCI Artifact layout"), and an older one.
const LAYERS: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];
const MANIFESTS: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const DIGEST: &str = "sha256:";

/// How long a registry may take to let itself be connected to, to go on, and for all.
const CONNECT: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(180);

/// A component in a registry, pinned: `oci://ghcr.io/acme/arp@sha256:...`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(String);

/// Why a text is no pinned reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// It is malformed.
    #[error("{SCHEME}{0} is no reference to an artifact, as oci://HOST/NAME@sha256:DIGEST: {1}")]
    Malformed(String, String),
    /// A tag may be moved to something else.
    #[error("{SCHEME}{0} is not pinned by digest; `mcpcap analyzer pin {SCHEME}{0}` says how it is now")]
    NotPinned(String),
}

/// Why a registry did not give a component.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing may be fetched.
    #[error("it was not fetched before, and --no-remote forbids to fetch it now")]
    Forbidden,
    /// The registry's or the network's words.
    #[error("the registry does not give it: {0}")]
    Registry(String),
    /// What came is not what was pinned.
    #[error("the registry gave something else: its digest is {found}, not {pinned}")]
    Digest {
        /// What was pinned.
        pinned: String,
        /// What came.
        found: String,
    },
    /// The artifact is no component.
    #[error("the artifact is no single component: {0}")]
    Artifact(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.0)
    }
}

fn named(text: &str) -> Result<Named, ReferenceError> {
    let name = text.strip_prefix(SCHEME).unwrap_or(text);
    let malformed = |reason: String| ReferenceError::Malformed(neutral(name, 200).into_owned(), reason);
    // Without a host the crate would take one for granted.
    let host = name.split('/').next().unwrap_or_default();
    if !(name.contains('/') && (host.contains(['.', ':']) || host == "localhost")) {
        return Err(malformed("it names no registry".into()));
    }
    name.parse().map_err(|error: oci_client::ParseError| malformed(error.to_string()))
}

impl Reference {
    /// Reads a pinned reference.
    ///
    /// # Errors
    /// When it is malformed, or not pinned by a SHA-256.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let named = named(text)?;
        match named.digest() {
            Some(digest) if digest.strip_prefix(DIGEST).is_some_and(|hex| hex.len() == 64) => Ok(Self(named.whole())),
            _ => Err(ReferenceError::NotPinned(named.whole())),
        }
    }

    /// Asks a registry what a reference stands for at this moment.
    ///
    /// # Errors
    /// When it is malformed, or the registry does not know it.
    pub fn pin(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let named = named(text)?;
        let manifest = run(WHOLE, manifest(&client(&named)?, &named))??;
        read(&manifest)?;
        let digest = format!("{DIGEST}{}", hex_sha256(&manifest));
        Ok(Self(named.clone_with_digest(digest).whole()))
    }

    fn digest(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, digest)| digest)
    }
}

/// A component: kept from before, or fetched until then, and kept.
pub(super) fn fetch(
    reference: &Reference,
    cache: Option<&Cache>,
    until: Option<Instant>,
) -> Result<Vec<u8>, FetchError> {
    let entry = |kind: &str| format!("oci-{}.{kind}", reference.digest().trim_start_matches(DIGEST));
    let kept = cache.and_then(|cache| Some((cache.get(&entry("manifest"))?, cache.get(&entry("wasm"))?)));
    // Whoever put it there: it is what the reference names, or it is fetched again.
    if let Some((_, wasm)) = kept.filter(|(manifest, wasm)| check(reference, manifest, wasm).is_ok()) {
        return Ok(wasm);
    }
    let until = until.ok_or(FetchError::Forbidden)?;
    let (manifest, wasm) = run(WHOLE.min(until.saturating_duration_since(Instant::now())), pull(reference))??;
    check(reference, &manifest, &wasm)?;
    let keep =
        |cache: &Cache| cache.keep(&entry("manifest"), &manifest).and_then(|()| cache.keep(&entry("wasm"), &wasm));
    if let Some(Err(error)) = cache.map(keep) {
        tracing::warn!(%error, "a component from a registry is not kept");
    }
    Ok(wasm)
}

/// Whether a manifest is the one that was pinned, and a component the one in it.
fn check(reference: &Reference, manifest: &[u8], wasm: &[u8]) -> Result<(), FetchError> {
    let is = |pinned: &str, bytes: &[u8]| {
        let found = format!("{DIGEST}{}", hex_sha256(bytes));
        if found == pinned { Ok(()) } else { Err(FetchError::Digest { pinned: pinned.into(), found }) }
    };
    is(reference.digest(), manifest)?;
    is(&component(&read(manifest)?)?.digest, wasm)
}

fn read(manifest: &[u8]) -> Result<OciImageManifest, FetchError> {
    serde_json::from_slice(manifest).map_err(|error| FetchError::Artifact(error.to_string()))
}

/// The layer that is a component.
fn component(manifest: &OciImageManifest) -> Result<&OciDescriptor, FetchError> {
    let layers: Vec<_> = manifest.layers.iter().filter(|layer| LAYERS.contains(&layer.media_type.as_str())).collect();
    let [layer] = layers.as_slice() else {
        return Err(FetchError::Artifact(format!("it has {} layers of type {}", layers.len(), LAYERS[0])));
    };
    Ok(layer)
}

/// A manifest and the component in it, as they come.
async fn pull(reference: &Reference) -> Result<(Vec<u8>, Vec<u8>), FetchError> {
    let named = named(&reference.0).map_err(|error| FetchError::Registry(error.to_string()))?;
    let client = client(&named)?;
    let manifest = manifest(&client, &named).await?;
    let digest = format!("{DIGEST}{}", hex_sha256(&manifest));
    if digest != reference.digest() {
        return Err(FetchError::Digest { pinned: reference.digest().into(), found: digest });
    }
    let found = read(&manifest)?;
    let layer = component(&found)?;
    let mut stream = client.pull_blob_stream(&named, layer).await.map_err(|error| words(&error))?;
    let mut wasm = Vec::new();
    // The crate verifies the digest at the end of the stream.
    while let Some(piece) = stream.try_next().await.map_err(|error| words(&error))? {
        wasm.extend_from_slice(&piece);
        if wasm.len() > SIZE_MAX {
            return Err(FetchError::Artifact(format!("it has more than {SIZE_MAX} bytes")));
        }
    }
    Ok((manifest, wasm))
}

/// A manifest as it is on the wire.
async fn manifest(client: &Client, named: &Named) -> Result<Vec<u8>, FetchError> {
    let auth = match (std::env::var(USER), std::env::var(PASSWORD)) {
        (Ok(user), Ok(password)) => RegistryAuth::Basic(user, password),
        _ => RegistryAuth::Anonymous,
    };
    let (bytes, _) = client.pull_manifest_raw(named, &auth, &MANIFESTS).await.map_err(|error| words(&error))?;
    Ok(bytes.to_vec())
}

fn client(named: &Named) -> Result<Client, FetchError> {
    // Set once for the process; a second time is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let host = named.resolve_registry();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // As other clients of registries do: one on this machine has no certificate.
    let is_local = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    let certificate = |data: &[u8]| Certificate { encoding: CertificateEncoding::Der, data: data.to_vec() };
    let config = ClientConfig {
        protocol: if is_local { ClientProtocol::Http } else { ClientProtocol::Https },
        tls_certs_only: rustls_native_certs::load_native_certs().certs.iter().map(|found| certificate(found)).collect(),
        platform_resolver: None,
        connect_timeout: Some(CONNECT),
        read_timeout: Some(SILENCE),
        user_agent: concat!("mcpcap/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    };
    Client::try_from(config).map_err(|error| words(&error))
}

/// Runs on a thread that has no runtime.
fn run<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, FetchError> {
    let failed = |error: &dyn fmt::Display| FetchError::Registry(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    runtime
        .block_on(async { tokio::time::timeout(time, work).await })
        .map_err(|_| failed(&format!("it took longer than {} s", time.as_secs())))
}

/// The crate's words, which may quote the registry.
fn words(error: &dyn std::error::Error) -> FetchError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchError::Registry(neutral(&text, 300).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_pinned_is_a_reference() {
        let digest = "a".repeat(64);
        let pinned = format!("oci://ghcr.io/acme/arp:1.0@sha256:{digest}");
        let reference = Reference::parse(&pinned).unwrap();
        assert_eq!((reference.to_string(), reference.digest()), (pinned, format!("sha256:{digest}").as_str()));
        for text in ["oci://ghcr.io/acme/arp", "oci://ghcr.io/acme/arp:1.0"] {
            let error = Reference::parse(text).unwrap_err().to_string();
            assert!(error.contains("not pinned by digest") && error.contains("analyzer pin"), "{error}");
        }
        for text in
            ["oci://", "oci://arp", "oci://acme/arp@sha256:00", "oci://ghcr.io/A B", "oci://ghcr.io/arp@sha256:xyz"]
        {
            assert!(matches!(Reference::parse(text), Err(ReferenceError::Malformed(..))), "{text}");
        }
    }
}
