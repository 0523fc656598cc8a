//! LSMR, for min ||b - A x|| with A of any shape.
//!
//! ```text
//! beta u = b,  alpha v = A^H u;   zeta' = alpha beta,  alpha' = alpha
//! repeat   beta u  = A v - alpha u,   alpha v = A^H u - beta v
//!          (c, s, rho) rotates (alpha', beta);       theta = s alpha,  alpha' = c alpha
//!          theta' = s' rho,  (c', s', rho') rotates (c' rho, theta)
//!          zeta = c' zeta',  zeta' = -s' zeta'
//!          h' = h - (theta' rho / (rho_old rho'_old)) h'
//!          x  = x + (zeta / (rho rho')) h'
//!          h  = v - (theta / rho) h
//! ```
//!
//! with ||u|| = ||v|| = 1. In exact arithmetic it gives the iterates of MINRES on A^H A x = A^H b:
//! ||A^H r|| = |zeta'| falls in every step (and so does ||r||, which stays above that of LSQR). The
//! rule ||A^H r|| <= atol ||A|| ||r|| therefore ends it earlier than LSQR, never later.
//!
//! ||r|| comes from a second rotation of the bidiagonal factors, `tau` and `beta` below with their
//! marks, as in section 3.2 of the source.
//!
//! Source: Fong and Saunders (2011), SIAM J. Sci. Comput. 33, 2950.

use super::lsqr::normalise;
use crate::operator::AdjointOperator;
use crate::scalar::{Real, Scalar};
use crate::solve::{
    LeastSquaresIteration, LeastSquaresMethod, LeastSquaresMonitor, LeastSquaresStatus,
};
use crate::vector;

/// Workspace of LSMR: one vector as long as b, four as long as x.
#[derive(Clone, Debug, Default)]
pub struct Lsmr<T> {
    av: Vec<T>,
    v: Vec<T>,
    au: Vec<T>,
    h: Vec<T>,
    h_bar: Vec<T>,
}

/// (c, s, r) with c a + s b = r, c^2 + s^2 = 1.
fn rotation(a: f64, b: f64) -> (f64, f64, f64) {
    let r = a.hypot(b);
    if r == 0.0 {
        (1.0, 0.0, 0.0)
    } else {
        (a / r, b / r, r)
    }
}

/// The recurrence for ||r||.
struct ResidualNorm {
    beta_dd: f64,
    beta_d: f64,
    rho_d: f64,
    tau: f64,
    theta: f64,
    zeta: f64,
}

impl ResidualNorm {
    fn new(beta: f64) -> Self {
        Self {
            beta_dd: beta,
            beta_d: 0.0,
            rho_d: 1.0,
            tau: 0.0,
            theta: 0.0,
            zeta: 0.0,
        }
    }

    /// ||r|| after the step with these rotations.
    fn advance(&mut self, (c, s): (f64, f64), theta_bar: f64, rho_bar: f64, zeta: f64) -> f64 {
        let beta_hat = c * self.beta_dd;
        self.beta_dd *= -s;
        let theta_old = self.theta;
        let (c_tilde, s_tilde, rho_tilde) = rotation(self.rho_d, theta_bar);
        self.theta = s_tilde * rho_bar;
        self.rho_d = c_tilde * rho_bar;
        self.beta_d = -s_tilde * self.beta_d + c_tilde * beta_hat;
        self.tau = (self.zeta - theta_old * self.tau) / rho_tilde;
        self.zeta = zeta;
        let tau_d = (zeta - self.theta * self.tau) / self.rho_d;
        (self.beta_d - tau_d).hypot(self.beta_dd)
    }
}

impl<T: Scalar> LeastSquaresMethod<T> for Lsmr<T> {
    const NAME: &'static str = "LSMR";

    fn resize(&mut self, rows: usize, columns: usize) {
        self.av.resize(rows, T::zero());
        for v in [&mut self.v, &mut self.au, &mut self.h, &mut self.h_bar] {
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
        let Self {
            av,
            v,
            au,
            h,
            h_bar,
        } = self;
        let u = r;
        let mut beta = normalise(u);
        operator.apply_adjoint(u, v);
        let mut alpha = normalise(v);
        vector::copy(v, h);
        vector::fill(T::zero(), h_bar);
        let (mut alpha_bar, mut zeta_bar) = (alpha, alpha * beta);
        let (mut rho, mut rho_bar, mut c_bar, mut s_bar) = (1.0, 1.0, 1.0, 0.0);
        let mut residual_norm = ResidualNorm::new(beta);
        let mut norm_squared = alpha * alpha;
        let (mut largest, mut least) = (0.0f64, f64::INFINITY);
        let first = LeastSquaresIteration {
            residual: beta,
            adjoint_residual: zeta_bar,
            operator_norm: alpha,
            condition: 1.0,
            solution_norm: vector::norm2_f64(x),
        };
        if let Some(status) = monitor.begin(first) {
            return status;
        }
        let mut index = 0;
        loop {
            operator.apply(v, av);
            vector::xpby(av, T::from_f64(-alpha), u);
            beta = normalise(u);
            norm_squared += beta * beta;
            operator.apply_adjoint(u, au);
            vector::xpby(au, T::from_f64(-beta), v);
            alpha = normalise(v);

            let rho_old = rho;
            let (c, s, new) = rotation(alpha_bar, beta);
            rho = new;
            let theta = s * alpha;
            alpha_bar = c * alpha;

            let rho_bar_old = rho_bar;
            let theta_bar = s_bar * rho;
            let diagonal = c_bar * rho;
            (c_bar, s_bar, rho_bar) = rotation(diagonal, theta);
            let zeta = c_bar * zeta_bar;
            zeta_bar *= -s_bar;

            let back = -theta_bar * rho / (rho_old * rho_bar_old);
            let (step, turn) = (zeta / (rho * rho_bar), -theta / rho);
            if !(back.is_finite() && step.is_finite() && turn.is_finite()) {
                return LeastSquaresStatus::NotFinite;
            }
            vector::xpby(h, T::from_f64(back), h_bar);
            let x_norm = vector::axpy_norm2_squared(T::from_f64(step), h_bar, x).as_f64();
            vector::xpby(v, T::from_f64(turn), h);

            largest = largest.max(rho_bar_old);
            if index > 0 {
                least = least.min(rho_bar_old);
            } else {
                largest = 0.0;
            }
            index += 1;
            let iteration = LeastSquaresIteration {
                residual: residual_norm.advance((c, s), theta_bar, rho_bar, zeta),
                adjoint_residual: zeta_bar.abs(),
                operator_norm: f64::sqrt(norm_squared),
                condition: largest.max(diagonal) / least.min(diagonal),
                solution_norm: x_norm.sqrt(),
            };
            if let Some(status) = monitor.record(iteration) {
                return status;
            }
            norm_squared += alpha * alpha;
        }
    }
}
