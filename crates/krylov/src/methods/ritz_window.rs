//! Ritz vectors of M^-1 A from the residuals of conjugate gradients, in a window of m vectors.
//!
//! v_j = z_j / rho_j^(1/2) are Lanczos vectors, orthonormal in the inner product of M, and the
//! coefficients of CG give V^H A V = T without an inner product:
//!
//! ```text
//! T_jj = 1 / alpha_j + beta_{j-1} / alpha_{j-1},   T_{j,j+1} = -beta_j^(1/2) / alpha_j
//! ```
//!
//! A full window is compressed to the k lowest eigenvectors of T and the k lowest of T without its
//! last row and column: what three-term recurrences remember. So the Ritz vectors converge as those
//! of the whole Lanczos process do, in memory that does not grow (Stathopoulos and Orginos 2010,
//! SIAM J. Sci. Comput. 32, 439, "eigCG").

use super::dense::{self, SymmetricEigen};
use crate::scalar::Scalar;
use crate::vector;

/// The window, and the vectors into which it is compressed.
#[derive(Clone, Debug)]
pub(super) struct RitzWindow<T> {
    k: usize,
    count: usize,
    v: Vec<Vec<T>>,
    room: Vec<Vec<T>>,
    /// T, m rows a column.
    t: Vec<f64>,
    /// beta / alpha of the step before, and T's entries between its vectors and the next one.
    carry: f64,
    coupling: Vec<f64>,
    /// Coefficients of the compressed vectors, m rows a column, and T in their basis.
    q: Vec<f64>,
    tq: Vec<f64>,
    small: Vec<f64>,
    coefficients: Vec<T>,
    eigen: SymmetricEigen,
}

impl<T: Scalar> RitzWindow<T> {
    /// `k` vectors from windows of `m`.
    pub(super) fn new(k: usize, m: usize) -> Self {
        assert!(m > 2 * k, "a window larger than what it is compressed to");
        Self {
            k,
            count: 0,
            v: vec![Vec::new(); m],
            room: vec![Vec::new(); 2 * k],
            t: vec![0.0; m * m],
            carry: 0.0,
            coupling: vec![0.0; m],
            q: vec![0.0; m * 2 * k],
            tq: vec![0.0; m],
            small: vec![0.0; 4 * k * k],
            coefficients: vec![T::zero(); m],
            eigen: SymmetricEigen::new(m),
        }
    }

    pub(super) fn resize(&mut self, n: usize) {
        for v in self.v.iter_mut().chain(&mut self.room) {
            v.resize(n, T::zero());
        }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.carry = 0.0;
    }

    /// Takes z with r^H z = rho, the step alpha and beta = rho' / rho that follow.
    pub(super) fn push(&mut self, z: &[T], rho: f64, alpha: f64, beta: f64) {
        let m = self.v.len();
        let j = self.count;
        vector::copy(z, &mut self.v[j]);
        vector::scale(T::from_f64(1.0 / rho.sqrt()), &mut self.v[j]);
        for i in 0..j {
            self.t[i + j * m] = self.coupling[i];
            self.t[j + i * m] = self.coupling[i];
        }
        self.t[j + j * m] = 1.0 / alpha + self.carry;
        self.carry = beta / alpha;
        self.coupling[..j].fill(0.0);
        self.coupling[j] = 1.0;
        self.count = j + 1;
        if self.count == m {
            self.compress(true);
        }
        let next = -beta.sqrt() / alpha;
        for c in &mut self.coupling[..self.count] {
            *c *= next;
        }
    }

    /// The `k` Ritz vectors of the lowest values, or fewer.
    pub(super) fn ritz_vectors(&mut self) -> &[Vec<T>] {
        if self.count > self.k {
            self.compress(false);
        }
        &self.v[..self.count]
    }

    /// Leaves the lowest Ritz vectors in the window: k, or with those of the step before 2 k.
    fn compress(&mut self, twice: bool) {
        let (m, d, k) = (self.v.len(), self.count, self.k);
        let mut r = 0;
        for size in if twice { d - 1..=d } else { d..=d } {
            let Some((_, vectors)) = self.eigen.solve(&self.t, m, size) else {
                continue;
            };
            for vector in vectors.chunks_exact(size).take(k) {
                let (done, rest) = self.q.split_at_mut(r * d);
                let column = &mut rest[..d];
                column[..size].copy_from_slice(vector);
                column[size..].fill(0.0);
                if dense::append(done, column) > 1e-8 {
                    r += 1;
                }
            }
        }
        if r == 0 {
            self.clear();
            return;
        }
        // Rayleigh and Ritz once more, so that T becomes diagonal.
        for j in 0..r {
            self.tq[..d].fill(0.0);
            for (i, &q) in self.q[j * d..(j + 1) * d].iter().enumerate() {
                dense::axpy(q, &self.t[i * m..i * m + d], &mut self.tq[..d]);
            }
            for i in 0..r {
                self.small[i + j * r] = dense::dot(&self.q[i * d..(i + 1) * d], &self.tq[..d]);
            }
        }
        let Some((values, vectors)) = self.eigen.solve(&self.small, r, r) else {
            self.clear();
            return;
        };
        self.t.fill(0.0);
        for (i, (&value, vector)) in values.iter().zip(vectors.chunks_exact(r)).enumerate() {
            let combination = &mut self.tq[..d];
            combination.fill(0.0);
            for (&c, q) in vector.iter().zip(self.q.chunks_exact(d)) {
                dense::axpy(c, q, combination);
            }
            for (to, &from) in self.coefficients.iter_mut().zip(combination.iter()) {
                *to = T::from_f64(from);
            }
            vector::fill(T::zero(), &mut self.room[i]);
            vector::combine(&self.coefficients[..d], &self.v[..d], &mut self.room[i]);
            self.t[i + i * m] = value;
            self.coupling[i] = combination[d - 1];
        }
        for (v, new) in self.v.iter_mut().zip(&mut self.room[..r]) {
            std::mem::swap(v, new);
        }
        self.count = r;
    }
}
