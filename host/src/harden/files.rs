//! Landlock: which files and ports.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::Needs;

/// The newest version whose rights are named here; an older kernel gets those that it knows.
const KNOWN: ABI = ABI::V6;
/// Where the system keeps what the libraries read: names of hosts, certificates, time zones, what a process may use.
const SYSTEM: [&str; 10] =
    ["/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/run", "/dev/null", "/dev/urandom", "/dev/random"];
/// Where the loader of programs and its libraries are.
const LOADER: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store"];
/// Variables that name further files with certificates.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Files as `needs` says, ports too.
pub fn restrict(needs: &Needs) -> Result<String, String> {
    enforce(needs).map_err(|error| error.to_string()).and_then(told)
}

/// No file at all, and no port.
pub fn none() -> Result<String, String> {
    let nothing = Needs { read: Some(Vec::new()), ..Needs::default() };
    begin(&nothing)
        .and_then(|ruleset| ruleset.create()?.restrict_self())
        .map_err(|error| error.to_string())
        .and_then(told)
}

fn begin(needs: &Needs) -> Result<Ruleset, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        // Signals to, and abstract sockets of, processes outside.
        .scope(Scope::from_all(KNOWN))?;
    if !needs.listens {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    if !needs.connects {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    Ok(ruleset)
}

fn enforce(needs: &Needs) -> Result<landlock::RestrictionStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let certificates = CERTIFICATES.iter().filter_map(|name| Some(PathBuf::from(std::env::var_os(name)?)));
    let readable: Vec<PathBuf> = match &needs.read {
        None => vec![PathBuf::from("/")],
        Some(paths) => SYSTEM.iter().map(PathBuf::from).chain(certificates).chain(paths.iter().cloned()).collect(),
    };
    // Without the right to execute: nothing that it writes can be started.
    let write = AccessFs::from_all(KNOWN) & !AccessFs::Execute;
    let started = std::env::current_exe().into_iter().chain(LOADER.iter().map(PathBuf::from));
    let started: Vec<PathBuf> = if needs.compiles { started.collect() } else { Vec::new() };
    begin(needs)?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(&needs.write, write))?
        .add_rules(path_beneath_rules(["/dev/null"], read | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(started, AccessFs::Execute | AccessFs::ReadFile))?
        .restrict_self()
}

fn told(status: landlock::RestrictionStatus) -> Result<String, String> {
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, LandlockStatus::NotImplemented) => Err("this kernel has no Landlock".into()),
        (RulesetStatus::NotEnforced, _) => Err("Landlock is off in this kernel".into()),
        (RulesetStatus::PartiallyEnforced, _) => Ok("on, as far as this kernel knows them".into()),
        (RulesetStatus::FullyEnforced, _) => Ok("on".into()),
    }
}
