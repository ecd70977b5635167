//! The real binary over HTTP, and a client that sends what it is told to.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::root;

/// A server over HTTP that ends with the test. It may read the project's folder.
pub struct Http {
    pub child: Child,
    /// Host and port.
    pub address: String,
    /// What it has said on standard error.
    said: Arc<Mutex<String>>,
}

impl Http {
    /// Starts a server with further options.
    pub async fn start(options: &[&str]) -> Self {
        Self::start_with(options, &[]).await
    }

    /// Starts a server with further options and variables.
    pub async fn start_with(options: &[&str], variables: &[(&str, &str)]) -> Self {
        // A free port, which the server takes a moment later.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
            .args(["--transport", "http", "--port", &port])
            .args(options)
            .env("MCPCAP_ROOTS", root())
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        while let Some(line) = lines.next_line().await.unwrap() {
            *said.lock().unwrap() += &format!("{line}\n");
            if line.contains("listening") {
                let log = Arc::clone(&said);
                tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        *log.lock().unwrap() += &format!("{line}\n");
                    }
                });
                return Self { child, address: format!("127.0.0.1:{port}"), said };
            }
        }
        panic!("the server did not start: {}", said.lock().unwrap());
    }

    /// What it has said on standard error.
    pub fn log(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Where MCP is.
    pub fn mcp(&self) -> String {
        self.url("/mcp")
    }

    /// A path on the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What every HTTP client in this process needs, whichever test comes first.
pub fn provide_tls() {
    // A second provider is refused, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub fn reqwest_client() -> reqwest::Client {
    provide_tls();
    reqwest::Client::new()
}
