//! A frame as the host delivers it.

/// Where a frame was captured. See `link` in `wit/mcpcap.wit`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Value of the LINKTYPE_ registry, for example 1 for Ethernet.
    pub link_type: u16,
    /// Octets of frame check sequence behind each frame, where the file says so.
    pub fcs_length: Option<u8>,
    /// The most octets of a frame that were to be stored; 0: no limit was stated.
    pub snap_length: u32,
    /// Section of a pcapng file, from 0.
    pub section: u32,
    /// Number of the interface within its section.
    pub interface_id: u32,
    /// Name of the interface. Text from the capture.
    pub name: Option<String>,
}

/// One frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Number in the capture, from 1, as Wireshark counts.
    pub number: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z; `None` when the file gives no time.
    pub timestamp: Option<u64>,
    /// Octets on the wire.
    pub original: u32,
    /// What was stored of it.
    pub data: &'a [u8],
    /// Where it was captured.
    pub link: &'a Link,
    /// Position of `link` among all links of the file, from 0.
    pub link_index: u32,
    /// pcapng `epb_flags`; 0 where there are none.
    pub flags: u32,
    /// Offset in the capture of the first octet of `data`, for a tool that wants all frames.
    pub offset: u64,
}

impl Frame<'_> {
    /// Octets of frame check sequence at the end of the frame: what its flags say (pcapng `epb_flags` bits 5 to 8), else what
    /// its link says, else 0.
    pub fn fcs_length(&self) -> usize {
        match (self.flags >> 5) & 0xf {
            0 => usize::from(self.link.fcs_length.unwrap_or(0)),
            n => n as usize,
        }
    }

    /// Whether the snap length cut the frame short.
    pub fn is_cut(&self) -> bool {
        (self.data.len() as u64) < u64::from(self.original)
    }
}
