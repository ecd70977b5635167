//! Comments that people or programs left in a pcapng file.

use mcpcap_analyzer::stats::{Lists, PageInfo};
use mcpcap_analyzer::{JsonSchema, is_default, schemars};
use serde::Serialize;

use crate::lists::{self, COMMENTS};
use crate::summary::Summary;

/// Texts that a report holds first. The reader cuts each to 1,024 bytes.
const LISTED: usize = 100;

/// Comments: how many by the kind of block they are on, and the first texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comments {
    /// All of them.
    #[serde(skip_serializing_if = "is_default")]
    pub total: u64,
    /// On sections.
    #[serde(skip_serializing_if = "is_default")]
    pub section: u64,
    /// On interfaces.
    #[serde(skip_serializing_if = "is_default")]
    pub interface: u64,
    /// On interface statistics.
    #[serde(skip_serializing_if = "is_default")]
    pub interface_statistics: u64,
    /// On packets.
    #[serde(skip_serializing_if = "is_default")]
    pub packet: u64,
    /// On other blocks.
    #[serde(skip_serializing_if = "is_default")]
    pub other: u64,
    /// Their texts, in the order of the file.
    #[serde(skip_serializing_if = "is_default")]
    pub texts: Vec<Comment>,
}

/// A comment and what it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comment {
    /// `section`, `interface`, `interface_statistics`, `packet`, `name_resolution` or `decryption_secrets`.
    #[serde(rename = "where")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub place: String,
    /// The section, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<u64>,
    /// The interface's number within its section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<u32>,
    /// Number of the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// The text, cut to 1,024 bytes. From the capture.
    pub text: String,
}

/// The comments of a file; `None` when its format has none.
pub fn of(summary: &Summary, lists: &mut Lists) -> Option<Comments> {
    let counts = summary.comments.as_ref()?;
    let total = [counts.section, counts.interface, counts.statistics, counts.packet, counts.other]
        .into_iter()
        .fold(0, u64::saturating_add);
    let here = counts.texts.iter().zip(summary.page(COMMENTS).map_or(0, PageInfo::place)..);
    let listed = lists::of_reader(COMMENTS, LISTED, total, here, lists);
    let texts = listed.map(|(comment, _)| Comment {
        place: comment.place.clone(),
        section: comment.section,
        interface: comment.interface,
        frame: comment.frame,
        text: comment.text.clone(),
    });
    let texts = texts.collect();
    Some(Comments {
        total,
        section: counts.section,
        interface: counts.interface,
        interface_statistics: counts.statistics,
        packet: counts.packet,
        other: counts.other,
        texts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_text_says_what_it_is_on() {
        let summary = Summary::from_value(&json!({
            "comments": { "section": 1, "interface": 1, "statistics": 1, "packet": 1, "other": 0, "texts": [
                { "where": "section", "section": 0, "text": "s" },
                { "where": "interface", "section": 0, "interface": 2, "text": "i" },
                { "where": "interface_statistics", "section": 0, "interface": 2, "text": "st" },
                { "where": "packet", "frame": 7, "text": "p" },
            ] }
        }))
        .unwrap();
        let found = of(&summary, &mut Lists::default()).unwrap();
        let shown: Vec<_> =
            found.texts.iter().map(|c| (c.place.as_str(), c.section, c.interface, c.frame, c.text.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("section", Some(0), None, None, "s"),
                ("interface", Some(0), Some(2), None, "i"),
                ("interface_statistics", Some(0), Some(2), None, "st"),
                ("packet", None, None, Some(7), "p"),
            ]
        );
        assert_eq!(found.total, 4);
    }

    #[test]
    fn the_list_is_bounded() {
        let texts: Vec<_> = (1..=150).map(|n| json!({ "where": "packet", "frame": n, "text": "x" })).collect();
        let summary = Summary::from_value(&json!({ "comments": { "packet": 5000, "texts": texts } })).unwrap();
        let found = of(&summary, &mut Lists::default()).unwrap();
        assert_eq!((found.texts.len(), found.total), (100, 5000));
        assert_eq!(of(&Summary::default(), &mut Lists::default()), None);
    }
}
