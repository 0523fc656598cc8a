//! The preconditioned conjugate gradient method, for Hermitian positive definite A and M.
//!
//! ```text
//! z = M^-1 r,  p = z,  rho = r^H z
//! repeat   q = A p
//!          alpha = rho / p^H q
//!          x = x + alpha p,   r = r - alpha q
//!          z = M^-1 r
//!          rho' = r^H z,      p = z + (rho'/rho) p
//! ```
//!
//! x_k minimises the energy norm of the error over x_0 + K_k(M^-1 A, M^-1 r_0), and
//! ||e_k||_A <= 2 ((sqrt(c) - 1)/(sqrt(c) + 1))^k ||e_0||_A with c the condition number of M^-1 A.
//! The residual norm itself need not fall in every step.
//!
//! Source: Hestenes and Stiefel (1952), J. Res. NBS 49, 409. It fails for indefinite A: the first
//! direction with p^H A p <= 0 ends it and is kept in [`Cg::direction`].

use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Workspace of the conjugate gradient method: three vectors.
#[derive(Clone, Debug, Default)]
pub struct Cg<T> {
    p: Vec<T>,
    q: Vec<T>,
    z: Vec<T>,
}

impl<T: Scalar> Cg<T> {
    /// The last search direction: after [`Status::IndefiniteOperator`] one with p^H A p <= 0.
    pub fn direction(&self) -> &[T] {
        &self.p
    }
}

impl<T: Scalar> Workspace for Cg<T> {
    const NAME: &'static str = "CG";

    fn resize(&mut self, n: usize) {
        for v in [&mut self.p, &mut self.q, &mut self.z] {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, _norm: ResidualNorm) -> bool {
        true
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for Cg<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self { p, q, z } = self;
        system.precondition(r, z);
        let mut rho = vector::dot(r, z).re().as_f64();
        let tested =
            |monitor: &Monitor<'_>, x: &[T], z: &[T], rho: f64, r_norm: f64| match monitor.norm() {
                ResidualNorm::True => r_norm,
                ResidualNorm::Preconditioned => vector::norm2_f64(z),
                ResidualNorm::Natural => rho.sqrt(),
                ResidualNorm::BackwardError => monitor.backward_error(r_norm, vector::norm2_f64(x)),
            };
        let natural = monitor.norm() == ResidualNorm::Natural;
        if rho < 0.0 && natural {
            return Status::IndefinitePreconditioner;
        }
        let norm = tested(monitor, x, z, rho, vector::norm2_f64(r));
        if let Some(status) = monitor.begin(norm) {
            return status;
        }
        if rho < 0.0 {
            return Status::IndefinitePreconditioner;
        }
        vector::copy(z, p);
        loop {
            system.apply(p, q);
            let curvature = vector::dot(p, q).re().as_f64();
            if !curvature.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if curvature <= 0.0 {
                let size = vector::norm2_f64(p);
                return Status::IndefiniteOperator {
                    curvature: curvature / (size * size),
                };
            }
            let alpha = T::from_f64(rho / curvature);
            if !alpha.finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            vector::axpy(alpha, p, x);
            let r_norm = vector::axpy_norm2_squared(-alpha, q, r).as_f64().sqrt();

            system.precondition(r, z);
            let next = vector::dot(r, z).re().as_f64();
            if next < 0.0 && natural {
                return Status::IndefinitePreconditioner;
            }
            // Convergence first: of a residual that is rounding, r^H z may have any sign.
            let norm = tested(monitor, x, z, next, r_norm);
            if let Some(status) = monitor.record(norm) {
                return status;
            }
            if next < 0.0 {
                return Status::IndefinitePreconditioner;
            }
            if next == 0.0 {
                return Status::Breakdown(Breakdown::ZeroCoefficient);
            }
            vector::xpby(z, T::from_f64(next / rho), p);
            rho = next;
        }
    }
}
