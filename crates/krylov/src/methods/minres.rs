//! The minimum residual method, for Hermitian A, definite or not, and Hermitian positive definite
//! M.
//!
//! The preconditioned Lanczos process gives A Z_j = V_{j+1} T_j with Z = M^-1 V, V^H Z = 1 and T
//! tridiagonal; Givens rotations make T triangular as it grows:
//!
//! ```text
//! v_1 = r, z_1 = M^-1 v_1, gamma_1 = (z_1^H v_1)^(1/2), eta = gamma_1, both scaled by 1/gamma_1
//! repeat   delta = z_j^H A z_j
//!          v_{j+1} = A z_j - delta v_j - gamma_j v_{j-1},   z_{j+1} = M^-1 v_{j+1}
//!          gamma_{j+1} = (z_{j+1}^H v_{j+1})^(1/2), both scaled by its inverse
//!          a_0 = c_j delta - c_{j-1} s_j gamma_j,           a_1 = (a_0^2 + gamma_{j+1}^2)^(1/2)
//!          a_2 = s_j delta + c_{j-1} c_j gamma_j,           a_3 = s_{j-1} gamma_j
//!          c_{j+1} = a_0 / a_1,                             s_{j+1} = gamma_{j+1} / a_1
//!          w = (z_j - a_3 w_{j-2} - a_2 w_{j-1}) / a_1
//!          x = x + c_{j+1} eta w,                           eta = -s_{j+1} eta
//!          r = s_{j+1}^2 r + c_{j+1} eta v_{j+1}
//! ```
//!
//! x_j minimises (r^H M^-1 r)^(1/2) = |eta| over x_0 + K_j(M^-1 A, M^-1 r_0): that norm never
//! grows. A singular system with a solution is solved like any other. Where it has none, A M^-1 r
//! vanishes while r does not, and x is a least-squares solution. Rounding then feeds the null space
//! into x, and |eta| falls while the residual grows. So once |A M^-1 r| is below eps^(1/2) |A M^-1|
//! |r| the iterate is kept, and when |eta| claims to have fallen further that is checked: either it has (the
//! eigenvalue was small, not zero), or the solve ends there as [`Status::Stagnated`].
//!
//! Source: Paige and Saunders (1975), SIAM J. Numer. Anal. 12, 617; the preconditioned form as in
//! Elman, Silvester and Wathen (2005), algorithm 6.1. For definite A it needs about the iterations
//! of CG and two vectors more work in each; rounding errors in the short recurrence for w grow with
//! the condition number, squared in the worst case (Sleijpen, van der Vorst and Modersitzki 2000).

use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Workspace of MINRES: nine vectors.
#[derive(Clone, Debug, Default)]
pub struct Minres<T> {
    v_old: Vec<T>,
    v: Vec<T>,
    v_new: Vec<T>,
    z: Vec<T>,
    z_new: Vec<T>,
    w_old: Vec<T>,
    w: Vec<T>,
    x_kept: Vec<T>,
    r_kept: Vec<T>,
}

impl<T: Scalar> Workspace for Minres<T> {
    const NAME: &'static str = "MINRES";

    fn resize(&mut self, n: usize) {
        for v in [
            &mut self.v_old,
            &mut self.v,
            &mut self.v_new,
            &mut self.z,
            &mut self.z_new,
            &mut self.w_old,
            &mut self.w,
            &mut self.x_kept,
            &mut self.r_kept,
        ] {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        norm != ResidualNorm::Preconditioned
    }
}

/// An iterate that may be a least-squares solution.
struct Kept {
    /// |A M^-1 r| / (|A M^-1| |r|).
    gradient: f64,
    eta: f64,
    /// The step at which it is one, unless |eta| has fallen.
    patience: usize,
    /// The gradient has grown since: what comes now may be rounding, and is not kept.
    passed: bool,
}

/// (z^H v)^(1/2) for z = M^-1 v; `None` where the product is negative beyond rounding.
fn natural_norm<T: Scalar>(z: &[T], v: &[T]) -> Option<f64> {
    let product = vector::dot(z, v).re().as_f64();
    let rounding = <T::Real as num_traits::Float>::epsilon().as_f64();
    if product < -rounding * vector::norm2_f64(z) * vector::norm2_f64(v) {
        return None;
    }
    // A NaN passes.
    Some(if product < 0.0 { 0.0 } else { product.sqrt() })
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for Minres<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            v_old,
            v,
            v_new,
            z,
            z_new,
            w_old,
            w,
            x_kept,
            r_kept,
        } = self;
        let tested = |monitor: &Monitor<'_>, x: &[T], r: &[T], eta: f64| match monitor.norm() {
            ResidualNorm::Natural => eta.abs(),
            ResidualNorm::BackwardError => {
                monitor.backward_error(vector::norm2_f64(r), vector::norm2_f64(x))
            }
            _ => vector::norm2_f64(r),
        };
        let rounding = 10.0 * <T::Real as num_traits::Float>::epsilon().as_f64();
        let real = T::from_f64;

        vector::copy(r, v);
        system.precondition(v, z);
        let Some(mut gamma) = natural_norm(z, v) else {
            return Status::IndefinitePreconditioner;
        };
        let mut eta = gamma;
        if let Some(status) = monitor.begin(tested(monitor, x, r, eta)) {
            return status;
        }
        for u in [&mut *v_old, &mut *w_old, &mut *w] {
            vector::fill(T::zero(), u);
        }
        vector::scale(real(1.0 / gamma), v);
        vector::scale(real(1.0 / gamma), z);
        // v_0 = 0, so that the first gamma has nothing to multiply.
        let (mut c_old, mut c, mut s_old, mut s) = (1.0, 1.0, 0.0, 0.0);
        // The Frobenius norm of T, squared: an estimate of ||M^-1 A||.
        let mut size_squared = 0.0;
        let mut kept: Option<Kept> = None;
        for step in 1.. {
            system.apply(z, v_new);
            let delta = vector::dot(z, v_new).re().as_f64();
            vector::axpy(real(-delta), v, v_new);
            vector::axpy(real(-gamma), v_old, v_new);
            system.precondition(v_new, z_new);
            let Some(mut gamma_new) = natural_norm(z_new, v_new) else {
                return Status::IndefinitePreconditioner;
            };
            size_squared += delta * delta + 2.0 * gamma_new * gamma_new;
            let size = size_squared.sqrt();
            if !size.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if gamma_new <= rounding * size {
                gamma_new = 0.0;
            }
            let a_0 = c * delta - c_old * s * gamma;
            let a_1 = a_0.hypot(gamma_new);
            let a_2 = s * delta + c_old * c * gamma;
            let a_3 = s_old * gamma;
            // |A M^-1 r| = |eta| (a_0^2 + (c gamma_new)^2)^(1/2) for the residual so far.
            let gradient = a_0.hypot(c * gamma_new) / size;
            if let Some(kept) = &mut kept {
                kept.passed |= gradient > 10.0 * kept.gradient;
            }
            let passed = kept.as_ref().is_some_and(|k| k.passed);
            if gradient <= rounding {
                if passed {
                    vector::copy(x_kept, x);
                }
                return if gamma_new == 0.0 {
                    Status::Breakdown(Breakdown::SingularProjection)
                } else {
                    Status::Stagnated
                };
            }
            let bound = kept.as_ref().map_or(rounding.sqrt(), |k| 0.1 * k.gradient);
            if gradient <= bound && !passed {
                vector::copy(x, x_kept);
                vector::copy(r, r_kept);
                kept = Some(Kept {
                    gradient,
                    eta: eta.abs(),
                    patience: 4 * step + 200,
                    passed: false,
                });
            }
            (c_old, c) = (c, a_0 / a_1);
            (s_old, s) = (s, gamma_new / a_1);

            // w_old becomes the new w.
            vector::axpby(real(-a_2 / a_1), w, real(-a_3 / a_1), w_old);
            vector::axpy(real(1.0 / a_1), z, w_old);
            std::mem::swap(w_old, w);
            let length = c * eta;
            if !length.is_finite() || !vector::norm2_squared(w).finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            vector::axpy(real(length), w, x);
            eta *= -s;

            if gamma_new > 0.0 {
                vector::scale(real(1.0 / gamma_new), v_new);
                vector::scale(real(1.0 / gamma_new), z_new);
            }
            vector::axpby(real(c * eta), v_new, real(s * s), r);
            if let Some(status) = monitor.record(tested(monitor, x, r, eta)) {
                return status;
            }
            if gamma_new == 0.0 {
                // The Lanczos space is used up and r is zero, yet the rule is not met: it asks for
                // less than rounding.
                return Status::Stagnated;
            }
            gamma = gamma_new;
            std::mem::swap(v_old, v);
            std::mem::swap(v, v_new);
            std::mem::swap(z, z_new);

            if let Some(Kept {
                eta: before,
                patience,
                ..
            }) = kept
                && (eta.abs() < 0.9 * before || step > patience)
            {
                // The residual r_kept - A (x - x_kept), in what the swaps left free.
                vector::subtract(x, x_kept, z_new);
                system.apply(z_new, v_new);
                vector::axpby(real(1.0), r_kept, real(-1.0), v_new);
                system.precondition(v_new, z_new);
                let now = natural_norm(z_new, v_new).unwrap_or(f64::NAN);
                if now < 0.95 * before {
                    kept = None;
                } else {
                    vector::copy(x_kept, x);
                    return Status::Stagnated;
                }
            }
        }
        unreachable!("the monitor ends the loop at the latest after the allowed iterations")
    }
}
