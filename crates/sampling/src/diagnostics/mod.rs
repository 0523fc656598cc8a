//! Measures of models, paths and batches.

pub mod distances;
