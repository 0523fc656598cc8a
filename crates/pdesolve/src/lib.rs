//! The Rust API of pdesolve: everything a simulation code needs, under one name.

pub use pdesolve_case as case;
pub use pdesolve_core as core;
pub use pdesolve_expr as expr;
pub use pdesolve_io as io;
pub use pdesolve_mesh as mesh;
pub use pdesolve_pde as pde;
