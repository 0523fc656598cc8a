//! Krylov methods, one a file.
//!
//! | matrix | method |
//! |---|---|
//! | Hermitian positive definite | [`Cg`] |

mod cg;

pub use cg::Cg;
