//! A report of which long lists are looked at entry by entry: only what an answer can show is held.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Budget, Effort, Reading, Stopped, VALUES};

/// Who decides which entries of a report's lists are held.
pub trait Lists {
    /// Whether the entries of a field are looked at one by one. Said before they come.
    fn begin(&mut self, field: &str) -> bool;
    /// Whether the next entry, if there is one, is looked at.
    fn wants(&self) -> bool;
    /// An entry was passed over.
    fn pass(&mut self);
    /// Looks at an entry: adds it to those that are held, or does not. How many values are not held any more, its own or others'.
    fn take(&mut self, entry: Value, held: &mut Vec<Value>) -> usize;
}

impl Effort<'_> {
    /// Reads a report. As [`Effort::read`], but entries that are not held do not count.
    ///
    /// # Errors
    /// As it could not be read to its end; [`Stopped::Malformed`] when it is no object.
    pub fn report(&self, text: &str, lists: &mut impl Lists) -> Result<Map<String, Value>, Stopped> {
        let mut budget = Budget { left: VALUES, effort: *self, stopped: None };
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Fields { budget: &mut budget, lists }.deserialize(&mut reader);
        let read = read.and_then(|fields| reader.end().map(|()| fields));
        read.map_err(|error| budget.stopped.unwrap_or_else(|| Stopped::Malformed(error.to_string())))
    }
}

struct Fields<'b, 'a, L> {
    budget: &'b mut Budget<'a>,
    lists: &'b mut L,
}

impl<'de, L: Lists> DeserializeSeed<'de> for Fields<'_, '_, L> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: Lists> Visitor<'de> for Fields<'_, '_, L> {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = if self.lists.begin(&name) {
                access.next_value_seed(Entries { budget: self.budget, lists: self.lists })?
            } else {
                access.next_value_seed(Reading(self.budget))?
            };
            fields.insert(name, value);
        }
        Ok(fields)
    }
}

struct Entries<'b, 'a, L> {
    budget: &'b mut Budget<'a>,
    lists: &'b mut L,
}

impl<'de, L: Lists> DeserializeSeed<'de> for Entries<'_, '_, L> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: Lists> Visitor<'de> for Entries<'_, '_, L> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut held = Vec::new();
        loop {
            if !self.lists.wants() {
                if access.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                self.lists.pass();
                continue;
            }
            let Some(entry) = access.next_element_seed(Reading(self.budget))? else { break };
            let freed = self.lists.take(entry, &mut held);
            self.budget.left = self.budget.left.saturating_add(freed);
        }
        Ok(held.into())
    }
}
