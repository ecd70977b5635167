//! What is counted, and what had to make room.

use crate::brief::Outcome;
use crate::seen::Service;

/// Totals over all transactions of DNS, and of LLMNR where the name says so. LLMNR questions without an answer are no failure: they ask
/// who has a name, and mostly nobody has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub asked: u64,
    pub answered: u64,
    pub retransmitted: u64,
    pub asked_again: u64,
    pub duplicates: u64,
    pub conflicting: u64,
    pub late: u64,
    pub unasked: u64,
    pub other_question: u64,
    pub other_payload: u64,
    pub truncated: u64,
    pub retried_over_tcp: u64,
    pub before_query: u64,
    pub llmnr_asked: u64,
    pub llmnr_answered: u64,
}

impl Totals {
    /// Counts what a message turned out to be.
    pub(super) fn count(&mut self, service: Service, outcome: Outcome) {
        let count = match (service, outcome) {
            (Service::Llmnr, Outcome::Asked) => &mut self.llmnr_asked,
            (Service::Llmnr, Outcome::Answered { .. }) => &mut self.llmnr_answered,
            (Service::Llmnr | Service::Mdns, _) => return,
            (_, Outcome::Asked) => &mut self.asked,
            (_, Outcome::Retransmitted) => &mut self.retransmitted,
            (_, Outcome::Answered { .. }) => &mut self.answered,
            (_, Outcome::Unasked) => &mut self.unasked,
            (_, Outcome::OtherQuestion { .. }) => &mut self.other_question,
            (_, Outcome::OtherPayload { .. }) => &mut self.other_payload,
            (_, Outcome::AskedAnew | Outcome::AnsweredAgain { .. } | Outcome::Waiting | Outcome::Unpaired) => return,
        };
        *count = count.saturating_add(1);
    }
}

/// Entries that had to make room.
#[derive(Debug, Clone, Copy)]
pub struct Evicted {
    /// Queries whose response may still have come.
    pub queries: u64,
    /// Responses that waited for their query.
    pub waiting: u64,
    /// Payloads that are no messages.
    pub other_payloads: u64,
    /// Questions that were open.
    pub open_questions: u64,
    /// Truncated answers, and questions over TCP.
    pub retries: u64,
}
