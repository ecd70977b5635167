//! Comments that people or programs left in a pcapng file.

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, is_default, schemars};
use serde::Serialize;

use crate::lists;
use crate::summary::Summary;

/// Texts that a report holds first. The reader keeps more, and cuts each to 1,024 bytes.
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
    /// The texts that the reader keeps of them: those of sections first, then interfaces, their statistics, and packets in order.
    #[serde(skip_serializing_if = "is_default")]
    pub texts: Vec<Comment>,
}

/// A comment and what it is on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
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
    let sections = (0_u64..).zip(&summary.sections).flat_map(|(number, section)| {
        section.comments.iter().map(move |text| Comment {
            place: "section".into(),
            section: Some(number),
            text: text.clone(),
            ..Comment::default()
        })
    });
    let on_interface = |place: &'static str, section: u32, id: u32, text: &str| Comment {
        place: place.into(),
        section: Some(section.into()),
        interface: Some(id),
        text: text.to_owned(),
        ..Comment::default()
    };
    let interfaces = summary.interfaces.iter().flat_map(|interface| {
        let comments = interface.comments.iter();
        comments.map(|text| on_interface("interface", interface.section, interface.id, text))
    });
    let statistics = summary.interfaces.iter().flat_map(|interface| {
        let comments = interface.statistics.iter().flat_map(|block| &block.comments);
        comments.map(|text| on_interface("interface_statistics", interface.section, interface.id, text))
    });
    let others = counts.texts.iter().map(|comment| Comment {
        place: comment.place.clone(),
        frame: comment.frame,
        text: comment.text.clone(),
        ..Comment::default()
    });
    let texts: Vec<_> = sections.chain(interfaces).chain(statistics).chain(others).collect();
    let texts = lists.cut(lists::COMMENTS, LISTED, texts.into_iter()).collect();
    let total = [counts.section, counts.interface, counts.statistics, counts.packet, counts.other]
        .into_iter()
        .fold(0, u64::saturating_add);
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
            "sections": [{ "comments": ["s"] }],
            "interfaces": [{ "section": 0, "id": 2, "comments": ["i"], "statistics": [{ "comments": ["st"] }] }],
            "comments": { "section": 1, "interface": 1, "statistics": 1, "packet": 3, "other": 0,
                          "texts": [{ "where": "packet", "frame": 7, "text": "p" }] }
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
        assert_eq!((found.total, found.texts.len()), (6, 4));
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
