//! What the process gives up before it reads anything of others, so that a defect of native code meets a wall: new privileges, core dumps, being looked
//! into by other processes, files that it does not need (Landlock), and system calls that it does not need (seccomp). On Linux; elsewhere nothing.
//!
//! It has to be done before there is a second thread: each of these holds for the thread that asks for it and those that it starts.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;

use std::path::PathBuf;

/// What a process needs.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Files and folders that are read, besides the system's; `None`: all.
    pub read: Option<Vec<PathBuf>>,
    /// Folders in which files are made, and files that are written.
    pub write: Vec<PathBuf>,
    /// Whether this program is started again, to compile a component.
    pub compiles: bool,
    /// Whether it listens.
    pub listens: bool,
    /// Whether it asks other machines.
    pub connects: bool,
}

/// One thing that was given up, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What it is.
    pub name: &'static str,
    /// `Err` with the reason when it could not be.
    pub state: Result<String, String>,
}

/// Gives up all that is not needed. What the system does not know is left out and told.
#[cfg(target_os = "linux")]
pub fn apply(needs: &Needs) -> Vec<Measure> {
    let mut measures = own();
    measures.push(Measure { name: "files", state: files::restrict(needs) });
    measures.push(Measure { name: "system calls", state: calls::restrict(&calls::server(needs)) });
    measures
}

/// As [`apply`], for the process that compiles a component: it needs memory, processors, and the pipes that it has.
#[cfg(target_os = "linux")]
pub fn compiler() -> Vec<Measure> {
    let mut measures = own();
    measures.push(Measure { name: "files", state: files::none() });
    measures.push(Measure { name: "system calls", state: calls::restrict(&calls::compiler()) });
    measures
}

#[cfg(target_os = "linux")]
fn own() -> Vec<Measure> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    let done = |name, result: rustix::io::Result<()>| Measure {
        name,
        state: result.map(|()| "on".to_owned()).map_err(|error| error.to_string()),
    };
    vec![
        done("no new privileges", rustix::thread::set_no_new_privs(true)),
        done("no core dumps", setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })),
        done("memory closed to other processes", set_dumpable_behavior(DumpableBehavior::NotDumpable)),
    ]
}

/// There is nothing of the kind elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn apply(_: &Needs) -> Vec<Measure> {
    Vec::new()
}

/// There is nothing of the kind elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn compiler() -> Vec<Measure> {
    Vec::new()
}
