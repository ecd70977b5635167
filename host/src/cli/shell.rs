//! What shells and manuals want to know of the command line.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// Write mcpcap.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints a script that completes the command line.
///
/// # Errors
/// When standard output fails.
pub fn completions(arguments: &Completions, mut command: Command) -> Result<(), String> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "mcpcap", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, or writes all of them into a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(arguments: &Man, command: Command) -> Result<(), String> {
    let failed = |error: io::Error| format!("the manual cannot be written: {error}");
    if let Some(folder) = &arguments.dir {
        return clap_mangen::generate_to(command, folder).map_err(failed);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
    super::print(&String::from_utf8_lossy(&page))
}
