//! `mcpcap analyzer approve`: shows a person what an analyzer would tell the model, and pins it.

use std::fmt::Write;
use std::io::{self, BufRead, IsTerminal, Write as _};

use clap::Args;
use serde_json::Map;

use crate::analyzers::{Lock, Pin, Place};
use crate::catalog::Offer;
use crate::catalog::lint::Remark;
use crate::cli::serve;
use crate::service::Options;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The analyzers: files, folders, or pinned references
    #[arg(required = true)]
    files: Vec<String>,
    /// Do not ask: what is shown was read before
    #[arg(long)]
    yes: bool,
}

/// Shows each analyzer and pins those that are approved.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), String> {
    let mut places = Vec::new();
    for file in &typed.files {
        if std::path::Path::new(file).is_dir() {
            let mut files = std::fs::read_dir(file)
                .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
                .map_err(|error| format!("{file}: {error}"))?;
            files.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
            files.sort();
            for path in files {
                places.push(serve::place(&path.to_string_lossy())?);
            }
        } else {
            places.push(serve::place(file)?);
        }
    }
    // Without a list of the server's own, the one beside what is approved.
    let mut named = options.analyzers.clone();
    if named.places.is_empty() {
        named.places = places.clone();
    }
    let path = named.lock_file();
    for place in places {
        approve(place, typed.yes, options, &path).await?;
    }
    Ok(())
}

async fn approve(place: Place, yes: bool, options: &Options, path: &std::path::Path) -> Result<(), String> {
    let (examined, own) = (place.clone(), options.clone());
    let (entry, texts) = super::blocking(move || -> Result<_, String> {
        let entry = super::examine(examined, &own)?;
        let texts = match &entry.offer {
            Ok(offer) => show(offer, &own),
            Err(_) => String::new(),
        };
        Ok((entry, texts))
    })
    .await??;
    let offer = entry.offer.map_err(|error| format!("{place}: {error}"))?;
    let digest = entry.sha256.unwrap_or_default();
    let mut lock = Lock::read(path).map_err(|error| error.to_string())?;
    let module = &offer.module;
    let mut text = format!("{} {}\n  from {place}\n  sha256 {digest}\n", module.name, module.version);
    if let Some(before) = lock.named(&module.name) {
        let what = if before.sha256 == digest { "the same" } else { "another one" };
        let _ = writeln!(text, "  approved before: {} ({what}, sha256 {})", before.version, before.sha256);
    }
    text.push_str(&texts);
    text.push_str(&remarked(&offer.remarks));
    super::super::print(&text)?;
    if !yes && !asked(&module.name)? {
        return Err(format!("{} was not approved", module.name));
    }
    let source = match &place {
        Place::File(path) | Place::Folder(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Place::Registry(reference) => reference.to_string(),
    };
    lock.add(Pin { name: module.name.clone(), version: module.version.clone(), sha256: digest, source });
    lock.write(path).map_err(|error| error.to_string())?;
    super::super::print(&format!("{} {} is approved in {}\n", module.name, module.version, path.display()))
}

/// All that the model would read, but for the schemas' texts, which are checked and long.
fn show(offer: &Offer, options: &Options) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for tool in &offer.tools {
        let _ = writeln!(text, "\n  tool {} ({})\n{}", tool.name, tool.title, indented(&tool.description));
        for (name, schema) in tool.properties().filter(|(name, _)| tool.is_own_argument(name)) {
            let about = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
            let _ = writeln!(text, "    argument {name}: {about}");
        }
    }
    for prompt in &offer.prompts {
        let _ = writeln!(text, "\n  prompt {} ({})\n{}", prompt.name, prompt.title, indented(&prompt.description));
        let given = prompt.arguments.iter().filter(|argument| argument.required);
        let given: Map<_, _> =
            given.map(|argument| (argument.name.clone(), format!("<{}>", argument.name).into())).collect();
        let words = prompt.text(&given, &options.limits).unwrap_or_else(|error| format!("(it fails: {error})"));
        let _ = writeln!(text, "    text:\n{}", indented(&indented(&words)));
    }
    text
}

fn remarked(remarks: &[Remark]) -> String {
    if remarks.is_empty() {
        return "\n  Nothing in its texts looks as if it were meant to steer the model. No list of words finds all: read them.\n".into();
    }
    let lines: Vec<String> = remarks.iter().map(|remark| format!("  ! {remark}\n")).collect();
    format!("\n  Look at these before you approve it:\n{}", lines.concat())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn asked(name: &str) -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err("nobody is at the terminal to approve it; with --yes it is approved without a question".into());
    }
    let failed = |error: io::Error| error.to_string();
    write!(io::stderr(), "Approve {name}? [y/N] ").map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
