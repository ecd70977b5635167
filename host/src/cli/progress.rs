//! Progress on standard error, while it is a terminal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Done, Pace, Progress};

/// A line that is there as long as this is.
pub struct Shown(ProgressBar);

impl Shown {
    /// Begins with nothing done.
    ///
    /// # Errors
    /// Never: the template is this program's own.
    pub fn begin() -> Result<Self, String> {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {msg}").map_err(|error| error.to_string())?;
        bar.set_style(style);
        Ok(Self(bar))
    }

    /// What is told of the progress.
    pub fn told(&self) -> Arc<Progress> {
        let (bar, pace) = (self.0.clone(), Mutex::new(Pace::default()));
        Arc::new(move |done: Done, total: Option<u64>| {
            if bar.is_hidden() {
                return;
            }
            let words = pace.lock().unwrap_or_else(PoisonError::into_inner).words(done, total, Instant::now());
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done.bytes);
            bar.set_message(words);
        })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
