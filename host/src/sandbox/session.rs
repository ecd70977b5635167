//! One instance and the calls into it. After a fault the instance is gone, and further calls say so.

use tokio_util::sync::CancellationToken;
use wasmtime::component::{Component, Linker};
use wasmtime::{Store, Trap};

use super::fault::{Fault, Limit};
use super::limits::{Ended, State, begin, store};
use super::{Analyzer, AnalyzerPre, Codec, Decoder, Reader};
use crate::bindings::{analyzer, codec, decoder, decrypting, of_frames, read, reader, tabled, types};
use crate::settings::Limits;

/// An instance of any world. It runs on one thread, which must have room for [`mcpcap_native::STACK`] and the host's frames.
pub(super) struct Instance<B> {
    component: String,
    // None once it was discarded.
    live: Option<(Store<State>, B)>,
}

impl<B> Instance<B> {
    fn new(
        component: &str,
        engine: &wasmtime::Engine,
        limits: &Limits,
        cancel: &CancellationToken,
        instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<B>,
    ) -> Result<Self, Fault> {
        // Its first call begins with it.
        let mut store = store(engine, limits, cancel);
        match instantiate(&mut store) {
            Ok(bindings) => Ok(Self { component: component.into(), live: Some((store, bindings)) }),
            Err(error) => {
                log(component, &store);
                Err(fault(component, store.data(), &error))
            }
        }
    }

    /// Calls an export. After a fault the store is dropped: a trapped instance is never used again.
    pub(super) fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Store<State>, &B) -> wasmtime::Result<Result<T, types::Problem>>,
    ) -> Result<T, Fault> {
        let Some((mut store, bindings)) = self.live.take() else {
            return Err(Fault::Crashed { component: self.component.clone(), reason: "it was discarded before".into() });
        };
        begin(&mut store);
        let result = call(&mut store, &bindings);
        match result {
            Ok(answer) => {
                self.live = Some((store, bindings));
                answer.map_err(Fault::Problem)
            }
            Err(error) => {
                log(&self.component, &store);
                Err(fault(&self.component, store.data(), &error))
            }
        }
    }
}

impl<B> Instance<B> {
    /// Name of the component.
    pub(super) fn name(&self) -> &str {
        &self.component
    }

    /// Octets of linear memory; 0 after a fault.
    fn memory(&self) -> usize {
        self.live.as_ref().map_or(0, |(store, _)| store.data().memory)
    }
}

impl<B> Drop for Instance<B> {
    fn drop(&mut self) {
        if let Some((store, _)) = &self.live {
            log(&self.component, store);
        }
    }
}

/// A component's standard error goes to the log, bounded, and only for those who ask for it: it is not ours.
fn log(component: &str, store: &Store<State>) {
    let (text, dropped) = store.data().wasi.stderr.text();
    for line in text.lines() {
        tracing::debug!(component, "stderr: {}", line.escape_debug());
    }
    if dropped > 0 {
        tracing::debug!(component, dropped, "stderr was longer than its limit");
    }
}

fn fault(component: &str, state: &State, error: &wasmtime::Error) -> Fault {
    let component = component.to_owned();
    let limits = &state.limits;
    let limit = |limit, detail| Fault::Limit { component: component.clone(), limit, detail };
    match state.ended {
        Some(Ended::Cancelled) => return Fault::Cancelled,
        Some(Ended::Limit(kind)) => {
            let detail = match kind {
                Limit::Time => format!(" ({:?} for a call)", limits.call),
                Limit::Memory => format!(" ({} MiB)", limits.memory >> 20),
                Limit::Table => format!(" ({})", limits.table_elements),
                _ => String::new(),
            };
            return limit(kind, detail);
        }
        None => {}
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => limit(Limit::Stack, format!(" ({} KiB)", mcpcap_native::STACK >> 10)),
        Some(Trap::UnreachableCodeReached) => Fault::Crashed { component, reason: "it panicked".into() },
        Some(trap) => Fault::Crashed { component, reason: trap.to_string() },
        None => {
            let text = super::admit::brief(error);
            if text.contains("hostcall fuel") || text.contains("fuel allocated for hostcalls") {
                limit(Limit::Answer, format!(" ({} MiB)", limits.answer >> 20))
            } else if text.contains("resource limit exceeded") {
                limit(Limit::Instances, String::new())
            } else {
                Fault::Crashed { component, reason: text }
            }
        }
    }
}

/// Instantiates a component of no world.
pub(super) fn start(
    name: &str,
    engine: &wasmtime::Engine,
    linker: &Linker<State>,
    wasm: &[u8],
    limits: &Limits,
) -> Result<(), Fault> {
    let crashed =
        |error: wasmtime::Error| Fault::Crashed { component: name.into(), reason: super::admit::brief(&error) };
    let component = Component::new(engine, wasm).map_err(crashed)?;
    Instance::new(name, engine, limits, &CancellationToken::new(), |store| linker.instantiate(store, &component))
        .map(drop)
}

/// A run of a reader.
pub struct ReaderSession(Instance<reader::Reader>);

impl ReaderSession {
    /// Octets of linear memory that it has, which is the most that it had.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }

    /// As `open` in the contract.
    pub fn open(&mut self, options: &str) -> Result<(), Fault> {
        self.0.call(|store, reader| reader.mcpcap_analysis_read().call_open(store, options))
    }

    /// As `index-window` in the contract. The numbers are the reader's word: check them.
    pub(crate) fn index_window(&mut self, window: &[u8], last: bool) -> Result<read::Progress, Fault> {
        self.0.call(|store, reader| reader.mcpcap_analysis_read().call_index_window(store, window, last))
    }

    /// As `summary` in the contract.
    pub fn summary(&mut self) -> Result<String, Fault> {
        self.0.call(|store, reader| reader.mcpcap_analysis_read().call_summary(store))
    }
}

impl Reader {
    /// A fresh instance.
    ///
    /// # Errors
    /// When it cannot be started within its limits.
    pub fn session(&self, limits: &Limits, cancel: &CancellationToken) -> Result<ReaderSession, Fault> {
        let admitted = &*self.0;
        Instance::new(&admitted.name, admitted.pre.engine(), limits, cancel, |store| admitted.pre.instantiate(store))
            .map(ReaderSession)
    }
}

/// A run of a codec.
pub struct CodecSession(Instance<codec::Codec>);

impl CodecSession {
    /// As `detect` in the contract.
    pub fn detect(&mut self, start: &[u8]) -> Result<Option<String>, Fault> {
        self.0.call(|store, codec| codec.mcpcap_analysis_inflate().call_detect(store, start).map(Ok))
    }

    /// As `decompress` in the contract: octets consumed, what they became, and whether the stream is complete. The numbers are the
    /// codec's word: check them.
    pub fn decompress(&mut self, input: &[u8], last: bool, room: u32) -> Result<(u32, Vec<u8>, bool), Fault> {
        let step =
            self.0.call(|store, codec| codec.mcpcap_analysis_inflate().call_decompress(store, input, last, room))?;
        Ok((step.consumed, step.data, step.done))
    }
}

impl Codec {
    /// A fresh instance.
    ///
    /// # Errors
    /// When it cannot be started within its limits.
    pub fn session(&self, limits: &Limits, cancel: &CancellationToken) -> Result<CodecSession, Fault> {
        let admitted = &*self.0;
        Instance::new(&admitted.name, admitted.pre.engine(), limits, cancel, |store| admitted.pre.instantiate(store))
            .map(CodecSession)
    }
}

/// A run of a decoder.
pub struct DecoderSession(Instance<decoder::Decoder>);

impl DecoderSession {
    /// Octets of linear memory that it has, which is the most that it had.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }

    /// As `open` in the contract.
    pub fn open(&mut self, options: &str) -> Result<(), Fault> {
        self.0.call(|store, decoder| decoder.mcpcap_analysis_decode().call_open(store, options))
    }

    /// As `take` in the contract. The numbers are the decoder's word: check them.
    pub(crate) fn take(&mut self, batch: &types::Batch) -> Result<(types::Packets, types::Streams), Fault> {
        let taken = self.0.call(|store, decoder| decoder.mcpcap_analysis_decode().call_take(store, batch))?;
        Ok((taken.packets, taken.streams))
    }

    /// As `end` in the contract. The numbers are the decoder's word: check them.
    pub(crate) fn end(&mut self) -> Result<types::Streams, Fault> {
        self.0.call(|store, decoder| decoder.mcpcap_analysis_decode().call_end(store))
    }

    /// As `summary` in the contract.
    pub fn summary(&mut self) -> Result<String, Fault> {
        self.0.call(|store, decoder| decoder.mcpcap_analysis_decode().call_summary(store))
    }
}

impl Decoder {
    /// A fresh instance.
    ///
    /// # Errors
    /// When it cannot be started within its limits.
    pub fn session(&self, limits: &Limits, cancel: &CancellationToken) -> Result<DecoderSession, Fault> {
        let admitted = &*self.0;
        Instance::new(&admitted.name, admitted.pre.engine(), limits, cancel, |store| admitted.pre.instantiate(store))
            .map(DecoderSession)
    }
}

/// A run of an analyzer, of one version of the contract or the other.
pub struct AnalyzerSession(pub(super) Version);

pub(super) enum Version {
    Packets(Instance<Exports>),
    Frames(Instance<of_frames::Analyzer>),
}

/// What an analyzer exports. Whether it needs what is optional is for what it says of itself to tell.
pub(super) struct Exports {
    pub(super) analyzer: analyzer::Analyzer,
    pub(super) tabled: Option<tabled::Tabled>,
    pub(super) decrypting: Option<decrypting::Decrypting>,
}

/// Calls an export that both versions have.
macro_rules! either {
    ($session:expr, |$store:ident, $analyzer:ident| $call:expr) => {
        match &mut $session.0 {
            Version::Packets(instance) => instance.call(|$store, exports| {
                let $analyzer = exports.analyzer.mcpcap_analysis_analyze();
                $call
            }),
            Version::Frames(instance) => instance.call(|$store, analyzer| {
                let $analyzer = analyzer.mcpcap_analysis_analyze();
                $call
            }),
        }
    };
}

impl AnalyzerSession {
    /// Octets of linear memory that it has, which is the most that it had.
    pub fn memory(&self) -> usize {
        match &self.0 {
            Version::Packets(instance) => instance.memory(),
            Version::Frames(instance) => instance.memory(),
        }
    }

    /// Whether it is given packets; otherwise it takes frames apart for itself.
    pub fn takes_packets(&self) -> bool {
        matches!(self.0, Version::Packets(_))
    }

    /// As `describe` in the contract.
    pub fn describe(&mut self) -> Result<String, Fault> {
        either!(self, |store, analyzer| analyzer.call_describe(store).map(Ok))
    }

    /// As `prompt` in the contract.
    pub fn prompt(&mut self, name: &str, arguments: &str) -> Result<String, Fault> {
        either!(self, |store, analyzer| analyzer.call_prompt(store, name, arguments))
    }

    /// As `open` in the contract.
    pub fn open(&mut self, tool: &str, arguments: &str) -> Result<(), Fault> {
        either!(self, |store, analyzer| analyzer.call_open(store, tool, arguments))
    }

    /// As `feed` in the contract; one of contract 0.1 is given the frames alone.
    pub(crate) fn feed(
        &mut self,
        batch: &types::Batch,
        packets: &types::Packets,
        streams: &types::Streams,
    ) -> Result<bool, Fault> {
        match &mut self.0 {
            Version::Packets(instance) => instance.call(|store, exports| {
                exports.analyzer.mcpcap_analysis_analyze().call_feed(store, batch, packets, streams)
            }),
            Version::Frames(instance) => {
                instance.call(|store, analyzer| analyzer.mcpcap_analysis_analyze().call_feed(store, batch))
            }
        }
    }

    /// As `finish` in the contract.
    pub fn finish(&mut self, capture: &str) -> Result<String, Fault> {
        either!(self, |store, analyzer| analyzer.call_finish(store, capture))
    }
}

impl Analyzer {
    /// A fresh instance.
    ///
    /// # Errors
    /// When it cannot be started within its limits.
    pub fn session(&self, limits: &Limits, cancel: &CancellationToken) -> Result<AnalyzerSession, Fault> {
        let name = self.name();
        let version = match self.pre()? {
            AnalyzerPre::Packets(pre) => {
                let instantiate = |store: &mut Store<State>| {
                    let instance = pre.instance_pre().instantiate(&mut *store)?;
                    Ok(Exports {
                        tabled: tabled::Tabled::new(&mut *store, &instance).ok(),
                        decrypting: decrypting::Decrypting::new(&mut *store, &instance).ok(),
                        analyzer: analyzer::Analyzer::new(&mut *store, &instance)?,
                    })
                };
                Instance::new(name, pre.engine(), limits, cancel, instantiate).map(Version::Packets)
            }
            AnalyzerPre::Frames(pre) => {
                Instance::new(name, pre.engine(), limits, cancel, |store| pre.instantiate(store)).map(Version::Frames)
            }
        };
        version.map(AnalyzerSession)
    }
}
