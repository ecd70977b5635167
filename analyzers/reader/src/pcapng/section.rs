//! Section header block (section 4.1).

use crate::facts::{Facts, On};
use crate::pcapng::block::{Block, Refusal, too_short};
use crate::pcapng::options::Options;
use crate::pcapng::state::Pcapng;
use crate::summary::SectionSummary;
use pcap_parser::OptionCode;

impl Pcapng {
    pub(crate) fn section_header(&mut self, block: &Block, facts: &mut Facts) -> Result<(), Refusal> {
        let mut fields = block.fields();
        // The section length is not trusted: blocks are read one after another in any case.
        let (Some(_magic), Some(major), Some(minor), Some(_section_length)) =
            (fields.u32(), fields.u16(), fields.u16(), fields.take(8))
        else {
            return Err(too_short(block, 16).into());
        };
        // 1.2 is what some writers of additional blocks state; it means 1.0.
        if major != 1 || !matches!(minor, 0 | 2) {
            return Err(Refusal::Unsupported(format!(
                "pcapng version {major}.{minor} is not supported, only 1.0 and 1.2"
            )));
        }
        let options = Options::checked(fields.rest(), block.order)?;
        let mut section = SectionSummary {
            byte_order: block.order.name(),
            version: format!("{major}.{minor}"),
            ..SectionSummary::default()
        };
        facts.has_blocks();
        for option in options {
            match option.code {
                OptionCode::ShbHardware => section.hardware = option.text(),
                OptionCode::ShbOs => section.operating_system = option.text(),
                OptionCode::ShbUserAppl => section.application = option.text(),
                OptionCode::Comment => facts.comment(On::Section(self.sections), option.value),
                _ => {}
            }
        }
        facts.section(section);
        self.order = block.order;
        self.sections = self.sections.saturating_add(1);
        // Interfaces are numbered anew in each section.
        self.interfaces.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::Order;
    use crate::testing::{File, Value, read};
    use crate::types::BreakKind::Damaged;

    #[test]
    fn sections_have_their_own_byte_order_options_and_interfaces() {
        let first =
            [(2, Value::Text("Apple MBP")), (3, Value::Text("OS-X")), (1, Value::Text("a")), (1, Value::Text("b"))];
        let file = File::section(Order::Big, &first)
            .interface(1, 0, &[])
            .interface(101, 0, &[])
            .enhanced(1, 1, b"x", &[])
            .next_section(Order::Little, &[(4, Value::Text("dumpcap\0"))])
            .interface(113, 0, &[])
            .enhanced(0, 2, b"y", &[]);
        let outcome = read(&file.octets);
        let links: Vec<_> =
            outcome.links.iter().map(|link| (link.section, link.interface_id, link.link_type)).collect();
        assert_eq!(links, [(0, 0, 1), (0, 1, 101), (1, 0, 113)]);
        assert_eq!(outcome.frames.iter().map(|frame| frame.link).collect::<Vec<_>>(), [1, 2]);
        let summary = outcome.summary;
        assert_eq!((summary.format, summary.byte_order), (Some("pcapng"), Some("big")));
        assert_eq!(summary.interfaces.iter().map(|interface| interface.frames).collect::<Vec<_>>(), [0, 1, 1]);
        let sections = serde_json::to_value(&summary.sections).unwrap();
        assert_eq!(
            sections,
            serde_json::json!([
                { "byte_order": "big", "version": "1.0", "hardware": "Apple MBP", "operating_system": "OS-X" },
                { "byte_order": "little", "version": "1.0", "application": "dumpcap" },
            ])
        );
        let comments = summary.comments.unwrap();
        let texts: Vec<_> = comments.texts.iter().map(|text| (text.place, text.section, text.text.as_str())).collect();
        assert_eq!(texts, [("section", Some(0), "a"), ("section", Some(0), "b")]);
        assert_eq!(comments.section, 2);
    }

    #[test]
    fn an_option_beyond_the_first_section_header_breaks_the_capture_at_its_beginning() {
        let mut octets = File::section(Order::Little, &[(2, Value::Text("12345678"))]).octets;
        octets[26] = 0x30;
        let outcome = read(&octets);
        assert_eq!((outcome.broken().0, outcome.broken().1), (Damaged, 0));
        assert!(outcome.broken().2.starts_with("option 2 is 48 bytes long"));
    }
}
