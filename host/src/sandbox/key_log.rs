//! TLS key logs into the sandbox.

use super::fault::Fault;
use super::session::{AnalyzerSession, Version};

/// Bytes that are handed over at once: a component needs no room for the whole text.
const PART: usize = 256 << 10;

impl AnalyzerSession {
    /// As `add` of `key-log` in the contract, part by part.
    ///
    /// # Errors
    /// As it fails; also when it does not export it, though it said that it decrypts.
    pub fn add_key_log(&mut self, text: &[u8]) -> Result<(), Fault> {
        let crashed = |component: &str| Fault::Crashed {
            component: component.to_owned(),
            reason: "it broke the contract: it says that it takes key logs, and does not export key-log".into(),
        };
        let instance = match &mut self.0 {
            Version::Packets(instance) => instance,
            Version::Frames(instance) => return Err(crashed(instance.name())),
        };
        let mut parts = text.chunks(PART).peekable();
        while let Some(part) = parts.next() {
            let ends = parts.peek().is_none();
            let added = instance.call(|store, exports| match &exports.decrypting {
                Some(decrypting) => decrypting.mcpcap_analysis_key_log().call_add(store, part, ends).map(|()| Ok(true)),
                None => Ok(Ok(false)),
            })?;
            if !added {
                return Err(crashed(instance.name()));
            }
        }
        Ok(())
    }
}
