//! The binary; see the library of this crate.

use std::process::ExitCode;

use clap::Parser as _;

// GraphQL answers are thousands of small allocations: a quarter more requests than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = api::cli::Cli::parse();
    match api::run(cli) {
        Ok(code) => code,
        Err(error) => {
            // What caused it follows in the same line.
            eprintln!("tenantry: {}", api::sentence(&error));
            ExitCode::FAILURE
        }
    }
}
