//! BiCGStab, the stabilised biconjugate gradient method, for general A.
//!
//! ```text
//! p = r,  r~ = r_0,  rho = r~^H r
//! repeat   v = A M^-1 p
//!          alpha = rho / r~^H v
//!          s = r - alpha v
//!          t = A M^-1 s
//!          omega = t^H s / t^H t
//!          x = x + alpha M^-1 p + omega M^-1 s,   r = s - omega t
//!          rho' = r~^H r,   beta = (rho'/rho) (alpha/omega)
//!          p = r + beta (p - omega v)
//! ```
//!
//! The residual is r = q_k(A M^-1) p_k(A M^-1) r_0 with the biconjugate gradient polynomial p_k and
//! q_k the product of the factors 1 - omega z, each chosen to make the residual small. Memory and
//! work of an iteration do not grow; the price is that nothing is minimised over the whole space, so
//! that the residual may jump. Preconditioning is from the right: the residual is the true one.
//!
//! One iteration is two products with A and two preconditionings.
//!
//! Source: van der Vorst (1992), SIAM J. Sci. Stat. Comput. 13, 631. It is bad at spectra close to
//! the imaginary axis, where a real omega of one step is next to nothing: use
//! [`BiCgStabL`](super::BiCgStabL), [`IdrS`](super::IdrS) or GMRES there.

use super::shadow::{Restarts, fill_noise, step, vanishes};
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Seed of the shadows drawn after a breakdown.
const SEED: u64 = 0x6269_6367;

/// Workspace of BiCGStab: five vectors.
#[derive(Clone, Debug, Default)]
pub struct BiCgStab<T> {
    shadow: Vec<T>,
    p: Vec<T>,
    v: Vec<T>,
    t: Vec<T>,
    hat: Vec<T>,
}

impl<T: Scalar> Workspace for BiCgStab<T> {
    const NAME: &'static str = "BiCGStab";

    fn resize(&mut self, n: usize) {
        for v in [
            &mut self.shadow,
            &mut self.p,
            &mut self.v,
            &mut self.t,
            &mut self.hat,
        ] {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for BiCgStab<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            shadow,
            p,
            v,
            t,
            hat,
        } = self;
        let mut r_norm = vector::norm2_f64(r);
        if let Some(status) = monitor.begin(monitor.of_residual(r_norm, x)) {
            return status;
        }
        let mut restarts = Restarts::default();
        vector::copy(r, shadow);
        loop {
            let shadow_norm = vector::norm2_f64(shadow);
            let mut rho = vector::dot(shadow, r);
            vector::copy(r, p);
            let breakdown = loop {
                system.precondition(p, hat);
                system.apply(hat, v);
                let sigma = vector::dot(shadow, v);
                if vanishes(sigma, shadow_norm * vector::norm2_f64(v)) {
                    break Breakdown::ShadowResidual;
                }
                let alpha = rho / sigma;
                let s = &mut *r;
                let s_norm = vector::axpy_norm2_squared(-alpha, v, s).as_f64().sqrt();
                if !s_norm.is_finite() {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                if !step(alpha, hat, x) {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                let tested = monitor.of_residual(s_norm, x);
                if tested <= monitor.target()
                    && let Some(status) = monitor.record(tested)
                {
                    return status;
                }

                system.precondition(s, hat);
                system.apply(hat, t);
                let t_norm = vector::norm2_f64(t);
                let ts = vector::dot(t, s);
                if vanishes(ts, t_norm * s_norm) {
                    r_norm = s_norm;
                    if let Some(status) = monitor.record(tested) {
                        return status;
                    }
                    break Breakdown::ZeroCoefficient;
                }
                let omega = ts / T::from_f64(t_norm * t_norm);
                r_norm = vector::axpy_norm2_squared(-omega, t, s).as_f64().sqrt();
                if !r_norm.is_finite() {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                if !step(omega, hat, x) {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                if let Some(status) = monitor.record(monitor.of_residual(r_norm, x)) {
                    return status;
                }

                let next = vector::dot(shadow, r);
                if vanishes(next, shadow_norm * r_norm) {
                    break Breakdown::ShadowResidual;
                }
                let beta = (next / rho) * (alpha / omega);
                rho = next;
                vector::for_blocks(p, &|start, p: &mut [T]| {
                    for ((p, &r), &v) in p.iter_mut().zip(&r[start..]).zip(&v[start..]) {
                        *p = r + beta * (*p - omega * v);
                    }
                });
            };
            match restarts.next(r_norm) {
                Some(index) => fill_noise(SEED, index, shadow),
                None => return Status::Breakdown(breakdown),
            }
        }
    }
}
