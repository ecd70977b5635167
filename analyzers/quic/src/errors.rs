//! Error codes of transport (IANA, registry "QUIC Transport Error Codes").

use std::borrow::Cow;

use mcpcap_tls_hello::registry::alert;

/// Its name; of an error of the handshake with that of its alert.
pub fn name(code: u64) -> Cow<'static, str> {
    let name = match code {
        0x00 => "NO_ERROR",
        0x01 => "INTERNAL_ERROR",
        0x02 => "CONNECTION_REFUSED",
        0x03 => "FLOW_CONTROL_ERROR",
        0x04 => "STREAM_LIMIT_ERROR",
        0x05 => "STREAM_STATE_ERROR",
        0x06 => "FINAL_SIZE_ERROR",
        0x07 => "FRAME_ENCODING_ERROR",
        0x08 => "TRANSPORT_PARAMETER_ERROR",
        0x09 => "CONNECTION_ID_LIMIT_ERROR",
        0x0a => "PROTOCOL_VIOLATION",
        0x0b => "INVALID_TOKEN",
        0x0c => "APPLICATION_ERROR",
        0x0d => "CRYPTO_BUFFER_EXCEEDED",
        0x0e => "KEY_UPDATE_ERROR",
        0x0f => "AEAD_LIMIT_REACHED",
        0x10 => "NO_VIABLE_PATH",
        0x11 => "VERSION_NEGOTIATION_ERROR",
        0x100..=0x1ff => {
            let alert = u8::try_from(code & 0xff).map(alert).unwrap_or_default();
            return Cow::Owned(format!("CRYPTO_ERROR ({alert})"));
        }
        _ => return Cow::Owned(format!("0x{code:x}")),
    };
    Cow::Borrowed(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_the_registry() {
        assert_eq!((name(2), name(0x0a)), ("CONNECTION_REFUSED".into(), "PROTOCOL_VIOLATION".into()));
        // 40 and 120 are alerts of TLS (RFC 8446 §6, RFC 7301 §3.2).
        assert_eq!(name(0x128), "CRYPTO_ERROR (handshake_failure)");
        assert_eq!(name(0x178), "CRYPTO_ERROR (no_application_protocol)");
        assert_eq!(name(0x1_0000), "0x10000");
    }
}
