//! Several jobs at once, and places of which only so many are taken at once.

use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How often somebody who waits for a place looks whether it is still wanted.
const POLL: Duration = Duration::from_millis(50);

/// Does jobs on several threads, in their order. `done` gets what has ended, on this thread and as soon as it has.
pub(super) fn together<J: Send, R: Send>(
    threads: usize,
    jobs: Vec<J>,
    work: impl Fn(J) -> R + Sync,
    mut done: impl FnMut(Vec<R>),
) {
    let threads = threads.min(jobs.len());
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (tell, next, work) = (tell.clone(), &next, &work);
            let run = move || {
                while let Some(job) = next() {
                    if tell.send(work(job)).is_err() {
                        break;
                    }
                }
            };
            if let Err(error) = std::thread::Builder::new().name("analyzer".into()).spawn_scoped(scope, run) {
                tracing::warn!(%error, "fewer analyzers are loaded at once");
                break;
            }
        }
        drop(tell);
        while let Ok(first) = told.recv() {
            done([first].into_iter().chain(told.try_iter()).collect());
        }
        // Nothing is left, unless the machine had no thread.
        while let Some(job) = next() {
            done(vec![work(job)]);
        }
    });
}

/// Places that are taken and given back.
pub(super) struct Places {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A place that is taken, until it is dropped.
pub(super) struct Place<'a>(&'a Places);

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), given_back: Condvar::new() }
    }

    /// Waits for a place; none when it is not wanted any more.
    pub(super) fn take(&self, is_over: &dyn Fn() -> bool) -> Option<Place<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_over() {
            if let Some(rest) = free.checked_sub(1) {
                *free = rest;
                return Some(Place(self));
            }
            free = self.given_back.wait_timeout(free, POLL).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn jobs_go_on_at_once_and_each_is_told_of() {
        // Each waits for the other: one after the other they would never end.
        let both = Barrier::new(2);
        let mut ended = Vec::new();
        let work = |n: usize| {
            if n < 2 {
                both.wait();
            }
            n
        };
        together(2, (0..9).collect(), work, |some| ended.extend(some));
        ended.sort_unstable();
        assert_eq!(ended, (0..9).collect::<Vec<_>>());
        together(2, Vec::<usize>::new(), |n| n, |_| panic!("there was nothing to do"));
    }

    #[test]
    fn no_more_places_are_taken_than_there_are() {
        let (places, taken, most) = (Places::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| {
            let _place = places.take(&|| false).unwrap();
            most.fetch_max(taken.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(2));
            taken.fetch_sub(1, Ordering::SeqCst);
        };
        together(8, (0..40).collect::<Vec<_>>(), work, |_| {});
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
        let _all = (places.take(&|| false), places.take(&|| false));
        assert!(places.take(&|| true).is_none());
    }
}
