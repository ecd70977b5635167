//! What can be wrong with a message.

mcpcap_analyzer::faults! {
    /// What is wrong with a message, or with a payload that should be one.
    pub enum Fault {
        /// A payload on port 5060 that does not begin with a start line. No message.
        NoStartLine,
        /// A status line without a valid code, or a request line without URI. No message.
        BadStartLine,
        /// The snap length cut a payload on port 5060 within its first line. No message.
        CutBySnapLength,
        /// The header does not end with a blank line.
        NoBlankLine,
        /// A header line without a colon.
        LineWithoutColon,
        /// More than 256 headers; those behind are not read.
        TooManyHeaders,
        /// Call-ID is missing.
        NoCallId,
        /// CSeq is missing.
        #[serde(rename = "no_cseq")]
        NoCSeq,
        /// From is missing.
        NoFrom,
        /// To is missing.
        NoTo,
        /// Via is missing.
        NoVia,
        /// A header that must stand once stands there with different values.
        RepeatedHeader,
        /// CSeq is not a number and a method.
        #[serde(rename = "bad_cseq")]
        BadCSeq,
        /// CSeq names another method than the request line.
        #[serde(rename = "cseq_of_other_method")]
        CSeqOfOtherMethod,
        /// No Content-Length on a stream (RFC 3261 §18.3). The body counts as empty.
        NoContentLength,
        /// Content-Length is not a number.
        BadContentLength,
        /// Several Content-Length that differ; the first one counts.
        ConflictingContentLength,
        /// The body is shorter than Content-Length.
        BodyTooShort,
        /// A datagram goes on behind the body; what stands there is not part of the message (RFC 3261 §18.3).
        OctetsBehindBody,
        /// A session description with more than 256 media or 4,096 lines; of those behind, media are counted and not read.
        LongSessionDescription,
    }
}
