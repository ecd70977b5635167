//! The `mcpcap` program.
#![forbid(unsafe_code)]

fn main() -> ! {
    // Not by returning: the runtime would wait for the thread that reads standard input.
    std::process::exit(mcpcap::cli::main())
}
