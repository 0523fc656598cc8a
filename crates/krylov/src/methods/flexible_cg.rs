//! Flexible conjugate gradients, FCG(k): for Hermitian positive definite A and a preconditioner
//! that may be nonlinear or vary.
//!
//! ```text
//! repeat   z = M(r)
//!          p = z - sum over the last k directions p_i of (q_i^H p / p_i^H q_i) p_i
//!          q = A p
//!          alpha = p^H r / p^H q
//!          x = x + alpha p,   r = r - alpha q
//! ```
//!
//! The projections are done one after the other (modified Gram-Schmidt), oldest direction first.
//! Since alpha minimises the energy norm of the error along p, that norm never grows, whatever M
//! returns; the length and the sign of z do not matter. For a fixed Hermitian positive definite M
//! the directions before the last are conjugate by themselves, and FCG(1) gives the iterates of
//! [`Cg`](super::Cg). FCG(0) is steepest descent along z.
//!
//! Source: Notay (2000), SIAM J. Sci. Comput. 22, 1444; truncated to a sliding window as in Golub
//! and Ye (1999), SIAM J. Sci. Comput. 21, 1305. It costs k more inner products and 2 k more
//! vectors than CG, and fails for indefinite A as CG does.

use crate::operator::LinearOperator;
use crate::preconditioner::VaryingPreconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Workspace of FCG(k): 2 (k + 1) vectors.
#[derive(Clone, Debug)]
pub struct FlexibleCg<T> {
    /// A ring of k + 1 directions p, their products q = A p, and p^H q.
    p: Vec<Vec<T>>,
    q: Vec<Vec<T>>,
    curvature: Vec<f64>,
    current: usize,
}

impl<T: Scalar> Default for FlexibleCg<T> {
    /// FCG(1).
    fn default() -> Self {
        Self::new(1)
    }
}

impl<T: Scalar> FlexibleCg<T> {
    /// FCG(k), with directions conjugate to the last `k`.
    pub fn new(k: usize) -> Self {
        Self {
            p: vec![Vec::new(); k + 1],
            q: vec![Vec::new(); k + 1],
            curvature: vec![0.0; k + 1],
            current: 0,
        }
    }

    /// The last search direction: after [`Status::IndefiniteOperator`] one with p^H A p <= 0.
    pub fn direction(&self) -> &[T] {
        &self.p[self.current]
    }
}

impl<T: Scalar> Workspace for FlexibleCg<T> {
    const NAME: &'static str = "flexible CG";

    fn resize(&mut self, n: usize) {
        for v in self.p.iter_mut().chain(&mut self.q) {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: VaryingPreconditioner<T> + ?Sized> Method<T, M> for FlexibleCg<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            p,
            q,
            curvature,
            current,
        } = self;
        let slots = p.len();
        let tested = |monitor: &Monitor<'_>, x: &[T], r_norm: f64| match monitor.norm() {
            ResidualNorm::BackwardError => monitor.backward_error(r_norm, vector::norm2_f64(x)),
            _ => r_norm,
        };
        if let Some(status) = monitor.begin(tested(monitor, x, vector::norm2_f64(r))) {
            return status;
        }
        for step in 0.. {
            *current = step % slots;
            // Taken out of the ring while the others are read.
            let mut direction = std::mem::take(&mut p[*current]);
            system.precondition(r, &mut direction);
            for back in (1..=step.min(slots - 1)).rev() {
                let i = (step - back) % slots;
                let c = vector::dot(&q[i], &direction) / T::from_f64(curvature[i]);
                vector::axpy(-c, &p[i], &mut direction);
            }
            p[*current] = direction;
            let (p, q) = (&p[*current], &mut q[*current]);

            system.apply(p, q);
            let pq = vector::dot(p, q).re().as_f64();
            if !pq.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if pq <= 0.0 {
                let size = vector::norm2_f64(p);
                if size == 0.0 {
                    return Status::Breakdown(Breakdown::ZeroCoefficient);
                }
                return Status::IndefiniteOperator {
                    curvature: pq / (size * size),
                };
            }
            let alpha = vector::dot(p, r) / T::from_f64(pq);
            if !alpha.finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            curvature[*current] = pq;
            vector::axpy(alpha, p, x);
            let r_norm = vector::axpy_norm2_squared(-alpha, q, r).as_f64().sqrt();
            if let Some(status) = monitor.record(tested(monitor, x, r_norm)) {
                return status;
            }
        }
        unreachable!("the monitor ends the loop at the latest after the allowed iterations")
    }
}
