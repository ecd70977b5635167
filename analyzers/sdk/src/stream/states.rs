//! What an analyzer keeps of each connection.

use std::collections::BTreeMap;

use super::{Connection, Event};

/// What an analyzer keeps of each connection whose events it is given. There are as many as the decoder follows, some thousands: what has ended goes.
#[derive(Debug)]
pub struct States<S> {
    of: BTreeMap<u64, S>,
}

impl<S> Default for States<S> {
    fn default() -> Self {
        Self { of: BTreeMap::new() }
    }
}

impl<S: Default> States<S> {
    /// Hands an event to a function with what is kept of its connection.
    pub fn take<'a, T>(
        &mut self,
        connection: &Connection,
        event: Event<'a>,
        take: impl FnOnce(&mut S, Event<'a>) -> T,
    ) -> T {
        if matches!(event, Event::Closed { .. }) {
            let mut state = self.of.remove(&connection.id).unwrap_or_default();
            return take(&mut state, event);
        }
        take(self.of.entry(connection.id).or_default(), event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{CloseReason, Endpoint, Side};

    #[test]
    fn what_is_kept_ends_with_its_connection() {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        let of = |id| Connection {
            id,
            number: 0,
            client: end(1),
            server: end(2),
            client_known: true,
            first_frame: 1,
            vlan: None,
        };
        let gap = Event::Gap { from: Side::Client, missing: 1, position: 0, frame: 1, is_cut: false };
        let closed = Event::Closed { frame: 2, reason: CloseReason::Fin };
        let mut states = States::<u32>::default();
        let mut count = |id, event| {
            states.take(&of(id), event, |count, _| {
                *count += 1;
                *count
            })
        };
        let counted =
            [(7, gap), (8, gap), (7, gap), (7, closed), (7, gap), (8, closed)].map(|(id, event)| count(id, event));
        assert_eq!(counted, [1, 1, 2, 3, 1, 2]);
        assert_eq!(states.of.keys().collect::<Vec<_>>(), [&7]);
    }
}
