//! The `plenum-loadtest` program.
fn main() {}
