//! Materials: multigroup cross sections.

mod cross_sections;

pub use cross_sections::{CrossSections, Delayed};
