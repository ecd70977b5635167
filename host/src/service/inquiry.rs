//! SQL over several captures: their rows come into one database, one capture after the other, and then as many parts of the answer are made as are wanted.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::query::{Read, Ready};
use super::rows::Use;
use super::run::Of;
use super::{Service, stopping};
use crate::answer::AnswerError;
use crate::effort::{Effort, after};
use crate::progress::Progress;
use crate::rows::QueryError;
use crate::tables::tool::{self, Asked, Part};
use crate::tables::{Filled, Page, Room, Store, TableFile};
use crate::watch::{self, Call, Caller};

/// A question in SQL.
pub struct Inquiry {
    service: Arc<Service>,
    arguments: Map<String, Value>,
    ready: Arc<Ready>,
    part: Part,
    room: Arc<Room>,
    /// Of several captures, however many there are, the rows.
    store: Option<Arc<Mutex<Store>>>,
    /// How many were read, and their packets: all that is kept of them besides their rows.
    read: (u64, u64),
    /// The only one, and what an answer says of it.
    only: Option<Only>,
    head: Map<String, Value>,
}

/// A capture that is asked alone.
struct Only {
    /// As it was named.
    name: String,
    /// By what it is known.
    identity: String,
    /// Its tables, until they are asked.
    files: Vec<TableFile>,
    /// The names of those that are kept.
    kept: Vec<String>,
}

impl Only {
    fn of(name: &str, read: Read) -> Self {
        let (identity, kept) = (read.identity().to_owned(), read.kept());
        Self { name: name.to_owned(), identity, files: read.files, kept }
    }
}

/// One whose captures were read.
pub struct Asking {
    service: Arc<Service>,
    arguments: Map<String, Value>,
    ready: Arc<Ready>,
    part: Part,
    room: Arc<Room>,
    /// The tables, from the first question on.
    filled: Option<Filled>,
    /// What an answer says of the captures.
    head: Map<String, Value>,
    /// The capture, where it is one.
    only: Option<Only>,
}

impl Service {
    /// Looks at SQL before a capture is read. `arguments` are those of the tool.
    ///
    /// # Errors
    /// When it is wrong, or reads what is not there.
    pub async fn inquire(
        self: &Arc<Self>,
        arguments: Map<String, Value>,
        is_of_several: bool,
    ) -> Result<Inquiry, AnswerError> {
        let asked = Asked::read(arguments.clone())?;
        self.ready().await;
        let (ready, part) = self.ready_to_ask(&asked, is_of_several, &CancellationToken::new())?;
        let room = Arc::new(Room::new(self.line.limits.rows.size));
        let store = is_of_several.then(|| Store::of_several(&ready.known, &room)).transpose()?;
        let store = store.map(|store| Arc::new(Mutex::new(store)));
        let service = Arc::clone(self);
        let (ready, read, only, head) = (Arc::new(ready), (0, 0), None, Map::new());
        Ok(Inquiry { service, arguments, ready, part, room, store, read, only, head })
    }

    /// Reads a capture, and tells the audit log and metrics of it.
    async fn read_and_tell(
        self: &Arc<Self>,
        arguments: &Map<String, Value>,
        capture: &str,
        (cancel, progress): (CancellationToken, Arc<Progress>),
        work: impl FnOnce(&Self, &Of<'_>) -> Result<Read, AnswerError> + Send + 'static,
    ) -> Result<Read, AnswerError> {
        let (caller, asked) = (Caller::default(), watch::Asked { tool: tool::NAME, component: None });
        let call = Call::begin(self.audit.as_ref(), &self.metrics, &caller, asked, arguments);
        let read = self.about(capture, tool::NAME, cancel, progress, work).await.and_then(|read| read);
        call.end(read.as_ref().map(|read| &read.receipt));
        read
    }

    /// Adds the rows of a capture to those of others, where they call it by its name.
    fn add_to(
        &self,
        ready: &Ready,
        chars: usize,
        room: &Arc<Room>,
        (store, name): (&Mutex<Store>, &str),
        of: &Of<'_>,
    ) -> Result<Read, AnswerError> {
        // What is made in place of a damaged one may be kept in its turn.
        let mut tries = 2_u32;
        loop {
            let used = Use { room, is_asked: false, may_be_kept: tries > 0 };
            let mut read = self.read_tables(ready, chars, &used, of)?;
            let effort = Effort { cancel: of.cancel, until: after(self.line.limits.run) };
            let added = store.lock().unwrap_or_else(PoisonError::into_inner).add(&read.files, name, &effort);
            match added {
                Err(QueryError::Damaged(_)) if tries > 0 => {
                    self.forget(&read.kept());
                    tries = tries.saturating_sub(1);
                }
                added => {
                    added?;
                    // They are copied, and need not be held.
                    read.files.clear();
                    return Ok(read);
                }
            }
        }
    }
}

impl Inquiry {
    /// Reads a capture, which rows call by its name. Gives what an answer about it alone would say of it. Of one that fails, no row is left.
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn read(
        &mut self,
        (capture, name): (&str, &str),
        cancel: CancellationToken,
        progress: Arc<Progress>,
    ) -> Result<Map<String, Value>, AnswerError> {
        let Self { service, ready, room, store, .. } = self;
        self.arguments.insert("pcap_file".into(), capture.into());
        let (ready, room, store, chars) = (Arc::clone(ready), Arc::clone(room), store.clone(), self.part.chars);
        let name = name.to_owned();
        let work = move |service: &Service, of: &Of<'_>| match &store {
            Some(store) => service.add_to(&ready, chars, &room, (store, &name), of),
            None => {
                let used = Use { room: &room, is_asked: true, may_be_kept: true };
                service.read_tables(&ready, chars, &used, of)
            }
        };
        let read = service.read_and_tell(&self.arguments, capture, (cancel, progress), work).await?;
        let (captures, packets) = self.read;
        self.read = (captures.saturating_add(1), packets.saturating_add(read.packets()));
        let head = read.head();
        if self.store.is_none() {
            self.only = Some(Only::of(capture, read));
            self.head = head.clone();
        }
        Ok(head)
    }

    /// Whether there was no room for more rows, so that no further capture can be read, nor the question be answered.
    pub fn is_full(&self) -> bool {
        self.room.is_full()
    }

    /// Ends reading, behind which `left_out` captures have failed.
    ///
    /// # Errors
    /// When the rows cannot be kept.
    pub fn finish(self, left_out: usize) -> Result<Asking, AnswerError> {
        let Self { service, arguments, ready, part, room, store, read, only, mut head } = self;
        let mut filled = None;
        if let Some(store) = store {
            let (captures, packets) = read;
            head.insert("captures".into(), captures.into());
            if left_out > 0 {
                head.insert("captures_left_out".into(), left_out.into());
            }
            head.insert("total_packets".into(), packets.into());
            let store = Arc::into_inner(store).ok_or_else(stopping)?;
            filled = Some(store.into_inner().unwrap_or_else(PoisonError::into_inner).finish(Vec::new())?);
        }
        Ok(Asking { service, arguments, ready, part, room, filled, head, only })
    }
}

impl Asking {
    /// The rows from the one at `offset` on, as an answer; and where those begin that follow.
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn page(&mut self, offset: u64, cancel: CancellationToken) -> Result<(Value, Option<u64>), AnswerError> {
        let part = self.part.at(offset);
        let page = match (self.ask(&part, &cancel).await?, &mut self.only) {
            (Err(QueryError::Damaged(_)), Some(only)) if !only.kept.is_empty() => {
                let name = only.name.clone();
                self.service.forget(&only.kept);
                let (ready, room, chars) = (Arc::clone(&self.ready), Arc::clone(&self.room), part.chars);
                let work = move |service: &Service, of: &Of<'_>| {
                    let used = Use { room: &room, is_asked: true, may_be_kept: true };
                    service.read_tables(&ready, chars, &used, of)
                };
                let nobody = Arc::new(|_, _| {});
                let read = self.service.read_and_tell(&self.arguments, &name, (cancel.clone(), nobody), work).await?;
                self.only = Some(Only::of(&name, read));
                self.filled = None;
                self.ask(&part, &cancel).await??
            }
            (page, _) => page?,
        };
        let through = offset.saturating_add(page.rows.len() as u64);
        let next = (page.behind > 0 || page.is_cut).then_some(through);
        let identity = self.only.as_ref().map(|only| only.identity.as_str());
        Ok((part.answer(self.head.clone(), page, identity), next))
    }

    /// Asks on a thread of its own.
    async fn ask(&mut self, part: &Part, cancel: &CancellationToken) -> Result<Result<Page, QueryError>, AnswerError> {
        let filled = self.filled.take();
        let files = self.only.as_mut().map(|only| std::mem::take(&mut only.files)).unwrap_or_default();
        let (service, ready, room) = (Arc::clone(&self.service), Arc::clone(&self.ready), Arc::clone(&self.room));
        let (part, head, cancel) = (part.clone(), self.head.clone(), cancel.clone());
        let work = move || {
            let mut filled = match filled {
                Some(filled) => filled,
                None => service.filled(&ready, files, &room, &cancel)?,
            };
            let page = service.page(&mut filled, &ready, (&part, &head), &cancel);
            Ok((filled, page))
        };
        let asked: Result<_, QueryError> = tokio::task::spawn_blocking(work).await.map_err(|_| stopping())?;
        Ok(asked.and_then(|(filled, page)| {
            self.filled = Some(filled);
            page
        }))
    }
}
