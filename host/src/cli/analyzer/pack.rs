//! `mcpcap analyzer pack`: for languages whose compilers write core modules. The module says itself which world it was made for, in the section that the
//! bindings put there.

use std::path::PathBuf;

use clap::Args;
use wit_component::ComponentEncoder;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The core module, linked with the bindings' component type
    module: PathBuf,
    /// The component to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the component.
pub fn run(typed: &Arguments) -> Result<(), String> {
    let shown = typed.module.display();
    let module = std::fs::read(&typed.module).map_err(|error| format!("{shown}: {error}"))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{shown} cannot be made a component: {error:#}"))?;
    std::fs::write(&typed.output, component).map_err(|error| format!("{}: {error}", typed.output.display()))
}
