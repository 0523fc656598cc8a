//! LSQR, for min ||b - A x|| with A of any shape.
//!
//! ```text
//! beta u = b,  alpha v = A^H u,  w = v,  phi' = beta,  rho' = alpha
//! repeat   beta u  = A v - alpha u
//!          alpha v = A^H u - beta v
//!          rho = (rho'^2 + beta^2)^(1/2),  c = rho'/rho,  s = beta/rho
//!          theta = s alpha,  rho' = -c alpha,  phi = c phi',  phi' = s phi'
//!          x = x + (phi/rho) w,   w = v - (theta/rho) w
//! ```
//!
//! with ||u|| = ||v|| = 1 (the bidiagonalisation of Golub and Kahan). In exact arithmetic it gives
//! the iterates of conjugate gradients on A^H A x = A^H b ([`Cgls`](super::Cgls)), and ||b - A x||
//! falls in every step; but it works on A itself, so that rounding harms an ill-conditioned A less.
//! ||r|| = phi' and ||A^H r|| = phi' alpha |c| come for free, and so do
//! ||A||_F^2 >= sum (alpha^2 + beta^2) and ||A^+||_F^2 >= sum ||w||^2/rho^2.
//!
//! Source: Paige and Saunders (1982), ACM Trans. Math. Softw. 8, 43. ||A^H r|| may rise and fall on
//! the way: [`Lsmr`](super::Lsmr) may stop earlier by rule 2.

use crate::operator::AdjointOperator;
use crate::scalar::{Real, Scalar};
use crate::solve::{
    LeastSquaresIteration, LeastSquaresMethod, LeastSquaresMonitor, LeastSquaresStatus,
};
use crate::vector;

/// Workspace of LSQR: one vector as long as b, three as long as x.
#[derive(Clone, Debug, Default)]
pub struct Lsqr<T> {
    av: Vec<T>,
    v: Vec<T>,
    au: Vec<T>,
    w: Vec<T>,
}

/// y = y/||y||; returns ||y||, and leaves a zero alone.
pub(super) fn normalise<T: Scalar>(y: &mut [T]) -> f64 {
    let norm = vector::norm2_f64(y);
    if norm > 0.0 {
        vector::scale(T::from_f64(norm.recip()), y);
    }
    norm
}

impl<T: Scalar> LeastSquaresMethod<T> for Lsqr<T> {
    const NAME: &'static str = "LSQR";

    fn resize(&mut self, rows: usize, columns: usize) {
        self.av.resize(rows, T::zero());
        for v in [&mut self.v, &mut self.au, &mut self.w] {
            v.resize(columns, T::zero());
        }
    }

    fn iterate<A: AdjointOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut LeastSquaresMonitor<'_>,
    ) -> LeastSquaresStatus {
        let Self { av, v, au, w } = self;
        let u = r;
        let mut beta = normalise(u);
        operator.apply_adjoint(u, v);
        let mut alpha = normalise(v);
        vector::copy(v, w);
        let (mut phi_bar, mut rho_bar) = (beta, alpha);
        let (mut norm_squared, mut inverse_squared) = (alpha * alpha, 0.0);
        let first = LeastSquaresIteration {
            residual: beta,
            adjoint_residual: alpha * beta,
            operator_norm: alpha,
            condition: 1.0,
            solution_norm: vector::norm2_f64(x),
        };
        if let Some(status) = monitor.begin(first) {
            return status;
        }
        loop {
            operator.apply(v, av);
            vector::xpby(av, T::from_f64(-alpha), u);
            beta = normalise(u);
            norm_squared += beta * beta;
            operator.apply_adjoint(u, au);
            vector::xpby(au, T::from_f64(-beta), v);
            alpha = normalise(v);

            let rho = rho_bar.hypot(beta);
            let (c, s) = (rho_bar / rho, beta / rho);
            let theta = s * alpha;
            rho_bar = -c * alpha;
            let phi = c * phi_bar;
            phi_bar *= s;

            let w_norm = vector::norm2_f64(w) / rho;
            inverse_squared += w_norm * w_norm;
            let (step, turn) = (phi / rho, -theta / rho);
            if !(step.is_finite() && turn.is_finite() && w_norm.is_finite()) {
                return LeastSquaresStatus::NotFinite;
            }
            let x_norm = vector::axpy_norm2_squared(T::from_f64(step), w, x).as_f64();
            vector::xpby(v, T::from_f64(turn), w);

            let operator_norm = f64::sqrt(norm_squared);
            let iteration = LeastSquaresIteration {
                residual: phi_bar,
                adjoint_residual: phi_bar * alpha * c.abs(),
                operator_norm,
                condition: operator_norm * f64::sqrt(inverse_squared),
                solution_norm: x_norm.sqrt(),
            };
            if let Some(status) = monitor.record(iteration) {
                return status;
            }
            norm_squared += alpha * alpha;
        }
    }
}
