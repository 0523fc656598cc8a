//! The Rust API of pdesolve: everything a simulation code needs, under one name.
