//! Output that ParaView opens (temporal VTKHDF), checkpoints, and plots.
pub mod checkpoint;
mod error;
mod hdf;
pub mod plot;
pub mod vtkhdf;

pub use error::IoError;
pub use vtkhdf::{RunMeta, VtkHdfFile, VtkHdfWriter};
