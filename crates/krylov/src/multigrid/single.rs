//! A preconditioner in single precision for a solve in double precision.
//!
//! Half the bytes move, and a preconditioner needs few digits. The residual is scaled to norm
//! sqrt(n) first, so that nothing underflows late in a solve; the map stays linear up to rounding
//! of single precision.

use crate::preconditioner::Preconditioner;
use crate::vector;

/// A single-precision preconditioner between double-precision vectors.
#[derive(Clone, Debug)]
pub struct InSinglePrecision<M> {
    inner: M,
    r: Vec<f32>,
    z: Vec<f32>,
}

impl<M: Preconditioner<f32>> InSinglePrecision<M> {
    /// Wraps a preconditioner for `n` unknowns.
    pub fn new(inner: M, n: usize) -> Self {
        Self {
            inner,
            r: vec![0.0; n],
            z: vec![0.0; n],
        }
    }
}

impl<M: Preconditioner<f32>> Preconditioner<f64> for InSinglePrecision<M> {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        let norm = vector::norm2(r);
        if norm == 0.0 {
            vector::fill(0.0, z);
            return;
        }
        // A power of two: scaling is then free of rounding.
        let scale = (norm / (r.len() as f64).sqrt()).log2().round().exp2();
        vector::for_blocks(&mut self.r, &|start, own: &mut [f32]| {
            for (own, &r) in own.iter_mut().zip(&r[start..]) {
                *own = (r / scale) as f32;
            }
        });
        self.inner.apply(&self.r, &mut self.z);
        vector::for_blocks(z, &|start, z: &mut [f64]| {
            for (z, &own) in z.iter_mut().zip(&self.z[start..]) {
                *z = f64::from(own) * scale;
            }
        });
    }
}
