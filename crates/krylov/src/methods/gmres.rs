//! The generalised minimum residual method with restarts, GMRES(m), for any matrix.
//!
//! ```text
//! repeat   beta = ||r||, v_1 = r / beta
//!          for j = 1..m   w = A M^-1 v_j
//!                         orthonormalise w against v_1..v_j -> v_{j+1}, column j of H
//!          y = argmin ||beta e_1 - H y||
//!          x = x + M^-1 V y
//! ```
//!
//! With the preconditioner on the right ([`Side::Right`], the default) x minimises ||b - A x||_2 over
//! x_0 + M^-1 K_j(A M^-1, r_0), and the tested norm is the true one. On the left it minimises
//! ||M^-1 (b - A x)||_2, the only norm that is then known ([`ResidualNorm::Preconditioned`]). Either
//! norm never grows. Orthogonalisation is modified Gram-Schmidt, which is backward stable for GMRES
//! (Paige, Rozloznik and Strakos 2006), repeated where digits cancel.
//!
//! In an invariant space the solution is exact (a "happy breakdown"), unless H is singular there:
//! then so is A, and b not in its range ([`Breakdown::SingularProjection`]). A whole cycle that gains
//! nothing would be repeated for ever and ends the solve as [`Status::Stagnated`].
//!
//! Source: Saad and Schultz (1986), SIAM J. Sci. Stat. Comput. 7, 856. Bad at: memory and work grow
//! with m, and restarts forget; for indefinite or strongly nonnormal A a short cycle may
//! stagnate where a long one converges. [`GcroDr`](super::GcroDr) forgets less.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arnoldi::{Arnoldi, Expansion, step};
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Relative gain of a whole cycle below which it is repeated in vain: a digit would take a million
/// cycles.
pub(super) const STAGNATION: f64 = 1e-6;

/// Where the preconditioner stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A M^-1 u = b, x = M^-1 u: the residual is that of A x = b.
    #[default]
    Right,
    /// M^-1 A x = M^-1 b: the residual is preconditioned.
    Left,
}

/// Workspace of GMRES(m): m + 3 vectors.
#[derive(Clone, Debug)]
pub struct Gmres<T> {
    side: Side,
    arnoldi: Arnoldi<T>,
    z: Vec<T>,
    dx: Vec<T>,
}

impl<T: Scalar> Default for Gmres<T> {
    /// GMRES(30), preconditioned from the right.
    fn default() -> Self {
        Self::new(30)
    }
}

impl<T: Scalar> Gmres<T> {
    /// GMRES(m), preconditioned from the right.
    ///
    /// # Panics
    /// For m = 0.
    pub fn new(m: usize) -> Self {
        Self::preconditioned_from(Side::Right, m)
    }

    /// GMRES(m), preconditioned from the given side.
    ///
    /// # Panics
    /// For m = 0.
    pub fn preconditioned_from(side: Side, m: usize) -> Self {
        assert!(m > 0, "a cycle has at least one step");
        Self {
            side,
            arnoldi: Arnoldi::new(m),
            z: Vec::new(),
            dx: Vec::new(),
        }
    }
}

impl<T: Scalar> Workspace for Gmres<T> {
    const NAME: &'static str = "GMRES";

    fn resize(&mut self, n: usize) {
        self.arnoldi.resize(n);
        self.z.resize(n, T::zero());
        self.dx.resize(n, T::zero());
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        match self.side {
            Side::Right => norm == ResidualNorm::True,
            Side::Left => norm == ResidualNorm::Preconditioned,
        }
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for Gmres<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            side,
            arnoldi,
            z,
            dx,
        } = self;
        let m = arnoldi.h.len();
        let mut first = true;
        loop {
            match side {
                Side::Right => vector::copy(r, &mut arnoldi.v[0]),
                Side::Left => system.precondition(r, &mut arnoldi.v[0]),
            }
            let beta = arnoldi.start();
            if first && let Some(status) = monitor.begin(beta) {
                return status;
            }
            first = false;

            let mut status = None;
            let mut j = 0;
            while j < m && status.is_none() {
                match side {
                    Side::Right => {
                        system.precondition(&arnoldi.v[j], z);
                        system.apply(z, &mut arnoldi.v[j + 1]);
                    }
                    Side::Left => {
                        system.apply(&arnoldi.v[j], z);
                        system.precondition(z, &mut arnoldi.v[j + 1]);
                    }
                }
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
            let u = if *side == Side::Right {
                &mut *z
            } else {
                &mut *dx
            };
            vector::fill(T::zero(), u);
            vector::combine(&arnoldi.y[..j], &arnoldi.v[..j], u);
            if *side == Side::Right {
                system.precondition(z, dx);
            }
            finite = finite && step(system, dx, z, x, r);
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
