//! ServerKeyExchange up to TLS 1.2 (RFC 5246 §7.4.3, RFC 8422 §5.4): group and signature algorithm.

use mcpcap_tls_hello::Choice;
use mcpcap_tls_hello::registry::{Exchange, exchange};
use mcpcap_tls_hello::wire::{Cursor, bits};

/// A curve by its number in the registry of groups.
const NAMED_CURVE: u8 = 3;

/// Adds what the message tells to what was chosen; what is behind a wrong length is left out.
pub fn read(body: &[u8], choice: &mut Choice) {
    let Some((exchange, is_signed)) = choice.suite.and_then(exchange) else { return };
    let mut cursor = Cursor::new(body);
    let is_read = match exchange {
        Exchange::Curve => curve(&mut cursor, choice),
        Exchange::Prime => prime(&mut cursor, choice),
    };
    // Before TLS 1.2 the hash was fixed.
    if is_read.is_some() && is_signed && matches!(choice.version, 0x0303 | 0xfefd) {
        choice.scheme = cursor.u16();
    }
}

fn curve(cursor: &mut Cursor<'_>, choice: &mut Choice) -> Option<()> {
    if cursor.u8()? != NAMED_CURVE {
        return None;
    }
    choice.group = Some(cursor.u16()?);
    cursor.vector(1).map(drop)
}

fn prime(cursor: &mut Cursor<'_>, choice: &mut Choice) -> Option<()> {
    choice.dh_bits = Some(bits(cursor.vector(2)?));
    cursor.vector(2)?;
    cursor.vector(2).map(drop)
}
