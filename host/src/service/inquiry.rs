//! SQL over several captures: their rows come into one database, one capture after the other, and then as many parts of the answer are made as are wanted.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::query::Ready;
use super::{Service, stopping};
use crate::answer::AnswerError;
use crate::progress::Progress;
use crate::tables::tool::{self, Asked, Part};
use crate::tables::{Filled, Store};
use crate::watch::{self, Call, Caller};

/// A question in SQL.
pub struct Inquiry {
    service: Arc<Service>,
    arguments: Map<String, Value>,
    ready: Arc<Ready>,
    part: Part,
    store: Arc<Mutex<Store>>,
    /// Whether it is about several captures, however many there are.
    is_of_several: bool,
    /// How many were read, and their packets: all that is kept of them besides their rows.
    read: (u64, u64),
    /// What is known of the only one.
    only: Option<(Map<String, Value>, String)>,
}

/// One whose captures were read.
pub struct Asking {
    service: Arc<Service>,
    ready: Arc<Ready>,
    part: Part,
    /// Absent only while it is asked.
    filled: Option<Filled>,
    /// What an answer says of the captures.
    head: Map<String, Value>,
    /// By what the capture is known, where it is one.
    identity: Option<String>,
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
        let (ready, part) = self.ready_to_ask(&asked, is_of_several)?;
        let store = Arc::new(Mutex::new(self.store(&ready, is_of_several)?));
        let service = Arc::clone(self);
        Ok(Inquiry { service, arguments, ready: Arc::new(ready), part, store, is_of_several, read: (0, 0), only: None })
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
        let Self { service, ready, store, is_of_several, .. } = self;
        self.arguments.insert("pcap_file".into(), capture.into());
        let (caller, asked) = (Caller::default(), watch::Asked { tool: tool::NAME, component: None });
        let call = Call::begin(service.audit.as_ref(), &service.metrics, &caller, asked, &self.arguments);
        if *is_of_several {
            store.lock().unwrap_or_else(PoisonError::into_inner).begin_capture(name)?;
        }
        let (ready, filling, chars) = (Arc::clone(ready), Arc::clone(store), self.part.chars);
        let work = move |service: &Service, of: &super::run::Of<'_>| service.read_into(&ready, chars, &filling, of);
        let read = service.about(capture, tool::NAME, cancel, progress, work).await.and_then(|read| read);
        call.end(read.as_ref().map(|read| &read.receipt));
        match read {
            Ok(read) => {
                let (captures, packets) = self.read;
                self.read = (captures.saturating_add(1), packets.saturating_add(read.packets()));
                if !*is_of_several {
                    self.only = Some((read.head(), read.identity().to_owned()));
                }
                Ok(read.head())
            }
            Err(error) => {
                let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
                if *is_of_several && !store.is_full() {
                    store.forget_capture()?;
                }
                Err(error)
            }
        }
    }

    /// Whether there was no room for more rows, so that no further capture can be read, nor the question be answered.
    pub fn is_full(&self) -> bool {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).is_full()
    }

    /// Ends reading, behind which `left_out` captures have failed.
    ///
    /// # Errors
    /// When the rows cannot be kept.
    pub fn finish(self, left_out: usize) -> Result<Asking, AnswerError> {
        let Self { service, ready, part, store, read, only, .. } = self;
        let store = Arc::into_inner(store).ok_or_else(stopping)?;
        let filled = Some(store.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?);
        let (head, identity) = match only {
            Some((head, identity)) => (head, Some(identity)),
            None => {
                let (captures, packets) = read;
                let mut head = Map::new();
                head.insert("captures".into(), captures.into());
                if left_out > 0 {
                    head.insert("captures_left_out".into(), left_out.into());
                }
                head.insert("total_packets".into(), packets.into());
                (head, None)
            }
        };
        Ok(Asking { service, ready, part, filled, head, identity })
    }
}

impl Asking {
    /// The rows from the one at `offset` on, as an answer; and where those begin that follow.
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn page(&mut self, offset: u64, cancel: CancellationToken) -> Result<(Value, Option<u64>), AnswerError> {
        let Some(mut filled) = self.filled.take() else { return Err(stopping()) };
        let (service, ready, part) = (Arc::clone(&self.service), Arc::clone(&self.ready), self.part.at(offset));
        let work = move || {
            let page = service.page(&mut filled, &ready, &part, &cancel);
            (filled, part, page)
        };
        let (filled, part, page) = tokio::task::spawn_blocking(work).await.map_err(|_| stopping())?;
        self.filled = Some(filled);
        let page = page?;
        let through = offset.saturating_add(page.rows.len() as u64);
        let next = (page.behind > 0 || page.is_cut).then_some(through);
        Ok((part.answer(self.head.clone(), page, self.identity.as_deref()), next))
    }
}
