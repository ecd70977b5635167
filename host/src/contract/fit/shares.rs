//! Details in the room that is left for them.

use super::{Entries, Part, Report};

/// How many entries of each list fit, and the room that is left: short lists leave theirs to long ones, and those in front come first.
pub fn shares(entries: &Entries, report: &Report<'_>, room: usize) -> (Vec<usize>, usize) {
    let is_list = |nth: usize| matches!(report.parts.get(nth), Some(Part::List(_)));
    let mut order: Vec<(usize, usize)> = entries
        .0
        .iter()
        .enumerate()
        .filter(|(nth, list)| !list.is_empty() && is_list(*nth))
        .map(|(nth, list)| (list.iter().map(|(_, size)| *size).fold(0, usize::saturating_add), nth))
        .collect();
    order.sort_unstable();
    let mut taken = vec![0; entries.0.len()];
    let (mut room, mut left) = (room, order.len());
    let mut take = |nth: usize, share: usize, most: usize| {
        let (Some(list), Some(taken), true) = (entries.0.get(nth), taken.get_mut(nth), is_list(nth)) else { return 0 };
        let mut used = 0_usize;
        for (_, size) in list.iter().skip(*taken).take(most) {
            let next = used.saturating_add(*size);
            if next > share {
                break;
            }
            *taken = usize::saturating_add(*taken, 1);
            used = next;
        }
        used
    };
    // One of each, as far as there is room; then the shares.
    for nth in 0..entries.0.len() {
        room = room.saturating_sub(take(nth, room, 1));
    }
    for (_, nth) in order {
        room = room.saturating_sub(take(nth, room.checked_div(left).unwrap_or(0), usize::MAX));
        left = left.saturating_sub(1);
    }
    // Entries are of different sizes: what the shares left may hold one more.
    for nth in 0..entries.0.len() {
        room = room.saturating_sub(take(nth, room, usize::MAX));
    }
    (taken, room)
}
