//! Keeps the catalog true while the server runs: analyzers come, change and go without a restart.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::shelf::{Entry, Shelf};
use crate::catalog::{Catalog, Offer};

/// How often the places are looked at. A look is one call of the system for each file.
const POLL: Duration = Duration::from_secs(1);
/// How often it is looked whether the server still runs.
const SHORT: Duration = Duration::from_millis(100);

/// What is offered at this moment.
#[derive(Clone, Default)]
pub(crate) struct Published {
    /// All tools and prompts. It is the same one as long as the same is offered: who tells of changes compares that.
    pub(crate) catalog: Arc<Catalog>,
    /// The analyzers of others, offered or not.
    pub(crate) entries: Arc<Vec<Entry>>,
    /// Whether what was there at the start and is kept from before is offered.
    pub(crate) is_ready: bool,
    /// Whether all that was there at the start has been loaded or refused.
    pub(crate) is_settled: bool,
}

/// Loads what is there, then looks again and again until the server ends, on a thread of its own.
///
/// # Errors
/// When the machine has no thread.
pub(crate) fn watch(
    mut shelf: Shelf,
    builtin: Arc<Catalog>,
    published: watch::Sender<Published>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let run = move || {
        let mut waited = POLL;
        // Without a receiver the server is gone.
        while !stop.is_cancelled() && !published.is_closed() {
            if waited < POLL {
                std::thread::sleep(SHORT);
                waited = waited.saturating_add(SHORT);
                continue;
            }
            waited = Duration::ZERO;
            let is_first = !published.borrow().is_settled;
            let changed = shelf.look(&mut |shelf| publish(shelf, &builtin, &published, !is_first, false));
            if changed || is_first {
                publish(&shelf, &builtin, &published, true, true);
            }
        }
    };
    std::thread::Builder::new().name("analyzers".into()).spawn(run).map(drop)
}

/// `is_whole`: nothing is being loaded.
fn publish(
    shelf: &Shelf,
    builtin: &Arc<Catalog>,
    published: &watch::Sender<Published>,
    is_settled: bool,
    is_whole: bool,
) {
    let entries = shelf.entries(builtin);
    // What is still being compiled is no failure yet.
    for entry in entries.iter().filter(|_| is_whole) {
        if let Err(error) = &entry.offer {
            tracing::error!(analyzer = entry.place, %error, "the analyzer is refused");
        }
    }
    let before = published.borrow().clone();
    let is_same = offers(&before.entries).map(Arc::as_ptr).eq(offers(&entries).map(Arc::as_ptr));
    let catalog = if is_same { before.catalog } else { whole(builtin, &entries) };
    let (tools, prompts) = (catalog.tools.len(), catalog.prompts.len());
    tracing::info!(tools, prompts, "analyzers of others were looked at");
    published.send_replace(Published { catalog, entries: Arc::new(entries), is_ready: true, is_settled });
}

/// What is offered, in order.
fn offers(entries: &[Entry]) -> impl Iterator<Item = &Arc<Offer>> {
    entries.iter().filter_map(|entry| entry.offer.as_ref().ok())
}

fn whole(builtin: &Catalog, entries: &[Entry]) -> Arc<Catalog> {
    let mut catalog = builtin.clone();
    offers(entries).for_each(|offer| catalog.add(offer));
    Arc::new(catalog)
}
