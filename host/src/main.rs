//! The `mcpcap` program.
#![forbid(unsafe_code)]

// Gives memory back after a load, which the system's allocator keeps.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ! {
    // Not by returning: the runtime would wait for the thread that reads standard input.
    std::process::exit(mcpcap::cli::main())
}
