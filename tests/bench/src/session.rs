//! A client of MCP over standard input and output, as far as it takes to measure a server.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::runner::FIRST;

/// A server that was started, and is spoken to.
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
    /// When it was started.
    pub begun: Instant,
}

impl Session {
    /// Starts a server and greets it.
    pub fn start(program: &str) -> Option<Self> {
        let begun = Instant::now();
        let mut child = Command::new(program)
            .envs(FIRST)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take()?));
        let mut session = Self { child, input, output, last: 0, begun };
        let client = json!({ "name": "bench", "version": "1" });
        session
            .ask("initialize", json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client }))?;
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Some(session)
    }

    /// Asks, and waits for the answer's result.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Option<Value> {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }))?;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let answer: Value = serde_json::from_str(&line).ok()?;
            if answer.get("id").and_then(Value::as_u64) == Some(id) {
                return answer.get("result").cloned();
            }
        }
    }

    /// Calls a tool. Seconds until its answer, and the answer; `None` when it is an error.
    pub fn call(&mut self, name: &str, arguments: &Value) -> Option<(f64, Value)> {
        let begun = Instant::now();
        let result = self.ask("tools/call", json!({ "name": name, "arguments": arguments }))?;
        let is_error = result.get("isError").and_then(Value::as_bool).unwrap_or_default();
        (!is_error).then(|| (begun.elapsed().as_secs_f64(), result))
    }

    fn send(&mut self, message: &Value) -> Option<()> {
        let input = self.input.as_mut()?;
        writeln!(input, "{message}").ok()?;
        input.flush().ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A server ends when nobody speaks to it any more.
        self.input = None;
        let _ = self.child.wait();
    }
}
