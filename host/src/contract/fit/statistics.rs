//! Statistics in the room that they get: shorter lists and texts first, then whole parts, the last ones first.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Part, Report};
use crate::contract::schema::property;
use crate::contract::shrink::{LEVELS, Level, shrunk};
use crate::contract::size::size;
use crate::contract::table::rendered;
use crate::effort::Effort;

/// The part of the room that statistics may take, in tenths, when there are details to show too.
const STATISTICS_TENTHS: usize = 6;
/// The part of the room that totals may take, in tenths, when they cannot be made smaller.
const TOTALS_TENTHS: usize = 9;
/// Parts that are never left out: how much was found, and what is said of it.
const FIRST: usize = 3;

/// The statistics at each level, each made once.
pub struct Wholes<'a> {
    pub report: &'a Report<'a>,
    pub levels: Vec<Leveled<'a>>,
    pub effort: &'a Effort<'a>,
}

/// The statistics at one level.
pub struct Leveled<'a> {
    /// Name, value and size.
    parts: Vec<(&'a str, Value, usize)>,
    /// Paths of the lists that were cut.
    cut: BTreeSet<String>,
    used: usize,
}

/// The statistics that are shown.
pub struct Chosen<'w> {
    /// Name, value and size.
    pub parts: Vec<(&'w str, &'w Value, usize)>,
    /// Paths of the lists that were cut.
    pub cut: BTreeSet<String>,
    /// Names of the parts for which there is no room.
    pub left_out: Vec<String>,
    pub used: usize,
}

impl<'a> Wholes<'a> {
    /// Makes the next level.
    fn add(&mut self, level: Level) {
        let mut made = Leveled { parts: Vec::new(), cut: BTreeSet::new(), used: 0 };
        for part in &self.report.parts {
            // Who asks for the answer is told; here nothing more is made.
            if let Part::Whole(name, value) = part
                && self.effort.check().is_ok()
            {
                let schema = property(self.report.schema, name);
                let value = shrunk(value, schema, level, name, &mut made.cut);
                let size = part.overhead().saturating_add(size(&rendered(&value, schema, self.report.form)));
                made.used = made.used.saturating_add(size);
                made.parts.push((name.as_str(), value, size));
            }
        }
        self.levels.push(made);
    }

    /// Characters of all of them, uncut.
    pub fn whole(&mut self) -> usize {
        self.fitting(|_, _| true);
        self.levels.first().map_or(0, |made| made.used)
    }

    /// The number of the first level that fits; of the last one, if none does.
    fn fitting(&mut self, fits: impl Fn(usize, usize) -> bool) -> usize {
        for (nth, level) in LEVELS.into_iter().enumerate() {
            if self.levels.len() <= nth {
                self.add(level);
            }
            if self.levels.get(nth).is_some_and(|made| fits(nth, made.used)) {
                return nth;
            }
        }
        LEVELS.len().saturating_sub(1)
    }
}

/// The statistics at the first level at which they leave enough room for details, which of them are left out, and their size.
pub fn statistics<'w>(wholes: &'w mut Wholes<'_>, room: usize, details: usize) -> Chosen<'w> {
    let share = if details == 0 { room } else { room.saturating_mul(STATISTICS_TENTHS) / 10 };
    // What fits with all details needs no share.
    let nth = wholes.fitting(|nth, used| used <= share || (nth == 0 && used.saturating_add(details) <= room));
    let Some(level) = wholes.levels.get(nth) else {
        return Chosen { parts: Vec::new(), cut: BTreeSet::new(), left_out: Vec::new(), used: 0 };
    };
    let mut parts: Vec<_> = level.parts.iter().map(|(name, value, size)| (*name, value, *size)).collect();
    let (mut cut, mut used) = (level.cut.clone(), level.used);
    let mut left_out = Vec::new();
    // The last goes first: what matters most stands in front. Totals may take nearly all the room before they go, since details can be had
    // by their cursors.
    let share = share.max(room.saturating_mul(TOTALS_TENTHS) / 10);
    while used > share
        && used.saturating_add(details) > room
        && let Some(nth) = parts.iter().rposition(|(_, value, _)| value.is_object())
    {
        let (name, _, size) = parts.remove(nth);
        used = used.saturating_sub(size);
        let prefix = format!("{name}.");
        cut.retain(|path| path != name && !path.starts_with(&prefix));
        left_out.insert(0, name.to_owned());
    }
    // Then single values, but for those in front.
    while used > room && parts.len() > FIRST {
        let Some((name, _, size)) = parts.pop() else { break };
        used = used.saturating_sub(size);
        left_out.insert(0, name.to_owned());
    }
    Chosen { parts, cut, left_out, used }
}
