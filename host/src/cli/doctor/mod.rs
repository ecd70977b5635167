//! `mcpcap doctor`: checks the installation, and says how to mend what is wrong.

mod machine;
mod server;

use clap::Args;
use serde_json::{Value, json};

use super::config::Setting;
use super::{hardening, serve};
use crate::service::Options;

#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// Print the checks as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(super) serve: serve::Arguments,

    /// The settings in force.
    #[arg(skip)]
    pub(super) settings: Vec<Setting>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// It works, but not always or not for long.
    Warn,
    Fail,
}

/// A check and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    /// What to do about it.
    mend: Option<&'static str>,
    /// The setting that it tells of.
    setting: Option<Setting>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), mend: None, setting: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, mend: &'static str) -> Self {
        Self { name, state: State::Warn, found: found.into(), mend: Some(mend), setting: None }
    }

    fn fail(name: &'static str, found: impl Into<String>, mend: &'static str) -> Self {
        Self { name, state: State::Fail, found: found.into(), mend: Some(mend), setting: None }
    }

    fn line(&self) -> String {
        let state = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        let mend = self.mend.map(|mend| format!("\n      -> {mend}")).unwrap_or_default();
        format!("{state}  {}: {}{mend}\n", self.name, self.found)
    }

    fn to_json(&self) -> Value {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        let mut check = json!({ "check": self.name, "state": state, "found": self.found, "mend": self.mend });
        if let (Some(Setting { name, value, from }), Some(check)) = (&self.setting, check.as_object_mut()) {
            check.insert("setting".into(), json!({ "name": name, "value": value, "from": from }));
        }
        check
    }
}

/// An option of the server, its value and where that is from.
fn in_force(setting: &Setting) -> Check {
    let Setting { name, value, from } = setting;
    let value = value.as_deref().map_or_else(|| "is not set".into(), |value| format!("= {value}"));
    Check { setting: Some(setting.clone()), ..Check::ok("setting", format!("{name} {value} ({from})")) }
}

/// Checks what the options would start: the machine, the sandbox, the folders, and the transport; over HTTP, also whether it could listen.
///
/// # Errors
/// When a check fails.
pub async fn run(arguments: &Arguments, options: &Options) -> Result<(), String> {
    let http = arguments.serve.http();
    let mut checks = vec![
        machine::program(),
        machine::address_space(),
        machine::open_files(),
        machine::memory(),
        machine::temporary(options.limits.download),
    ];
    checks.extend(server::sandbox(options).await);
    checks.extend(server::folders(&options.roots));
    checks.extend(options.tables.as_deref().map(|folder| server::tables(folder, options.limits.rows.kept)));
    if options.remote.enabled {
        checks.push(machine::certificates());
    }
    checks.push(match http {
        Some(http) => server::http(http).await,
        None => server::stdio().await,
    });
    checks.extend(arguments.settings.iter().map(in_force));
    // The last one: behind it little can be done.
    checks.extend(machine::hardening(
        (!arguments.serve.hardening.no_hardening).then(|| hardening::needs(options, &arguments.serve.process())),
    ));
    let text = if arguments.json {
        format!("{:#}\n", checks.iter().map(Check::to_json).collect::<Value>())
    } else {
        checks.iter().map(Check::line).collect()
    };
    super::print(&text)?;
    match checks.iter().filter(|check| check.state == State::Fail).count() {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} checks failed", checks.len())),
    }
}
