//! pcapng (draft-ietf-opsawg-pcapng): blocks, section after section.

mod block;
mod blocks;
mod interface;
mod options;
mod packet;
mod records;
mod section;
mod state;

pub(crate) use state::Pcapng;
