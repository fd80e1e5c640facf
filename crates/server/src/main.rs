//! The `plenum` program.
fn main() {}
