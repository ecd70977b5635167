//! `mcpcap analyzer new`: a project that works from the first minute.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use include_dir::{Dir, DirEntry, include_dir};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
/// The SDK comes along, so that a project builds with the SDK that fits this program.
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../analyzers/sdk");
static READER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../analyzers/reader");
/// What is left out of a file's name: so that tools do not take templates for what they are templates of.
const DISGUISE: &str = ".in";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    C,
    Python,
    Javascript,
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the analyzer: a-z, 0-9 and hyphens. Its tools are called NAME_...
    name: String,
    /// Language to write it in
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    language: Language,
    /// Folder to make [default: NAME]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// Writes the project.
pub fn run(typed: &Arguments) -> Result<(), String> {
    crate::catalog::names::check_component(&typed.name).map_err(|error| error.to_string())?;
    let folder = typed.path.clone().unwrap_or_else(|| PathBuf::from(&typed.name));
    if folder.exists() {
        return Err(format!("{} is there already", folder.display()));
    }
    let language = typed.language.to_possible_value();
    let language = language.as_ref().map_or("", clap::builder::PossibleValue::get_name);
    let template = TEMPLATES.get_dir(language).ok_or_else(|| format!("this program has no template for {language}"))?;
    let fill = |text: &str| {
        text.replace("{{name}}", &typed.name)
            .replace("__snake__", &typed.name.replace('-', "_"))
            .replace("{{snake}}", &typed.name.replace('-', "_"))
            .replace("{{version}}", env!("CARGO_PKG_VERSION"))
    };
    write_all(template, template.path(), &folder, &fill)?;
    if typed.language == Language::Rust {
        for (name, dir) in [("sdk", &SDK), ("reader", &READER)] {
            write_all(dir, dir.path(), &folder.join("vendor").join(name), &str::to_owned)?;
        }
    } else {
        write(&folder.join("wit/mcpcap.wit"), super::WIT.as_bytes())?;
    }
    let shown = folder.display();
    super::super::print(&format!(
        "{shown} is there. Next:\n  cd {shown}\n  make          builds {name}.wasm\n  make test     runs its tests\n  make check    runs it under the real limits\n",
        name = typed.name
    ))
}

fn write_all(dir: &Dir<'_>, root: &Path, folder: &Path, fill: &dyn Fn(&str) -> String) -> Result<(), String> {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => write_all(inner, root, folder, fill)?,
            DirEntry::File(file) => {
                let path = file.path().strip_prefix(root).unwrap_or(file.path()).to_string_lossy();
                let path = fill(path.strip_suffix(DISGUISE).unwrap_or(&path));
                match file.contents_utf8() {
                    Some(text) => write(&folder.join(path), fill(text).as_bytes())?,
                    None => write(&folder.join(path), file.contents())?,
                }
            }
        }
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, content).map_err(failed)
}
