//! Preconditioners, one a file.
//!
//! | matrix | preconditioner | Hermitian where A is | positive definite where A is |
//! |---|---|---|---|
//! | badly scaled | [`Jacobi`] | yes | yes |
//! | general, also complex | [`Ilut`]: incomplete LU by threshold and fill | no | - |
//!
//! Each is made by `new(&matrix, &params)` and names what is wrong with a matrix in one
//! [`SetupError`]. A preconditioner that is Hermitian positive definite suits
//! [`Cg`](crate::methods::Cg); the others go with methods for general matrices.

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
mod triangular;

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
