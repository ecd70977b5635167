//! A block, and what it is called.

use crate::fields::{Fields, Order};
use pcap_parser::{
    CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, NRB_MAGIC, SHB_MAGIC, SJE_MAGIC, SPB_MAGIC,
};

/// The obsolete Packet Block (appendix A), which `pcap-parser` does not know.
pub(crate) const PB_MAGIC: u32 = 2;

/// Why a block is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It contradicts the format.
    Damaged(String),
    /// It may be sound, but this crate cannot read what follows.
    Unsupported(String),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

/// A block that lies in the window as a whole.
pub(crate) struct Block<'a> {
    pub kind: u32,
    pub order: Order,
    pub body: &'a [u8],
    /// Octets of the whole block.
    pub length: usize,
    /// Where the body is in the window.
    pub body_at: u32,
}

impl<'a> Block<'a> {
    pub(crate) fn fields(&self) -> Fields<'a> {
        Fields::new(self.body, self.order)
    }
}

/// The fixed part of a block does not fit in it.
pub(crate) fn too_short(block: &Block, fixed: usize) -> String {
    let (name, body) = (block_name(block.kind), block.body.len());
    format!("this {name} has {body} bytes in it, less than the {fixed} it must have")
}

/// Names of section 4.
pub(crate) fn block_name(kind: u32) -> &'static str {
    match kind {
        EPB_MAGIC => "enhanced packet block",
        SPB_MAGIC => "simple packet block",
        PB_MAGIC => "packet block",
        SHB_MAGIC => "section header block",
        IDB_MAGIC => "interface description block",
        ISB_MAGIC => "interface statistics block",
        NRB_MAGIC => "name resolution block",
        DSB_MAGIC => "decryption secrets block",
        SJE_MAGIC => "systemd journal export block",
        CB_MAGIC | DCB_MAGIC => "custom block",
        _ => "block",
    }
}
