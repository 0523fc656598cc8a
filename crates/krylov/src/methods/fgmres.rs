//! Flexible GMRES with restarts, FGMRES(m), for any matrix and a preconditioner that may be nonlinear
//! or vary.
//!
//! ```text
//! repeat   beta = ||r||, v_1 = r / beta
//!          for j = 1..m   z_j = M_j(v_j),  w = A z_j
//!                         orthonormalise w against v_1..v_j -> v_{j+1}, column j of H
//!          y = argmin ||beta e_1 - H y||
//!          x = x + Z y
//! ```
//!
//! GMRES with A Z = V H kept where M is not one map. x minimises ||b - A x||_2 over x_0 + span Z,
//! which is a Krylov space only for a fixed M; then the iterates are those of
//! [`Gmres`](super::Gmres) preconditioned from the right, for one preconditioning less a cycle. The
//! residual norm never grows.
//!
//! An invariant space with singular H tells of a singular A only where Z has full rank (Saad,
//! proposition 2.2): a preconditioner that gives dependent vectors ends in
//! [`Breakdown::SingularProjection`] too.
//!
//! Source: Saad (1993), SIAM J. Sci. Comput. 14, 461. Bad at: memory, m vectors more than GMRES.

use super::arnoldi::{Arnoldi, Expansion, step};
use super::gmres::STAGNATION;
use crate::operator::LinearOperator;
use crate::preconditioner::VaryingPreconditioner;
use crate::scalar::Scalar;
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, Status, Workspace};
use crate::vector;

/// Workspace of FGMRES(m): 2 m + 2 vectors.
#[derive(Clone, Debug)]
pub struct Fgmres<T> {
    arnoldi: Arnoldi<T>,
    z: Vec<Vec<T>>,
    dx: Vec<T>,
}

impl<T: Scalar> Default for Fgmres<T> {
    /// FGMRES(30).
    fn default() -> Self {
        Self::new(30)
    }
}

impl<T: Scalar> Fgmres<T> {
    /// FGMRES(m).
    ///
    /// # Panics
    /// For m = 0.
    pub fn new(m: usize) -> Self {
        assert!(m > 0, "a cycle has at least one step");
        Self {
            arnoldi: Arnoldi::new(m),
            z: vec![Vec::new(); m],
            dx: Vec::new(),
        }
    }
}

impl<T: Scalar> Workspace for Fgmres<T> {
    const NAME: &'static str = "FGMRES";

    fn resize(&mut self, n: usize) {
        self.arnoldi.resize(n);
        for v in self.z.iter_mut().chain([&mut self.dx]) {
            v.resize(n, T::zero());
        }
    }
}

impl<T: Scalar, M: VaryingPreconditioner<T> + ?Sized> Method<T, M> for Fgmres<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self { arnoldi, z, dx } = self;
        let m = z.len();
        let mut first = true;
        loop {
            vector::copy(r, &mut arnoldi.v[0]);
            let beta = arnoldi.start();
            if first && let Some(status) = monitor.begin(beta) {
                return status;
            }
            first = false;

            let mut status = None;
            let mut j = 0;
            while j < m && status.is_none() {
                system.precondition(&arnoldi.v[j], &mut z[j]);
                system.apply(&z[j], &mut arnoldi.v[j + 1]);
                status = match arnoldi.expand(j) {
                    Expansion::Grown | Expansion::Invariant => {
                        j += 1;
                        monitor.record(arnoldi.residual(j))
                    }
                    Expansion::Singular => Some(Status::Breakdown(Breakdown::SingularProjection)),
                    Expansion::NotFinite => Some(Status::Breakdown(Breakdown::NotFinite)),
                };
            }

            let end = arnoldi.residual(j);
            let mut finite = arnoldi.minimise(j);
            vector::fill(T::zero(), dx);
            vector::combine(&arnoldi.y[..j], &z[..j], dx);
            // The last basis vector is not needed any more.
            finite = finite && step(system, dx, &mut arnoldi.v[m], x, r);
            if let Some(status) = status {
                return status;
            }
            if !finite {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if end > (1.0 - STAGNATION) * beta {
                return Status::Stagnated;
            }
        }
    }
}
