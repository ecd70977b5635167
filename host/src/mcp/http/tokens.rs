//! The bearer tokens (RFC 6750) of which callers over HTTP must know one.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use crate::digest::Sha256;

/// Below this many characters a token can be guessed.
const SHORT: usize = 16;
/// Bytes of a file of tokens.
const MOST: usize = 64 << 10;
/// Characters of a token's name.
const NAME: usize = 64;
/// The name of a token that stands alone.
const ALONE: &str = "default";
/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file.
    #[error("the token file {path} cannot be read: {reason}")]
    File {
        /// As it was given.
        path: String,
        /// The system's words.
        reason: std::io::Error,
    },
    /// What stands there.
    #[error(
        "the tokens from {path}: {reason}; either there is one line of visible ASCII characters without spaces, or each line is `name: token`"
    )]
    Malformed {
        /// Where they come from.
        path: String,
        /// What is wrong, without a token.
        reason: String,
    },
}

/// A token, as its hash: that has the same length for all, and is no secret when memory leaks.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: Arc<str>,
    hash: [u8; 32],
    /// Cancelled when it is taken back.
    pub(super) gone: CancellationToken,
}

/// The tokens that are known at this moment.
#[derive(Debug)]
pub struct Tokens {
    /// Where they are read again.
    file: Option<PathBuf>,
    known: RwLock<Vec<Known>>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It has no bearer token.
    Missing,
    /// It has one that is not known.
    Wrong,
}

impl Denied {
    /// What `WWW-Authenticate` says of it (RFC 6750 section 3).
    pub(super) fn challenge(self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="mcpcap""#,
            Self::Wrong => r#"Bearer realm="mcpcap", error="invalid_token""#,
        }
    }

    /// What the caller is told.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Missing => "a bearer token is needed\n",
            Self::Wrong => "this bearer token is not known here\n",
        }
    }
}

impl Tokens {
    /// Reads tokens from a file, which is read again when it changes, or with `-` from standard input.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        if path == Path::new("-") {
            let text = read(std::io::stdin().lock(), path)?;
            return Self::new(&text, "standard input");
        }
        Ok(Self { known: RwLock::new(in_file(path)?), file: Some(path.to_owned()) })
    }

    /// Tokens that stay; `source` says where they come from.
    ///
    /// # Errors
    /// When one cannot stand in a header.
    pub fn new(text: &str, source: &str) -> Result<Self, TokenError> {
        Ok(Self { known: RwLock::new(parse(text, source)?), file: None })
    }

    /// The token that a request has, in a time that does not depend on what it has instead.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<Known, Denied> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let first = given.next().ok_or(Denied::Missing)?;
        let (scheme, token) = first.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Denied::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denied::Missing);
        }
        let hash = Sha256::of(token.trim().as_bytes());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // Each is looked at, also behind the right one.
        let found = known.iter().fold(None, |found, one| if hash.ct_eq(&one.hash).into() { Some(one) } else { found });
        // Of two headers it cannot be said which is meant.
        found.filter(|_| given.next().is_none()).cloned().ok_or(Denied::Wrong)
    }

    /// Reads the file again. What it does not hold any more is taken back; when it cannot be used, all stays as it was.
    fn renew(&self, path: &Path) {
        let mut new = match in_file(path) {
            Ok(new) => new,
            Err(error) => return tracing::error!(%error, "the tokens stay as they were"),
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for old in known.iter() {
            match new.iter_mut().find(|new| new.name == old.name && new.hash == old.hash) {
                Some(same) => same.gone = old.gone.clone(),
                None => old.gone.cancel(),
            }
        }
        tracing::info!(tokens = new.len(), "the tokens were read again");
        *known = new;
    }
}

/// Reads tokens again when their file changes and when the process is told to by SIGHUP, which ends no server.
pub(super) async fn watch(tokens: Option<Arc<Tokens>>, mut hangup: Signal) {
    let file = tokens.and_then(|tokens| tokens.file.clone().map(|file| (tokens, file)));
    let Some((tokens, file)) = file else {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: there is no file of tokens that could be read again");
        }
        return;
    };
    let mut seen = looks(&file);
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        let is_told = tokio::select! {
            told = hangup.recv() => told.is_some(),
            _ = ticks.tick() => false,
        };
        let (tokens, path, before) = (Arc::clone(&tokens), file.clone(), seen);
        // A file may lie where reading takes long.
        let look = move || {
            let now = looks(&path);
            if is_told || now != before {
                tokens.renew(&path);
            }
            now
        };
        seen = tokio::task::spawn_blocking(look).await.unwrap_or(seen);
    }
}

/// What changes with a file, by whatever way it is changed.
type Looks = Option<[i64; 6]>;

fn looks(path: &Path) -> Looks {
    let about = path.metadata().ok()?;
    let (device, inode) = (about.dev().cast_signed(), about.ino().cast_signed());
    Some([device, inode, about.size().cast_signed(), about.mtime(), about.mtime_nsec(), about.ctime_nsec()])
}

fn in_file(path: &Path) -> Result<Vec<Known>, TokenError> {
    let failed = |reason| TokenError::File { path: path.display().to_string(), reason };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode();
    if mode & 0o007 != 0 && file.metadata().is_ok_and(|about| about.is_file()) {
        tracing::warn!(file = %path.display(), "every user of this machine can read the tokens: chmod o= is missing");
    }
    parse(&read(file, path)?, &path.display().to_string())
}

fn read(source: impl Read, path: &Path) -> Result<String, TokenError> {
    let failed = |reason| TokenError::File { path: path.display().to_string(), reason };
    let mut text = String::new();
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    source.take(most.saturating_add(1)).read_to_string(&mut text).map_err(failed)?;
    if text.len() > MOST {
        return Err(failed(std::io::Error::other(format!("it has more than {MOST} bytes"))));
    }
    Ok(text)
}

/// One token, or lines of `name: token`; empty lines and those that begin with `#` do not count.
fn parse(text: &str, source: &str) -> Result<Vec<Known>, TokenError> {
    let malformed = |reason: String| TokenError::Malformed { path: source.into(), reason };
    let text = text.trim();
    if text.is_empty() {
        return Err(malformed("there are none".into()));
    }
    if !text.contains(char::is_whitespace) {
        if text.ends_with(':') {
            return Err(malformed("there is a name without a token".into()));
        }
        return Ok(vec![known(ALONE, text).map_err(|reason| malformed(reason.into()))?]);
    }
    let mut all: Vec<Known> = Vec::new();
    for (line, number) in text.lines().map(str::trim).zip(1_u32..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let in_line = |reason: &str| malformed(format!("line {number}: {reason}"));
        let (name, token) = line.split_once(':').ok_or_else(|| in_line("there is no name before it"))?;
        let new = known(name.trim(), token.trim()).map_err(in_line)?;
        if all.iter().any(|one| one.name == new.name || one.hash == new.hash) {
            return Err(in_line("its name or its token stands in another line, too"));
        }
        all.push(new);
    }
    if all.is_empty() { Err(malformed("there are none".into())) } else { Ok(all) }
}

fn known(name: &str, token: &str) -> Result<Known, &'static str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte);
    if name.is_empty() || name.len() > NAME || !name.bytes().all(is_name) {
        return Err("a name has 1 to 64 letters, digits and characters of -_.@+");
    }
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a token has visible ASCII characters, without spaces");
    }
    if token.len() < SHORT {
        tracing::warn!(name, "this token has fewer than {SHORT} characters and could be guessed");
    }
    Ok(Known { name: name.into(), hash: Sha256::of(token.as_bytes()), gone: CancellationToken::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(tokens: &Tokens, values: &[&str]) -> Result<String, Denied> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        tokens.check(&headers).map(|known| known.name.to_string())
    }

    #[test]
    fn only_the_token_admits() {
        let tokens = Tokens::new("0123456789abcdef\n", "the test").unwrap();
        for right in ["Bearer 0123456789abcdef", "bearer  0123456789abcdef"] {
            assert_eq!(with(&tokens, &[right]), Ok("default".into()));
        }
        for missing in [&[][..], &["0123456789abcdef"], &["Bearer"], &["Basic 0123456789abcdef"]] {
            assert_eq!(with(&tokens, missing), Err(Denied::Missing), "{missing:?}");
        }
        for wrong in [
            &["Bearer "][..],
            &["Bearer 0123456789abcde"],
            &["Bearer 0123456789abcdeF"],
            &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
        ] {
            assert_eq!(with(&tokens, wrong), Err(Denied::Wrong), "{wrong:?}");
        }
    }

    #[test]
    fn each_name_has_its_token() {
        let text = "# who may ask\n\nanna: 0123456789abcdef\n  ci@build:fedcba9876543210:#\r\n";
        let tokens = Tokens::new(text, "the test").unwrap();
        assert_eq!(with(&tokens, &["Bearer 0123456789abcdef"]), Ok("anna".into()));
        assert_eq!(with(&tokens, &["Bearer fedcba9876543210:#"]), Ok("ci@build".into()));
        assert_eq!(with(&tokens, &["Bearer anna"]), Err(Denied::Wrong));
        // One that stands alone may look as if it had a name.
        assert_eq!(
            with(&Tokens::new("a:0123456789abcdef", "").unwrap(), &["Bearer a:0123456789abcdef"]),
            Ok("default".into())
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_a_token() {
        for (text, reason) in [
            ("", "there are none"),
            ("# nobody\n# yet", "there are none"),
            ("é", "visible ASCII"),
            ("two words", "line 1: there is no name"),
            ("a: secret-secret-secret\nb: secret-secret-secret", "line 2: its name or its token"),
            ("a: secret-secret-secret\na: other-secret-secret", "line 2: its name or its token"),
            ("a b: secret-secret-secret", "line 1: a name has"),
            ("\n\na: secret secret", "line 1: a token has"),
        ] {
            let told = Tokens::new(text, "the test").unwrap_err().to_string();
            assert!(told.contains(reason) && told.contains("one line") && !told.contains("secret"), "{text}: {told}");
        }
    }

    #[test]
    fn what_is_taken_back_is_gone_and_what_stays_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        std::fs::write(&file, "a: 0123456789abcdef\nb: 1123456789abcdef\n").unwrap();
        let tokens = Tokens::from_file(&file).unwrap();
        let gone = || tokens.known.read().unwrap().iter().map(|known| known.gone.clone()).collect::<Vec<_>>();
        let before = gone();
        std::fs::write(&file, "b: 1123456789abcdef\nc: 2123456789abcdef\n").unwrap();
        tokens.renew(&file);
        assert!(before[0].is_cancelled() && !before[1].is_cancelled());
        assert_eq!(with(&tokens, &["Bearer 0123456789abcdef"]), Err(Denied::Wrong));
        assert_eq!(with(&tokens, &["Bearer 2123456789abcdef"]), Ok("c".into()));
        // Half written, empty, gone: all stays.
        for text in ["b: ", "", "b 1123456789abcdef"] {
            std::fs::write(&file, text).unwrap();
            tokens.renew(&file);
            assert_eq!(with(&tokens, &["Bearer 1123456789abcdef"]), Ok("b".into()), "{text}");
        }
        std::fs::remove_file(&file).unwrap();
        tokens.renew(&file);
        assert!(!before[1].is_cancelled() && gone().len() == 2);
    }
}
