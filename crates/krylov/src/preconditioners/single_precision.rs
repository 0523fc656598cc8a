//! A preconditioner in f32 for a solve in f64.
//!
//! ```text
//! z = s M^-1 fl32(r / s),    s = ||r||_2
//! ```
//!
//! A preconditioner need not be accurate, and memory sets its speed: factors in f32 take two thirds
//! of the bytes (the column indices stay). The residual falls by many orders of magnitude, out of
//! the range of f32 for small units; scaled by its norm it never does. Entries below 1e-38 s are
//! lost, which is nothing beside the rounding of the rest.
//!
//! The map is linear up to the rounding of f32, 6e-8 relative: methods for fixed preconditioners
//! converge as in f64, as long as the residual is computed in f64, which the outer solve does. The
//! last digits take a little longer: IC(0) on a 2-D Poisson problem the same count to 1e-8, 62
//! iterations instead of 57 to 1e-12.

use crate::preconditioner::Preconditioner;
use crate::vector;

/// Wraps a `Preconditioner<f32>` as a `Preconditioner<f64>`. Symmetric where it is, up to rounding.
#[derive(Clone, Debug)]
pub struct SinglePrecision<M> {
    inner: M,
    r: Vec<f32>,
    z: Vec<f32>,
}

impl<M: Preconditioner<f32>> SinglePrecision<M> {
    /// Wraps `inner`, made from the matrix rounded to f32 (`a.map(|v| v as f32)`), for `n` unknowns.
    pub fn new(inner: M, n: usize) -> Self {
        Self {
            inner,
            r: vec![0.0; n],
            z: vec![0.0; n],
        }
    }

    /// The preconditioner in f32.
    pub fn inner(&self) -> &M {
        &self.inner
    }

    /// The preconditioner in f32, to be rebuilt.
    pub fn inner_mut(&mut self) -> &mut M {
        &mut self.inner
    }

    /// Bytes that the two vectors take, without those of the inner preconditioner.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.r[..]) + size_of_val(&self.z[..])
    }
}

impl<M: Preconditioner<f32>> Preconditioner<f64> for SinglePrecision<M> {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        let s = vector::norm2(r);
        if s == 0.0 {
            vector::fill(0.0, z);
            return;
        }
        // Division, because 1/s overflows for subnormal s.
        vector::for_blocks(&mut self.r, &|start, out: &mut [f32]| {
            for (out, &r) in out.iter_mut().zip(&r[start..]) {
                *out = (r / s) as f32;
            }
        });
        self.inner.apply(&self.r, &mut self.z);
        let inner = &self.z;
        vector::for_blocks(z, &|start, z: &mut [f64]| {
            for (z, &inner) in z.iter_mut().zip(&inner[start..]) {
                *z = s * f64::from(inner);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::preconditioners::{Ic0, Ic0Params};
    use crate::solve::{Solver, StoppingRule};

    #[test]
    fn a_factor_in_f32_serves_as_well_at_any_scale() {
        let a = gallery::poisson(&[40, 40]);
        let n = a.nrows();
        let b = gallery::noise(n, 3);
        let mut double = Ic0::new(&a, &Ic0Params::default()).unwrap();
        let single = Ic0::new(&a.map(|v| v as f32), &Ic0Params::default()).unwrap();
        assert!(single.memory_bytes() * 10 < double.memory_bytes() * 7);
        let mut single = SinglePrecision::new(single, n);
        // Rounding in M delays the last digits a little.
        for (tolerance, more) in [(1e-8, 1.0), (1e-12, 1.15)] {
            let mut solver = Solver::with_rule(Cg::default(), StoppingRule::relative(tolerance));
            let mut x = vec![0.0; n];
            let in_f64 = solver.solve(&a, &mut double, &b, &mut x).unwrap();
            let allowed = in_f64.iterations as f64 * more + 1.0;
            for scale in [1.0, 1e-60, 1e60] {
                let b: Vec<f64> = b.iter().map(|v| v * scale).collect();
                x.fill(0.0);
                let report = solver.solve(&a, &mut single, &b, &mut x).unwrap();
                assert!(report.converged());
                assert!(report.iterations as f64 <= allowed, "{}", report.iterations);
            }
        }
    }
}
