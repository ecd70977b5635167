//! Sets of ports.

use std::fmt::Write;

/// Different ports, counted exactly: a list of few, then a bit for each (8 KiB).
#[derive(Debug, Clone)]
pub enum PortSet {
    /// Up to 64, rising.
    Few(Vec<u16>),
    /// All of them, and how many are set.
    All(Box<[u64; 1024]>, u64),
}

impl Default for PortSet {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl PortSet {
    const FEW: usize = 64;

    /// Adds a port.
    pub fn add(&mut self, port: u16) {
        match self {
            Self::Few(few) => match few.binary_search(&port) {
                Ok(_) => {}
                Err(place) if few.len() < Self::FEW => few.insert(place, port),
                Err(_) => {
                    let few = std::mem::take(few);
                    *self = Self::All(Box::new([0; 1024]), 0);
                    few.into_iter().chain([port]).for_each(|port| self.add(port));
                }
            },
            Self::All(bits, count) => {
                if let Some(word) = bits.get_mut(usize::from(port >> 6)) {
                    let bit = 1 << (port & 63);
                    *count = count.saturating_add((*word & bit == 0).into());
                    *word |= bit;
                }
            }
        }
    }

    /// Takes a port out.
    pub fn remove(&mut self, port: u16) {
        match self {
            Self::Few(few) => {
                if let Ok(place) = few.binary_search(&port) {
                    few.remove(place);
                }
            }
            Self::All(bits, count) => {
                if let Some(word) = bits.get_mut(usize::from(port >> 6)) {
                    let bit = 1 << (port & 63);
                    *count = count.saturating_sub((*word & bit != 0).into());
                    *word &= !bit;
                }
            }
        }
    }

    /// Whether a port is there.
    pub fn contains(&self, port: u16) -> bool {
        match self {
            Self::Few(few) => few.binary_search(&port).is_ok(),
            Self::All(bits, _) => bits.get(usize::from(port >> 6)).is_some_and(|word| word & (1 << (port & 63)) != 0),
        }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        match self {
            Self::Few(few) => few.len() as u64,
            Self::All(_, count) => *count,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it has grown to a bit for each port.
    pub fn is_large(&self) -> bool {
        matches!(self, Self::All(..))
    }

    /// All of them, rising.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        let (few, all) = match self {
            Self::Few(few) => (few.as_slice(), 0..0),
            Self::All(..) => (&[][..], 0..0x1_0000_u32),
        };
        let set = all.filter_map(|port| u16::try_from(port).ok()).filter(|port| self.contains(*port));
        few.iter().copied().chain(set)
    }

    /// As runs: `22,80-443`; of more than `most` runs the first ones, and `…`.
    pub fn runs(&self, most: usize) -> String {
        let (mut text, mut runs, mut run) = (String::new(), 0_usize, None::<(u16, u16)>);
        for port in self.iter().map(Some).chain([None]) {
            match (run, port) {
                (Some((first, last)), Some(port)) if last.checked_add(1) == Some(port) => run = Some((first, port)),
                (known, next) => {
                    if let Some((first, last)) = known {
                        runs = runs.saturating_add(1);
                        if runs > most {
                            text.push('…');
                            return text;
                        }
                        let comma = if text.is_empty() { "" } else { "," };
                        // Writing to a String cannot fail.
                        let _ = if first == last {
                            write!(text, "{comma}{first}")
                        } else {
                            write!(text, "{comma}{first}-{last}")
                        };
                    }
                    run = next.map(|port| (port, port));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_exactly_and_told_as_runs() {
        for many in [1_u32, 64, 65, 1000, 65_535, 65_536] {
            let mut ports = PortSet::default();
            (0..many).rev().chain(0..many).for_each(|port| ports.add(port as u16));
            assert_eq!((ports.len(), ports.iter().count() as u32), (many.into(), many));
            let runs = if many == 1 { "0".into() } else { format!("0-{}", many - 1) };
            assert_eq!(ports.runs(9), runs);
            ports.remove(0);
            assert_eq!((ports.len(), ports.contains(0)), (u64::from(many) - 1, false));
        }
        let mut ports = PortSet::default();
        [443, 22, 80, 81, 65_535].into_iter().for_each(|port| ports.add(port));
        assert_eq!((ports.runs(9).as_str(), ports.runs(2).as_str()), ("22,80-81,443,65535", "22,80-81…"));
        assert_eq!(PortSet::default().runs(9), "");
    }
}
