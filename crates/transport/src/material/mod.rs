//! Materials: multigroup cross sections.

mod cross_sections;
mod infinite_medium;
mod params;
mod tables;

#[cfg(test)]
mod tests;

pub use cross_sections::{CrossSections, Delayed};
pub use infinite_medium::{infinite_medium_flux, infinite_medium_k};
pub use params::{
    ByGroup, DelayedParams, GroupMatrix, LIBRARY_FORMAT, LibraryParams, MaterialError,
    MaterialParams,
};
pub use tables::{FamilyTables, FissionTables};
