//! What a message asks, in the form in which questions compare.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::message::Message;
use crate::message::name::Name;
use crate::seen::Service;

/// The first question of a message, folded for comparison (RFC 4343: case does not matter).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The name in lower case.
    pub name: Name,
    /// A hash of the name, the same in each run.
    pub name_hash: u64,
    /// QTYPE.
    pub kind: u16,
    /// QCLASS.
    pub class: u16,
    /// A hash of all three, the same in each run.
    pub hash: u64,
}

impl Asked {
    /// The first question; `None` without one, or when its name is not valid.
    pub fn of(message: &Message<'_>, service: Service) -> Option<Self> {
        let question = message.questions.first()?;
        let name = message.question_name(question)?.fold();
        let class = question.class & service.class_mask();
        let name_hash = hash(&name);
        let hash = hash(&(name_hash, question.kind, class));
        Some(Self { name, name_hash, kind: question.kind, class, hash })
    }
}

/// A hash that is the same in each run.
pub fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
