//! Small dense matrices, for the recycling and block methods: column-major, in memory made once.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::{MatMut, MatRef, Par, diag::DiagMut};
use num_complex::Complex64;

use crate::scalar::{Real, Scalar};

/// Which eigenvalues, by modulus.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Smallest,
    Largest,
}

/// Eigenvectors of a small general matrix: memory for one of `n` rows or less.
pub(super) struct Eigen {
    n: usize,
    matrix: Vec<Complex64>,
    values: Vec<Complex64>,
    vectors: Vec<Complex64>,
    order: Vec<usize>,
    memory: MemBuffer,
}

impl Clone for Eigen {
    fn clone(&self) -> Self {
        Self::new(self.n)
    }
}

impl std::fmt::Debug for Eigen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eigen").field("n", &self.n).finish()
    }
}

impl Eigen {
    pub(super) fn new(n: usize) -> Self {
        let zero = Complex64::new(0.0, 0.0);
        let request = evd::evd_scratch::<Complex64>(
            n.max(2),
            ComputeEigenvectors::No,
            ComputeEigenvectors::Yes,
            Par::Seq,
            Default::default(),
        );
        Self {
            n,
            matrix: vec![zero; n * n],
            values: vec![zero; n],
            vectors: vec![zero; n * n],
            order: vec![0; n],
            memory: MemBuffer::new(request),
        }
    }

    /// An orthonormal basis of the span of the eigenvectors of the largest or smallest
    /// |eigenvalues|, at most `k`, of the d x d matrix `s`, in the columns of the d x k matrix
    /// `basis`; their number.
    ///
    /// For a real type a complex pair gives the real and the imaginary part of its vector. Zero
    /// where the eigenvalue iteration fails.
    pub(super) fn basis<T: Scalar>(
        &mut self,
        which: Which,
        s: &[T],
        d: usize,
        k: usize,
        basis: &mut [T],
    ) -> usize {
        if d == 0 || s[..d * d].iter().any(|v| !v.finite()) {
            return 0;
        }
        for (m, &v) in self.matrix.iter_mut().zip(&s[..d * d]) {
            *m = Complex64::new(v.re().as_f64(), v.im().as_f64());
        }
        if d == 1 {
            self.values[0] = self.matrix[0];
            self.vectors[0] = Complex64::new(1.0, 0.0);
        } else {
            let outcome = evd::evd_cplx::<f64>(
                MatRef::from_column_major_slice(&self.matrix[..d * d], d, d),
                DiagMut::from_slice_mut(&mut self.values[..d]),
                None,
                Some(MatMut::from_column_major_slice_mut(
                    &mut self.vectors[..d * d],
                    d,
                    d,
                )),
                Par::Seq,
                MemStack::new(&mut self.memory),
                Default::default(),
            );
            if outcome.is_err() {
                return 0;
            }
        }
        let order = &mut self.order[..d];
        for (i, o) in order.iter_mut().enumerate() {
            *o = i;
        }
        let size = |i: usize| self.values[i].norm();
        // By number where sizes are equal, so that the order is one.
        order.sort_unstable_by(|&i, &j| {
            let smaller = size(i).total_cmp(&size(j));
            match which {
                Which::Smallest => smaller,
                Which::Largest => smaller.reverse(),
            }
            .then(i.cmp(&j))
        });

        let mut found = 0;
        for &i in order.iter() {
            let vector = &self.vectors[i * d..(i + 1) * d];
            // Turned so that a vector that is real up to a factor becomes real.
            let largest = vector
                .iter()
                .copied()
                .fold(Complex64::new(0.0, 0.0), |m, v| {
                    if v.norm() > m.norm() { v } else { m }
                });
            let turn = largest.conj() / largest.norm();
            let size = vector.iter().map(|v| v.norm_sqr()).sum::<f64>().sqrt();
            for part in [Complex64::new(1.0, 0.0), Complex64::new(0.0, -1.0)] {
                if found == k || (T::IS_COMPLEX && part.re == 0.0) {
                    break;
                }
                let (done, rest) = basis.split_at_mut(found * d);
                let column = &mut rest[..d];
                for (c, &v) in column.iter_mut().zip(vector) {
                    let v = v * turn * part;
                    *c = T::from_parts(
                        <T::Real as Scalar>::from_f64(v.re),
                        <T::Real as Scalar>::from_f64(v.im),
                    );
                }
                // Otherwise it is there already, like the parts of the other vector of a pair.
                if append(done, column) > 1e-6 * size {
                    found += 1;
                }
            }
        }
        found
    }
}

/// Eigenvalues in ascending order and eigenvectors of a small real symmetric matrix: memory for one
/// of `n` rows or less.
pub(super) struct SymmetricEigen {
    n: usize,
    matrix: Vec<f64>,
    values: Vec<f64>,
    vectors: Vec<f64>,
    memory: MemBuffer,
}

impl Clone for SymmetricEigen {
    fn clone(&self) -> Self {
        Self::new(self.n)
    }
}

impl std::fmt::Debug for SymmetricEigen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SymmetricEigen")
            .field("n", &self.n)
            .finish()
    }
}

impl SymmetricEigen {
    pub(super) fn new(n: usize) -> Self {
        let request = evd::self_adjoint_evd_scratch::<f64>(
            n,
            ComputeEigenvectors::Yes,
            Par::Seq,
            Default::default(),
        );
        Self {
            n,
            matrix: vec![0.0; n * n],
            values: vec![0.0; n],
            vectors: vec![0.0; n * n],
            memory: MemBuffer::new(request),
        }
    }

    /// Eigenvalues and eigenvectors, one after the other, of the leading d x d block of a matrix
    /// with `rows` rows. `None` where the iteration fails.
    pub(super) fn solve(&mut self, a: &[f64], rows: usize, d: usize) -> Option<(&[f64], &[f64])> {
        for (to, from) in self
            .matrix
            .chunks_exact_mut(d)
            .zip(a.chunks_exact(rows))
            .take(d)
        {
            to.copy_from_slice(&from[..d]);
        }
        evd::self_adjoint_evd::<f64>(
            MatRef::from_column_major_slice(&self.matrix[..d * d], d, d),
            DiagMut::from_slice_mut(&mut self.values[..d]),
            Some(MatMut::from_column_major_slice_mut(
                &mut self.vectors[..d * d],
                d,
                d,
            )),
            Par::Seq,
            MemStack::new(&mut self.memory),
            Default::default(),
        )
        .ok()?;
        Some((&self.values[..d], &self.vectors[..d * d]))
    }
}

/// x^H y.
pub(super) fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&x, &y)| x.conj() * y).sum()
}

/// ||x||_2.
pub(super) fn norm<T: Scalar>(x: &[T]) -> f64 {
    dot(x, x).re().as_f64().sqrt()
}

/// y = y + a x.
pub(super) fn axpy<T: Scalar>(a: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Makes `column` orthogonal to the orthonormal columns in `done` and of norm one; returns the norm
/// of what was left of it.
pub(super) fn append<T: Scalar>(done: &[T], column: &mut [T]) -> f64 {
    for _ in 0..2 {
        for q in done.chunks_exact(column.len()) {
            let c = dot(q, column);
            axpy(-c, q, column);
        }
    }
    let left = norm(column);
    if left > 0.0 {
        column.iter_mut().for_each(|v| *v /= T::from_f64(left));
    }
    left
}

/// A = L L^H in the lower triangle of the n x n matrix `a`; the first pivot that is not positive,
/// as an error.
pub(super) fn cholesky<T: Scalar>(a: &mut [T], n: usize) -> Result<(), f64> {
    for j in 0..n {
        let mut pivot = a[j + j * n].re().as_f64();
        for l in 0..j {
            pivot -= a[j + l * n].modulus_squared().as_f64();
        }
        if !(pivot > 0.0 && pivot.is_finite()) {
            return Err(pivot);
        }
        let pivot = T::from_f64(pivot.sqrt());
        a[j + j * n] = pivot;
        for i in j + 1..n {
            let mut sum = a[i + j * n];
            for l in 0..j {
                sum -= a[i + l * n] * a[j + l * n].conj();
            }
            a[i + j * n] = sum / pivot;
        }
    }
    Ok(())
}

/// y = A^-1 y with the factor of [`cholesky`].
pub(super) fn cholesky_solve<T: Scalar>(l: &[T], n: usize, y: &mut [T]) {
    forward(l, n, y);
    backward(l, n, y);
}

/// y = L^-1 y.
pub(super) fn forward<T: Scalar>(l: &[T], n: usize, y: &mut [T]) {
    for i in 0..n {
        let mut sum = y[i];
        for j in 0..i {
            sum -= l[i + j * n] * y[j];
        }
        y[i] = sum / l[i + i * n];
    }
}

/// y = L^-H y.
pub(super) fn backward<T: Scalar>(l: &[T], n: usize, y: &mut [T]) {
    for i in (0..n).rev() {
        let mut sum = y[i];
        for j in i + 1..n {
            sum -= l[j + i * n].conj() * y[j];
        }
        y[i] = sum / l[i + i * n];
    }
}
