//! Materials: multigroup cross sections.

mod cross_sections;
mod params;

pub use cross_sections::{CrossSections, Delayed};
pub use params::{
    ByGroup, DelayedParams, GroupMatrix, LIBRARY_FORMAT, LibraryParams, MaterialError,
    MaterialParams,
};
