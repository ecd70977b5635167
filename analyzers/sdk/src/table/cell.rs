//! What stands in a table: values, and columns of them.

use std::borrow::Cow;
use std::net::IpAddr;

use super::Kind;

/// Bytes of one text, or of all texts of a list. What is longer is cut.
pub const TEXT: usize = 16 << 10;
/// Values of one list. Further ones are left out.
pub const LIST: usize = 1024;
/// Bytes of all texts and lists of a row. What comes behind is cut.
pub const ROW: usize = 32 << 10;
/// What a number of a list counts as.
const NUMBER: usize = 21;
thread_local! {
    // Bytes that the texts and lists of the row may still have that is being written.
    static ROOM: std::cell::Cell<usize> = const { std::cell::Cell::new(ROW) };
}

/// Begins a row: its texts and lists have all of their room.
pub(super) fn begin_row() {
    ROOM.set(ROW);
}

/// Texts, one behind another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct Texts {
    pub text: String,
    pub ends: Vec<u32>,
}

impl Texts {
    fn add(&mut self, text: &str, most: usize) {
        let room = ROOM.get();
        let text = text.get(..text.floor_char_boundary(most.min(room))).unwrap_or_default();
        ROOM.set(room.saturating_sub(text.len()));
        self.text.push_str(text);
        self.ends.push(length(self.text.len()));
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct Addresses {
    pub versions: Vec<u8>,
    pub high: Vec<u64>,
    pub low: Vec<u64>,
}

/// Values of a column; of lists, the values of all and where those of each end.
#[derive(Debug, Clone, PartialEq)]
#[doc(hidden)]
pub enum Cells {
    Integers(Vec<i64>),
    Times(Vec<i64>),
    Floats(Vec<f64>),
    Truths(Vec<bool>),
    Texts(Texts),
    Addresses(Addresses),
    IntegerLists(Vec<i64>, Vec<u32>),
    TextLists(Texts, Vec<u32>),
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq)]
#[doc(hidden)]
pub struct Column {
    pub cells: Cells,
    pub absent: Vec<u32>,
}

pub(super) fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Column {
    pub(super) fn len(&self) -> usize {
        match &self.cells {
            Cells::Integers(values) | Cells::Times(values) => values.len(),
            Cells::Floats(values) => values.len(),
            Cells::Truths(values) => values.len(),
            Cells::Texts(texts) => texts.ends.len(),
            Cells::Addresses(addresses) => addresses.versions.len(),
            Cells::IntegerLists(_, ends) | Cells::TextLists(_, ends) => ends.len(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.cells {
            Cells::Texts(texts) | Cells::TextLists(texts, _) => texts.text.len(),
            _ => 0,
        }
    }

    fn add_none(&mut self) {
        self.absent.push(length(self.len()));
        match &mut self.cells {
            Cells::Integers(values) | Cells::Times(values) => values.push(0),
            Cells::Floats(values) => values.push(0.0),
            Cells::Truths(values) => values.push(false),
            Cells::Texts(texts) => texts.add("", TEXT),
            Cells::Addresses(addresses) => {
                addresses.versions.push(4);
                addresses.high.push(0);
                addresses.low.push(0);
            }
            Cells::IntegerLists(values, ends) => ends.push(length(values.len())),
            Cells::TextLists(texts, ends) => ends.push(length(texts.ends.len())),
        }
    }
}

/// What can stand in a column: numbers, [`Time`], `bool`, addresses, fixed texts, [`Captured`] ones, lists, and `Option` of each.
pub trait Cell {
    /// What it is.
    const KIND: Kind;
    /// Whether it is text from the capture.
    const CAPTURED: bool = false;

    /// Adds it to a column of its kind.
    #[doc(hidden)]
    fn write(self, column: &mut Column);
}

/// Nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub u64);

/// Text from the capture: a `String`, or a `Vec` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured<T>(pub T);

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const CAPTURED: bool = T::CAPTURED;

    fn write(self, column: &mut Column) {
        match self {
            Some(value) => value.write(column),
            None => column.add_none(),
        }
    }
}

macro_rules! integers {
    ($($type:ty)+) => {
        $(impl Cell for $type {
            const KIND: Kind = Kind::Integer;

            fn write(self, column: &mut Column) {
                if let Cells::Integers(values) = &mut column.cells {
                    values.push(i64::try_from(self).unwrap_or(i64::MAX));
                }
            }
        })+
    };
}

integers! { u8 u16 u32 u64 usize i64 }

impl Cell for Time {
    const KIND: Kind = Kind::Time;

    fn write(self, column: &mut Column) {
        match (i64::try_from(self.0), &mut column.cells) {
            (Ok(time), Cells::Times(values)) => values.push(time),
            _ => column.add_none(),
        }
    }
}

impl Cell for f64 {
    const KIND: Kind = Kind::Float;

    fn write(self, column: &mut Column) {
        match &mut column.cells {
            Cells::Floats(values) if self.is_finite() => values.push(self),
            _ => column.add_none(),
        }
    }
}

impl Cell for bool {
    const KIND: Kind = Kind::Truth;

    fn write(self, column: &mut Column) {
        if let Cells::Truths(values) = &mut column.cells {
            values.push(self);
        }
    }
}

impl Cell for IpAddr {
    const KIND: Kind = Kind::Address;

    fn write(self, column: &mut Column) {
        let (version, bits) = match self {
            Self::V4(address) => (4, u128::from(address.to_bits())),
            Self::V6(address) => (6, address.to_bits()),
        };
        if let Cells::Addresses(addresses) = &mut column.cells {
            addresses.versions.push(version);
            addresses.high.push((bits >> 64) as u64);
            addresses.low.push(bits as u64);
        }
    }
}

fn write_text(text: &str, column: &mut Column) {
    if let Cells::Texts(texts) = &mut column.cells {
        texts.add(text, TEXT);
    }
}

impl Cell for &'static str {
    const KIND: Kind = Kind::Text;

    fn write(self, column: &mut Column) {
        write_text(self, column);
    }
}

impl Cell for Cow<'static, str> {
    const KIND: Kind = Kind::Text;

    fn write(self, column: &mut Column) {
        write_text(&self, column);
    }
}

impl Cell for Captured<String> {
    const KIND: Kind = Kind::Text;
    const CAPTURED: bool = true;

    fn write(self, column: &mut Column) {
        write_text(&self.0, column);
    }
}

impl Cell for Vec<u64> {
    const KIND: Kind = Kind::Integers;

    fn write(self, column: &mut Column) {
        if let Cells::IntegerLists(values, ends) = &mut column.cells {
            let most = LIST.min(ROOM.get() / NUMBER).min(self.len());
            ROOM.set(ROOM.get().saturating_sub(most * NUMBER));
            values.extend(self.into_iter().take(most).map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
            ends.push(length(values.len()));
        }
    }
}

impl Cell for Captured<Vec<String>> {
    const KIND: Kind = Kind::Texts;
    const CAPTURED: bool = true;

    fn write(self, column: &mut Column) {
        write_texts(self.0.iter().map(String::as_str), column);
    }
}

impl Cell for Vec<&'static str> {
    const KIND: Kind = Kind::Texts;

    fn write(self, column: &mut Column) {
        write_texts(self.into_iter(), column);
    }
}

impl Cell for Vec<Cow<'static, str>> {
    const KIND: Kind = Kind::Texts;

    fn write(self, column: &mut Column) {
        write_texts(self.iter().map(|text| &**text), column);
    }
}

fn write_texts<'t>(list: impl Iterator<Item = &'t str>, column: &mut Column) {
    if let Cells::TextLists(texts, ends) = &mut column.cells {
        let mut room = TEXT;
        for text in list.take(LIST) {
            texts.add(text, room);
            room = room.saturating_sub(text.len());
        }
        ends.push(length(texts.ends.len()));
    }
}
