//! Output that ParaView opens (temporal VTKHDF), checkpoints, and plots.
mod error;
mod hdf;
pub mod vtkhdf;

pub use error::IoError;
pub use vtkhdf::{RunMeta, VtkHdfFile, VtkHdfWriter};
