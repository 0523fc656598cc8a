//! Generalised conjugate residuals, truncated or restarted, for any matrix and a preconditioner
//! that may be nonlinear or vary.
//!
//! ```text
//! repeat   p = M(r),  q = A p
//!          for the directions kept:  c = q_i^H q,  q = q - c q_i,  p = p - c p_i
//!          p = p / ||q||,  q = q / ||q||
//!          alpha = q^H r
//!          x = x + alpha p,   r = r - alpha q
//! ```
//!
//! While all directions are kept, x minimises ||b - A x||_2 over x_0 + span(p), as FGMRES does; x
//! and r are at hand in every step. After `directions` steps either all are dropped
//! ([`Memory::Restarted`]), or each new one replaces the oldest ([`Memory::Truncated`], Orthomin),
//! which for nearly Hermitian A forgets less. The residual norm never grows.
//!
//! Source: Eisenstat, Elman and Schultz (1983), SIAM J. Numer. Anal. 20, 345. Unlike FGMRES it
//! breaks down where r^H A M(r) = 0, which only a matrix without definite Hermitian part allows
//! ([`Breakdown::ZeroCoefficient`]), and it stores two vectors a direction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::LinearOperator;
use crate::preconditioner::VaryingPreconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// What becomes of old directions when there is no room for more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// All are dropped.
    Restarted,
    /// The oldest is dropped.
    #[default]
    Truncated,
}

/// Workspace of GCR: 2 (k + 1) vectors for k directions.
#[derive(Clone, Debug)]
pub struct Gcr<T> {
    memory: Memory,
    p: Vec<Vec<T>>,
    q: Vec<Vec<T>>,
    p_new: Vec<T>,
    q_new: Vec<T>,
    c: Vec<T>,
}

impl<T: Scalar> Default for Gcr<T> {
    /// Truncated, 20 directions.
    fn default() -> Self {
        Self::new(20, Memory::Truncated)
    }
}

impl<T: Scalar> Gcr<T> {
    /// GCR that keeps so many `directions`.
    pub fn new(directions: usize, memory: Memory) -> Self {
        Self {
            memory,
            p: vec![Vec::new(); directions],
            q: vec![Vec::new(); directions],
            p_new: Vec::new(),
            q_new: Vec::new(),
            c: vec![T::zero(); directions],
        }
    }
}

impl<T: Scalar> Workspace for Gcr<T> {
    const NAME: &'static str = "GCR";

    fn resize(&mut self, n: usize) {
        let work = [&mut self.p_new, &mut self.q_new];
        for v in self.p.iter_mut().chain(&mut self.q).chain(work) {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: VaryingPreconditioner<T> + ?Sized> Method<T, M> for Gcr<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            memory,
            p,
            q,
            p_new,
            q_new,
            c,
        } = self;
        let rounding = 10.0 * <T::Real as num_traits::Float>::epsilon().as_f64();
        let tested = |monitor: &Monitor<'_>, x: &[T], r_norm: f64| match monitor.norm() {
            ResidualNorm::BackwardError => monitor.backward_error(r_norm, vector::norm2_f64(x)),
            _ => r_norm,
        };
        let mut r_norm = vector::norm2_f64(r);
        if let Some(status) = monitor.begin(tested(monitor, x, r_norm)) {
            return status;
        }
        // Directions kept, and the place of the next.
        let (mut kept, mut next) = (0, 0);
        loop {
            if kept == p.len() && *memory == Memory::Restarted {
                (kept, next) = (0, 0);
            }
            system.precondition(r, p_new);
            system.apply(p_new, q_new);
            let c = &mut c[..kept];
            let norms = vector::orthogonalise(&q[..kept], q_new, c);
            let (before, after) = (norms.before.as_f64(), norms.after.as_f64());
            if !before.is_finite() || !after.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if after <= rounding * before {
                return Status::Breakdown(Breakdown::SingularProjection);
            }
            c.iter_mut().for_each(|c| *c = -*c);
            vector::combine(c, &p[..kept], p_new);
            vector::scale(T::from_f64(1.0 / after), p_new);
            vector::scale(T::from_f64(1.0 / after), q_new);

            let alpha = vector::dot(q_new, r);
            if !alpha.finite() || !vector::norm2_squared(p_new).finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if alpha.modulus().as_f64() <= rounding * r_norm {
                return Status::Breakdown(Breakdown::ZeroCoefficient);
            }
            vector::axpy(alpha, p_new, x);
            r_norm = vector::axpy_norm2_squared(-alpha, q_new, r).as_f64().sqrt();
            if let Some(status) = monitor.record(tested(monitor, x, r_norm)) {
                return status;
            }
            if !p.is_empty() {
                std::mem::swap(&mut p[next], p_new);
                std::mem::swap(&mut q[next], q_new);
                kept = (kept + 1).min(p.len());
                next = (next + 1) % p.len();
            }
        }
    }
}
