//! What only matters over HTTP.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::limits::Serving;
use crate::mcp::{HttpOptions, Tokens};

/// Variable of the environment. It is no option, as it holds a secret.
const TOKEN: &str = "MCPCAP_AUTH_TOKEN";
/// Bytes of a token that is taken out of the environment; longer ones stand in a file.
const TOKEN_MOST: usize = 4096;

/// Options of the server over HTTP.
#[derive(Debug, Clone, Args)]
pub struct Http {
    /// Address to listen on, with --transport http
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// Port to listen on, with --transport http
    #[arg(long, default_value_t = 8080, allow_negative_numbers = true)]
    port: i64,

    /// File with the bearer token that callers over HTTP must have, or with one for each of them in lines of NAME: TOKEN; it is read again when it
    /// changes and on SIGHUP. - is standard input; MCPCAP_AUTH_TOKEN holds the token itself
    #[arg(long, value_name = "FILE", env = "MCPCAP_AUTH_TOKEN_FILE")]
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

    /// Answer /healthz and /readyz at this address too, and nothing else there, as 0.0.0.0:8081
    #[arg(long, value_name = "ADDRESS")]
    health_listen: Option<SocketAddr>,
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
            program.arg0(name).args(arguments).args(["--auth-token-file", "-"]).env_remove(TOKEN).stdin(read);
            // Comes back only when it fails.
            Err(program.exec())
        };
        if let Err(error) = anew() {
            tracing::warn!(%error, "the token stays in the environment");
        }
    }

    /// As the server takes it.
    pub fn options(&self, serving: &Serving) -> Result<HttpOptions, String> {
        let tokens = match (&self.auth_token_file, std::env::var(TOKEN)) {
            (Some(path), _) => Some(Tokens::from_file(path)),
            (None, Ok(text)) if !text.is_empty() => Some(Tokens::new(&text, TOKEN)),
            (None, Err(std::env::VarError::NotUnicode(_))) => return Err(format!("{TOKEN} is not text")),
            _ => None,
        };
        Ok(HttpOptions {
            host: self.host.clone(),
            port: self.port()?,
            tokens: tokens.transpose().map_err(|error| error.to_string())?.map(Arc::new),
            open: self.allow_unauthenticated_http,
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            stateless: self.stateless,
            limits: serving.limits(),
            health: self.health_listen,
        })
    }

    /// The file of tokens, which is read again while the server runs.
    pub fn token_file(&self) -> Option<&Path> {
        self.auth_token_file.as_deref().filter(|path| *path != "-")
    }

    /// The port, which is checked over stdio too.
    pub fn port(&self) -> Result<u16, String> {
        let port = u16::try_from(self.port).ok().filter(|port| *port > 0);
        port.ok_or_else(|| format!("--port must be between 1 and 65535, not {}", self.port))
    }
}
