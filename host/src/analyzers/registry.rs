//! Components from OCI registries: an artifact is named by the digest of its manifest, so that what was looked at is what is run.

use std::fmt;
use std::time::Instant;

use mcpcap_native::Cache;
use serde::Deserialize;

use super::oci::{Access, Repository, failed};
use crate::capture::guard::Names;
use crate::digest::hex_sha256;
use crate::sandbox::SIZE_MAX;
use crate::text::neutral;

/// How a place says that it is in a registry.
pub const SCHEME: &str = "oci://";
/// Media types of a layer that is a component: as `wkg` and `oras` write them (CNCF TAG Runtime, "Wasm OCI Artifact layout"), and an older one.
const LAYERS: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];
const DIGEST: &str = "sha256:";
/// Characters of an artifact's name and of a tag (distribution specification, "pulling manifests").
const NAME: usize = 255;
const TAG: usize = 128;

/// A component in a registry, pinned: `oci://ghcr.io/acme/banners@sha256:...`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(String);

/// Why a text is no pinned reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// It is malformed.
    #[error("{SCHEME}{0} is no reference to an artifact, as oci://HOST/NAME@sha256:DIGEST: {1}")]
    Malformed(String, &'static str),
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
    /// The registry sends more than is taken.
    #[error("the registry gives more than the {0} bytes that are taken at most")]
    Size(usize),
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

/// The parts of a reference.
struct Named<'a> {
    /// Host and port.
    host: &'a str,
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Named<'a> {
    fn read(text: &'a str) -> Result<Self, ReferenceError> {
        let all = text.strip_prefix(SCHEME).unwrap_or(text);
        let malformed = |reason| ReferenceError::Malformed(neutral(all, 200).into_owned(), reason);
        let no_registry = || malformed("it names no registry");
        let (host, path) = all.split_once('/').ok_or_else(no_registry)?;
        // Without a host other programs would take one for granted.
        if !is_host(host) {
            return Err(no_registry());
        }
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let (name, tag) = path.split_once(':').map_or((path, None), |(name, tag)| (name, Some(tag)));
        if name.len() > NAME || !name.split('/').all(is_part_of_name) {
            return Err(malformed("its name is not of a-z and 0-9, with . _ - and / between"));
        }
        if !tag.is_none_or(is_tag) {
            return Err(malformed("its tag is not of letters, digits, . _ and -"));
        }
        if !digest.is_none_or(is_digest) {
            return Err(malformed("its digest is not sha256: and 64 of 0-9 and a-f"));
        }
        Ok(Self { host, name, tag, digest })
    }

    /// The host that is asked.
    fn asked(&self) -> &'a str {
        // The registry of that name answers under another.
        if self.host == "docker.io" { "registry-1.docker.io" } else { self.host }
    }
}

/// A name with a dot, an address or `localhost`, and perhaps a port.
fn is_host(host: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':' | '[' | ']');
    (host.contains(['.', ':']) || host == "localhost")
        && host.chars().all(fits)
        && reqwest::Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.has_host())
}

fn is_part_of_name(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_ends = part.bytes().next().is_some_and(is_word) && part.bytes().last().is_some_and(is_word);
    is_ends && part.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'_' | b'-')) && !part.contains("..")
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    digest.strip_prefix(DIGEST).is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
}

/// What of a manifest is needed.
#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
}

impl Reference {
    /// Reads a pinned reference.
    ///
    /// # Errors
    /// When it is malformed, or not pinned by a SHA-256.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let named = Named::read(text)?;
        let whole = text.strip_prefix(SCHEME).unwrap_or(text).to_owned();
        if named.digest.is_some() { Ok(Self(whole)) } else { Err(ReferenceError::NotPinned(whole)) }
    }

    /// Asks a registry what a reference stands for at this moment.
    ///
    /// # Errors
    /// When it is malformed, or the registry does not know it.
    pub fn pin(text: &str, access: &Access) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let named = Named::read(text)?;
        let which = named.digest.or(named.tag).unwrap_or("latest");
        let manifest = run(access, async {
            Repository::new(named.asked(), named.name, access, Names::system())?.manifest(which).await
        })??;
        read(&manifest)?;
        Ok(Self(format!("{}/{}@{DIGEST}{}", named.host, named.name, hex_sha256(&manifest))))
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
    access: &Access,
) -> Result<Vec<u8>, FetchError> {
    let entry = |kind: &str| format!("oci-{}.{kind}", reference.digest().trim_start_matches(DIGEST));
    let kept = cache.and_then(|cache| Some((cache.get(&entry("manifest"))?, cache.get(&entry("wasm"))?)));
    // Whoever put it there: it is what the reference names, or it is fetched again.
    if let Some((_, wasm)) = kept.filter(|(manifest, wasm)| check(reference, manifest, wasm).is_ok()) {
        return Ok(wasm);
    }
    let until = until.ok_or(FetchError::Forbidden)?;
    let left = until.saturating_duration_since(Instant::now());
    let (manifest, wasm) = run(access, async {
        tokio::time::timeout(left, pull(reference, access))
            .await
            .unwrap_or_else(|_| Err(failed("there was no time left")))
    })??;
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
    same(reference.digest(), manifest)?;
    same(&component(&read(manifest)?)?.digest, wasm)
}

fn same(pinned: &str, bytes: &[u8]) -> Result<(), FetchError> {
    let found = format!("{DIGEST}{}", hex_sha256(bytes));
    if found == pinned { Ok(()) } else { Err(FetchError::Digest { pinned: pinned.into(), found }) }
}

fn read(manifest: &[u8]) -> Result<Manifest, FetchError> {
    serde_json::from_slice(manifest)
        .map_err(|error| FetchError::Artifact(neutral(&error.to_string(), 300).into_owned()))
}

/// The layer that is a component.
fn component(manifest: &Manifest) -> Result<&Layer, FetchError> {
    let layers: Vec<_> = manifest.layers.iter().filter(|layer| LAYERS.contains(&layer.media_type.as_str())).collect();
    let [layer] = layers.as_slice() else {
        return Err(FetchError::Artifact(format!("it has {} layers of type {}", layers.len(), LAYERS[0])));
    };
    // It becomes a part of a URL.
    if !is_digest(&layer.digest) {
        return Err(FetchError::Artifact("its layer has no SHA-256".into()));
    }
    Ok(layer)
}

/// A manifest and the component in it, as they come.
async fn pull(reference: &Reference, access: &Access) -> Result<(Vec<u8>, Vec<u8>), FetchError> {
    let named = Named::read(&reference.0).map_err(|error| failed(&error.to_string()))?;
    let mut repository = Repository::new(named.asked(), named.name, access, Names::system())?;
    let manifest = repository.manifest(reference.digest()).await?;
    same(reference.digest(), &manifest)?;
    let found = read(&manifest)?;
    let layer = component(&found)?;
    let size = usize::try_from(layer.size).ok().filter(|size| *size <= SIZE_MAX).ok_or(FetchError::Size(SIZE_MAX))?;
    let wasm = repository.blob(&layer.digest, size).await?;
    Ok((manifest, wasm))
}

/// Runs on a thread that has no runtime.
fn run<T>(access: &Access, work: impl Future<Output = T>) -> Result<T, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let time = access.limits.time;
    runtime
        .map_err(|error| failed(&error.to_string()))?
        .block_on(async { tokio::time::timeout(time, work).await })
        .map_err(|_| failed(&format!("it took longer than {} s", time.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_pinned_is_a_reference() {
        let digest = "a".repeat(64);
        let pinned = format!("oci://ghcr.io/acme/banners:1.0@sha256:{digest}");
        let reference = Reference::parse(&pinned).unwrap();
        assert_eq!((reference.to_string(), reference.digest()), (pinned, format!("sha256:{digest}").as_str()));
        for text in ["oci://ghcr.io/acme/banners", "oci://ghcr.io/acme/banners:1.0"] {
            let error = Reference::parse(text).unwrap_err().to_string();
            assert!(error.contains("not pinned by digest") && error.contains("analyzer pin"), "{error}");
        }
        for text in [
            "oci://",
            "oci://banners",
            "oci://acme/banners@sha256:00",
            "oci://ghcr.io/A B",
            "oci://ghcr.io/banners@sha256:xyz",
            "oci://ghcr.io/",
            "oci://ghcr.io/../banners:1",
            "oci://ghcr.io/banners:a/b",
            "oci://ghcr.io/banners?x=1:1",
            "oci://user@ghcr.io/banners:1",
            "oci://ghcr.io:99999/banners:1",
            "oci://gh%63r.io/banners:1",
        ] {
            assert!(matches!(Reference::parse(text), Err(ReferenceError::Malformed(..))), "{text}");
        }
    }
}
