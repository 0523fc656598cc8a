//! Finite-volume methods for scalar conservation laws.
