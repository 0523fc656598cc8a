//! M = c I + gamma A^T A: the matrix of least squares held to a first guess.

use std::sync::Mutex;

use pdesolve_krylov::{AdjointOperator, LinearOperator};

/// M = c I + gamma A^T A.
#[derive(Debug)]
pub struct Normal<'a, A: ?Sized> {
    operator: &'a A,
    identity: f64,
    gamma: f64,
    /// A x. A lock that nobody contends for: each worker has a matrix of its own.
    seen: Mutex<Vec<f64>>,
}

impl<'a, A: AdjointOperator<f64> + ?Sized> Normal<'a, A> {
    /// c I + gamma A^T A.
    pub fn new(operator: &'a A, identity: f64, gamma: f64) -> Self {
        Self {
            operator,
            identity,
            gamma,
            seen: Mutex::new(vec![0.0; operator.nrows()]),
        }
    }
}

impl<A: AdjointOperator<f64> + ?Sized> LinearOperator<f64> for Normal<'_, A> {
    fn nrows(&self) -> usize {
        self.operator.ncols()
    }

    fn ncols(&self) -> usize {
        self.operator.ncols()
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let mut seen = self.seen.lock().unwrap_or_else(|e| e.into_inner());
        self.operator.apply(x, &mut seen);
        self.operator.apply_adjoint(&seen, y);
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.identity * x + self.gamma * *y;
        }
    }
}
