//! Krylov methods, one a file.
//!
//! | matrix | method |
//! |---|---|
//! | Hermitian positive definite | [`Cg`] |
//! | general, short recurrences | [`BiCgStab`], [`BiCgStabL`], [`IdrS`], [`Tfqmr`] |

mod bicgstab;
mod bicgstab_l;
mod cg;
mod idr_s;
#[cfg(test)]
mod nonsymmetric_tests;
mod shadow;
mod tfqmr;

pub use bicgstab::BiCgStab;
pub use bicgstab_l::{BiCgStabL, BiCgStabLParams};
pub use cg::Cg;
pub use idr_s::{IdrS, IdrSParams};
pub use tfqmr::Tfqmr;
