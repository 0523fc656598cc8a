//! Preconditioners, one a file.
//!
//! | matrix | preconditioner | Hermitian where A is | positive definite where A is |
//! |---|---|---|---|
//! | badly scaled | [`Jacobi`], [`Spai0`] | yes | yes |
//! | a few coupled unknowns a point, lines | [`BlockJacobi`] | yes | yes |
//! | positive definite | [`Ssor`] | yes | yes |
//! | positive definite | [`Ic0`]: incomplete Cholesky on the pattern of A | yes | yes, shifted if need be |
//! | positive definite, harder | [`Ict`]: by threshold and fill | yes | yes, shifted if need be |
//! | positive definite, also matrix-free | [`Chebyshev`] polynomial | yes | yes |
//! | positive definite, of moderate size | [`DirectCholesky`] | yes | yes |
//! | general | [`Ilu0`], [`IluK`] by level of fill | to rounding | not sure |
//! | general, harder | [`Ilut`]: by threshold and fill | no | no |
//! | transport along a stream | [`GaussSeidel`] with [`ordering::downstream`] | no | no |
//! | general, in parallel | [`AdditiveSchwarz`] | yes, unless restricted | yes, unless restricted |
//! | general, of moderate size | [`DirectLu`] | to rounding | to rounding |
//!
//! [`ordering::Permuted`] uses one of them in another order of the unknowns, [`SinglePrecision`] with
//! its numbers in f32. The factorisations, sweeps and block solves take complex matrices too.
//!
//! Each is made by `new(&matrix, &params)` and names what is wrong with a matrix in one
//! [`SetupError`]. A preconditioner that is Hermitian positive definite suits
//! [`Cg`](crate::methods::Cg); the others go with methods for general matrices.

mod additive_schwarz;
mod block_jacobi;
mod chebyshev;
mod dense;
mod direct;
mod error;
mod gauss_seidel;
mod ic0;
mod ict;
mod ilu0;
mod iluk;
mod ilut;
mod jacobi;
pub mod ordering;
mod single_precision;
mod spai0;
mod ssor;
#[cfg(test)]
pub(crate) mod test_matrices;
#[cfg(test)]
mod tests;
mod triangular;

pub use additive_schwarz::{AdditiveSchwarz, AdditiveSchwarzParams, LocalSolver, SchwarzVariant};
pub use block_jacobi::{BlockJacobi, BlockJacobiParams};
pub use chebyshev::{Chebyshev, ChebyshevKind, ChebyshevParams, extreme_eigenvalues};
pub use direct::{DirectCholesky, DirectLu};
pub use error::SetupError;
pub use gauss_seidel::{GaussSeidel, GaussSeidelParams, Sweep};
pub use ic0::{Ic0, Ic0Params};
pub use ict::{Ict, IctParams};
pub use ilu0::{Ilu0, Ilu0Params};
pub use iluk::{IluK, IluKParams};
pub use ilut::{Ilut, IlutParams};
pub use jacobi::{Jacobi, JacobiDiagonal, JacobiParams};
pub use single_precision::SinglePrecision;
pub use spai0::Spai0;
pub use ssor::{Ssor, SsorParams};
