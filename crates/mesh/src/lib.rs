//! Cartesian grids in one, two and three dimensions, their boundaries, and reductions over the
//! values that live on them.
//!
//! # Axis order
//! A [`Grid`] has axes x, y, z in this order; `shape()` is `[nx, ny, nz]`. Values are stored with
//! **x fastest**: index `i + nx (j + ny k)`, i.e. a C array `[z][y][x]`. This is also the order in
//! the output files.
//!
//! # Where values live
//! Point-centred values stand at the axis points, cell-centred values are cell averages. On a
//! periodic axis of length L with n points, the points are `lower + i L/n` for i = 0..n-1: the
//! point at `upper` is the one at `lower` and is not stored.

mod axis;
mod grid;
mod params;
mod reduce;
mod restrict;

pub use axis::{Axis, MeshError};
pub use grid::{BOUNDARY_NAMES, Centring, Grid, Row, Side};
pub use params::{Layer, MeshParams, Stretching};
pub use reduce::{Norms, deterministic_sum, difference_norms};
pub use restrict::restrict;
