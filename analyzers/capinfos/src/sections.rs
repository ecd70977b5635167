//! Sections of a pcapng file: on what machine and with what program each was captured.

use mcpcap_analyzer::stats::{Lists, PageInfo};
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::Serialize;

use crate::lists::{self, SECTIONS};
use crate::summary::{self, Summary};

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
    summary.page(SECTIONS).map_or(summary.sections.len() as u64, |page| page.total)
}

/// Those that are listed.
pub fn list(summary: &Summary, lists: &mut Lists) -> Vec<Section> {
    let here = summary.sections.iter().zip(summary.page(SECTIONS).map_or(0, PageInfo::place)..);
    let listed = lists::of_reader(SECTIONS, lists::MOST, count(summary), here, lists);
    let section = |(section, number): (&summary::Section, usize)| Section {
        section: number as u64,
        byte_order: section.byte_order.clone(),
        format_version: section.version.clone(),
        hardware: section.hardware.clone(),
        operating_system: section.operating_system.clone(),
        application: section.application.clone(),
    };
    listed.map(section).collect()
}

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::Window;

    use super::*;

    #[test]
    fn sections_are_numbered_and_those_elsewhere_are_told() {
        let section = summary::Section { operating_system: Some("Linux".into()), ..summary::Section::default() };
        let pages = vec![PageInfo::new(SECTIONS, 2_063, 2_000, 60)];
        let summary = Summary { sections: vec![section; 60], pages, ..Summary::default() };
        let mut lists =
            Lists::new(Window { offset: 2_000, limit: 60, list: Some(SECTIONS.into()), ..Window::default() });
        let found = list(&summary, &mut lists);
        assert_eq!((found.len(), count(&summary), lists.into_pages()), (60, 2_063, summary.pages.clone()));
        assert_eq!((found[1].section, found[1].operating_system.as_deref()), (2_001, Some("Linux")));
    }
}
