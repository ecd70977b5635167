//! Percentiles: the value below which so many of a hundred are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::functions::{Aggregate, Context};

use super::{number, unusable};

/// Values that all percentiles of a query hold at once.
const VALUES: usize = 4_000_000;

/// `median(x)` and `percentile(x, of_hundred)`.
pub(super) struct Percentile {
    /// Which it is, where that is no argument.
    pub(super) fixed: Option<f64>,
    /// Values that are held.
    pub(super) held: Arc<AtomicUsize>,
}

/// The values of a group.
pub(super) struct Group {
    values: Vec<f64>,
    of_hundred: Option<f64>,
    held: Arc<AtomicUsize>,
}

impl Drop for Group {
    fn drop(&mut self) {
        self.held.fetch_sub(self.values.len(), Ordering::Relaxed);
    }
}

impl Aggregate<Group, Option<f64>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Group> {
        Ok(Group { values: Vec::new(), of_hundred: self.fixed, held: Arc::clone(&self.held) })
    }

    fn step(&self, context: &mut Context<'_>, group: &mut Group) -> rusqlite::Result<()> {
        if self.fixed.is_none() {
            let asked = number(context, 1)?.filter(|asked| (0.0..=100.0).contains(asked));
            let asked = asked.ok_or_else(|| unusable("percentile: the second argument must be 0 to 100"))?;
            group.of_hundred = Some(asked);
        }
        let Some(value) = number(context, 0)? else { return Ok(()) };
        if group.held.fetch_add(1, Ordering::Relaxed) >= VALUES {
            group.held.fetch_sub(1, Ordering::Relaxed);
            return Err(unusable(format!("percentile: more than {VALUES} values; add a WHERE")));
        }
        group.values.push(value);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, group: Option<Group>) -> rusqlite::Result<Option<f64>> {
        Ok(group.and_then(|mut group| {
            group.values.sort_by(f64::total_cmp);
            between(&group.values, group.of_hundred?)
        }))
    }
}

/// The value at a place of a sorted list, which may be between two.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn between(sorted: &[f64], of_hundred: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * of_hundred / 100.0;
    let before = (place.floor() as usize).min(last);
    let (low, high) = (sorted.get(before)?, sorted.get(before.saturating_add(1).min(last))?);
    // Not by their difference, which may be more than any number.
    let share = place - place.floor();
    Some(low * (1.0 - share) + high * share)
}
