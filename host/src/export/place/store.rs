//! Object stores: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage.

use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutPayload, WriteMultipart};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::super::ExportError;
use super::super::spool::Written;
use crate::answer::{AnswerError, Code};
use crate::text::url::shown;

/// Schemes of URLs, without their variants.
const SCHEMES: [&str; 7] = ["s3", "s3a", "gs", "az", "adl", "abfs", "abfss"];
/// Bytes of a part: S3 takes 10,000 parts of 5 MiB or more.
const PART: usize = 8 << 20;
const PARTS: u64 = 9_000;
/// Parts that are on their way at once.
const AT_ONCE: usize = 3;
/// Variables of the environment that name files with credentials.
const CREDENTIALS: [&str; 6] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AZURE_FEDERATED_TOKEN_FILE",
];

/// Whether a place is named by a URL rather than a path.
pub fn is_url(text: &str) -> bool {
    text.contains("://")
}

/// Files from which credentials of stores are read, as far as the environment names them.
pub fn secrets() -> Vec<PathBuf> {
    let named = CREDENTIALS.iter().filter_map(std::env::var_os).map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let usual = home.map(|home| home.join(".config/gcloud/application_default_credentials.json"));
    named.chain(usual).filter(|path| path.is_file()).collect()
}

/// A bucket, and where in it a data set is.
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    url: String,
    runtime: Handle,
}

impl Bucket {
    /// The one that a URL names. The environment says who asks, and where the store is.
    pub fn open(text: &str) -> Result<Self, ExportError> {
        let wrong = |reason: String| ExportError::Place { place: shown(text), what: "used", reason };
        let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(wrong(
                "data sets are written to folders and to s3://BUCKET/..., gs://BUCKET/... and az://CONTAINER/..."
                    .into(),
            ));
        }
        // Fails only when another part of the program has set the same before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|error| wrong(told(&error.into())))?;
        let store: Result<Arc<dyn ObjectStore>, Error> = match scheme {
            ObjectStoreScheme::AmazonS3 => {
                AmazonS3Builder::from_env().with_url(text).build().map(|store| Arc::new(store) as _)
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                GoogleCloudStorageBuilder::from_env().with_url(text).build().map(|store| Arc::new(store) as _)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                MicrosoftAzureBuilder::from_env().with_url(text).build().map(|store| Arc::new(store) as _)
            }
            _ => return Err(wrong("there is no such store".into())),
        };
        let store = store.map_err(|error| wrong(told(&error)))?;
        Ok(Self { store, prefix, url: shown(text).trim_end_matches('/').to_owned(), runtime: Handle::current() })
    }

    /// Of a store that is there.
    #[cfg(test)]
    pub fn of(store: Arc<dyn ObjectStore>, url: &str) -> Self {
        Self { store, prefix: Path::from("sets"), url: url.into(), runtime: Handle::current() }
    }

    pub fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    pub fn read(&self, path: &str, most: usize, cancel: &CancellationToken) -> Result<Option<Vec<u8>>, ExportError> {
        let object = self.object(path);
        let read = async {
            let found = self.store.get(&object).await?;
            if found.meta.size > most as u64 {
                return Ok(None);
            }
            found.bytes().await.map(Some)
        };
        let read = self.wait(read, cancel)?;
        self.found(path, read).map(|bytes| bytes.flatten().map(Vec::from))
    }

    pub fn size(&self, path: &str, cancel: &CancellationToken) -> Result<Option<u64>, ExportError> {
        let object = self.object(path);
        let found = self.wait(self.store.head(&object), cancel)?;
        self.found(path, found).map(|about| about.map(|about| about.size))
    }

    pub fn put(&self, path: &str, written: Written, cancel: &CancellationToken) -> Result<(), ExportError> {
        let object = self.object(path);
        let Written { mut file, bytes, .. } = written;
        if bytes <= PART as u64 {
            let mut content = Vec::new();
            file.read_to_end(&mut content).map_err(|error| ExportError::written(self.shown(path), &error))?;
            let put = self.wait(self.store.put(&object, PutPayload::from(content)), cancel)?;
            return put.map(drop).map_err(|error| self.unwritten(path, &error));
        }
        let size = usize::try_from(bytes.checked_div(PARTS).unwrap_or_default()).unwrap_or(PART).max(PART);
        let begun = self.wait(self.store.put_multipart(&object), cancel)?;
        let begun = begun.map_err(|error| self.unwritten(path, &error))?;
        let mut upload = WriteMultipart::new_with_chunk_size(begun, size);
        let mut part = vec![0; size];
        loop {
            let read = match file.read(&mut part) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => {
                    let _ = self.runtime.block_on(upload.abort());
                    return Err(ExportError::written(self.shown(path), &error));
                }
            };
            match self.wait(upload.wait_for_capacity(AT_ONCE), cancel) {
                Ok(Ok(())) => upload.write(part.get(..read).unwrap_or_default()),
                Ok(Err(error)) => {
                    let _ = self.runtime.block_on(upload.abort());
                    return Err(self.unwritten(path, &error));
                }
                Err(cancelled) => {
                    // Otherwise the store would keep what it was given, unseen.
                    let _ = self.runtime.block_on(upload.abort());
                    return Err(cancelled);
                }
            }
        }
        // It takes back what was begun, when it fails.
        let done = self.runtime.block_on(upload.finish());
        done.map(drop).map_err(|error| self.unwritten(path, &error))
    }

    pub fn remove(&self, path: &str, cancel: &CancellationToken) -> Result<(), ExportError> {
        let object = self.object(path);
        match self.wait(self.store.delete(&object), cancel)? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.unwritten(path, &error)),
        }
    }

    fn object(&self, path: &str) -> Path {
        path.split('/').fold(self.prefix.clone(), |object, part| object.join(part))
    }

    /// Waits for the store, as long as somebody waits.
    fn wait<T>(&self, answer: impl Future<Output = T>, cancel: &CancellationToken) -> Result<T, ExportError> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(AnswerError::new(Code::Cancelled, "the export was cancelled").into()),
                answer = answer => Ok(answer),
            }
        })
    }

    fn found<T>(&self, path: &str, found: Result<T, Error>) -> Result<Option<T>, ExportError> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(ExportError::Place { place: self.shown(path), what: "read", reason: told(&error) }),
        }
    }

    fn unwritten(&self, path: &str, error: &Error) -> ExportError {
        ExportError::Place { place: self.shown(path), what: "written", reason: told(error) }
    }
}

/// What a store said, without queries of URLs, which may hold a token.
fn told(error: &Error) -> String {
    let text = error.to_string();
    let words = text.split(' ').map(|word| match word.split_once('?') {
        Some((before, _)) if before.contains("://") => before,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
