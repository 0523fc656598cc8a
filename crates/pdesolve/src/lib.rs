//! The Rust API of pdesolve: what a simulation code needs, under one name.
//!
//! ```
//! use std::sync::Arc;
//! use pdesolve::prelude::*;
//! use pdesolve::pde::spectral::equations::Burgers;
//!
//! // u_t + (u^2/2)_x = nu u_xx on [0, 2 pi), periodic.
//! let grid = Grid::periodic_box(1, 64, std::f64::consts::TAU);
//! let equation = Arc::new(Burgers { viscosity: 0.1 });
//! let time = TimeParams::fixed(1.0, 0.01);
//! let mut burgers = Spectral::new(equation, &grid, &SpectralParams::default(), &time, 1)?;
//! let u0: Vec<f64> = grid.axes()[0].samples().iter().map(|x| x.sin()).collect();
//! burgers.set_field(0, 0, &u0);
//!
//! while burgers.time() < 1.0 {
//!     burgers.advance(1.0)?;
//! }
//! let mut u = vec![0.0; grid.len()];
//! burgers.sample(0, &mut u);
//! assert!(Norms::of(&grid, &u).l2 < Norms::of(&grid, &u0).l2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` holds whole programs: solving, observing each step, and writing files.

pub use pdesolve_case as case;
pub use pdesolve_core as core;
pub use pdesolve_expr as expr;
pub use pdesolve_inverse as inverse;
pub use pdesolve_io as io;
pub use pdesolve_krylov as krylov;
pub use pdesolve_mesh as mesh;
pub use pdesolve_pde as pde;
pub use pdesolve_sampling as sampling;
pub use pdesolve_transport as transport;

/// The names that almost every program needs.
pub mod prelude {
    pub use pdesolve_core::{
        Control, FieldSpec, Observer, Report, Simulation, Step, StepError, drive,
    };
    pub use pdesolve_io::{RunMeta, VtkHdfFile, VtkHdfWriter};
    pub use pdesolve_mesh::{Axis, Centring, Grid, MeshParams, Norms};
    pub use pdesolve_pde::TimeParams;
    pub use pdesolve_pde::finite_volume::{FiniteVolume, FiniteVolumeParams};
    pub use pdesolve_pde::spectral::{Spectral, SpectralEquation, SpectralParams};
}
