//! The reader on a thread of its own, so that the next windows are read while frames are taken apart.
//!
//! Where an analyzer may end the reading, nothing is read ahead: the reader stands where the analyzer stopped, and its summary tells of no frame behind.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::passage::Passage;
use super::{End, RunError};
use crate::bindings::types;
use crate::progress::Done;
use crate::sandbox::{Fault, ReaderSession};

/// Windows that may be read ahead.
const AHEAD: usize = 2;

/// What the reader is asked for.
enum Ask {
    Window,
    Summary,
}

/// What it gives.
enum Given {
    Window(Result<Box<Window>, RunError>),
    Summary(Result<String, Fault>),
}

/// The frames of a window, as far as number and time choose them, with the key logs among them; none at the end.
struct Window {
    found: Option<(types::Batch, Vec<u8>)>,
    place: Place,
    ended: Option<End>,
}

/// How far reading is behind a window.
#[derive(Default)]
pub(super) struct Place {
    pub(super) frames: u64,
    /// Octets of the capture.
    pub(super) octets: u64,
    /// Octets of it that came from the source.
    pub(super) received: u64,
    /// Bytes of key logs that were not handed on.
    pub(super) key_log_left_out: u64,
    /// Whether the file breaks off here.
    pub(super) is_at_break: bool,
    pub(super) done: Done,
}

/// A capture that is read by a thread of its own.
pub(super) struct Reading<'scope> {
    asks: Sender<Ask>,
    given: Receiver<Given>,
    /// Windows that are still to be asked for before one is waited for.
    due: usize,
    thread: ScopedJoinHandle<'scope, usize>,
    /// How far it is, behind the window that was given last.
    pub(super) at: Place,
    /// Why reading ended early, once it has.
    pub(super) ended: Option<End>,
}

impl<'scope> Reading<'scope> {
    /// Begins to read; ahead, unless the reading `may_end` early.
    ///
    /// # Errors
    /// [`RunError::Threads`].
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        passage: Passage<'env>,
        reader: ReaderSession,
        may_end: bool,
    ) -> Result<Self, RunError> {
        let ahead = if may_end { 0 } else { AHEAD };
        let (asks, asked) = channel();
        // What was asked for has room, so that the thread never waits for who does not want it any more.
        let (gives, given) = sync_channel(ahead.saturating_add(2));
        let thread = std::thread::Builder::new()
            .name("reader".into())
            .spawn_scoped(scope, move || serve(passage, reader, &asked, &gives))
            .map_err(|_| RunError::Threads)?;
        Ok(Self { asks, given, due: ahead.saturating_add(1), thread, at: Place::default(), ended: None })
    }

    /// The frames of the next window, with its key logs; `None` at the end.
    ///
    /// # Errors
    /// As reading fails.
    pub(super) fn next(&mut self) -> Result<Option<(types::Batch, Vec<u8>)>, RunError> {
        for _ in 0..self.due {
            // A thread that has gone gives nothing, either.
            let _ = self.asks.send(Ask::Window);
        }
        self.due = 1;
        match self.given.recv() {
            Ok(Given::Window(window)) => {
                let Window { found, place, ended } = *window?;
                (self.at, self.ended) = (place, ended);
                Ok(found)
            }
            Ok(Given::Summary(_)) | Err(_) => Err(RunError::Threads),
        }
    }

    /// What the reader says of what it saw.
    pub(super) fn summary(&mut self) -> Result<String, Fault> {
        let _ = self.asks.send(Ask::Summary);
        loop {
            match self.given.recv() {
                Ok(Given::Summary(summary)) => return summary,
                // Read ahead, and nobody wants it.
                Ok(Given::Window(_)) => {}
                Err(_) => return Err(Fault::Cancelled),
            }
        }
    }

    /// The end of the reading where nobody wants more.
    pub(super) fn enough(&self) -> End {
        let message = "the analysis needed no more of the capture".into();
        End { reason: "enough", offset: self.at.octets, message }
    }

    /// Ends it, and gives the source up. Bytes of the reader's memory.
    pub(super) fn finish(self) -> usize {
        let Self { asks, given, thread, .. } = self;
        drop((asks, given));
        match thread.join() {
            Ok(memory) => memory,
            // A defect of this program goes on to where it is told.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn serve(
    mut passage: Passage<'_>,
    mut reader: ReaderSession,
    asked: &Receiver<Ask>,
    gives: &SyncSender<Given>,
) -> usize {
    let mut is_over = false;
    while let Ok(ask) = asked.recv() {
        let given = match ask {
            Ask::Summary => Given::Summary(reader.summary()),
            Ask::Window if is_over => continue,
            Ask::Window => {
                let window = passage.next(&mut reader).map(|found| {
                    let (place, ended) = (passage.place(), passage.ended.take());
                    Box::new(Window { found, place, ended })
                });
                is_over = window.as_ref().map_or(true, |window| window.found.is_none());
                Given::Window(window)
            }
        };
        if gives.send(given).is_err() {
            break;
        }
    }
    reader.memory()
}
