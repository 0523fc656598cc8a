//! Inverses of small dense matrices.

use crate::scalar::Scalar;

/// Replaces an n x n matrix by its inverse, by Gauss and Jordan with row exchanges. Tells whether
/// there is one: no column may come down to rounding of what it was.
///
/// Rows and columns may stand in either order: (A^T)^-1 = (A^-1)^T.
#[must_use]
pub(crate) fn invert<T: Scalar>(n: usize, a: &mut [T], exchanged: &mut Vec<usize>) -> bool {
    assert_eq!(a.len(), n * n, "a square matrix");
    let at = |i: usize, j: usize| i * n + j;
    let size = |v: T| v.modulus();
    exchanged.clear();
    let largest = a
        .iter()
        .fold(<T::Real as num_traits::Zero>::zero(), |m, &v| {
            num_traits::Float::max(m, size(v))
        });
    let rounding = largest
        * <T::Real as num_traits::Float>::epsilon()
        * <T::Real as Scalar>::from_f64(n as f64);
    for k in 0..n {
        let mut best = k;
        for i in k + 1..n {
            if size(a[at(i, k)]) > size(a[at(best, k)]) {
                best = i;
            }
        }
        let pivot = a[at(best, k)];
        if !(size(pivot) > rounding && pivot.finite()) {
            return false;
        }
        exchanged.push(best);
        for j in 0..n {
            a.swap(at(k, j), at(best, j));
        }
        a[at(k, k)] = T::one();
        for j in 0..n {
            a[at(k, j)] /= pivot;
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[at(i, k)];
            a[at(i, k)] = T::zero();
            for j in 0..n {
                let update = factor * a[at(k, j)];
                a[at(i, j)] -= update;
            }
        }
    }
    for k in (0..n).rev() {
        for i in 0..n {
            a.swap(at(i, k), at(i, exchanged[k]));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_with_the_inverse_is_the_identity() {
        let n = 9;
        let a = crate::gallery::noise(n * n, 1);
        let mut inverse = a.clone();
        assert!(invert(n, &mut inverse, &mut Vec::new()));
        for i in 0..n {
            for j in 0..n {
                let sum: f64 = (0..n).map(|k| a[i * n + k] * inverse[k * n + j]).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn singular_matrices_have_none() {
        let mut a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        assert!(!invert(3, &mut a, &mut Vec::new()));
        assert!(!invert(1, &mut [0.0], &mut Vec::new()));
        assert!(!invert(1, &mut [f64::NAN], &mut Vec::new()));
    }
}
