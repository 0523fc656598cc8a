//! Krylov methods, one a file.
//!
//! | matrix | method | preconditioner |
//! |---|---|---|
//! | Hermitian positive definite | [`Cg`] | Hermitian positive definite |
//! | Hermitian positive definite | [`FlexibleCg`] | any, may vary |
//! | Hermitian positive definite, a sequence of systems | [`DeflatedCg`] | Hermitian positive definite |
//! | Hermitian positive definite, many right-hand sides | [`BlockCg`] | Hermitian positive definite |
//! | Hermitian, indefinite or singular | [`Minres`] | Hermitian positive definite |
//! | any | [`Gmres`] | any linear |
//! | any, a sequence of systems | [`GcroDr`] | any linear |
//! | any | [`Fgmres`], [`Gcr`] | any, may vary |
//! | any, short recurrences | [`BiCgStab`], [`BiCgStabL`], [`IdrS`], [`Tfqmr`] | any linear |
//! | any shape, least squares | [`Lsqr`], [`Lsmr`], [`Cgls`] | none |
//! | least squares, any shape | [`Lsqr`], [`Lsmr`], [`Cgls`] | - |
//! | any shape, least squares | [`Lsqr`], [`Lsmr`], [`Cgls`] | - |

mod arnoldi;
mod bicgstab;
mod bicgstab_l;
mod block_cg;
mod cg;
mod cgls;
mod deflated_cg;
mod dense;
mod fgmres;
mod flexible_cg;
mod gcr;
mod gcro_dr;
mod gmres;
mod idr_s;
#[cfg(test)]
mod least_squares_tests;
mod lsmr;
mod lsqr;
mod minres;
#[cfg(test)]
mod nonsymmetric_tests;
mod ritz_window;
mod shadow;
#[cfg(test)]
mod tests;
mod tfqmr;

pub use bicgstab::BiCgStab;
pub use bicgstab_l::{BiCgStabL, BiCgStabLParams};
pub use block_cg::{BlockCg, BlockReport};
pub use cg::Cg;
pub use cgls::Cgls;
pub use deflated_cg::DeflatedCg;
pub use fgmres::Fgmres;
pub use flexible_cg::FlexibleCg;
pub use gcr::{Gcr, Memory};
pub use gcro_dr::GcroDr;
pub use gmres::{Gmres, Side};
pub use idr_s::{IdrS, IdrSParams};
pub use lsmr::Lsmr;
pub use lsqr::Lsqr;
pub use minres::Minres;
pub(crate) use shadow::fill_noise;
pub use tfqmr::Tfqmr;
