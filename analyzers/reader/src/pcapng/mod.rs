//! pcapng (draft-ietf-opsawg-pcapng): blocks, section after section.

mod block;
mod interface;
mod options;
mod packet;
mod records;
mod section;

pub(crate) use block::Pcapng;
