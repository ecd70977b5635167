//! What goes to people: standard output, standard error and the log.

use std::io::{self, Write};

use super::neutral_lines;

/// Prints to standard output. A reader that has gone away is not a failure.
///
/// # Errors
/// When it cannot be written.
pub fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(shown(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("writing to standard output: {error}")),
        _ => Ok(()),
    }
}

/// Writes to standard error. Nothing can be done about a closed terminal.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(shown(text).as_bytes());
}

/// A text without what could command a terminal. Line ends and tabs stay.
fn shown(text: &str) -> String {
    let cells = text.split('\t').map(|cell| {
        let mut shown = neutral_lines(cell, usize::MAX);
        if cell.ends_with('\n') {
            shown.push('\n');
        }
        shown
    });
    cells.collect::<Vec<_>>().join("\t")
}

/// Where the log goes: each write is a whole event.
#[derive(Debug, Clone, Copy)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        complain(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_stay_and_commands_do_not() {
        assert_eq!(shown("a\u{1b}[2Jb\n\nc\u{202e}\n"), "a\\u{1b}[2Jb\n\nc\\u{202e}\n");
        assert_eq!((shown(""), shown("x"), shown("a\tb\n\tc")), (String::new(), "x".into(), "a\tb\n\tc".into()));
    }
}
