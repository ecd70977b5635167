//! Where components run: one engine, one fresh instance for each run, limits on everything.
//!
//! Only this folder and `bindings.rs` name wasmtime. It does not know what the components compute.

mod admit;
mod fault;
mod key_log;
mod limits;
mod session;
mod tables;
mod wasi;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mcpcap_native::{Builtin, Compiled};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

pub use admit::{Refused, SIZE_MAX, before_compiling};
pub use fault::{Fault, Limit, problem_text};
pub use session::{AnalyzerSession, CodecSession, DecoderSession, ReaderSession};

use crate::bindings::{analyzer, codec::CodecPre, decoder::DecoderPre, of_frames, reader::ReaderPre};
use crate::settings::Limits;
use limits::State;

/// How often running components look at their deadline.
const TICK: Duration = Duration::from_millis(10);

/// The engine, and what is linked into components.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<State>,
}

impl Sandbox {
    /// Starts the engine and the thread that drives its deadlines.
    ///
    /// # Errors
    /// When the machine cannot run the engine.
    pub fn new() -> Result<Self, Refused> {
        let engine = Engine::new(&mcpcap_native::config()).map_err(Refused::engine)?;
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker(&mut linker).map_err(Refused::engine)?;
        let weak = engine.weak();
        std::thread::Builder::new()
            .name("epoch".into())
            .spawn(move || {
                // Ends with the engine: the thread holds it only weakly.
                while let Some(engine) = weak.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(|error| Refused::engine(error.into()))?;
        Ok(Self { engine, linker })
    }

    /// Loads a component that the program brought along.
    ///
    /// # Errors
    /// When it was built for another engine, which is a defect of the program.
    pub fn builtin(&self, builtin: &Builtin) -> Result<Loaded, Refused> {
        let component = builtin.load(&self.engine).map_err(Refused::engine)?;
        Ok(Loaded { name: builtin.name.into(), sha256: builtin.sha256.into(), component })
    }

    /// Compiles a component from its WebAssembly form. Only for components that this project made itself: compiling a hostile one
    /// takes minutes and gigabytes, and cannot be interrupted.
    ///
    /// # Errors
    /// When it is not a component, or is too large to be compiled.
    pub fn compile(&self, name: &str, wasm: &[u8]) -> Result<Loaded, Refused> {
        admit::size(wasm)?;
        let component =
            Component::new(&self.engine, wasm).map_err(|error| Refused::NotAComponent(admit::brief(&error)))?;
        Ok(Loaded { name: name.into(), sha256: crate::digest::hex_sha256(wasm), component })
    }

    /// Loads a stranger's component that was compiled.
    ///
    /// # Errors
    /// When it was compiled for another engine.
    pub fn compiled(&self, name: &str, sha256: &str, compiled: &Compiled) -> Result<Loaded, Refused> {
        let component = compiled.load(&self.engine).map_err(Refused::engine)?;
        Ok(Loaded { name: name.into(), sha256: sha256.into(), component })
    }

    /// By what the code of this engine is known; see [`mcpcap_native::engine_key`].
    pub fn key(&self) -> String {
        mcpcap_native::engine_key(&self.engine)
    }

    /// Makes an analyzer of a component.
    ///
    /// # Errors
    /// When it imports what it must not, or does not export the contract.
    pub fn analyzer(&self, loaded: Loaded) -> Result<Analyzer, Refused> {
        let pre = self.prepare(&loaded)?;
        let no_need = Box::new(|| Err(Refused::Engine("it is loaded".into())));
        Ok(Analyzer(Arc::new(Lazy {
            name: loaded.name,
            sha256: loaded.sha256,
            pre: Mutex::new(Some(pre)),
            load: no_need,
        })))
    }

    /// Makes an analyzer of a component that is loaded when it is first run.
    pub fn later(
        &self,
        name: &str,
        sha256: &str,
        load: impl Fn() -> Result<Analyzer, Refused> + Send + Sync + 'static,
    ) -> Analyzer {
        Analyzer(Arc::new(Lazy {
            name: name.into(),
            sha256: sha256.into(),
            pre: Mutex::new(None),
            load: Box::new(move || load()?.0.ready()),
        }))
    }

    fn prepare(&self, loaded: &Loaded) -> Result<AnalyzerPre, Refused> {
        let admitted = self.admit(loaded)?;
        let packets = match analyzer::AnalyzerPre::new(admitted.clone()) {
            Ok(pre) => return Ok(AnalyzerPre::Packets(pre)),
            Err(reason) => reason,
        };
        // What is of neither version is told what it lacks of the present one.
        of_frames::AnalyzerPre::new(admitted).map(AnalyzerPre::Frames).map_err(|_| Refused::contract(packets))
    }

    /// Makes a reader of a component.
    ///
    /// # Errors
    /// As [`Sandbox::analyzer`].
    pub fn reader(&self, loaded: Loaded) -> Result<Reader, Refused> {
        let pre = ReaderPre::new(self.admit(&loaded)?).map_err(Refused::contract)?;
        Ok(Reader(Arc::new(Admitted { name: loaded.name, pre })))
    }

    /// Makes a codec of a component.
    ///
    /// # Errors
    /// As [`Sandbox::analyzer`].
    pub fn codec(&self, loaded: Loaded) -> Result<Codec, Refused> {
        let pre = CodecPre::new(self.admit(&loaded)?).map_err(Refused::contract)?;
        Ok(Codec(Arc::new(Admitted { name: loaded.name, pre })))
    }

    /// Makes a decoder of a component.
    ///
    /// # Errors
    /// As [`Sandbox::analyzer`].
    pub fn decoder(&self, loaded: Loaded) -> Result<Decoder, Refused> {
        let pre = DecoderPre::new(self.admit(&loaded)?).map_err(Refused::contract)?;
        Ok(Decoder(Arc::new(Admitted { name: loaded.name, pre })))
    }

    /// Instantiates a component of no world and throws it away: what its start functions do falls under the limits.
    ///
    /// # Errors
    /// As the instance fails.
    #[doc(hidden)]
    pub fn start_for_test(&self, name: &str, wasm: &[u8], limits: &Limits) -> Result<(), Fault> {
        session::start(name, &self.engine, &self.linker, wasm, limits)
    }

    fn admit(&self, loaded: &Loaded) -> Result<wasmtime::component::InstancePre<State>, Refused> {
        admit::imports(&self.engine, &loaded.component)?;
        self.linker.instantiate_pre(&loaded.component).map_err(Refused::contract)
    }
}

/// A component as native code, not yet checked.
pub struct Loaded {
    name: String,
    sha256: String,
    component: Component,
}

struct Admitted<P> {
    name: String,
    pre: P,
}

/// An analyzer that may be run. Cheap to clone.
#[derive(Clone)]
pub struct Analyzer(Arc<Lazy>);

/// An analyzer of one version of the contract or the other.
#[derive(Clone)]
enum AnalyzerPre {
    /// 0.2: it is given packets.
    Packets(analyzer::AnalyzerPre<State>),
    /// 0.1: it is given frames.
    Frames(of_frames::AnalyzerPre<State>),
}

/// An analyzer, loaded at the latest when it is run.
struct Lazy {
    name: String,
    sha256: String,
    pre: Mutex<Option<AnalyzerPre>>,
    load: Box<dyn Fn() -> Result<AnalyzerPre, Refused> + Send + Sync>,
}

/// A reader that may be run. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Admitted<ReaderPre<State>>>);

/// A codec that may be run. Cheap to clone.
#[derive(Clone)]
pub struct Codec(Arc<Admitted<CodecPre<State>>>);

/// A decoder that may be run. Cheap to clone.
#[derive(Clone)]
pub struct Decoder(Arc<Admitted<DecoderPre<State>>>);

impl Analyzer {
    /// Name of the component.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// SHA-256 of the component, as hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// The component, loaded. One that cannot be is tried again with the next run.
    fn pre(&self) -> Result<AnalyzerPre, Fault> {
        let unavailable =
            |reason: Refused| Fault::Unavailable { component: self.0.name.clone(), reason: reason.to_string() };
        self.0.ready().map_err(unavailable)
    }
}

impl Lazy {
    fn ready(&self) -> Result<AnalyzerPre, Refused> {
        let mut kept = self.pre.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pre) = &*kept {
            return Ok(pre.clone());
        }
        let pre = (self.load)()?;
        *kept = Some(pre.clone());
        Ok(pre)
    }
}
