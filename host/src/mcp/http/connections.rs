//! Who holds the connections, and which is closed when there is no room for another: one on which no request is answered, of whoever has most of
//! those. So half-sent heads, bodies that never end and idle clients take the room of nobody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use crate::watch::network;

/// Why there is no room: on all connections requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// On all that this address may have.
    Address,
    /// On all that there may be.
    All,
}

/// The connections of a listener.
pub(super) struct Connections {
    most: usize,
    of_address: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Rises with each change, so that it tells what was first.
    now: u64,
    open: HashMap<u64, Entry>,
}

struct Entry {
    from: IpAddr,
    /// Requests that were let in and are not answered to the end.
    requests: usize,
    /// When it was opened, or its last request was answered.
    since: u64,
    close: CancellationToken,
}

impl Connections {
    /// Room for so many, and for so many of one address.
    pub(super) fn new(most: usize, of_address: usize) -> Arc<Self> {
        Arc::new(Self { most, of_address, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of an address. Where there is none, another connection is closed, if there is an idle one.
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Result<Arc<Place>, Full> {
        let peer = from;
        let from = network(peer);
        let mut held = self.held();
        if held.open.values().filter(|entry| entry.from == from).count() >= self.of_address {
            held.close_idle(from).ok_or(Full::Address)?;
        } else if held.open.len() >= self.most {
            let of = held.most_idle().ok_or(Full::All)?;
            held.close_idle(of).ok_or(Full::All)?;
        }
        let (id, close) = (held.tick(), CancellationToken::new());
        held.open.insert(id, Entry { from, requests: 0, since: id, close: close.clone() });
        Ok(Arc::new(Place { id, from: peer, close, connections: Arc::clone(self) }))
    }
}

impl Held {
    fn tick(&mut self) -> u64 {
        self.now = self.now.wrapping_add(1);
        self.now
    }

    /// The address that has most connections on which no request is answered.
    fn most_idle(&self) -> Option<IpAddr> {
        let mut idle: HashMap<IpAddr, usize> = HashMap::new();
        for entry in self.open.values().filter(|entry| entry.requests == 0) {
            let count = idle.entry(entry.from).or_default();
            *count = count.saturating_add(1);
        }
        idle.into_iter().max_by_key(|(from, count)| (*count, *from)).map(|(from, _)| from)
    }

    /// Closes the connection of an address that was idle longest.
    fn close_idle(&mut self, from: IpAddr) -> Option<()> {
        let idle = self.open.iter().filter(|(_, entry)| entry.from == from && entry.requests == 0);
        let id = idle.min_by_key(|(_, entry)| entry.since).map(|(id, _)| *id)?;
        self.open.remove(&id)?.close.cancel();
        Some(())
    }
}

/// A connection's place; dropped, it is free.
pub(super) struct Place {
    id: u64,
    /// The other end.
    pub(super) from: IpAddr,
    close: CancellationToken,
    connections: Arc<Connections>,
}

impl Place {
    /// Waits until somebody else needs it more.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }

    /// A request was let in; until it is answered the connection stays.
    fn begin(self: &Arc<Self>) -> Busy {
        self.count(|requests| requests.saturating_add(1));
        Busy(Arc::clone(self))
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        let mut held = self.connections.held();
        let now = held.tick();
        if let Some(entry) = held.open.get_mut(&self.id) {
            (entry.requests, entry.since) = (change(entry.requests), now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.held().open.remove(&self.id);
    }
}

/// A request that is being answered.
struct Busy(Arc<Place>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.count(|requests| requests.saturating_sub(1));
    }
}

/// Keeps the connection of a request that was let in until its answer has gone out, a stream to its end.
pub(super) async fn busy(request: Request, next: Next) -> Response {
    let busy = request.extensions().get::<Arc<Place>>().map(Place::begin);
    until_sent(next.run(request).await, busy)
}

/// The answer, with something that is dropped when it has gone out, or the client has gone away.
pub(super) fn until_sent(response: Response, held: impl Send + Unpin + 'static) -> Response {
    response.map(|body| Body::new(Watched { body, _held: held }))
}

struct Watched<T> {
    body: Body,
    _held: T,
}

impl<T: Send + Unpin> HttpBody for Watched<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn is_closed(place: &Place) -> bool {
        place.close.is_cancelled()
    }

    #[test]
    fn an_address_gives_up_its_own_idle_connection_that_was_idle_longest() {
        let all = Connections::new(100, 3);
        let places: Vec<_> = (0..3).map(|_| all.take(at("10.0.0.1")).unwrap()).collect();
        let other = all.take(at("10.0.0.2")).unwrap();
        // The first was of use since.
        drop(places[0].begin());
        let busy = places[1].begin();
        let next = all.take(at("10.0.0.1")).unwrap();
        assert_eq!(places.iter().map(|place| is_closed(place)).collect::<Vec<_>>(), [false, false, true]);
        let (_first, _next) = (places[0].begin(), next.begin());
        assert_eq!(all.take(at("::ffff:10.0.0.1")).err(), Some(Full::Address), "streams that stand open count");
        assert!(all.take(at("10.0.0.2")).is_ok() && !is_closed(&other));
        drop(busy);
        let last = all.take(at("10.0.0.1")).unwrap();
        assert!(is_closed(&places[1]) && !is_closed(&last));
    }

    #[test]
    fn who_has_most_idle_connections_gives_up_one_when_there_are_too_many() {
        let all = Connections::new(6, 4);
        let one = all.take(at("10.0.0.1")).unwrap();
        let many: Vec<_> = (0..4).map(|_| all.take(at("10.0.0.2")).unwrap()).collect();
        let two = all.take(at("10.0.0.3")).unwrap();
        let three = all.take(at("10.0.0.4")).unwrap();
        assert_eq!(many.iter().filter(|place| is_closed(place)).count(), 1);
        assert!(is_closed(&many[0]) && ![&one, &two, &three].iter().any(|place| is_closed(place)));
        let _busy: Vec<_> = many[1..].iter().chain([&one, &two, &three]).map(Place::begin).collect();
        assert_eq!(all.take(at("10.0.0.5")).err(), Some(Full::All));
        drop(one);
        assert_eq!(all.take(at("10.0.0.5")).err(), Some(Full::All), "its request is still answered");
    }

    #[test]
    fn a_place_is_free_when_its_connection_has_ended() {
        let all = Connections::new(2, 1);
        for _ in 0..10 {
            let place = all.take(at("10.0.0.1")).unwrap();
            let busy = place.begin();
            drop((place, busy));
        }
        assert_eq!(all.held().open.len(), 0);
    }

    #[test]
    fn a_site_of_ipv6_is_one_address() {
        let all = Connections::new(10, 1);
        let first = all.take(at("2001:db8::1")).unwrap();
        let _busy = first.begin();
        assert_eq!(all.take(at("2001:db8::ffff:1")).err(), Some(Full::Address));
        assert!(all.take(at("2001:db8:0:1::1")).is_ok());
    }
}
