//! `mcpcap analyzer approve`: shows a person what an analyzer would tell the model, and pins it.

use std::fmt::Write;
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::path::Path;

use clap::Args;

use super::shown;
use crate::analyzers::{Lock, Pin, Place};
use crate::catalog::lint::Remark;
use crate::cli::options::{Building, LockFile, place};
use crate::service::Options;
use crate::text::neutral;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The analyzers: files, folders, or pinned references
    #[arg(required = true)]
    files: Vec<String>,
    /// Do not ask: what is shown was read before
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    lock_file: LockFile,

    #[command(flatten)]
    building: Building,
}

impl Arguments {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        self.lock_file.apply(options);
        self.building.apply(options);
    }
}

/// Shows each analyzer and pins those that are approved.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), String> {
    let mut places = Vec::new();
    for file in &typed.files {
        let folder = Place::Folder(file.into());
        if Path::new(file).is_dir() {
            places.extend(folder.files().map_err(|error| format!("{folder}: {error}"))?.into_iter().map(Place::File));
        } else {
            places.push(place(file)?);
        }
    }
    let path = options.analyzers.lock_file();
    for place in places {
        approve(place, typed.yes, options, &path).await?;
    }
    Ok(())
}

async fn approve(place: Place, yes: bool, options: &Options, path: &Path) -> Result<(), String> {
    let (examined, own) = (place.clone(), options.clone());
    let entry = super::blocking(move || super::examine(examined, &own)).await??;
    let offer = entry.offer.map_err(|error| format!("{place}: {error}"))?;
    let digest = entry.sha256.unwrap_or_default();
    let mut lock = Lock::read(path).map_err(|error| error.to_string())?;
    let module = &offer.module;
    let texts = shown::all(&offer).map_err(|reason| format!("{place}: {reason}"))?;
    let mut text = format!("{} {}\n  from {place}\n  sha256 {digest}\n", module.name, module.version);
    let before = lock.named(&module.name).cloned();
    if let Some(before) = &before {
        text.push_str(&compared(before, &digest, path, &texts));
    }
    let _ = write!(text, "\n  All that a model may read of it, each line behind its field:\n\n{texts}");
    text.push_str(&remarked(&offer.remarks));
    super::super::print(&text)?;
    if !yes && !asked(&module.name)? {
        return Err(format!("{} was not approved", module.name));
    }
    let source = match &place {
        Place::File(path) | Place::Folder(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Place::Registry(reference) => reference.to_string(),
    };
    let pin = Pin { name: module.name.clone(), version: module.version.clone(), sha256: digest, source };
    Lock::keep_shown(path, &pin, &texts).map_err(|error| error.to_string())?;
    lock.add(pin.clone());
    lock.write(path).map_err(|error| error.to_string())?;
    if let Some(before) = before.filter(|before| before.sha256 != pin.sha256) {
        Lock::forget_shown(path, &before);
    }
    super::super::print(&format!("{} {} is approved in {}\n", module.name, module.version, path.display()))
}

/// What is other than when something of this name was approved.
fn compared(before: &Pin, digest: &str, path: &Path, texts: &str) -> String {
    let said = |text: &str| neutral(text, 100).into_owned();
    let is_same = before.sha256 == digest;
    let what = if is_same { "the same" } else { "another one" };
    let mut text = format!("  approved before: {} ({what}, sha256 {})\n", said(&before.version), said(&before.sha256));
    if is_same {
        return text;
    }
    match Lock::shown(path, before).map(|shown| shown::difference(&shown, texts)) {
        None => text.push_str("  What was shown then is not kept any more: read all of it.\n"),
        Some(nothing) if nothing.is_empty() => text.push_str("  What a model may read of it is the same.\n"),
        Some(difference) => {
            let _ = write!(text, "\n  What a model may read of it is other than then (- then, + now):\n\n{difference}");
        }
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
