//! `mcpcap analyzer`: for those who make analyzers, and those who let others' in.

mod approve;
mod check;
mod list;
mod new;
mod pack;
mod run;
mod shown;

use std::sync::Arc;

use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use crate::analyzers::{Access, Entry, Loader, Place, Reference, Shelf};
use crate::catalog::Catalog;
use crate::cli::exit::Failure;
use crate::cli::options::{Loaded, Private};
use crate::sandbox::Sandbox;
use crate::service::{self, Options, Service};

/// The contract, as it is published.
pub const WIT: &str = include_str!("../../../../wit/mcpcap.wit");

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a working project for a new analyzer, with a test
    New(new::Arguments),
    /// Load an analyzer under the real limits, run it on captures, and report each problem with its cause
    Check(check::Arguments),
    /// Make a component of the core module that a C compiler wrote
    Pack(pack::Arguments),
    /// Run a tool of an analyzer on captures and print its report
    Run(run::Arguments),
    /// List the analyzers that --analyzers, --analyzer and MCPCAP_ANALYZERS name, and say which are refused and why
    List(Loaded),
    /// Show what an analyzer tells the model, and pin it in the list of approved analyzers
    Approve(approve::Arguments),
    /// Print a reference to a registry's artifact as pinned by its digest
    Pin {
        /// For example oci://ghcr.io/acme/banners:1.0
        reference: String,
        #[command(flatten)]
        private: Private,
    },
}

impl Command {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        match self {
            Self::Run(typed) => typed.apply(&mut options)?,
            Self::Check(typed) => typed.apply(&mut options)?,
            Self::List(typed) => typed.apply(&mut options, false)?,
            Self::Approve(typed) => typed.apply(&mut options),
            Self::Pin { private, .. } => options.analyzers.private_registries = private.allow_private_urls,
            Self::New(_) | Self::Pack(_) => {}
        }
        Ok(options)
    }
}

/// Does what was asked.
pub async fn run(command: Command, options: Options) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => Ok(new::run(&arguments)?),
        Command::Check(arguments) => Ok(check::run(&arguments, options).await?),
        Command::Run(arguments) => run::run(arguments, options).await,
        Command::Pack(arguments) => Ok(pack::run(&arguments)?),
        Command::List(_) => Ok(list::run(&options).await?),
        Command::Approve(arguments) => Ok(approve::run(&arguments, &options).await?),
        Command::Pin { reference, .. } => {
            let access =
                Access { private: options.analyzers.private_registries, limits: options.limits.registry.clone() };
            let pin = move || Reference::pin(&reference, &access).map_err(|error| error.to_string());
            let pinned = blocking(pin).await??;
            Ok(super::print(&format!("{pinned}\n"))?)
        }
    }
}

/// Compiling and registries keep a thread waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
}

/// A service with all of our analyzers and this one, for somebody at a terminal: approved or not.
async fn with(place: Place, mut options: Options) -> Result<(Arc<Service>, Entry), String> {
    options.analyzers.places = vec![place.clone()];
    options.analyzers.is_locked = false;
    options.analyzers.has_no_model = true;
    // A name of ours that it takes is an error, whichever modules are asked for.
    options.modules = String::new();
    let service = Service::start(&options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled().await;
    let entry = service.analyzers().first().cloned();
    Ok((service, entry.ok_or_else(|| format!("there is no analyzer at {place}"))?))
}

/// The one component at a place, looked at without the lock file; what it offers is not yet decided upon.
fn examine(place: Place, options: &Options) -> Result<Entry, String> {
    let sandbox = Arc::new(Sandbox::new().map_err(|error| error.to_string())?);
    let builtin = Catalog::builtin(&sandbox, "").map_err(|error| error.to_string())?;
    let loader = loader(&sandbox, options)?;
    let mut own = options.analyzers.clone();
    own.places = vec![place.clone()];
    own.is_locked = false;
    own.has_no_model = true;
    let mut shelf = Shelf::new(own, loader);
    shelf.look(&mut |_| {});
    shelf.entries(&builtin).into_iter().next().ok_or_else(|| format!("there is no analyzer at {place}"))
}

fn loader(sandbox: &Arc<Sandbox>, options: &Options) -> Result<Loader, String> {
    service::loader(sandbox, options, &CancellationToken::new()).map_err(|error| error.to_string())
}
