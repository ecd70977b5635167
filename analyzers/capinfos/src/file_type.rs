//! Names of capture file formats.

use crate::summary::Summary;

/// A format as Wireshark names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileType {
    /// As capinfos prints it.
    pub description: &'static str,
    /// Wireshark's short name, as `editcap -F` takes it.
    pub key: &'static str,
}

/// The format that a summary tells of. Nanoseconds make classic pcap another format: they have a magic number of their own.
pub fn of(summary: &Summary) -> FileType {
    let (description, key) = match (summary.format.as_str(), summary.time_digits) {
        ("pcap", Some(9)) => ("Wireshark/tcpdump/... - nanosecond pcap", "nsecpcap"),
        ("pcap", _) => ("Wireshark/tcpdump/... - pcap", "pcap"),
        ("modified pcap", _) => ("Modified tcpdump - pcap", "modpcap"),
        ("pcapng", _) => ("Wireshark/... - pcapng", "pcapng"),
        _ => ("unknown", "unknown"),
    };
    FileType { description, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, time_digits: u8, key: &str) {
        let summary = Summary { format: format.into(), time_digits: Some(time_digits), ..Summary::default() };
        assert_eq!(of(&summary).key, key);
    }

    #[test]
    fn each_format_has_its_name() {
        check("pcap", 6, "pcap");
        check("pcap", 9, "nsecpcap");
        check("modified pcap", 6, "modpcap");
        check("pcapng", 9, "pcapng");
        check("", 9, "unknown");
    }
}
