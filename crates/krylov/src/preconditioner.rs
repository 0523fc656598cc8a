//! Preconditioners: cheap approximations z = M^-1 r of the solution of A z = r.
//!
//! Most Krylov methods rely on M being *one* linear map for the whole solve. A neural network, an
//! inner iteration that stops by a tolerance, or a preconditioner that changes from step to step
//! is none, and with it those methods stall without a word. Two traits keep them apart:
//! [`Preconditioner`] promises a fixed linear map and is accepted everywhere;
//! [`VaryingPreconditioner`] promises nothing and is accepted by the flexible methods only.
//!
//! ```
//! use pdesolve_krylov::{Solver, VaryingPreconditioner, gallery, methods::FlexibleCg};
//!
//! /// Takes the sign and the root of each entry: not linear.
//! struct Root;
//! impl VaryingPreconditioner<f64> for Root {
//!     fn apply_varying(&mut self, r: &[f64], z: &mut [f64]) {
//!         for (z, r) in z.iter_mut().zip(r) {
//!             *z = r.signum() * r.abs().sqrt();
//!         }
//!     }
//! }
//!
//! let a = gallery::poisson(&[20, 20]);
//! let mut x = vec![0.0; 400];
//! let report = Solver::new(FlexibleCg::new(2)).solve(&a, &mut Root, &[1.0; 400], &mut x)?;
//! assert!(report.converged());
//! # Ok::<(), pdesolve_krylov::SolveError>(())
//! ```
//!
//! The same program with another method does not compile:
//!
//! ```compile_fail,E0277
//! use pdesolve_krylov::{Solver, VaryingPreconditioner, gallery, methods::Cg};
//!
//! struct Root;
//! impl VaryingPreconditioner<f64> for Root {
//!     fn apply_varying(&mut self, r: &[f64], z: &mut [f64]) {
//!         for (z, r) in z.iter_mut().zip(r) {
//!             *z = r.signum() * r.abs().sqrt();
//!         }
//!     }
//! }
//!
//! let a = gallery::poisson(&[20, 20]);
//! let mut x = vec![0.0; 400];
//! let report = Solver::new(Cg::default()).solve(&a, &mut Root, &[1.0; 400], &mut x)?;
//! # Ok::<(), pdesolve_krylov::SolveError>(())
//! ```

use crate::scalar::Scalar;

/// A fixed linear map z = M^-1 r.
///
/// Methods for symmetric matrices also need M Hermitian positive definite; each preconditioner
/// says whether it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a fixed linear preconditioner",
    note = "a nonlinear or varying preconditioner works in the flexible methods only: FlexibleCg, Fgmres, Gcr"
)]
pub trait Preconditioner<T: Scalar>: Send {
    /// z = M^-1 r. It must not allocate, and overwrites z whatever it held.
    fn apply(&mut self, r: &[T], z: &mut [T]);
}

/// A map z = M(r) that may be nonlinear, or differ from call to call.
pub trait VaryingPreconditioner<T: Scalar>: Send {
    /// z = M(r); overwrites z whatever it held.
    fn apply_varying(&mut self, r: &[T], z: &mut [T]);
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> VaryingPreconditioner<T> for M {
    fn apply_varying(&mut self, r: &[T], z: &mut [T]) {
        self.apply(r, z);
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Preconditioner<T> for Box<M> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        (**self).apply(r, z);
    }
}

/// No preconditioner: z = r.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl<T: Scalar> Preconditioner<T> for Identity {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        crate::vector::copy(r, z);
    }
}
