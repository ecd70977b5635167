//! Names that are asked for, looked at once for as long as they are remembered.

use std::borrow::Borrow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use mcpcap_analyzer::stats::{BoundedMap, Place};

use crate::hashes;
use crate::limits;
use crate::message::Question;
use crate::message::name::{self, Folded, Labels};
use crate::registered::registered;

/// The names that came last. What is forgotten is made again, and is the same.
pub struct Names {
    known: BoundedMap<Known, ()>,
    folded: Folded,
}

/// A name in lower case, with all that follows from it. Names compare as their text does.
#[derive(Debug, Clone)]
pub struct Known(Rc<Facts>);

/// What follows from a name.
#[derive(Debug)]
pub struct Facts {
    wire: Rc<[u8]>,
    text: Box<str>,
    /// The first bytes of the text as a number, by which nearly all names compare.
    first: u128,
    /// Where the registered domain begins in the text.
    domain_at: usize,
    ends_in_known: bool,
    hash: u64,
    domain_hash: u64,
    /// Where the tables have it.
    pub places: Cell<Places>,
}

/// Where the tables of `domains` have a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places {
    /// Whether it is among the different names.
    pub is_counted: bool,
    /// Its registered domain.
    pub domain: Place,
    /// Among the names that are remembered to count those of each domain.
    pub name: Place,
    /// Among the most frequent names.
    pub top: Place,
}

impl Names {
    /// None yet.
    pub fn new() -> Self {
        Self { known: BoundedMap::new(limits::KNOWN_NAMES), folded: Folded::default() }
    }

    /// The valid name of a question.
    pub fn of(&mut self, message: &[u8], question: &Question) -> Option<Known> {
        let place = question.place()?;
        // Mostly it stands there whole and in lower case: then the bytes there are what it is known by.
        let whole = message.get(place..question.name_end).and_then(|octets| octets.strip_suffix(&[0]));
        let is_lower = |wire: &&[u8]| !wire.iter().fold(false, |any, octet| any | octet.is_ascii_uppercase());
        if let Some(wire) = whole.filter(is_lower)
            && let Some((known, ())) = self.known.get_entry(wire)
        {
            return Some(known.clone());
        }
        Some(self.at(message, place))
    }

    /// The valid name at a place in a message.
    pub fn at(&mut self, message: &[u8], at: usize) -> Known {
        self.folded.read(message, at);
        if let Some((known, ())) = self.known.get_entry(&*self.folded as &[u8]) {
            return known.clone();
        }
        let known = Known::new(&self.folded);
        if known.text.len() <= limits::KNOWN_NAME_CHARACTERS {
            self.known.insert(known.clone(), ());
        }
        known
    }
}

impl Known {
    fn new(wire: &[u8]) -> Self {
        let wire: Rc<[u8]> = wire.into();
        let mut text = String::with_capacity(wire.len());
        // Writing into a string does not fail.
        let _ = name::write(&mut text, Labels::of(&wire));
        let text = text.into_boxed_str();
        let (domain, ends_in_known) = registered(&wire, &text);
        let domain_at = text.len().saturating_sub(domain.len());
        let domain_hash = hashes::of(domain.as_bytes());
        let hash = hashes::of(&wire);
        let first = first_of(&text);
        Self(Rc::new(Facts { wire, text, first, domain_at, ends_in_known, hash, domain_hash, places: Cell::default() }))
    }
}

impl Facts {
    /// In presentation format.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its registered domain: see [`registered`].
    pub fn domain(&self) -> &str {
        self.text.get(self.domain_at..).unwrap_or_default()
    }

    /// What stands in front of that.
    pub fn below_domain(&self) -> &str {
        self.text.get(..self.domain_at).unwrap_or_default()
    }

    /// Whether its last label is a top-level domain.
    pub fn ends_in_known(&self) -> bool {
        self.ends_in_known
    }

    /// A hash of it, the same in each run.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The same of its registered domain.
    pub fn domain_hash(&self) -> u64 {
        self.domain_hash
    }

    /// As on the wire, uncompressed and without the root.
    pub fn wire(&self) -> &Rc<[u8]> {
        &self.wire
    }

    /// The labels, the leftmost first.
    pub fn labels(&self) -> Labels<'_> {
        Labels::of(&self.wire)
    }
}

impl Deref for Known {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl Borrow<[u8]> for Known {
    fn borrow(&self) -> &[u8] {
        &self.wire
    }
}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.wire == other.wire
    }
}

impl Eq for Known {}

impl PartialOrd for Known {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Known {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first.cmp(&other.first).then_with(|| self.text.cmp(&other.text))
    }
}

/// The first bytes of a text as a number; where there are fewer, zeros stand behind them, which no text of a name holds. So numbers that differ compare
/// as the texts do.
fn first_of(text: &str) -> u128 {
    let mut first = [0; 16];
    first.iter_mut().zip(text.bytes()).for_each(|(own, octet)| *own = octet);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with one name behind its header.
    fn message(number: usize) -> Vec<u8> {
        let label = format!("Host{number:05}");
        [&[0; 12][..], &[9], label.as_bytes(), b"\x07example\x02co\x02uk\x00"].concat()
    }

    #[test]
    fn names_compare_as_their_texts_do() {
        let wires: [&[u8]; 7] = [
            b"",
            b"\x01a",
            b"\x01a\x00",
            b"\x01a\x01b",
            b"\x02a\x00",
            b"\x10aaaaaaaaaaaaaaaa\x01a",
            b"\x10aaaaaaaaaaaaaaaa\x01b",
        ];
        let names = wires.map(Known::new);
        for (one, other) in names.iter().flat_map(|one| names.iter().map(move |other| (one, other))) {
            assert_eq!(one.cmp(other), one.text().cmp(other.text()), "{} {}", one.text(), other.text());
        }
    }

    #[test]
    fn questions_in_whatever_case_and_form_have_one_name() {
        let mut names = Names::new();
        let mut message = vec![0; 12];
        message[5] = 4;
        for name in [&b"\x03www\x02io\x00"[..], b"\x03WwW\x02io\x00", b"\x03www\xc0\x10", b"\xc0\x0c"] {
            message.extend_from_slice(name);
            message.extend_from_slice(&[0, 1, 0, 1]);
        }
        let read = crate::message::Message::parse(&message, None).unwrap();
        let known: Vec<Known> = read.questions.iter().filter_map(|one| names.of(&message, one)).collect();
        assert_eq!(known.len(), 4);
        assert!(known.iter().all(|one| one.text() == "www.io" && Rc::ptr_eq(&one.0, &known[0].0)));
    }

    #[test]
    fn a_name_that_was_forgotten_is_the_same_when_it_comes_again() {
        let mut names = Names::new();
        let first = names.at(&message(0), 12);
        assert!(Rc::ptr_eq(&first.0, &names.at(&message(0), 12).0), "it is looked at once");
        assert_eq!((first.text(), first.domain()), ("host00000.example.co.uk", "example.co.uk"));
        assert_eq!((first.below_domain(), first.ends_in_known()), ("host00000.", true));
        (1..=limits::KNOWN_NAMES).for_each(|number| drop(names.at(&message(number), 12)));
        let again = names.at(&message(0), 12);
        assert!(!Rc::ptr_eq(&first.0, &again.0), "others took its place");
        let of = |known: &Known| (Facts::hash(known), known.domain_hash());
        assert_eq!((&again, of(&again)), (&first, of(&first)));
    }
}
