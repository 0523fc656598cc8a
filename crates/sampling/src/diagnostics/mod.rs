//! Measures of models, paths and batches.

pub mod distances;
pub mod fokker_planck;
pub mod gauge;
pub mod kinetic;
pub mod straightness;

#[cfg(test)]
pub(crate) mod tests;
