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

mod error;
mod ic0;
mod ilu0;
mod iluk;
mod ilut;
mod jacobi;
#[cfg(test)]
pub(crate) mod test_matrices;
mod triangular;

pub use error::SetupError;
pub use ic0::{Ic0, Ic0Params};
pub use ilu0::{Ilu0, Ilu0Params};
pub use iluk::{IluK, IluKParams};
pub use ilut::{Ilut, IlutParams};
pub use jacobi::{Jacobi, JacobiDiagonal, JacobiParams};
