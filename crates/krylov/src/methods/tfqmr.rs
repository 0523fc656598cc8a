//! TFQMR, the transpose-free quasi-minimal residual method, for general A.
//!
//! ```text
//! u = w = r~ = r_0,  v = A M^-1 u,  d = 0,  tau = ||r_0||,  theta = eta = 0,  rho = r~^H r_0
//! repeat   alpha = rho / r~^H v
//!          twice, the second time with u = u - alpha v:
//!              w = w - alpha A M^-1 u
//!              d = M^-1 u + (theta^2 eta / alpha) d
//!              theta = ||w|| / tau,   c^2 = 1 / (1 + theta^2)
//!              tau = tau theta c,     eta = c^2 alpha
//!              x = x + eta d
//!          rho' = r~^H w,   beta = rho'/rho
//!          v = A M^-1 (w + beta u) + beta (A M^-1 u + beta v),   u = w + beta u
//! ```
//!
//! It takes the steps of the squared conjugate gradient method (Sonneveld 1989), and combines their
//! residuals with the weights that minimise the norm of the coefficients: the residual falls far
//! more smoothly than that of BiCGStab, and often no faster. Freund bounds it by tau sqrt(m + 1)
//! after m half steps; here A d is carried beside d, at the cost of one vector, and with it the
//! residual itself. Where rounding breaks the bound, w has lost touch with r, and its further descent
//! would not show in x: the method then starts anew from r. Preconditioning is from the right.
//!
//! One iteration is two half steps: two products with A and two preconditionings.
//!
//! Source: Freund (1993), SIAM J. Sci. Comput. 14, 470. The squared polynomials beneath amplify
//! rounding: for ill-conditioned A the carried residual drifts off, and is replaced.

use super::shadow::{Restarts, fill_noise, step, vanishes};
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Seed of the shadows drawn after a breakdown.
const SEED: u64 = 0x7466_716d;

/// Where ||r|| exceeds its bound by this factor, rounding has parted r from w.
const DRIFT: f64 = 2.0;

/// Workspace of TFQMR: eight vectors.
#[derive(Clone, Debug, Default)]
pub struct Tfqmr<T> {
    shadow: Vec<T>,
    u: Vec<T>,
    w: Vec<T>,
    v: Vec<T>,
    hat: Vec<T>,
    au: Vec<T>,
    d: Vec<T>,
    ad: Vec<T>,
}

impl<T: Scalar> Workspace for Tfqmr<T> {
    const NAME: &'static str = "TFQMR";

    fn resize(&mut self, n: usize) {
        for v in [
            &mut self.shadow,
            &mut self.u,
            &mut self.w,
            &mut self.v,
            &mut self.hat,
            &mut self.au,
            &mut self.d,
            &mut self.ad,
        ] {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for Tfqmr<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            shadow,
            u,
            w,
            v,
            hat,
            au,
            d,
            ad,
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
            vector::copy(r, u);
            vector::copy(r, w);
            vector::fill(T::zero(), d);
            vector::fill(T::zero(), ad);
            let (mut tau, mut theta, mut eta) = (r_norm, 0.0, T::zero());
            system.precondition(u, hat);
            system.apply(hat, au);
            vector::copy(au, v);
            let mut half_steps = 0.0;
            let breakdown = loop {
                let sigma = vector::dot(shadow, v);
                if vanishes(sigma, shadow_norm * vector::norm2_f64(v)) {
                    break Some(Breakdown::ShadowResidual);
                }
                let alpha = rho / sigma;
                for half in 0..2 {
                    if half == 1 {
                        vector::axpy(-alpha, v, u);
                        system.precondition(u, hat);
                        system.apply(hat, au);
                    }
                    let w_norm = vector::axpy_norm2_squared(-alpha, au, w).as_f64().sqrt();
                    let factor = T::from_f64(theta * theta) * eta / alpha;
                    vector::xpby(hat, factor, d);
                    vector::xpby(au, factor, ad);
                    theta = w_norm / tau;
                    let c = (1.0 + theta * theta).sqrt().recip();
                    tau *= theta * c;
                    eta = T::from_f64(c * c) * alpha;
                    r_norm = vector::axpy_norm2_squared(-eta, ad, r).as_f64().sqrt();
                    if !r_norm.is_finite() {
                        return Status::Breakdown(Breakdown::NotFinite);
                    }
                    if !step(eta, d, x) {
                        return Status::Breakdown(Breakdown::NotFinite);
                    }
                    let tested = monitor.of_residual(r_norm, x);
                    if (half == 1 || tested <= monitor.target())
                        && let Some(status) = monitor.record(tested)
                    {
                        return status;
                    }
                    half_steps += 1.0;
                    if tau == 0.0 {
                        break;
                    }
                }
                if r_norm > DRIFT * tau * f64::sqrt(half_steps + 1.0) {
                    break None;
                }
                let next = vector::dot(shadow, w);
                if vanishes(next, shadow_norm * vector::norm2_f64(w)) {
                    break Some(Breakdown::ShadowResidual);
                }
                let beta = next / rho;
                rho = next;
                vector::xpby(w, beta, u);
                vector::axpby(beta, au, beta * beta, v);
                system.precondition(u, hat);
                system.apply(hat, au);
                vector::axpy(T::one(), au, v);
            };
            let Some(breakdown) = breakdown else {
                vector::copy(r, shadow);
                continue;
            };
            match restarts.next(r_norm) {
                Some(index) => fill_noise(SEED, index, shadow),
                None => return Status::Breakdown(breakdown),
            }
        }
    }
}
