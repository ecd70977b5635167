//! Progress notifications: only when the client asked, rising, and not so many that they cost more than the work.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use tokio::sync::watch;

use crate::progress::{Done, Pace, Progress};

/// The least time between two notifications.
const PAUSE: Duration = Duration::from_millis(100);

/// What to tell about progress, and a future that ends when the last of it has been sent: it has to be awaited after the run.
pub(super) fn forward(context: &RequestContext<RoleServer>) -> (Arc<Progress>, impl Future<Output = ()>) {
    let (sender, mut receiver) = watch::channel((Done::default(), None));
    let token = context.meta.get_progress_token();
    let asked = token.is_some();
    let told: Arc<Progress> = Arc::new(move |done, total| {
        if asked {
            sender.send_replace((done, total));
        }
    });
    let peer = context.peer.clone();
    let task = token.map(|token| {
        tokio::spawn(async move {
            let (mut sent, mut pace) = (0, Pace::default());
            // Ends when the run has dropped its side.
            while receiver.changed().await.is_ok() {
                let (done, total) = *receiver.borrow_and_update();
                let words = pace.words(done, total, Instant::now());
                if done.bytes <= sent {
                    continue;
                }
                sent = done.bytes;
                let mut note = ProgressNotificationParam::new(token.clone(), sent as f64).with_message(words);
                note.total = total.map(|total| total as f64);
                if peer.notify_progress(note).await.is_err() {
                    return;
                }
                pause(&receiver, PAUSE).await;
            }
        })
    });
    let done = async move {
        if let Some(task) = task {
            // A client that has gone away, or a panic in sending: neither matters to the answer.
            let _ = task.await;
        }
    };
    (told, done)
}

/// Waits, but not beyond the end of the run: who waits for its answer waits for this too.
async fn pause<T>(told: &watch::Receiver<T>, length: Duration) {
    // Never what it waits for, and an error once nobody tells any more.
    let _ = tokio::time::timeout(length, told.clone().wait_for(|_| false)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_does_not_wait_for_the_next_notification() {
        let (sender, receiver) = watch::channel(0);
        let waiting = tokio::spawn(async move {
            // Far longer than anybody would wait for this test.
            pause(&receiver, Duration::from_secs(36_000)).await;
            receiver.has_changed()
        });
        sender.send_replace(1);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(sender);
        assert!(waiting.await.unwrap().is_err());
    }
}
