//! How names go on behind compression pointers, found out once for each place that is pointed to.
//!
//! A message of 64 KiB can hold thousands of pointers to one long name. Reading that name again for each of them takes many times as long as
//! reading the message.

use smallvec::SmallVec;

use super::HEADER_LENGTH;
use super::fault::Malformed;
use super::name::{Extent, LONGEST, MOST_POINTERS};
use super::places::Places;

/// What is behind the places to which pointers of one message lead.
#[derive(Debug, Clone, Default)]
pub struct Targets(Places<Tail>);

/// A name from some place on.
#[derive(Debug, Clone, Copy)]
struct Tail {
    /// Bytes of its labels with their lengths.
    octets: u32,
    pointers: u16,
    fault: Option<Malformed>,
}

/// Labels up to the root or a pointer.
struct Run {
    octets: u32,
    /// Behind it, in the message.
    end: usize,
    next: Next,
}

enum Next {
    Root,
    Pointer(usize),
}

impl Targets {
    /// How far the name at `start` goes where it stands, as [`super::name::walk`] finds it; it must end before `limit`.
    ///
    /// # Errors
    /// When the name's end cannot be found.
    pub fn extent(&mut self, message: &[u8], start: usize, limit: usize) -> Result<Extent, Malformed> {
        if let Some(extent) = self.usual(message, start, limit) {
            return Ok(extent);
        }
        let run = run(message, start, limit.min(message.len()))?;
        let too_long = is_too_long(run.octets).then_some(Malformed::NameTooLong);
        let fault = match run.next {
            Next::Root => {
                // It is the question's, to which most pointers lead.
                if start == HEADER_LENGTH {
                    self.0.insert(start, Tail { octets: run.octets, pointers: 0, fault: None });
                }
                too_long
            }
            // Where nothing of the message is meant, nothing behind it is to be believed either.
            Next::Pointer(target) if target >= message.len() => return Err(Malformed::BadPointer),
            Next::Pointer(_) if too_long.is_some() => too_long,
            Next::Pointer(target) if target >= start || target < HEADER_LENGTH => Some(Malformed::BadPointer),
            Next::Pointer(target) => {
                let tail = self.0.get(target).unwrap_or_else(|| self.tail(message, target));
                before(run.octets, tail).fault
            }
        };
        Ok(Extent { end: run.end, fault })
    }

    /// The same for what the owner of a record mostly is: the root, or a pointer to a name that was read before.
    #[inline]
    fn usual(&self, message: &[u8], start: usize, limit: usize) -> Option<Extent> {
        let end = start.saturating_add(2);
        let &[high, low] = message.get(start..limit.min(message.len()))?.first_chunk()?;
        if high == 0 {
            return Some(Extent { end: start.saturating_add(1), fault: None });
        }
        let target = target(high, low).filter(|target| *target < start)?;
        let tail = self.0.get(target)?;
        Some(Extent { end, fault: before(0, tail).fault })
    }

    /// The name from a place on to which a pointer leads.
    fn tail(&mut self, message: &[u8], target: usize) -> Tail {
        let mut above: SmallVec<[(usize, Run); 2]> = SmallVec::new();
        let mut at = target;
        let mut tail = loop {
            if let Some(known) = self.0.get(at) {
                break known;
            }
            let failed = |fault| Tail { octets: 0, pointers: 0, fault: Some(fault) };
            if above.len() > MOST_POINTERS {
                // Only of the first place it is known that its pointers are too many.
                let tail = failed(Malformed::TooManyPointers);
                self.0.insert(target, tail);
                return tail;
            }
            match run(message, at, message.len()) {
                Err(reason) => {
                    let tail = failed(reason);
                    self.0.insert(at, tail);
                    break tail;
                }
                Ok(found) => match found.next {
                    Next::Pointer(next) if next < at && next >= HEADER_LENGTH => {
                        above.push((at, found));
                        at = next;
                    }
                    next => {
                        let fault = matches!(next, Next::Pointer(_)).then_some(Malformed::BadPointer);
                        let tail = Tail { octets: found.octets, pointers: 0, fault };
                        self.0.insert(at, tail);
                        break tail;
                    }
                },
            }
        };
        while let Some((at, run)) = above.pop() {
            tail = before(run.octets, tail);
            self.0.insert(at, tail);
        }
        tail
    }
}

/// A run of labels and what is behind its pointer.
fn before(octets: u32, tail: Tail) -> Tail {
    let octets = octets.saturating_add(tail.octets);
    let pointers = tail.pointers.saturating_add(1);
    let fault = match tail.fault {
        Some(fault) => Some(fault),
        None if is_too_long(octets) => Some(Malformed::NameTooLong),
        None if usize::from(pointers) > MOST_POINTERS => Some(Malformed::TooManyPointers),
        None => None,
    };
    Tail { octets, pointers, fault }
}

/// Whether so many bytes of labels are too many, with the root's.
fn is_too_long(octets: u32) -> bool {
    octets as usize >= LONGEST
}

/// Where a pointer leads, if it is one.
fn target(high: u8, low: u8) -> Option<usize> {
    (high >= 0xc0).then(|| (usize::from(high & 0x3f) << 8) | usize::from(low))
}

fn run(message: &[u8], start: usize, limit: usize) -> Result<Run, Malformed> {
    let message = message.get(..limit).unwrap_or(message);
    let mut at = start;
    loop {
        #[cfg(test)]
        super::work::step();
        let length = *message.get(at).ok_or(Malformed::EndsEarly)?;
        let octets = at.saturating_sub(start) as u32;
        let behind = at.saturating_add(1);
        match length >> 6 {
            0 if length == 0 => return Ok(Run { octets, end: behind, next: Next::Root }),
            0 => {
                at = behind.saturating_add(length.into());
                if at > message.len() {
                    return Err(Malformed::EndsEarly);
                }
            }
            3 => {
                let low = *message.get(behind).ok_or(Malformed::EndsEarly)?;
                let Some(target) = target(length, low) else { return Err(Malformed::BadLabelType) };
                return Ok(Run { octets, end: behind.saturating_add(1), next: Next::Pointer(target) });
            }
            _ => return Err(Malformed::BadLabelType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::name::walk;
    use super::*;
    use mcpcap_analyzer::harness::Random;

    /// Whatever is behind a name, both ways to read it agree on its end and on whether it is valid.
    #[test]
    fn extents_are_those_of_names_that_are_read_label_by_label() {
        let mut random = Random::new(53);
        let mut valid = 0;
        for _ in 0..20_000 {
            let length = 13 + random.below(80);
            let message: Vec<u8> = (0..length)
                .map(|_| match random.below(8) {
                    0 => 0,
                    1 => 0xc0,
                    2 => random.below(256) as u8,
                    3..=5 => random.below(length) as u8,
                    _ => random.below(4) as u8,
                })
                .collect();
            let mut targets = Targets::default();
            for start in 12..length {
                let limit = start + random.below(length - start) + 1;
                let plain = walk(&message, start, limit, |_| ());
                let extent = targets.extent(&message, start, limit);
                assert_eq!(plain.is_ok(), extent.is_ok(), "{message:?} {start}");
                let (Ok(plain), Ok(extent)) = (plain, extent) else { continue };
                assert_eq!(
                    (plain.end, plain.fault.is_some()),
                    (extent.end, extent.fault.is_some()),
                    "{message:?} {start}"
                );
                valid += usize::from(plain.fault.is_none());
            }
        }
        assert!(valid > 10_000);
    }
}
