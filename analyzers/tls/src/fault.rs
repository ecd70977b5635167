//! What can be wrong with records and messages.

mcpcap_analyzer::faults! {
    /// What is wrong with a record or message, or where one should be.
    pub enum Fault {
        /// Something else where a record should begin, before the connection was established.
        NoRecord,
        /// A record without content, which only application data may be.
        EmptyRecord,
        /// A record of another type within a handshake message that several records carry.
        Interleaved,
        /// A handshake message in more than 100 records.
        ManyRecords,
        /// A handshake message of more than 192 KiB. It is not read.
        LongMessage,
        /// A hello in which a length goes beyond what encloses it. What fits is read.
        HelloLength,
        /// A hello with the same extension twice.
        DuplicateExtension,
        /// A hello with bytes behind its last field.
        TrailingBytes,
        /// The server chose a version that the client did not offer.
        VersionNotOffered,
        /// The server chose a cipher suite that the client did not offer.
        SuiteNotOffered,
        /// An alert that has not two bytes, or an unknown level.
        BadAlert,
        /// A certificate message whose lengths do not fit.
        CertificateLength,
        /// A compressed certificate message (RFC 8879) that cannot be undone, or has another length than it says. It is not read.
        CompressedCertificate,
        /// More than 16 certificates in one message. Those behind are not read.
        LongChain,
        /// A certificate of more than 64 KiB. It is not read.
        LongCertificate,
        /// A certificate that is not X.509 in DER.
        BadCertificate,
        /// A heartbeat that asks for more bytes than it carries, or lacks its padding (CVE-2014-0160, RFC 6520 §4).
        HeartbeatLength,
        /// Fragments of a handshake message of DTLS that contradict each other.
        BadFragment,
    }
}
