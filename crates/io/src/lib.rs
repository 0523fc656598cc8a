//! Output that ParaView opens (temporal VTKHDF), checkpoints, linear systems, and plots.
//!
//! * [`VtkHdfWriter`] and [`VtkHdfFile`]: a run's fields over time, its case and its history.
//! * [`checkpoint`]: all that a continuation depends on, bit for bit, written atomically.
//! * [`matrix_market`] and [`linear_system`]: sparse systems as text and as HDF5, held as [`entries`].
//! * [`mgxs`]: multigroup cross sections as OpenMC keeps them.
//! * [`plot`]: PNG and SVG pictures.
//!
//! Errors are [`IoError`]: they name the file, what was found and what was expected. This crate
//! prints nothing, and silences what the HDF5 library would print.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pdesolve_core::FieldSpec;
//! use pdesolve_io::{RunMeta, VtkHdfFile, VtkHdfWriter};
//! use pdesolve_mesh::Grid;
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.vtkhdf");
//! let grid = Grid::periodic_box(1, 64, 1.0);
//! let mut writer = VtkHdfWriter::create(&path, &grid, &[FieldSpec::new("u")], &RunMeta::default())?;
//! for step in 0..10 {
//!     let t = 0.1 * f64::from(step);
//!     let u = grid.axes()[0].samples().iter().map(|x| (x - t).sin()).collect();
//!     writer.append(t, &[u])?;
//! }
//! writer.finish(&[])?;
//! assert_eq!(VtkHdfFile::open(&path)?.times().len(), 10);
//! # Ok(())
//! # }
//! ```

pub mod checkpoint;
pub mod entries;
mod error;
mod hdf;
pub mod linear_system;
pub mod matrix_market;
pub mod mgxs;
pub mod plot;
pub mod vtkhdf;

pub use error::IoError;
pub use vtkhdf::{RunMeta, VtkHdfFile, VtkHdfWriter};
