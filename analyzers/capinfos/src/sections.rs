//! Sections of a pcapng file: on what machine and with what program each was captured.

use mcpcap_analyzer::stats::{Page, Window};
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::Serialize;

use crate::summary::Summary;

/// Where a section comes from. The texts are from the capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Section {
    /// Number of the section, from 0.
    pub section: u64,
    /// `little` or `big` endian.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub byte_order: String,
    /// Version of the format.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub format_version: String,
    /// The capturing machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Its operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// The program that wrote the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// All sections there are in the file.
pub fn count(summary: &Summary) -> u64 {
    (summary.sections.len() as u64).saturating_add(summary.sections_left_out)
}

/// The page of them that is asked for. The reader keeps the first ones only.
pub fn page(summary: &Summary, window: Window) -> Page<Section> {
    let mut page = Page::new(window);
    for (number, section) in (0..).zip(&summary.sections) {
        page.push(|| Section {
            section: number,
            byte_order: section.byte_order.clone(),
            format_version: section.version.clone(),
            hardware: section.hardware.clone(),
            operating_system: section.operating_system.clone(),
            application: section.application.clone(),
        });
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary;

    #[test]
    fn sections_are_numbered_and_bounded() {
        let section = summary::Section { operating_system: Some("Linux".into()), ..summary::Section::default() };
        let summary = Summary { sections: vec![section; 60], sections_left_out: 3, ..Summary::default() };
        let found = page(&summary, Window { offset: 0, limit: 50, ..Window::default() }).into_items();
        assert_eq!((found.len(), count(&summary)), (50, 63));
        let rest = page(&summary, Window { offset: 50, limit: 50, ..Window::default() });
        assert_eq!((rest.info("sections").total, rest.into_items()[0].section), (60, 50));
        assert_eq!((found[1].section, found[1].operating_system.as_deref()), (1, Some("Linux")));
    }
}
