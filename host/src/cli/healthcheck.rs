//! `mcpcap healthcheck`: asks a server whether it lives, for containers without a shell.

use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to ask
    #[arg(default_value = "http://127.0.0.1:8080/healthz")]
    url: reqwest::Url,
}

/// Asks.
///
/// # Errors
/// When the server does not answer with success in time.
pub async fn run(arguments: &Arguments) -> Result<(), String> {
    let url = &arguments.url;
    let answer = tokio::time::timeout(PATIENCE, ask(url)).await;
    let answer = answer.map_err(|_| format!("{url} says nothing for {} s", PATIENCE.as_secs()))?;
    let status = answer.map_err(|error| format!("{url} does not answer: {error}"))?;
    if status.split(' ').nth(1).is_some_and(|code| code.starts_with('2')) {
        Ok(())
    } else {
        Err(format!("{url} answers: {status}"))
    }
}

/// The first line of the answer. A whole HTTP client would take longer to start than the server to answer.
async fn ask(url: &reqwest::Url) -> std::io::Result<String> {
    let wrong = || std::io::Error::other("an http URL is needed");
    let host = url.host_str().filter(|_| url.scheme() == "http").ok_or_else(wrong)?;
    let port = url.port_or_known_default().ok_or_else(wrong)?;
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let path = url.path();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}
