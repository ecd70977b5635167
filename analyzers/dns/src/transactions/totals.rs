//! What is counted, and what had to make room.

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
