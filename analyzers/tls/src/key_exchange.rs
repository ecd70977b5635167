//! ServerKeyExchange up to TLS 1.2 (RFC 5246 §7.4.3, RFC 8422 §5.4): group and signature algorithm.

use tls_parser::{TlsCipherKx, TlsCipherSuite};

use crate::offer::Choice;
use crate::wire::Cursor;

/// A curve by its number in the registry of groups.
const NAMED_CURVE: u8 = 3;

/// Adds what the message tells to what was chosen; what is behind a wrong length is left out.
pub fn read(body: &[u8], choice: &mut Choice) {
    let Some(suite) = choice.suite.and_then(TlsCipherSuite::from_id) else { return };
    // Those with a shared key have a hint in front, and no signature.
    if suite.name.contains("PSK") || suite.name.contains("SRP") {
        return;
    }
    let mut cursor = Cursor::new(body);
    let is_signed = match suite.kx {
        TlsCipherKx::Ecdhe | TlsCipherKx::Aecdh | TlsCipherKx::Ecdh => curve(&mut cursor, choice),
        TlsCipherKx::Dhe | TlsCipherKx::Dh => prime(&mut cursor, choice),
        _ => None,
    };
    let has_scheme = matches!(choice.version, 0x0303 | 0xfefd) && !suite.name.contains("_anon_");
    if is_signed.is_some() && has_scheme {
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
    let prime = cursor.vector(2)?;
    let significant = prime.iter().position(|byte| *byte != 0).and_then(|at| prime.get(at..)).unwrap_or_default();
    let unused = significant.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(significant.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(unused);
    choice.dh_bits = Some(bits);
    cursor.vector(2)?;
    cursor.vector(2).map(drop)
}
