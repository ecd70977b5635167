//! How the program ends.

use super::logs::{self, Format};
use crate::text::terminal::{complain, print};

/// The command did not do what it was for.
pub const FAILED: i32 = 1;
/// What was typed makes no sense.
pub const USAGE: i32 = 2;
/// It was done, about a capture that is damaged or cut.
pub const DAMAGED: i32 = 3;
/// Ctrl-C.
pub const INTERRUPTED: i32 = 130;
/// SIGTERM.
pub const TERMINATED: i32 = 143;

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub enum Failure {
    /// It failed.
    Failed(String),
    /// What was typed makes no sense, in a line.
    Wrong(String),
    /// The same, in clap's words; or what clap prints of its own, such as help.
    Typed(clap::Error),
    /// All was said already.
    Said(i32),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Typed(error)
    }
}

impl Failure {
    /// Says it, and gives the code.
    pub fn code(self, format: Format) -> i32 {
        match self {
            Self::Said(code) => code,
            Self::Failed(message) => said(format, &message, FAILED),
            Self::Wrong(message) => said(format, &message, USAGE),
            Self::Typed(error) => {
                // Help is this program's own text; a complaint repeats what was typed.
                if error.use_stderr() {
                    complain(&error.render().to_string());
                } else if let Err(message) = print(&error.render().to_string()) {
                    complain(&format!("Error: {message}\n"));
                }
                error.exit_code()
            }
        }
    }
}

fn said(format: Format, message: &str, code: i32) -> i32 {
    logs::fail(format, message);
    code
}
