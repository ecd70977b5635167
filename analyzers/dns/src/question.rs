//! What a message asks, in the form in which questions compare.

use crate::hashes;
use crate::message::Message;
use crate::names::{Known, Names};
use crate::seen::Service;

/// The first question of a message, folded for comparison (RFC 4343: case does not matter).
#[derive(Debug, Clone)]
pub struct Asked {
    /// The name in lower case.
    pub name: Known,
    /// QTYPE.
    pub kind: u16,
    /// QCLASS.
    pub class: u16,
    /// A hash of all three, the same in each run.
    pub hash: u64,
}

impl Asked {
    /// The first question; `None` without one, or when its name is not valid.
    pub fn of(message: &Message<'_>, service: Service, names: &mut Names) -> Option<Self> {
        let question = message.questions.first()?;
        let name = names.of(message.octets(), question)?;
        let class = question.class & service.class_mask();
        let hash = of_parts(name.hash(), question.kind, class);
        Some(Self { name, kind: question.kind, class, hash })
    }
}

/// The hash of the first question alone; `None` as for [`Asked::of`].
pub fn identity(message: &Message<'_>, service: Service) -> Option<u64> {
    let question = message.questions.first()?;
    let name = hashes::of_name(message.octets(), question.place()?);
    Some(of_parts(name, question.kind, question.class & service.class_mask()))
}

/// Different for each type and class of one name; of two names, as different as their hashes.
fn of_parts(name: u64, kind: u16, class: u16) -> u64 {
    let rest = u64::from(kind) << 16 | u64::from(class);
    name.wrapping_add(rest.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
