//! Every number that limits something, with its reason.

use std::time::Duration;

use mcpcap_native::CompileLimits;

/// What is taken of a registry.
#[derive(Debug, Clone)]
pub struct RegistryLimits {
    /// Bytes of a manifest. The distribution specification asks registries to take those of 4 MiB, and a component's has less than 2 kB.
    pub manifest: usize,
    /// Bytes of what a realm answers. Tokens have a few kilobytes.
    pub token: usize,
    /// How long making a connection may take.
    pub connect_time: Duration,
    /// How long the other side may be silent.
    pub silence: Duration,
    /// How long all of it may take.
    pub time: Duration,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            manifest: 4 << 20,
            token: 64 << 10,
            connect_time: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            time: Duration::from_secs(180),
        }
    }
}

/// What clients over HTTP may take.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Connections that are served at once. A client of a session keeps one or two.
    pub connections: usize,
    /// Connections of one address: a quarter of them.
    pub of_address: usize,
    /// Connections beyond those: they are told so, and health is answered. The oldest makes room for the next.
    pub spare: usize,
    /// How long the head of a request may take, and how long a connection may be idle.
    pub head_time: Duration,
    /// Room for the head of a request, in bytes.
    pub head: usize,
    /// The longest body of a request, in bytes. Arguments are short, and a call that waits for its turn keeps them.
    pub body: usize,
    /// How long a body may take.
    pub body_time: Duration,
    /// Sessions that are kept. Each takes some tens of kB; beyond, the one that was silent longest ends.
    pub sessions: usize,
    /// How long a session may be silent.
    pub session_time: Duration,
    /// How long running calls get after the process was told to end, before they are cancelled.
    pub drain: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            of_address: 256,
            spare: 64,
            head_time: Duration::from_secs(15),
            head: 64 << 10,
            body: 64 << 10,
            body_time: Duration::from_secs(20),
            sessions: 1000,
            session_time: Duration::from_secs(300),
            drain: Duration::from_secs(5),
        }
    }
}

/// What tables of a capture, and SQL over them, may take.
#[derive(Debug, Clone)]
pub struct TableLimits {
    /// Bytes of all rows that a query reads, on disk. A million rows of `dns` have some 150 MB.
    pub size: u64,
    /// How long SQL may take, once the rows are there.
    pub time: Duration,
    /// Bytes of tables that are kept for further questions, on disk: those of two or three large captures.
    pub kept: u64,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self { size: 2 << 30, time: Duration::from_secs(20), kept: 8 << 30 }
    }
}

/// Limits of one run: of each component in it, and of the run as a whole.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Linear memory of a component, in bytes, all of its memories together. The built-in analyzers keep their state below three quarters of it.
    pub memory: usize,
    /// Elements of all tables of a component. CPython, the largest seen, needs 13,500.
    pub table_elements: usize,
    /// Tables, memories and core instances of a component. Components made by adapters have several.
    pub tables: usize,
    /// Memories of a component.
    pub memories: usize,
    /// Core instances of a component.
    pub instances: usize,
    /// Live handles of a component. It owns the standard streams and hardly anything else.
    pub handles: usize,
    /// How long one call into a component may work; where the processor is taken by others, it may take six times that. A batch is at most a few megabytes, which takes milliseconds.
    pub call: Duration,
    /// How long a run may take before reading ends and the report is asked for.
    pub run: Duration,
    /// Size of what a component may return from one call, in octets: a report, or the numbers of a window.
    pub answer: usize,
    /// How much of a component's standard error is kept for the log, in octets.
    pub stderr: usize,
    /// Octets of the capture that are read at first. What follows doubles what was read, up to `window`, so that an analysis that soon
    /// has enough reads little.
    pub first_window: usize,
    /// Octets of the capture that are read at once.
    pub window: usize,
    /// How far a window may grow for a large block, in octets. The reader refuses blocks above 16 MiB.
    pub window_max: usize,
    /// How many times larger than its compressed form a capture may become, once it is above `inflated_free`.
    pub inflate_ratio: u64,
    /// Octets that any compressed capture may become, whatever the ratio.
    pub inflated_free: u64,
    /// Octets that a compressed capture may become.
    pub inflated_max: u64,
    /// Octets of a download.
    pub download: u64,
    /// How long a download may take.
    pub download_time: Duration,
    /// How long making a connection for a download may take.
    pub connect_time: Duration,
    /// How long the other side of a download may be silent.
    pub silence: Duration,
    /// Octets of downloads that are kept for the next question about the same URL.
    pub kept: u64,
    /// What is taken of a registry.
    pub registry: RegistryLimits,
    /// What compiling an analyzer of others may cost.
    pub compile: CompileLimits,
    /// Compilers that run at once, each within `compile`: so all of them together have so many times its memory.
    pub compilers: usize,
    /// How long a component of others may take to say all that it offers.
    pub describe: Duration,
    /// How long loading all analyzers of others that wait for it may take together. What was not loaded by then is refused.
    pub load: Duration,
    /// How long lists wait for analyzers of others that are kept from before, when the server starts.
    pub ready: Duration,
    /// How long a call of a tool that is not there yet waits for analyzers that are compiled when the server starts.
    pub settle: Duration,
    /// What tables of a capture, and SQL over them, may take.
    pub rows: TableLimits,
    /// Calls that may wait for their turn. More would wait longer than clients do.
    pub waiting: usize,
    /// Bytes of a TLS key log that a caller names, and of those that a capture holds. One with the sessions of a day in a browser has some megabytes.
    pub key_log: usize,
    /// Bytes of what analyzers returned that are kept for further questions about the same capture. A report of a thousand entries has some 400 kB.
    pub answers: usize,
    /// How long each of them is kept: somebody who reads a page asks for the next one within minutes.
    pub answers_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 20_000,
            tables: 16,
            memories: 4,
            instances: 64,
            handles: 64,
            call: Duration::from_secs(10),
            run: Duration::from_secs(600),
            answer: 16 << 20,
            stderr: 16 << 10,
            first_window: 4 << 10,
            window: 512 << 10,
            window_max: 17 << 20,
            inflate_ratio: 200,
            inflated_free: 64 << 20,
            inflated_max: 64 << 30,
            download: 1 << 30,
            download_time: Duration::from_secs(300),
            connect_time: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            kept: 2 << 30,
            registry: RegistryLimits::default(),
            compile: CompileLimits {
                memory: 2 << 30,
                cpu: Duration::from_secs(120),
                time: Duration::from_secs(120),
                code: 192 << 20,
                code_free: 4 << 20,
                code_ratio: 16,
                // CPython takes 16 s of one. More would each need room of its own.
                threads: std::thread::available_parallelism().map_or(1, usize::from).min(4),
            },
            // Two, so that a slow one holds up no other; more would take turns on the cores, with the memory of all.
            compilers: std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4),
            describe: Duration::from_secs(20),
            load: Duration::from_secs(600),
            ready: Duration::from_secs(2),
            settle: Duration::from_secs(45),
            rows: TableLimits::default(),
            waiting: 256,
            key_log: 16 << 20,
            answers: 32 << 20,
            answers_time: Duration::from_secs(900),
        }
    }
}

impl Limits {
    /// How much to read at once after so much was read, in octets.
    pub(crate) fn next_window(&self, read: u64) -> usize {
        usize::try_from(read).unwrap_or(usize::MAX).max(self.first_window).min(self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_at_once_doubles_up_to_the_window() {
        let limits = Limits::default();
        let mut read = 0;
        let sizes: Vec<usize> = (0..10)
            .map(|_| {
                let size = limits.next_window(read);
                read += size as u64;
                size >> 10
            })
            .collect();
        assert_eq!(sizes, [4, 4, 8, 16, 32, 64, 128, 256, 512, 512]);
        assert_eq!(limits.next_window(u64::MAX), limits.window);
        // A window that is set below the first one holds.
        let small = Limits { window: 100, ..Limits::default() };
        assert_eq!(small.next_window(0), 100);
    }
}
