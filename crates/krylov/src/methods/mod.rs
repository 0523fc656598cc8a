//! Krylov methods, one a file.
//!
//! | matrix | method | preconditioner |
//! |---|---|---|
//! | Hermitian positive definite | [`Cg`] | Hermitian positive definite |
//! | Hermitian positive definite | [`FlexibleCg`] | any, may vary |
//! | Hermitian, indefinite or singular | [`Minres`] | Hermitian positive definite |
//! | any | [`Gmres`] | any linear |
//! | any | [`Fgmres`], [`Gcr`] | any, may vary |

mod arnoldi;
mod cg;
mod fgmres;
mod flexible_cg;
mod gcr;
mod gmres;
mod minres;
#[cfg(test)]
mod tests;

pub use cg::Cg;
pub use fgmres::Fgmres;
pub use flexible_cg::FlexibleCg;
pub use gcr::{Gcr, Memory};
pub use gmres::{Gmres, Side};
pub use minres::Minres;
