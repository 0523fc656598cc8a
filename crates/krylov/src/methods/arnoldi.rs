//! The Arnoldi process with a QR factorisation of its Hessenberg matrix, shared by the GMRES family.
//!
//! With w_j = A M^-1 v_j (or whatever the method multiplies with) the basis V is orthonormal and
//! W_j = V_{j+1} H_j, H of j + 1 rows and j columns. Givens rotations make H = Q R as it grows, so
//! that min_y ||beta e_1 - H y|| is |g_{j+1}| with g = Q^H beta e_1, known without y.

use crate::operator::LinearOperator;
use crate::preconditioner::VaryingPreconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::LinearSystem;
use crate::vector;

/// What [`Arnoldi::expand`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    /// One more basis vector.
    Grown,
    /// The space is invariant: the projected system is solved exactly.
    Invariant,
    /// The space is invariant and H is singular on it; the column is dropped.
    Singular,
    /// The new vector holds infinities or NaNs; the column is dropped.
    NotFinite,
}

/// Basis vectors and the factored Hessenberg matrix.
#[derive(Clone, Debug)]
pub(super) struct Arnoldi<T> {
    /// Orthonormal basis; the method writes w_j into `v[j + 1]` before [`Arnoldi::expand`].
    pub(super) v: Vec<Vec<T>>,
    /// Columns of H, with room for `v.len()` rows each.
    pub(super) h: Vec<Vec<T>>,
    /// Columns of R, in the same shape.
    r: Vec<Vec<T>>,
    c: Vec<T>,
    s: Vec<T>,
    g: Vec<T>,
    /// The minimiser, after [`Arnoldi::minimise`].
    pub(super) y: Vec<T>,
}

impl<T: Scalar> Arnoldi<T> {
    /// For spaces of `m` dimensions.
    pub(super) fn new(m: usize) -> Self {
        let column = vec![T::zero(); m + 1];
        Self {
            v: vec![Vec::new(); m + 1],
            h: vec![column.clone(); m],
            r: vec![column.clone(); m],
            c: vec![T::zero(); m],
            s: vec![T::zero(); m],
            g: column,
            y: vec![T::zero(); m],
        }
    }

    pub(super) fn resize(&mut self, n: usize) {
        for v in &mut self.v {
            v.resize(n, T::zero());
        }
    }

    /// Normalises v_0, which holds the first residual; returns its norm.
    pub(super) fn start(&mut self) -> f64 {
        let beta = vector::norm2(&self.v[0]);
        if beta > num_traits::Zero::zero() {
            let inverse = <T::Real as num_traits::One>::one() / beta;
            vector::scale(T::from_real(inverse), &mut self.v[0]);
        }
        self.g[0] = T::from_real(beta);
        beta.as_f64()
    }

    /// Makes w in `v[j + 1]` the next basis vector and column j of H and R.
    pub(super) fn expand(&mut self, j: usize) -> Expansion {
        let (basis, rest) = self.v.split_at_mut(j + 1);
        let w = &mut rest[0];
        let h = &mut self.h[j];
        let norms = vector::orthogonalise(basis, w, &mut h[..=j]);
        if !norms.before.finite() || !norms.after.finite() {
            return Expansion::NotFinite;
        }
        let rounding = <T::Real as Scalar>::from_f64(10.0)
            * <T::Real as num_traits::Float>::epsilon()
            * norms.before;
        let invariant = norms.after <= rounding;
        h[j + 1] = if invariant {
            T::zero()
        } else {
            let inverse = <T::Real as num_traits::One>::one() / norms.after;
            vector::scale(T::from_real(inverse), w);
            T::from_real(norms.after)
        };
        self.rotate(j);
        if !invariant {
            Expansion::Grown
        } else if self.r[j][j].modulus() <= rounding {
            Expansion::Singular
        } else {
            Expansion::Invariant
        }
    }

    /// Column j of R from column j of H, by the rotations so far and a new one.
    fn rotate(&mut self, j: usize) {
        let r = &mut self.r[j];
        r[..=j + 1].copy_from_slice(&self.h[j][..=j + 1]);
        for i in 0..j {
            let (c, s) = (self.c[i], self.s[i]);
            (r[i], r[i + 1]) = (c * r[i] + s * r[i + 1], c * r[i + 1] - s.conj() * r[i]);
        }
        let (c, s) = rotation(r[j], r[j + 1]);
        r[j] = c * r[j] + s * r[j + 1];
        r[j + 1] = T::zero();
        (self.c[j], self.s[j]) = (c, s);
        self.g[j + 1] = -s.conj() * self.g[j];
        self.g[j] = c * self.g[j];
    }

    /// |g_j|: the residual norm with j columns.
    pub(super) fn residual(&self, j: usize) -> f64 {
        self.g[j].modulus().as_f64()
    }

    /// y = R^-1 g with the first k columns, the minimiser of ||beta e_1 - H y||, into `y[..k]`.
    /// False where it is not finite.
    pub(super) fn minimise(&mut self, k: usize) -> bool {
        self.y[..k].copy_from_slice(&self.g[..k]);
        back_substitute(&self.r[..k], &mut self.y[..k]);
        self.y[..k].iter().all(|y| y.finite())
    }

    /// argmin_y ||f - H y|| with the first k columns, into the first k entries of the k + 1 of f.
    pub(super) fn least_squares(&self, k: usize, f: &mut [T]) {
        for i in 0..k {
            let (c, s) = (self.c[i], self.s[i]);
            (f[i], f[i + 1]) = (c * f[i] + s * f[i + 1], c * f[i + 1] - s.conj() * f[i]);
        }
        back_substitute(&self.r[..k], &mut f[..k]);
    }
}

/// y = R^-1 y for the upper triangle with these columns.
fn back_substitute<T: Scalar>(r: &[Vec<T>], y: &mut [T]) {
    for i in (0..y.len()).rev() {
        let mut sum = y[i];
        for j in i + 1..y.len() {
            sum -= r[j][i] * y[j];
        }
        y[i] = sum / r[i][i];
    }
}

/// x = x + dx, r = r - A dx; false, and nothing done, where one of them would not be finite.
pub(super) fn step<T, A, M>(
    system: &LinearSystem<'_, T, A, M>,
    dx: &[T],
    adx: &mut [T],
    x: &mut [T],
    r: &mut [T],
) -> bool
where
    T: Scalar,
    A: LinearOperator<T> + ?Sized,
    M: VaryingPreconditioner<T> + ?Sized,
{
    system.apply(dx, adx);
    if !vector::norm2_squared(dx).finite() || !vector::norm2_squared(adx).finite() {
        return false;
    }
    vector::axpy(T::one(), dx, x);
    vector::axpy(-T::one(), adx, r);
    true
}

/// c (real) and s with c a + s b the only non-zero entry after the rotation \[c s; -s* c\] (a, b).
fn rotation<T: Scalar>(a: T, b: T) -> (T, T) {
    let size = a.modulus();
    if size == num_traits::Zero::zero() {
        return (T::zero(), T::one());
    }
    let length = num_traits::Float::hypot(size, b.modulus());
    let phase = a / T::from_real(size);
    (
        T::from_real(size / length),
        phase * b.conj() / T::from_real(length),
    )
}
