//! Vector operations with the same bits for any number of threads.
//!
//! A vector is split at fixed places, halved until pieces have at most [`BLOCK`] entries; a sum
//! adds the sums of the halves, in this order. Threads take whole branches of the tree, so their
//! number changes who adds, never what is added to what. Vectors below [`GRAIN`] entries stay on
//! one thread: handing them over costs more than it saves.

use std::ops::{Add, Range};

use crate::scalar::{Real, Scalar};

/// Entries of a leaf: small enough that all vectors of an update stay in the first-level cache.
pub const BLOCK: usize = 1024;

/// Entries below which a branch is not shared among threads.
pub const GRAIN: usize = 32 * BLOCK;

/// Independent partial sums in a leaf: enough for two AVX registers, or four of SSE.
const LANES: usize = 8;

/// Where a range of `n > BLOCK` entries is halved: at a multiple of [`BLOCK`].
fn half(n: usize) -> usize {
    (n / BLOCK).div_ceil(2) * BLOCK
}

/// Adds `leaf` over the blocks of `range`, along the fixed tree.
pub fn reduce<R, L>(range: Range<usize>, leaf: &L) -> R
where
    R: Add<Output = R> + Send,
    L: Fn(Range<usize>) -> R + Sync,
{
    let n = range.len();
    if n <= BLOCK {
        return leaf(range);
    }
    let middle = range.start + half(n);
    let (left, right) = (range.start..middle, middle..range.end);
    let (a, b) = if n > GRAIN {
        rayon::join(|| reduce(left, leaf), || reduce(right, leaf))
    } else {
        (reduce(left, leaf), reduce(right, leaf))
    };
    a + b
}

/// Hands the blocks of `y` to `leaf`, with the index of their first entry.
pub fn for_blocks<T, L>(y: &mut [T], leaf: &L)
where
    T: Send,
    L: Fn(usize, &mut [T]) + Sync,
{
    for_blocks_from(0, y, leaf);
}

fn for_blocks_from<T, L>(start: usize, y: &mut [T], leaf: &L)
where
    T: Send,
    L: Fn(usize, &mut [T]) + Sync,
{
    let n = y.len();
    if n <= BLOCK {
        return leaf(start, y);
    }
    let middle = half(n);
    let (left, right) = y.split_at_mut(middle);
    if n > GRAIN {
        rayon::join(
            || for_blocks_from(start, left, leaf),
            || for_blocks_from(start + middle, right, leaf),
        );
    } else {
        for_blocks_from(start, left, leaf);
        for_blocks_from(start + middle, right, leaf);
    }
}

/// Hands the blocks of `y` to `leaf` and adds what it returns, along the fixed tree.
pub fn update_reduce<T, R, L>(y: &mut [T], leaf: &L) -> R
where
    T: Send,
    R: Add<Output = R> + Send,
    L: Fn(usize, &mut [T]) -> R + Sync,
{
    update_reduce_from(0, y, leaf)
}

fn update_reduce_from<T, R, L>(start: usize, y: &mut [T], leaf: &L) -> R
where
    T: Send,
    R: Add<Output = R> + Send,
    L: Fn(usize, &mut [T]) -> R + Sync,
{
    let n = y.len();
    if n <= BLOCK {
        return leaf(start, y);
    }
    let middle = half(n);
    let (left, right) = y.split_at_mut(middle);
    let (a, b) = if n > GRAIN {
        rayon::join(
            || update_reduce_from(start, left, leaf),
            || update_reduce_from(start + middle, right, leaf),
        )
    } else {
        (
            update_reduce_from(start, left, leaf),
            update_reduce_from(start + middle, right, leaf),
        )
    };
    a + b
}

/// Sum of `term` over pairs of entries, in [`LANES`] interleaved partial sums.
#[inline]
fn leaf_sum<T: Copy, R: Scalar>(x: &[T], y: &[T], term: impl Fn(T, T) -> R) -> R {
    let mut lanes = [R::zero(); LANES];
    let (mut xs, mut ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    for (x, y) in (&mut xs).zip(&mut ys) {
        for ((sum, &a), &b) in lanes.iter_mut().zip(x).zip(y) {
            *sum += term(a, b);
        }
    }
    for ((sum, &a), &b) in lanes.iter_mut().zip(xs.remainder()).zip(ys.remainder()) {
        *sum += term(a, b);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// x^H y = sum of conj(x_i) y_i.
///
/// # Panics
/// Unless both have the same length; so do the other functions here.
pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    reduce(0..x.len(), &|range: Range<usize>| {
        leaf_sum(&x[range.clone()], &y[range], |a, b| a.conj() * b)
    })
}

/// ||x||_2^2.
pub fn norm2_squared<T: Scalar>(x: &[T]) -> T::Real {
    reduce(0..x.len(), &|range: Range<usize>| {
        leaf_sum(&x[range.clone()], &x[range], |a, _| a.modulus_squared())
    })
}

/// ||x||_2.
pub fn norm2<T: Scalar>(x: &[T]) -> T::Real {
    num_traits::Float::sqrt(norm2_squared(x))
}

/// y = y + a x.
pub fn axpy<T: Scalar>(a: T, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    for_blocks(y, &|start, y: &mut [T]| {
        for (y, &x) in y.iter_mut().zip(&x[start..]) {
            *y += a * x;
        }
    });
}

/// y = x + b y.
pub fn xpby<T: Scalar>(x: &[T], b: T, y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    for_blocks(y, &|start, y: &mut [T]| {
        for (y, &x) in y.iter_mut().zip(&x[start..]) {
            *y = x + b * *y;
        }
    });
}

/// y = a x + b y.
pub fn axpby<T: Scalar>(a: T, x: &[T], b: T, y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    for_blocks(y, &|start, y: &mut [T]| {
        for (y, &x) in y.iter_mut().zip(&x[start..]) {
            *y = a * x + b * *y;
        }
    });
}

/// y = y + a x; returns ||y||_2^2.
pub fn axpy_norm2_squared<T: Scalar>(a: T, x: &[T], y: &mut [T]) -> T::Real {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    update_reduce(y, &|start, y: &mut [T]| {
        for (y, &x) in y.iter_mut().zip(&x[start..]) {
            *y += a * x;
        }
        leaf_sum(y, y, |a, _| a.modulus_squared())
    })
}

/// y = y + sum_i a_i v_i, in one pass over y.
///
/// # Panics
/// Unless there are as many vectors as coefficients, all as long as y.
pub fn combine<T: Scalar>(a: &[T], basis: &[Vec<T>], y: &mut [T]) {
    assert!(
        a.len() == basis.len() && basis.iter().all(|v| v.len() == y.len()),
        "a coefficient for each vector, all of one length"
    );
    for_blocks(y, &|start, y: &mut [T]| {
        for (&a, v) in a.iter().zip(basis) {
            for (y, &v) in y.iter_mut().zip(&v[start..]) {
                *y += a * v;
            }
        }
    });
}

/// Norms before and after a vector was made orthogonal to others.
#[derive(Clone, Copy, Debug)]
pub struct Orthogonalised<R> {
    /// ||w||_2 as it was given.
    pub before: R,
    /// ||w||_2 of what is left of it.
    pub after: R,
}

/// w = w - Q h with h = Q^H w, for orthonormal columns q_i: modified Gram-Schmidt.
///
/// Where less than a tenth of w is left, its digits have cancelled, and a second pass restores
/// orthogonality to rounding (Daniel, Gragg, Kaufman and Stewart 1976, with the constant that
/// Giraud and Langou 2002 find sufficient for GMRES); h holds the sum of both.
///
/// # Panics
/// Unless h has an entry for each vector.
pub fn orthogonalise<T: Scalar>(
    basis: &[Vec<T>],
    w: &mut [T],
    h: &mut [T],
) -> Orthogonalised<T::Real> {
    assert_eq!(basis.len(), h.len(), "a coefficient for each vector");
    let before = norm2(w);
    h.fill(T::zero());
    let tenth = <T::Real as Scalar>::from_f64(0.1);
    let mut given = before;
    for _ in 0..2 {
        for (q, h) in basis.iter().zip(h.iter_mut()) {
            let c = dot(q, w);
            axpy(-c, q, w);
            *h += c;
        }
        let after = norm2(w);
        if basis.is_empty() || after > tenth * given || !after.finite() {
            return Orthogonalised { before, after };
        }
        given = after;
    }
    Orthogonalised {
        before,
        after: given,
    }
}

/// y = a y.
pub fn scale<T: Scalar>(a: T, y: &mut [T]) {
    for_blocks(y, &|_, y: &mut [T]| {
        for y in y {
            *y *= a;
        }
    });
}

/// y = x.
pub fn copy<T: Scalar>(x: &[T], y: &mut [T]) {
    copy_any(x, y);
}

/// [`copy`] for items that are no numbers of a field.
pub(crate) fn copy_any<T: Copy + Send + Sync>(x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    for_blocks(y, &|start, y: &mut [T]| {
        y.copy_from_slice(&x[start..start + y.len()]);
    });
}

/// y = a for all entries.
pub fn fill<T: Scalar>(a: T, y: &mut [T]) {
    for_blocks(y, &|_, y: &mut [T]| y.fill(a));
}

/// z = x - y.
pub fn subtract<T: Scalar>(x: &[T], y: &[T], z: &mut [T]) {
    assert!(
        x.len() == z.len() && y.len() == z.len(),
        "vectors of one length"
    );
    for_blocks(z, &|start, z: &mut [T]| {
        for ((z, &x), &y) in z.iter_mut().zip(&x[start..]).zip(&y[start..]) {
            *z = x - y;
        }
    });
}

/// Index of the first entry that is infinite or NaN.
pub fn first_not_finite<T: Scalar>(x: &[T]) -> Option<usize> {
    let first = reduce(0..x.len(), &|range: Range<usize>| {
        let found = x[range.clone()].iter().position(|v| !v.finite());
        Earliest(found.map(|k| range.start + k))
    });
    first.0
}

/// The earlier of two places, as the sum of a reduction.
struct Earliest(Option<usize>);

impl Add for Earliest {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

/// ||x||_2 as f64, for reports.
pub(crate) fn norm2_f64<T: Scalar>(x: &[T]) -> f64 {
    norm2(x).as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize) -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..n).map(|i| ((i * 7919) % 1009) as f64 - 500.3).collect();
        let y: Vec<f64> = (0..n)
            .map(|i| ((i * 104_729) % 997) as f64 * 0.01)
            .collect();
        (x, y)
    }

    #[test]
    fn sums_have_the_same_bits_for_any_number_of_threads() {
        let (x, y) = data(5 * GRAIN + 123);
        let sums = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut z = y.clone();
                let updated = axpy_norm2_squared(0.3, &x, &mut z);
                (
                    dot(&x, &y).to_bits(),
                    updated.to_bits(),
                    norm2(&z).to_bits(),
                )
            })
        };
        let one = sums(1);
        assert_eq!(one, sums(2));
        assert_eq!(one, sums(4));
    }

    #[test]
    fn operations_agree_with_their_definitions_for_all_lengths_near_a_block() {
        for n in [0, 1, 7, 8, 9, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
            let (x, y) = data(n);
            let expected: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
            assert!(
                (dot(&x, &y) - expected).abs() <= 1e-10 * (1.0 + expected.abs()),
                "{n}"
            );
            let mut z = y.clone();
            axpby(2.0, &x, -0.5, &mut z);
            assert!((0..n).all(|i| z[i] == 2.0 * x[i] - 0.5 * y[i]));
            xpby(&x, 3.0, &mut z);
            subtract(&x, &y, &mut z);
            assert!((0..n).all(|i| z[i] == x[i] - y[i]));
        }
    }

    #[test]
    fn cancelled_vectors_are_orthogonalised_to_rounding() {
        let n = 2000;
        let (x, y) = data(n);
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for k in 0..4 {
            // Each differs from the one before by one part in 1e8.
            let mut w: Vec<f64> = (0..n)
                .map(|i| x[i] + 1e-8 * f64::from(k).powi(2) * y[(i * (k as usize + 1)) % n])
                .collect();
            let mut h = vec![0.0; basis.len()];
            let norms = orthogonalise(&basis, &mut w, &mut h);
            let mut again = w.clone();
            combine(&h, &basis, &mut again);
            assert!((norm2(&again) - norms.before).abs() <= 1e-12 * norms.before);
            scale(1.0 / norms.after, &mut w);
            for q in &basis {
                assert!(dot(q, &w).abs() < 1e-12, "{}", dot(q, &w));
            }
            basis.push(w);
        }
    }

    #[test]
    fn the_first_factor_of_a_complex_product_is_conjugated() {
        let i = num_complex::Complex::new(0.0, 1.0);
        assert_eq!(dot(&[i], &[i]), num_complex::Complex::new(1.0, 0.0));
    }
}
