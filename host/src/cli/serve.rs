//! The options of the server: where captures come from, who may ask, and over what.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::analyzers::{self, Place, Reference};
use crate::capture::Remote;
use crate::mcp::{HttpOptions, OF_ADDRESS, Token};
use crate::settings::Limits;

/// Variables of the environment. Only those that a shell sets for all programs, or that hold a secret, are not options.
const ROOTS: &str = "MCPCAP_ROOTS";
const ANALYZERS: &str = "MCPCAP_ANALYZERS";
const TOKEN: &str = "MCPCAP_AUTH_TOKEN";
/// Bytes of a token that is taken out of the environment; longer ones stand in a file.
const TOKEN_MOST: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    Stdio,
    Http,
}

/// Where captures come from.
#[derive(Debug, Args)]
pub struct Sources {
    /// Read captures below this folder only; may be given several times, or as MCPCAP_ROOTS with colons between
    /// [default: over stdio, all that the user may read; over HTTP, the working directory]
    #[arg(long = "root", value_name = "DIR", global = true)]
    roots: Vec<PathBuf>,

    /// Do not fetch URLs
    #[arg(long, global = true)]
    no_remote: bool,

    /// Fetch from this host only, or from all below it as *.example.com; may be given several times [default: all]
    #[arg(long = "allow-url-host", value_name = "HOST", global = true)]
    url_hosts: Vec<String>,

    /// Fetch URLs of loopback, private and link-local addresses too, and ask registries there
    #[arg(long, global = true)]
    allow_private_urls: bool,

    /// Do not keep downloads for the next question about the same URL
    #[arg(long, global = true)]
    no_url_cache: bool,
}

impl Sources {
    /// The folders that may be read; none: all.
    pub fn roots(&self, serves_http: bool) -> Vec<PathBuf> {
        let mut roots = self.roots.clone();
        if roots.is_empty() {
            let named = std::env::var_os(ROOTS).unwrap_or_default();
            roots.extend(std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()));
        }
        if roots.is_empty() && serves_http {
            roots.push(PathBuf::from("."));
        }
        roots
    }

    /// What may be fetched.
    pub fn remote(&self) -> Remote {
        Remote {
            enabled: !self.no_remote,
            private: self.allow_private_urls,
            hosts: self.url_hosts.clone(),
            keep: !self.no_url_cache,
        }
    }
}

/// Analyzers that others made.
#[derive(Debug, Args)]
pub struct Analyzers {
    /// Load all analyzers (.wasm) in this folder, and notice when they come, change and go; may be given several times, or, with files, as
    /// MCPCAP_ANALYZERS with colons between
    #[arg(long = "analyzers", value_name = "DIR", global = true)]
    analyzer_folders: Vec<PathBuf>,

    /// Load this analyzer, a file or a reference as oci://HOST/NAME@sha256:DIGEST; may be given several times
    #[arg(long = "analyzer", value_name = "FILE", global = true)]
    analyzer_files: Vec<String>,

    /// Refuse analyzers that were not approved with `mcpcap analyzer approve` [default: over stdio false, over HTTP true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", global = true)]
    locked: Option<bool>,

    /// The list of approved analyzers [default: mcpcap/analyzers.lock in the user's folder for settings]
    #[arg(long, value_name = "FILE", global = true)]
    lock_file: Option<PathBuf>,

    /// Where analyzers are kept as native code [default: mcpcap in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "MCPCAP_CACHE_DIR", global = true)]
    cache_dir: Option<PathBuf>,

    /// How long loading all of them together may take; those that were not loaded by then are refused
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().load.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400), global = true)]
    load_time: u64,
}

impl Analyzers {
    /// The limits with those that were typed.
    pub fn limits(&self) -> Limits {
        Limits { load: Duration::from_secs(self.load_time), ..Limits::default() }
    }

    /// As the service takes it.
    ///
    /// # Errors
    /// When something is not there, or is no reference.
    pub fn options(&self, serves_http: bool, remote: &Remote) -> Result<analyzers::Options, String> {
        let mut places = Vec::new();
        for folder in &self.analyzer_folders {
            if !folder.is_dir() {
                return Err(format!("--analyzers {}: there is no such folder", folder.display()));
            }
            places.push(Place::Folder(whole(folder)));
        }
        for file in &self.analyzer_files {
            places.push(place(file)?);
        }
        if places.is_empty() {
            let named = std::env::var_os(ANALYZERS).unwrap_or_default();
            for path in std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()) {
                let is_folder = path.is_dir();
                if !is_folder && !path.is_file() {
                    return Err(format!("{ANALYZERS}: {} is not there", path.display()));
                }
                places.push(if is_folder { Place::Folder(whole(&path)) } else { Place::File(whole(&path)) });
            }
        }
        Ok(analyzers::Options {
            places,
            lock: self.lock_file.clone(),
            is_locked: self.locked.unwrap_or(serves_http),
            cache: self.cache_dir.clone().or_else(cache_folder),
            may_fetch: remote.enabled,
            private_registries: remote.private,
            ..analyzers::Options::default()
        })
    }
}

/// Where one analyzer is.
///
/// # Errors
/// When it is not there, or is no reference.
pub fn place(text: &str) -> Result<Place, String> {
    if text.starts_with("oci://") {
        return Reference::parse(text).map(Place::Registry).map_err(|error| error.to_string());
    }
    let path = Path::new(text);
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() => Ok(Place::File(whole(path))),
        Ok(_) => Err(format!("{text} is no file; --analyzers takes a folder")),
        Err(error) => Err(format!("{text}: {error}")),
    }
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The user's cache folder, as the XDG base directory specification has it.
fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))?;
    Some(folder.join("mcpcap"))
}

/// What only matters over HTTP.
#[derive(Debug, Args)]
pub struct Http {
    /// Address to listen on, with --transport http
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// Port to listen on, with --transport http
    #[arg(long, default_value_t = 8080, allow_negative_numbers = true)]
    port: i64,

    /// File with the bearer token that callers over HTTP must have, - for standard input; MCPCAP_AUTH_TOKEN holds the token itself
    #[arg(long, value_name = "FILE")]
    auth_token_file: Option<PathBuf>,

    /// Listen on an address that other machines can reach, although nobody is asked who they are
    #[arg(long)]
    allow_unauthenticated_http: bool,

    /// Accept this Host header besides the names of loopback; may be given several times
    #[arg(long = "allow-host", value_name = "HOST")]
    hosts: Vec<String>,

    /// Accept requests of web pages of this origin, as https://example.com; may be given several times
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    origins: Vec<String>,

    /// Give clients no sessions, so that several replicas can stand behind one address
    #[arg(long)]
    stateless: bool,

    /// Connections that one address may have at once, streams that stand open included; a proxy in front of this server is one address
    #[arg(long, value_name = "N", default_value_t = OF_ADDRESS, value_parser = at_least_one)]
    max_connections_per_address: usize,

    /// Answer /healthz and /readyz at this address too, and nothing else there, as 0.0.0.0:8081
    #[arg(long, value_name = "ADDRESS")]
    health_listen: Option<SocketAddr>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "must be a positive number".into())
}

impl Http {
    /// Takes the token out of the environment, where the system keeps what a process began with, and everybody who may look into it sees it: this
    /// program starts itself anew, with the token in a pipe. Where that is not possible it goes on as it is.
    pub fn hide_token(&self) {
        let Some(token) = std::env::var_os(TOKEN).filter(|token| !token.is_empty() && token.len() <= TOKEN_MOST) else {
            return;
        };
        if self.auth_token_file.is_some() {
            return;
        }
        let anew = || -> std::io::Result<()> {
            let (read, mut write) = std::io::pipe()?;
            // It is far shorter than what a pipe holds.
            write.write_all(token.as_encoded_bytes())?;
            drop(write);
            // Also when its file was replaced meanwhile.
            let own = Path::new("/proc/self/exe");
            let own = if own.exists() { own.to_owned() } else { std::env::current_exe()? };
            let mut arguments = std::env::args_os();
            let name = arguments.next().unwrap_or_else(|| "mcpcap".into());
            let mut program = std::process::Command::new(own);
            program.arg0(name).args(["--auth-token-file", "-"]).args(arguments).env_remove(TOKEN).stdin(read);
            // Comes back only when it fails.
            Err(program.exec())
        };
        if let Err(error) = anew() {
            tracing::warn!(%error, "the token stays in the environment");
        }
    }

    /// As the server takes it.
    pub fn options(&self) -> Result<HttpOptions, String> {
        let token = match (&self.auth_token_file, std::env::var(TOKEN)) {
            (Some(path), _) => Some(Token::from_file(path)),
            (None, Ok(text)) if !text.is_empty() => Some(Token::new(&text, TOKEN)),
            (None, Err(std::env::VarError::NotUnicode(_))) => return Err(format!("{TOKEN} is not text")),
            _ => None,
        };
        Ok(HttpOptions {
            host: self.host.clone(),
            port: self.port()?,
            token: token.transpose().map_err(|error| error.to_string())?,
            open: self.allow_unauthenticated_http,
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            stateless: self.stateless,
            of_address: self.max_connections_per_address,
            health: self.health_listen,
        })
    }

    /// The port, which is checked over stdio too.
    pub fn port(&self) -> Result<u16, String> {
        let port = u16::try_from(self.port).ok().filter(|port| *port > 0);
        port.ok_or_else(|| format!("--port must be between 1 and 65535, not {}", self.port))
    }
}
