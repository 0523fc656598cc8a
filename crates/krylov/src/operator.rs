//! Linear operators: what a Krylov method needs to know of a matrix.

use crate::scalar::Scalar;
use crate::vector;

/// A linear map y = A x, with or without a matrix.
///
/// Implementations give the same bits for any number of threads, and do not allocate.
pub trait LinearOperator<T: Scalar>: Sync {
    /// Length of y.
    fn nrows(&self) -> usize;

    /// Length of x.
    fn ncols(&self) -> usize;

    /// y = A x.
    fn apply(&self, x: &[T], y: &mut [T]);

    /// r = b - A x.
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        self.apply(x, r);
        vector::xpby(b, -T::one(), r);
    }

    /// The diagonal of A, where it is at hand.
    fn diagonal(&self) -> Option<Vec<T>> {
        None
    }

    /// ||A||_inf, or an upper bound of ||A||_2, where it is at hand: for backward errors.
    fn norm(&self) -> Option<f64> {
        None
    }

    /// Vectors that A maps to zero, where it is singular and they are known.
    ///
    /// A solver then keeps right-hand side, residual and solution orthogonal to them.
    fn null_space(&self) -> Option<&NullSpace<T>> {
        None
    }
}

/// A [`LinearOperator`] that can also be applied the other way.
pub trait AdjointOperator<T: Scalar>: LinearOperator<T> {
    /// y = A^H x: the conjugate transpose, which for real numbers is the transpose.
    fn apply_adjoint(&self, x: &[T], y: &mut [T]);
}

impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn nrows(&self) -> usize {
        (**self).nrows()
    }
    fn ncols(&self) -> usize {
        (**self).ncols()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        (**self).apply(x, y);
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        (**self).residual(b, x, r);
    }
    fn diagonal(&self) -> Option<Vec<T>> {
        (**self).diagonal()
    }
    fn norm(&self) -> Option<f64> {
        (**self).norm()
    }
    fn null_space(&self) -> Option<&NullSpace<T>> {
        (**self).null_space()
    }
}

impl<T: Scalar, A: AdjointOperator<T> + ?Sized> AdjointOperator<T> for &A {
    fn apply_adjoint(&self, x: &[T], y: &mut [T]) {
        (**self).apply_adjoint(x, y);
    }
}

/// An orthonormal basis of vectors that a singular operator maps to zero.
#[derive(Clone, Debug)]
pub struct NullSpace<T> {
    basis: Vec<Vec<T>>,
}

impl<T: Scalar> NullSpace<T> {
    /// The constant vector: the null space of a pure Neumann problem.
    pub fn constant(n: usize) -> Self {
        let value = T::from_f64(1.0 / (n as f64).sqrt());
        Self {
            basis: vec![vec![value; n]],
        }
    }

    /// The span of `vectors`, orthonormalised by Gram-Schmidt, twice. Vectors that depend on the
    /// others are dropped.
    ///
    /// # Panics
    /// Unless all have one length.
    pub fn spanned_by(vectors: Vec<Vec<T>>) -> Self {
        let mut basis: Vec<Vec<T>> = Vec::with_capacity(vectors.len());
        for mut v in vectors {
            let before = vector::norm2_f64(&v);
            for _ in 0..2 {
                for q in &basis {
                    let c = vector::dot(q, &v);
                    vector::axpy(-c, q, &mut v);
                }
            }
            let after = vector::norm2_f64(&v);
            if after > 1e-10 * before {
                vector::scale(T::from_f64(1.0 / after), &mut v);
                basis.push(v);
            }
        }
        Self { basis }
    }

    /// The orthonormal basis.
    pub fn basis(&self) -> &[Vec<T>] {
        &self.basis
    }

    /// v = v - Q Q^H v: removes the part in the null space.
    pub fn project(&self, v: &mut [T]) {
        for q in &self.basis {
            let c = vector::dot(q, v);
            vector::axpy(-c, q, v);
        }
    }
}

/// A singular operator together with its null space.
///
/// The null space must be that of A and of A^H (as for symmetric A): then A x = b has a solution
/// exactly if b is orthogonal to it.
#[derive(Clone, Debug)]
pub struct Singular<T, A> {
    operator: A,
    null_space: NullSpace<T>,
}

impl<T: Scalar, A: LinearOperator<T>> Singular<T, A> {
    /// Attaches a null space to an operator.
    ///
    /// # Panics
    /// Unless the basis vectors have as many entries as the operator has columns.
    pub fn new(operator: A, null_space: NullSpace<T>) -> Self {
        assert!(
            null_space.basis.iter().all(|q| q.len() == operator.ncols()),
            "null vectors as long as x"
        );
        Self {
            operator,
            null_space,
        }
    }

    /// The operator without its null space.
    pub fn operator(&self) -> &A {
        &self.operator
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Singular<T, A> {
    fn nrows(&self) -> usize {
        self.operator.nrows()
    }
    fn ncols(&self) -> usize {
        self.operator.ncols()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.operator.apply(x, y);
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        self.operator.residual(b, x, r);
    }
    fn diagonal(&self) -> Option<Vec<T>> {
        self.operator.diagonal()
    }
    fn norm(&self) -> Option<f64> {
        self.operator.norm()
    }
    fn null_space(&self) -> Option<&NullSpace<T>> {
        Some(&self.null_space)
    }
}

impl<T: Scalar, A: AdjointOperator<T>> AdjointOperator<T> for Singular<T, A> {
    fn apply_adjoint(&self, x: &[T], y: &mut [T]) {
        self.operator.apply_adjoint(x, y);
    }
}
