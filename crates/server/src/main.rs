//! The `plenum` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Variables that are not text cannot be ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    server::cli::run(std::env::args_os(), environment.collect())
}
