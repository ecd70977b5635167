//! What can be wrong with packets and messages.

mcpcap_analyzer::faults! {
    /// What is wrong with a connection's packets or messages.
    pub enum Fault {
        /// A packet whose lengths go beyond its datagram, or with too few bytes to be protected.
        PacketLength,
        /// Packets for different connection ids in one datagram. Those behind the first are not read (RFC 9000 §12.2).
        MixedDatagram,
        /// A client's Initial in a datagram of less than 1,200 bytes (RFC 9000 §14.1).
        SmallInitial,
        /// An Initial of a server with a token (RFC 9000 §17.2.2).
        ServerToken,
        /// An Initial that cannot be decrypted: it was changed, or is for other keys.
        NotDecrypted,
        /// A frame that ends behind its packet.
        FrameLength,
        /// A frame that no Initial may have.
        FrameKind,
        /// CRYPTO frames that overlap and say different things of the same bytes. The first one is read.
        CryptoContradicts,
        /// A CRYPTO frame or a message in them beyond 128 KiB. It is not read.
        CryptoBeyond,
        /// More than 1,024 pieces of a message that wait for what is between them. Those behind are not read.
        CryptoPieces,
        /// A handshake message in more than 100 packets.
        ManyPackets,
        /// A hello in which a length goes beyond what encloses it. What fits is read.
        HelloLength,
        /// A hello with the same extension twice.
        DuplicateExtension,
        /// A hello with bytes behind its last field.
        TrailingBytes,
        /// A ClientHello without transport parameters (RFC 9001 §8.2).
        NoParameters,
        /// Transport parameters whose lengths lie, or with one twice.
        BadParameters,
        /// A client whose transport parameters name another connection id than its packets (RFC 9000 §7.3).
        OtherSource,
        /// The server chose a cipher suite that the client did not offer.
        SuiteNotOffered,
        /// A Retry whose tag does not fit, so that the server did not make it for this client (RFC 9001 §5.8).
        RetryTag,
        /// Version negotiation that lists the version that was asked for, which clients have to ignore (RFC 9000 §6.2).
        NegotiationListsVersion,
    }
}
