//! Lists in another order.

use std::cmp::Ordering;

use serde_json::Value;

use super::arguments::Common;
use super::fit::Part;
use super::schema::sortable;
use crate::answer::{AnswerError, Code};
use crate::effort::values;

/// Entries that a list may have to be sorted: they are all kept meanwhile.
pub const MOST: u64 = 5000;

/// Sorts the lists whose entries have the field, and goes to the page that was asked for.
///
/// # Errors
/// [`Code::BadArgument`] when no list has the field, or one is too long.
pub fn apply(parts: &mut [Part], schema: &Value, by: &(String, bool), common: &Common) -> Result<(), AnswerError> {
    let (field, _) = by;
    let bad = |message: String| Err(AnswerError::new(Code::BadArgument, message));
    let mut known: Vec<String> = Vec::new();
    let mut sorted = false;
    for part in parts {
        let Part::List(list) = part else { continue };
        let fields = sortable(schema, &list.name);
        if fields.contains(field) {
            if list.read < list.total {
                let name = &list.name;
                return bad(match common.lists().any(|asked| asked == name) || list.total > MOST {
                    true => format!(
                        "argument sort: {name} has {} entries, and lists of up to {MOST}, of long entries fewer, can be sorted; choose fewer frames",
                        list.total
                    ),
                    false => format!(
                        "argument sort: of {name} only the first entries are here; ask for it with `section` [\"{name}\"]"
                    ),
                });
            }
            let mut places = list.places.take().unwrap_or_else(|| (list.offset..).take(list.entries.len()).collect());
            order(&mut list.entries, &mut places, by);
            list.places = Some(places);
            if let Some(matched) = &mut list.matched {
                matched.places = None;
            }
            sorted = true;
        }
        known.extend(fields);
        let skipped = usize::try_from(common.offset()).unwrap_or(usize::MAX).min(list.entries.len());
        list.entries.drain(..skipped);
        if let Some(places) = &mut list.places {
            places.drain(..skipped.min(places.len()));
        }
        list.offset = skipped as u64;
    }
    if sorted {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    bad(format!(
        "argument sort: no list here has the field {}; there are {}",
        crate::text::neutral(field, 100),
        known.join(", ")
    ))
}

/// Sorts entries, and the places they have in their list.
fn order(entries: &mut Vec<Value>, places: &mut Vec<u64>, (field, falling): &(String, bool)) {
    let mut placed: Vec<(u64, Value)> = places.drain(..).zip(entries.drain(..)).collect();
    placed.sort_by(|(first, a), (second, b)| {
        let by_field = match (a.get(field), b.get(field)) {
            // Without the field comes last in either order.
            (None, None) => Ordering::Equal,
            (None, _) => Ordering::Greater,
            (_, None) => Ordering::Less,
            (Some(a), Some(b)) if *falling => compare(b, a),
            (Some(a), Some(b)) => compare(a, b),
        };
        by_field.then(first.cmp(second))
    });
    (*places, *entries) = placed.into_iter().unzip();
}

/// Leaves the first entries in an order, so many at the most. How many values the others had.
pub(super) fn best(entries: &mut Vec<Value>, places: &mut Vec<u64>, by: &(String, bool), most: usize) -> usize {
    order(entries, places, by);
    let rest = entries.get(most..).unwrap_or_default();
    let freed = rest.iter().map(values).fold(0, usize::saturating_add);
    entries.truncate(most);
    places.truncate(most);
    freed
}

/// The order of two scalars; those of different kinds are equal.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_u64(), b.as_u64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}
