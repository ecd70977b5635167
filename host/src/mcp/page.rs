//! Lists in pages.

use rmcp::ErrorData;

/// Entries of one page.
const PAGE: usize = 100;

/// The page that a cursor names, and the cursor of the next one.
///
/// # Errors
/// For a cursor that is none of ours.
pub(super) fn page<T>(all: Vec<T>, cursor: Option<&str>) -> Result<(Vec<T>, Option<String>), ErrorData> {
    let wrong = || ErrorData::invalid_params("unknown cursor: begin again without one", None);
    let from: usize = cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| wrong()))?;
    if from > 0 && (from >= all.len() || !from.is_multiple_of(PAGE)) {
        return Err(wrong());
    }
    let end = from.saturating_add(PAGE);
    let next = (end < all.len()).then(|| end.to_string());
    Ok((all.into_iter().skip(from).take(PAGE).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_list() {
        let all: Vec<usize> = (0..250).collect();
        let (mut joined, mut cursor) = (Vec::new(), None);
        loop {
            let (entries, next) = page(all.clone(), cursor.as_deref()).unwrap();
            joined.extend(entries);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(joined, all);
        for wrong in ["300", "50", "-100", "x", ""] {
            assert!(page(all.clone(), Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(page(Vec::<u8>::new(), None).unwrap(), (Vec::new(), None));
    }
}
