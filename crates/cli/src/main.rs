//! The pdesolve command.
fn main() {}
