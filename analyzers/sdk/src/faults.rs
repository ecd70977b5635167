//! What is wrong with what a capture holds: the kinds that an analyzer tells apart, how often each came, and the frames that show it.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::{Evidence, Frames};
use crate::stats::Lists;

/// The kinds that an analyzer tells apart; [`faults!`](crate::faults!) makes them.
pub trait Fault: Copy + 'static {
    /// All of them, in the order of reports.
    const ALL: &'static [Self];
    /// Its place among them.
    fn place(self) -> usize;
}

/// Makes the enumeration of what can be wrong. In reports the names are in snake case.
#[macro_export]
macro_rules! faults {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$of_variant:meta])+ $variant:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, $crate::serde::Serialize, $crate::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of_variant])+ $variant),+
        }

        impl $crate::faults::Fault for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

/// A kind and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FaultCount")]
pub struct FaultCount<F> {
    /// What is wrong.
    pub reason: F,
    /// How often.
    pub count: u64,
    /// The frames that show it. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// Counts of each kind.
#[derive(Debug, Clone)]
pub struct Faults<F> {
    evidence: Vec<Evidence>,
    kinds: PhantomData<F>,
}

impl<F: Fault> Default for Faults<F> {
    fn default() -> Self {
        Self { evidence: vec![Evidence::default(); F::ALL.len()], kinds: PhantomData }
    }
}

impl<F: Fault> Faults<F> {
    /// Counts one.
    pub fn add(&mut self, fault: F, frame: u64) {
        if let Some(evidence) = self.evidence.get_mut(fault.place()) {
            evidence.add(frame);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.evidence.iter().all(|evidence| evidence.total() == 0)
    }

    /// Those that came. `list` is the name of the list of their frames, such as `statistics.malformed[].frames`.
    pub fn report(&self, list: &str, lists: &mut Lists) -> Vec<FaultCount<F>> {
        let all = F::ALL.iter().zip(&self.evidence).filter(|(_, evidence)| evidence.total() > 0);
        let count = |(place, (reason, evidence)): (usize, (&F, &Evidence))| FaultCount {
            reason: *reason,
            count: evidence.total(),
            frames: lists.evidence(list, place, evidence),
        };
        all.enumerate().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Window;

    faults! {
        /// What can be wrong here.
        pub enum Wrong {
            /// Too short.
            TooShort,
            /// Another name than its own.
            #[serde(rename = "renamed")]
            Other,
            /// What never comes.
            Never,
        }
    }

    #[test]
    fn what_came_is_told_in_order_with_its_frames() {
        let mut faults = Faults::default();
        assert!(faults.is_empty());
        for (fault, frame) in [(Wrong::Other, 7), (Wrong::TooShort, 3), (Wrong::Other, 2)] {
            faults.add(fault, frame);
        }
        let report = faults.report("malformed[].frames", &mut Lists::new(Window::default()));
        let told = serde_json::json!([
            { "reason": "too_short", "count": 1, "frames": [3] },
            { "reason": "renamed", "count": 2, "frames": [2, 7] },
        ]);
        assert_eq!((serde_json::to_value(report).unwrap(), Wrong::ALL.len()), (told, 3));
    }
}
