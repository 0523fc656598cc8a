//! CGLS, conjugate gradients on the normal equations A^H A x = A^H b without forming A^H A.
//!
//! ```text
//! r = b - A x,  s = A^H r,  p = s,  gamma = s^H s
//! repeat   q = A p
//!          alpha = gamma / q^H q
//!          x = x + alpha p,   r = r - alpha q
//!          s = A^H r
//!          gamma' = s^H s,    p = s + (gamma'/gamma) p
//! ```
//!
//! The iterates are those of [`Lsqr`](super::Lsqr) in exact arithmetic, with less work and memory;
//! for ill-conditioned A they are somewhat less accurate. ||r|| falls in every step. The tridiagonal
//! matrix of the underlying Lanczos process has the diagonal 1/alpha_k + beta_(k-1)/alpha_(k-1), and
//! its trace is the square of LSQR's estimate of ||A||_F; the columns p/||q|| give that of ||A^+||_F.
//!
//! Source: Hestenes and Stiefel (1952), J. Res. NBS 49, 409, section 10; Bjorck, Elfving and Strakos
//! (1998), SIAM J. Matrix Anal. Appl. 19, 720, for its stability in this form.

use crate::operator::AdjointOperator;
use crate::scalar::{Real, Scalar};
use crate::solve::{
    LeastSquaresIteration, LeastSquaresMethod, LeastSquaresMonitor, LeastSquaresStatus,
};
use crate::vector;

/// Workspace of CGLS: one vector as long as b, two as long as x.
#[derive(Clone, Debug, Default)]
pub struct Cgls<T> {
    q: Vec<T>,
    p: Vec<T>,
    s: Vec<T>,
}

impl<T: Scalar> LeastSquaresMethod<T> for Cgls<T> {
    const NAME: &'static str = "CGLS";

    fn resize(&mut self, rows: usize, columns: usize) {
        self.q.resize(rows, T::zero());
        self.p.resize(columns, T::zero());
        self.s.resize(columns, T::zero());
    }

    fn iterate<A: AdjointOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut LeastSquaresMonitor<'_>,
    ) -> LeastSquaresStatus {
        let Self { q, p, s } = self;
        operator.apply_adjoint(r, s);
        vector::copy(s, p);
        let mut gamma = vector::norm2_squared(s).as_f64();
        let r_norm = vector::norm2_f64(r);
        let first = LeastSquaresIteration {
            residual: r_norm,
            adjoint_residual: gamma.sqrt(),
            operator_norm: if r_norm > 0.0 {
                gamma.sqrt() / r_norm
            } else {
                0.0
            },
            condition: 1.0,
            solution_norm: vector::norm2_f64(x),
        };
        if let Some(status) = monitor.begin(first) {
            return status;
        }
        let (mut trace, mut inverse_squared, mut carried) = (0.0, 0.0, 0.0);
        loop {
            operator.apply(p, q);
            let q_squared = vector::norm2_squared(q).as_f64();
            let alpha = gamma / q_squared;
            if !alpha.is_finite() {
                return LeastSquaresStatus::NotFinite;
            }
            trace += alpha.recip() + carried;
            inverse_squared += vector::norm2_squared(p).as_f64() / q_squared;
            let x_norm = vector::axpy_norm2_squared(T::from_f64(alpha), p, x).as_f64();
            let r_norm = vector::axpy_norm2_squared(T::from_f64(-alpha), q, r).as_f64();
            operator.apply_adjoint(r, s);
            let next = vector::norm2_squared(s).as_f64();
            let iteration = LeastSquaresIteration {
                residual: r_norm.sqrt(),
                adjoint_residual: next.sqrt(),
                operator_norm: f64::sqrt(trace),
                condition: f64::sqrt(trace * inverse_squared),
                solution_norm: x_norm.sqrt(),
            };
            if let Some(status) = monitor.record(iteration) {
                return status;
            }
            let beta = next / gamma;
            carried = beta / alpha;
            vector::xpby(s, T::from_f64(beta), p);
            gamma = next;
        }
    }
}
