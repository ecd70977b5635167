//! The bearer token (RFC 6750) that callers over HTTP must know.

use std::io::Read;
use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Below this many characters a token can be guessed.
const SHORT: usize = 16;

/// Why a token cannot be used.
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
    #[error("the token from {0} must be one line of visible ASCII characters, without spaces")]
    Malformed(String),
}

/// A token, as its hash: that has the same length for all, and is no secret when memory leaks.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// Reads a token from a file, or with `-` from standard input; white space around it does not count.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        let shown = path.display().to_string();
        let read = if path == Path::new("-") { from_standard_input() } else { std::fs::read_to_string(path) };
        let text = read.map_err(|reason| TokenError::File { path: shown.clone(), reason })?;
        Self::new(text.trim(), &shown)
    }

    /// A token; `source` says where it comes from.
    ///
    /// # Errors
    /// When it cannot stand in a header.
    pub fn new(text: &str, source: &str) -> Result<Self, TokenError> {
        if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(TokenError::Malformed(source.into()));
        }
        if text.len() < SHORT {
            tracing::warn!("the token from {source} has fewer than {SHORT} characters and could be guessed");
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether a request has it, in a time that does not depend on what it has instead.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (given.next().and_then(|value| value.to_str().ok()), given.next()) else {
            return false;
        };
        let Some((scheme, token)) = value.split_once(' ') else { return false };
        let hash: [u8; 32] = Sha256::digest(token.trim()).into();
        scheme.eq_ignore_ascii_case("bearer") && bool::from(hash.ct_eq(&self.0))
    }
}

fn from_standard_input() -> std::io::Result<String> {
    /// More than any token has.
    const MOST: u64 = 65_536;
    let mut text = String::new();
    std::io::stdin().lock().take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_admits() {
        let token = Token::new("0123456789abcdef", "the test").unwrap();
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            token.admits(&headers)
        };
        assert!(with(&["Bearer 0123456789abcdef"]) && with(&["bearer  0123456789abcdef"]));
        for wrong in [
            &[][..],
            &["0123456789abcdef"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer 0123456789abcde"],
            &["Bearer 0123456789abcdeF"],
            &["Basic 0123456789abcdef"],
            &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
        ] {
            assert!(!with(wrong), "{wrong:?}");
        }
        for malformed in ["", "a b", "a\nb", "é"] {
            assert!(Token::new(malformed, "the test").is_err());
        }
    }
}
