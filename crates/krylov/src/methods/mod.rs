//! Krylov methods, one a file.
//!
//! | matrix | method |
//! |---|---|
//! | Hermitian positive definite | [`Cg`] |
//! | general, short recurrences | [`BiCgStab`], [`BiCgStabL`], [`IdrS`], [`Tfqmr`] |
//! | least squares, any shape | [`Lsqr`], [`Lsmr`], [`Cgls`] |

mod bicgstab;
mod bicgstab_l;
mod cg;
mod cgls;
mod idr_s;
#[cfg(test)]
mod least_squares_tests;
mod lsmr;
mod lsqr;
#[cfg(test)]
mod nonsymmetric_tests;
mod shadow;
mod tfqmr;

pub use bicgstab::BiCgStab;
pub use bicgstab_l::{BiCgStabL, BiCgStabLParams};
pub use cg::Cg;
pub use cgls::Cgls;
pub use idr_s::{IdrS, IdrSParams};
pub use lsmr::Lsmr;
pub use lsqr::Lsqr;
pub(crate) use shadow::fill_noise;
pub use tfqmr::Tfqmr;
