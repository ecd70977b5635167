//! The configuration file: the options of the server by their names, in TOML. What is typed counts before what the environment says, that before
//! the file, and that before what is built in. All of it is the command line's own: the file and the names of variables only fill in what it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, Resettable};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use toml::de::{DeTable, DeValue};

/// Where the file is named.
const CONFIG: &str = "config";
/// Options that are no settings.
const NONE: [&str; 3] = [CONFIG, "help", "version"];
/// Bytes of a file.
const MOST: usize = 1 << 20;
/// Variables that this program reads by itself, as they hold several values or a secret. Where one is set, the file does not count.
const OWN: [(&str, &str); 4] = [
    ("root", "MCPCAP_ROOTS"),
    ("analyzers", "MCPCAP_ANALYZERS"),
    ("analyzer", "MCPCAP_ANALYZERS"),
    ("auth-token-file", "MCPCAP_AUTH_TOKEN"),
];

/// Names of the settings: the options of the server.
pub fn known(command: &Command) -> BTreeSet<String> {
    let names = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(Arg::get_long);
    names.filter(|name| !NONE.contains(name)).map(str::to_owned).collect()
}

/// The commands, each with `--config` where it has settings, and a variable for each of these.
pub fn offered(command: Command) -> Command {
    let known = known(&command);
    with(command, &known)
}

fn with(command: Command, known: &BTreeSet<String>) -> Command {
    let is_setting = |arg: &Arg| arg.get_long().is_some_and(|name| known.contains(name));
    let has_settings = command.get_arguments().any(is_setting);
    let command = command.mut_args(|arg| if is_setting(&arg) { variable(arg) } else { arg });
    let command = command.mut_subcommands(|command| with(command, known));
    if !has_settings {
        return command;
    }
    let help = "Take options from this file (TOML) too: those that are neither typed nor in the environment";
    let file = Arg::new(CONFIG).long(CONFIG).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help);
    command.arg(variable(file))
}

/// An option with its variable.
fn variable(arg: Arg) -> Arg {
    let name = match arg.get_long() {
        // Under these names Kubernetes tells of a service that is called mcpcap.
        Some(name @ ("host" | "port")) => format!("MCPCAP_HTTP_{}", name.to_ascii_uppercase()),
        Some(name) => format!("MCPCAP_{}", name.to_ascii_uppercase().replace('-', "_")),
        None => return arg,
    };
    if OWN.iter().any(|(own, list)| Some(*own) == arg.get_long() && *list != "MCPCAP_AUTH_TOKEN") {
        return arg;
    }
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        // No host or origin has one.
        ArgAction::Append => arg.value_delimiter(','),
        _ => arg,
    };
    // What is empty is not set, for those who write such variables from a template.
    let is_empty = std::env::var_os(&name).is_some_and(|value| value.is_empty());
    if is_empty { arg.env(Resettable::Reset) } else { arg.env(name) }
}

/// What stands in a file.
pub struct Config {
    file: PathBuf,
    settings: BTreeMap<String, Entry>,
}

struct Entry {
    line: usize,
    values: Vec<String>,
}

impl Config {
    /// The file that the words or the environment name, if they do.
    ///
    /// # Errors
    /// When it cannot be read, or says what cannot be.
    pub fn named(command: &Command, words: &[OsString]) -> Result<Option<Self>, clap::Error> {
        // What is wrong with the words is said later, when it is known what else there is.
        let Ok(typed) = command.clone().ignore_errors(true).try_get_matches_from(words) else { return Ok(None) };
        let mut typed = &typed;
        while let Some((_, below)) = typed.subcommand() {
            typed = below;
        }
        let Ok(Some(file)) = typed.try_get_one::<PathBuf>(CONFIG) else { return Ok(None) };
        let read = Self::read(file, command);
        read.map(Some).map_err(|message| command.clone().error(ErrorKind::ValueValidation, message))
    }

    fn read(file: &Path, command: &Command) -> Result<Self, String> {
        let shown = file.display();
        let text = text(file).map_err(|reason| format!("the configuration file {shown} cannot be read: {reason}"))?;
        let table =
            DeTable::parse(&text).map_err(|error| format!("{shown} is not TOML: {}", error.to_string().trim()))?;
        let known = known(command);
        let mut settings = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let before = text.get(..key.span().start).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            let name = key.get_ref().replace('_', "-");
            let wrong = |reason: String| format!("{shown}, line {line}: {reason}");
            if !known.contains(&name) {
                let all = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(wrong(format!("there is no option {name}; the options are {all}")));
            }
            let values = values(value.get_ref())
                .ok_or_else(|| wrong(format!("{name} must be a text, a number, true, false, or a list of texts")))?;
            check(command, &name, &values).map_err(wrong)?;
            if settings.insert(name.clone(), Entry { line, values }).is_some() {
                return Err(wrong(format!("{name} is there twice")));
            }
        }
        let file = file.to_owned();
        settings.retain(|name, _| own(name).is_none());
        Ok(Self { file, settings })
    }

    /// The commands, with what stands in the file as what they have unasked.
    pub fn apply(&self, command: Command) -> Command {
        let set = |arg: Arg| match arg.get_long().and_then(|name| self.settings.get(name)) {
            Some(entry) => arg.default_values(entry.values.clone()),
            None => arg,
        };
        command.mut_args(set).mut_subcommands(|command| self.apply(command))
    }
}

fn text(file: &Path) -> Result<String, std::io::Error> {
    let mut text = String::new();
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    File::open(file)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() > MOST { Err(std::io::Error::other(format!("it has more than {MOST} bytes"))) } else { Ok(text) }
}

/// The variable that is set and counts before the file.
fn own(name: &str) -> Option<(&'static str, OsString)> {
    let (_, variable) = OWN.iter().find(|(own, _)| *own == name)?;
    Some((*variable, std::env::var_os(variable).filter(|value| !value.is_empty())?))
}

/// Values as they would be typed.
fn values(value: &DeValue<'_>) -> Option<Vec<String>> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n.to_string()),
        DeValue::Boolean(is) => Some(is.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(list) => list.iter().map(|value| one(value.get_ref())).collect(),
        value => one(value).map(|value| vec![value]),
    }
}

/// Whether an option takes these values, as if they were typed.
fn check(command: &Command, name: &str, values: &[String]) -> Result<(), String> {
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
    let takes_one = !arg.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Append));
    if takes_one && values.len() != 1 {
        return Err(format!("{name} takes one value"));
    }
    let is_switch = arg.is_some_and(|arg| matches!(arg.get_action(), ArgAction::SetTrue));
    if is_switch {
        let is_known = values.iter().all(|value| value == "true" || value == "false");
        return if is_known { Ok(()) } else { Err(format!("{name} must be true or false")) };
    }
    // Without the environment, which has mistakes of its own.
    let bare = command.clone().mut_args(|arg| arg.env(Resettable::Reset));
    let words = std::iter::once("mcpcap".to_owned()).chain(values.iter().map(|value| format!("--{name}={value}")));
    let told = bare.try_get_matches_from(words).err().map(|error| error.to_string());
    let first = told.as_deref().and_then(|told| told.lines().next());
    first.map_or(Ok(()), |line| Err(line.trim_start_matches("error: ").to_owned()))
}

/// A setting in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The option.
    pub name: String,
    /// Its values, with commas between; `None`: it is not set.
    pub value: Option<String>,
    /// Where it is from.
    pub from: String,
}

/// All settings in force, and where each is from.
pub fn settings(
    command: &Command,
    typed: &ArgMatches,
    known: &BTreeSet<String>,
    config: Option<&Config>,
) -> Vec<Setting> {
    let arguments = command.get_arguments().filter_map(|arg| Some((arg, arg.get_long()?)));
    let in_force = arguments.filter(|(_, name)| known.contains(*name)).map(|(arg, name)| {
        let id = arg.get_id().as_str();
        let raw = typed.try_get_raw(id).ok().flatten();
        let shown = raw.map(|values| values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(","));
        let is_on = typed.try_get_one::<bool>(id).ok().flatten().map(ToString::to_string);
        let mut value = is_on.or(shown).filter(|value| !value.is_empty());
        let entry = config.and_then(|config| Some((config, config.settings.get(name)?)));
        let from = match (typed.value_source(id), own(name), entry) {
            (Some(ValueSource::CommandLine), _, _) => "typed".to_owned(),
            (Some(ValueSource::EnvVariable), _, _) => {
                let variable = arg.get_env().unwrap_or_default().to_string_lossy();
                format!("environment, {variable}")
            }
            (_, Some((variable, held)), _) => {
                let is_secret = variable == "MCPCAP_AUTH_TOKEN";
                value = Some(if is_secret { "(a secret)".into() } else { held.to_string_lossy().into_owned() });
                format!("environment, {variable}")
            }
            (Some(ValueSource::DefaultValue), _, Some((config, entry))) => {
                format!("{}, line {}", config.file.display(), entry.line)
            }
            _ => "built in".to_owned(),
        };
        Setting { name: name.to_owned(), value, from }
    });
    in_force.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Command {
        let serve = |name: &'static str| {
            Command::new(name)
                .arg(Arg::new("time").long("run-time").value_parser(value_parser!(u64).range(1..)).default_value("600"))
                .arg(Arg::new("switch").long("stateless").action(ArgAction::SetTrue))
                .arg(Arg::new("many").long("allow-host").action(ArgAction::Append))
                .arg(Arg::new("port").long("port").default_value("8080"))
        };
        let other = Command::new("other").arg(Arg::new("else").long("else"));
        let bare = serve("mcpcap").ignore_errors(false).subcommand(serve("doctor")).subcommand(other);
        let known = known(&bare);
        // Without variables, which the test may have.
        let file = || Arg::new(CONFIG).long(CONFIG).value_parser(value_parser!(PathBuf));
        assert_eq!(known.len(), 4);
        bare.arg(file()).mut_subcommand("doctor", |command| command.arg(file()))
    }

    fn read(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::read(file.path(), &commands())
    }

    #[test]
    fn what_is_typed_counts_before_the_file_and_that_before_what_is_built_in() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# ours\nrun_time = 0x10\nstateless = true\nallow-host = [\"a\", \"b\"]\n")
            .unwrap();
        let path = file.path().to_str().unwrap();
        let words = ["mcpcap", "doctor", "--run-time", "7", "--config", path].map(OsString::from);
        let commands = commands();
        let config = Config::named(&commands, &words).unwrap().unwrap();
        let commands = config.apply(commands);
        let typed = commands.clone().get_matches_from(words);
        let (_, typed) = typed.subcommand().unwrap();
        let doctor = commands.find_subcommand("doctor").unwrap();
        let settings = settings(doctor, typed, &known(&commands), Some(&config));
        let shown: Vec<String> =
            settings.iter().map(|one| format!("{} {:?} {}", one.name, one.value, one.from)).collect();
        assert_eq!(
            shown,
            [
                r#"run-time Some("7") typed"#.to_owned(),
                format!(r#"stateless Some("true") {path}, line 3"#),
                format!(r#"allow-host Some("a,b") {path}, line 4"#),
                r#"port Some("8080") built in"#.to_owned(),
            ]
        );
        // Which has none of them takes none.
        assert!(Config::named(&commands, &["mcpcap", "other"].map(OsString::from)).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            (
                "\nrun-tme = 5",
                "line 2: there is no option run-tme; the options are allow-host, port, run-time, stateless",
            ),
            ("[limits]\nrun-time = 5", "line 1: there is no option limits"),
            ("run-time = 0", "line 1: invalid value '0' for '--run-time"),
            ("run-time = [5, 6]", "line 1: run-time takes one value"),
            ("run-time = 1.5", "line 1: run-time must be a text"),
            ("stateless = \"yes\"", "line 1: stateless must be true or false"),
            ("allow-host = [[\"a\"]]", "line 1: allow-host must be"),
            ("run-time = 5\nrun_time = 6", "run-time is there twice"),
            ("config = \"x\"", "there is no option config"),
            ("run-time = ", "is not TOML"),
        ] {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
        assert!(Config::read(Path::new("/nowhere"), &commands()).is_err());
        assert!(read(&"#".repeat(MOST + 1)).map(|_| ()).unwrap_err().contains("bytes"));
    }
}
