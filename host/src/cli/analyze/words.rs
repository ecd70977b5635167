//! The words behind `analyze`. Which options there are depends on the tool, and which tools there are on options: so the words are read twice, first
//! for this program's own options and the tool's name, then with the tool's arguments as options too.

use std::ffi::{OsStr, OsString};

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use serde_json::{Map, Value};

use super::{Arguments, typed_value};
use crate::cli::named::short;
use crate::contract::{Tool, arguments};

/// What stands in front of the ids of a tool's arguments.
const PREFIX: &str = "tool.";
/// Ids of the options that come first in a tool's help.
const FIRST: [&str; 3] = ["format", "all", "arguments"];
/// The command.
const NAME: &str = "analyze";

/// What can be read without knowing the tool.
pub struct Known {
    /// The words without the tool's own options.
    pub words: Vec<OsString>,
    /// The names of those.
    pub own: Vec<String>,
}

/// Tells the words apart; nothing where they name no tool, and clap can say what is wrong or wanted.
pub fn known(command: &Command, words: &[OsString]) -> Option<Known> {
    let analyze = command.find_subcommand(NAME)?;
    let mut rest = words.get(1..)?.iter();
    if rest.next()? != NAME {
        return None;
    }
    let mut known: Vec<OsString> = words.get(..2)?.to_vec();
    let (mut own, mut tool) = (Vec::new(), None);
    let mut is_behind = false;
    while let Some(word) = rest.next() {
        let option = word.to_str().and_then(|text| text.strip_prefix("--")).filter(|_| !is_behind);
        match option {
            Some("") => is_behind = true,
            Some("help") => {}
            Some(text) => match find(analyze, text.split_once('=').map_or(text, |(name, _)| name)) {
                Some(argument) => {
                    known.push(word.clone());
                    if takes_next(argument) && !text.contains('=') {
                        known.extend(rest.next().cloned());
                    }
                }
                None => own.push(text.split_once('=').map_or(text, |(name, _)| name).to_owned()),
            },
            None if !is_behind && is_short(word) => {}
            None if tool.is_none() => tool = Some(word.clone()),
            None => {}
        }
    }
    // A capture is needed, and this one is not looked at.
    known.extend([OsString::from("--"), tool?, OsString::from("-")]);
    Some(Known { words: known, own })
}

fn is_short(word: &OsStr) -> bool {
    word.len() > 1 && word.as_encoded_bytes().starts_with(b"-")
}

fn find<'a>(command: &'a Command, long: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| {
        argument.get_long() == Some(long) || argument.get_all_aliases().is_some_and(|all| all.contains(&long))
    })
}

fn takes_next(argument: &Arg) -> bool {
    argument.get_action().takes_values() && !argument.is_require_equals_set()
}

/// A tool's arguments as options; those that this program has an option for are not among them.
pub fn options(tool: &Tool, taken: &Command) -> Vec<Arg> {
    let named = tool.properties().filter(|(name, _)| *name != "pcap_file");
    let free = named.filter(|(name, _)| find(taken, &name.replace('_', "-")).is_none());
    free.map(|(name, schema)| option(tool, name, schema)).collect()
}

fn option(tool: &Tool, name: &str, schema: &Value) -> Arg {
    let long = name.replace('_', "-");
    let described = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let heading = if arguments::NAMES.contains(&name) {
        "Which frames, and what of the report".to_owned()
    } else {
        format!("Arguments of {}", tool.name)
    };
    let mut option = Arg::new(format!("{PREFIX}{name}")).help(described.to_owned()).help_heading(heading);
    if long != name {
        option = option.alias(name.to_owned());
    }
    option = option.long(long);
    let chosen = schema.get("enum").or_else(|| schema.get("items")?.get("enum")).and_then(Value::as_array);
    let words: Vec<String> = chosen.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    match kind(schema) {
        "boolean" => option
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(PossibleValuesParser::new(["true", "false"])),
        "integer" | "number" => option.value_name("N").allow_negative_numbers(true),
        kind => {
            let option = option.value_name("TEXT").allow_hyphen_values(true);
            let option = if words.is_empty() { option } else { option.value_parser(PossibleValuesParser::new(words)) };
            if kind == "array" { option.action(ArgAction::Append) } else { option }
        }
    }
}

/// What kind of value it is, in JSON Schema's words.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            let list = kinds.clone().find(|kind| *kind == "array");
            list.or_else(|| kinds.find(|kind| *kind != "null")).unwrap_or("string")
        }
        _ => "string",
    }
}

/// Reads the words again, for a tool.
///
/// # Errors
/// As clap has it, also with the tool's help.
pub fn read(mut command: Command, words: &[OsString], own: &[String], tool: &Tool) -> Result<ArgMatches, clap::Error> {
    let short = short(&tool.name);
    command = command.mut_subcommand(NAME, |analyze| for_tool(analyze, tool));
    command.build();
    if let Some(analyze) = command.find_subcommand_mut(NAME)
        && let Some(unknown) = own.iter().find(|name| find(analyze, name).is_none())
    {
        let has = tool.properties().map(|(name, _)| name).filter(|name| *name != "pcap_file");
        let has: Vec<String> = has.map(|name| format!("--{}", name.replace('_', "-"))).collect();
        let message = format!("unexpected argument '--{unknown}' found; {short} takes {}", has.join(", "));
        return Err(analyze.error(ErrorKind::UnknownArgument, message));
    }
    command.try_get_matches_from(words)
}

/// This program's own options, as they are behind the command.
///
/// # Errors
/// As clap has it.
pub fn shared(typed: &ArgMatches) -> Result<Arguments, clap::Error> {
    // There is no other command in what was read.
    typed.subcommand_matches(NAME).map_or_else(|| Arguments::from_arg_matches(typed), Arguments::from_arg_matches)
}

/// The command as it is for a tool.
pub fn for_tool(analyze: Command, tool: &Tool) -> Command {
    let short = short(&tool.name).to_owned();
    let options = options(tool, &analyze);
    // The tool's own stand in front of what is the same for all.
    let (first, behind): (Vec<Arg>, Vec<Arg>) = analyze
        .get_arguments()
        .cloned()
        .partition(|argument| argument.is_positional() || FIRST.contains(&argument.get_id().as_str()));
    let first = first.into_iter().map(|argument| {
        let is_tool = argument.get_id() == "tool";
        argument.hide(is_tool)
    });
    let behind = behind.into_iter().map(|argument| argument.help_heading("Options of mcpcap"));
    Command::new(NAME)
        .args(first)
        .args(options)
        .args(behind)
        .about(format!("{}: {}", tool.title, tool.description))
        .override_usage(format!("mcpcap analyze {short} [OPTIONS] <CAPTURE>..."))
}

/// The tool's arguments, as they were typed.
pub fn arguments(typed: &ArgMatches, tool: &Tool) -> Map<String, Value> {
    let Some(typed) = typed.subcommand_matches(NAME) else { return Map::new() };
    let mut found = Map::new();
    for (name, schema) in tool.properties() {
        // One that is no option of this tool is not known to clap.
        let Ok(Some(values)) = typed.try_get_many::<String>(&format!("{PREFIX}{name}")) else { continue };
        let values: Vec<String> = values.cloned().collect();
        let value = if kind(schema) == "array" {
            list(name, schema, &values)
        } else {
            typed_value(Some(tool), name, values.concat())
        };
        found.insert(name.to_owned(), value);
    }
    found
}

/// A list of what was typed, once for each entry; with commas between where no entry can have one.
fn list(name: &str, schema: &Value, values: &[String]) -> Value {
    if let [one] = values
        && let Ok(whole @ Value::Array(_)) = serde_json::from_str(one)
    {
        return whole;
    }
    let is_text = schema.get("items").is_none_or(|items| kind(items) == "string");
    let has_commas = is_text && name != "section";
    let each = values.iter().flat_map(|value| value.split(move |character| character == ',' && !has_commas));
    each.map(|one| match serde_json::from_str(one) {
        Ok(read) if !is_text => read,
        _ => Value::String(one.to_owned()),
    })
    .collect()
}
