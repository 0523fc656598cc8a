//! IC(0): incomplete Cholesky on the pattern of A, for Hermitian positive definite A.
//!
//! ```text
//! for each row i,  with A = L D L^H on the pattern of A
//!   d_i  = a_ii (1 + alpha) - sum_{k < i} |l_ik|^2 d_k
//!   l_ji = (a_ji - sum_{k < i} l_jk d_k conj(l_ik)) / d_i     for j > i in the pattern
//! ```
//!
//! in the order of the unknowns as given. Source: Meijerink and van der Vorst (1977), Math.
//! Comp. 31, 148: for M-matrices all d_i > 0. For other matrices a d_i can come out negative although
//! A is positive definite; the factorisation then starts again with a larger diagonal shift alpha
//! (Manteuffel 1980, Math. Comp. 34, 473): alpha = 1e-3, doubled until it succeeds. That is also what
//! PETSc does by default (its shift is added to the diagonal, ours multiplies it, so that scaling
//! the unknowns changes nothing).
//!
//! With a relaxation omega, omega times the dropped fill of a row is subtracted from the diagonal
//! (MIC, Gustafsson 1978; see [`Ilu0`](super::Ilu0)).
//!
//! On the 7-point Laplacian CG takes a third of the iterations that it takes without, at about twice
//! the cost of each. Bad at: growing meshes, the count doubles with 1/h; strong anisotropy across
//! the order of the unknowns.

use num_traits::Float;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};

use super::error::{SetupError, check_matrix, check_option};
use super::ilu0::check_relaxation;
use super::triangular::{Factors, Triangle};

/// Options of [`Ic0`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ic0Params {
    /// Part of the dropped fill that is moved to the diagonal, 0 to 1. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub relaxation: f64,
    /// alpha: the diagonal is multiplied by 1 + alpha. Default: 0.
    #[schemars(range(min = 0))]
    pub shift: f64,
    /// Whether a pivot that is not positive makes the factorisation start again with a larger
    /// alpha. Default: true.
    pub retry: bool,
}

impl Default for Ic0Params {
    fn default() -> Self {
        Self {
            relaxation: 0.0,
            shift: 0.0,
            retry: true,
        }
    }
}

/// z = (L D L^H)^-1 r. Hermitian positive definite.
#[derive(Clone, Debug)]
pub struct Ic0<T> {
    factors: Factors<T>,
    shift: f64,
    params: Ic0Params,
}

impl<T: Scalar> Ic0<T> {
    /// Factors a Hermitian matrix.
    ///
    /// # Errors
    /// [`SetupError::NotPositive`] for a diagonal entry that is not positive, or a pivot where a
    /// retry is not allowed; [`SetupError::NotHermitian`], [`SetupError::MissingDiagonal`], and what
    /// makes no matrix.
    pub fn new(a: &Csr<T>, params: &Ic0Params) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_relaxation(params.relaxation)?;
        let (factors, shift) = with_shift(a, params.shift, params.retry, |alpha| {
            factor(a, alpha, params.relaxation)
        })?;
        Ok(Self {
            factors,
            shift,
            params: params.clone(),
        })
    }

    /// Factors another matrix with the same options.
    ///
    /// # Errors
    /// As [`Ic0::new`]; the old factors then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// alpha with which the factorisation succeeded.
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ic0<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

/// Runs `factor` with the shift `first`, and while a pivot is not positive with larger ones.
///
/// No shift helps against a diagonal that is not positive: that is checked before.
pub(crate) fn with_shift<T: Scalar, F>(
    a: &Csr<T>,
    first: f64,
    retry: bool,
    factor: impl Fn(f64) -> Result<F, SetupError>,
) -> Result<(F, f64), SetupError> {
    /// By then the matrix is diagonally dominant for all practical purposes.
    const LARGEST: f64 = 100.0;
    check_option(
        "shift",
        first,
        first.is_finite() && first >= 0.0,
        "a number >= 0",
    )?;
    for row in 0..a.nrows() {
        let (columns, values) = a.row(row);
        let Ok(place) = columns.binary_search(&(row as u32)) else {
            return Err(SetupError::MissingDiagonal { row });
        };
        let pivot = values[place].re().as_f64();
        if pivot <= 0.0 {
            return Err(SetupError::NotPositive { row, pivot });
        }
    }
    let mut alpha = first;
    loop {
        match factor(alpha) {
            Err(SetupError::NotPositive { .. }) if retry && alpha < LARGEST => {
                alpha = if alpha == 0.0 { 1e-3 } else { 2.0 * alpha };
            }
            result => return result.map(|factors| (factors, alpha)),
        }
    }
}

/// Whether a pivot is positive beyond the rounding of its diagonal entry.
pub(crate) fn is_positive<T: Scalar>(pivot: T::Real, diagonal: T::Real) -> bool {
    let four = T::Real::from_f64(4.0);
    pivot > four * <T::Real as Float>::epsilon() * diagonal && Float::is_finite(pivot)
}

/// Unit upper factor by rows: row k is `d_k`, and `u_kj = conj(l_jk)` for j > k in the pattern.
///
/// `next[k]` is the first entry of row k not yet used as `u_ki`. Rows i come in order and so do the
/// columns of row k: for row i of a symmetric pattern it stands at column i, and right of it are the
/// entries that row k contributes to row i.
fn factor<T: Scalar>(a: &Csr<T>, alpha: f64, relaxation: f64) -> Result<Factors<T>, SetupError> {
    let n = a.nrows();
    let scale = T::Real::from_f64(1.0 + alpha);
    let omega = T::Real::from_f64(relaxation);
    let tolerance = Float::sqrt(<T::Real as Float>::epsilon());
    let mut upper: Triangle<T> = Triangle::with_capacity(n, a.nnz() / 2);
    let mut d: Vec<T::Real> = Vec::with_capacity(n);
    // Fill that was dropped in row j, from all rows before.
    let mut dropped: Vec<T::Real> = vec![num_traits::Zero::zero(); n];
    let mut next: Vec<u32> = Vec::with_capacity(n);
    // Place of the diagonal in a, to compare with mirror images.
    let mut middle: Vec<u32> = Vec::with_capacity(n);
    let mut w = vec![T::zero(); n];
    let mut seen = vec![0u32; n];

    for i in 0..n {
        let (columns, values) = a.row(i);
        let stamp = i as u32 + 1;
        let Ok(place) = columns.binary_search(&(i as u32)) else {
            return Err(SetupError::MissingDiagonal { row: i });
        };
        let own = values[place].re();
        let mut pivot = own * scale;
        for (&j, &v) in columns[place + 1..].iter().zip(&values[place + 1..]) {
            w[j as usize] = v;
            seen[j as usize] = stamp;
        }
        for (&k, &v) in columns[..place].iter().zip(&values[..place]) {
            let row = k as usize;
            let at = next[row] as usize;
            let end = upper.offsets[row + 1] as usize;
            let mirror = Err(SetupError::NotHermitian {
                row: i,
                column: row,
            });
            if at == end || upper.columns[at] as usize != i {
                return mirror;
            }
            let other = a.values()[middle[row] as usize + 1 + at - upper.offsets[row] as usize];
            if (v - other.conj()).modulus() > tolerance * Float::max(v.modulus(), own) {
                return mirror;
            }
            next[row] += 1;
            let u = upper.values[at];
            // l_ik d_k.
            let scaled = u.conj() * T::from_real(d[row]);
            pivot -= (scaled * u).re();
            for (&j, &u) in upper.columns[at + 1..end]
                .iter()
                .zip(&upper.values[at + 1..end])
            {
                if seen[j as usize] == stamp {
                    w[j as usize] -= scaled * u;
                } else if relaxation > 0.0 {
                    let fill = omega * (scaled * u).re();
                    pivot -= fill;
                    dropped[j as usize] += fill;
                }
            }
        }
        pivot -= dropped[i];
        if !is_positive::<T>(pivot, own) {
            return Err(SetupError::NotPositive {
                row: i,
                pivot: pivot.as_f64(),
            });
        }
        let inverse = T::from_real(<T::Real as num_traits::One>::one() / pivot);
        next.push(upper.columns.len() as u32);
        middle.push(a.offsets()[i] + place as u32);
        for &j in &columns[place + 1..] {
            upper.push(j, w[j as usize] * inverse);
        }
        upper.end_row()?;
        d.push(pivot);
    }
    // An entry right of the diagonal that no row below claimed has no mirror image.
    if let Some(row) = (0..n).find(|&k| next[k] != upper.offsets[k + 1]) {
        return Err(SetupError::NotHermitian {
            row,
            column: upper.columns[next[row] as usize] as usize,
        });
    }
    let inverse = d
        .iter()
        .map(|&d| T::from_real(<T::Real as num_traits::One>::one() / d))
        .collect();
    Ok(Factors::new(upper.adjoint(), inverse, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::preconditioners::test_matrices::{
        assert_symmetric_positive, dense_inverse, dense_invert, random_spd,
    };
    use crate::solve::{Solver, StoppingRule};

    #[test]
    fn of_a_tridiagonal_matrix_it_is_the_cholesky_factor() {
        let a = gallery::poisson(&[40]);
        let mut inverse = dense_inverse(40, &mut Ic0::new(&a, &Ic0Params::default()).unwrap());
        // (A^-1)_ij = min(i, j) (n + 1 - max(i, j)) / (n + 1), counted from 1.
        for (k, v) in inverse.iter_mut().enumerate() {
            let (i, j) = (k % 40 + 1, k / 40 + 1);
            let expected = (i.min(j) * (41 - i.max(j))) as f64 / 41.0;
            assert!((*v - expected).abs() <= 1e-12 * expected);
        }
    }

    #[test]
    fn product_of_the_factors_equals_the_matrix_on_its_pattern() {
        let a = gallery::poisson(&[5, 4, 3]);
        let n = a.nrows();
        let mut m = Ic0::new(&a, &Ic0Params::default()).unwrap();
        let mut product = dense_inverse(n, &mut m);
        dense_invert(n, &mut product);
        for i in 0..n {
            for &j in a.row(i).0 {
                let v = product[j as usize * n + i];
                assert!((v - a.get(i, j as usize)).abs() <= 1e-11);
            }
        }
        // With omega = 1 row sums are those of A.
        let params = Ic0Params {
            relaxation: 1.0,
            ..Ic0Params::default()
        };
        let mut product = dense_inverse(n, &mut Ic0::new(&a, &params).unwrap());
        dense_invert(n, &mut product);
        for i in 0..n {
            let sum: f64 = (0..n).map(|j| product[j * n + i]).sum();
            let expected: f64 = a.row(i).1.iter().sum();
            assert!((sum - expected).abs() <= 1e-10, "{sum} {expected}");
        }
    }

    #[test]
    fn it_is_symmetric_positive_definite() {
        let a = gallery::poisson(&[9, 8]);
        assert_symmetric_positive(72, &mut Ic0::new(&a, &Ic0Params::default()).unwrap());
        let a = random_spd(70, 4, 2);
        assert_symmetric_positive(70, &mut Ic0::new(&a, &Ic0Params::default()).unwrap());
    }

    /// The count that PETSc's ICC(0) and AMGCL's ILU(0) give for this matrix and noise.
    #[test]
    fn cg_on_the_64_cubed_poisson_problem_takes_76_iterations() {
        let a = gallery::poisson(&[64, 64, 64]);
        let mut m = Ic0::new(&a, &Ic0Params::default()).unwrap();
        assert_eq!(m.shift(), 0.0);
        let b = gallery::noise(a.nrows(), 1);
        let mut x = vec![0.0; a.nrows()];
        let mut solver = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-8));
        let report = solver.solve(&a, &mut m, &b, &mut x).unwrap();
        assert!(report.converged());
        assert!(report.iterations.abs_diff(76) <= 2, "{}", report.iterations);
        let b_norm = crate::vector::norm2(&b);
        let to_1e4 = solver.history().iter().position(|r| *r <= 1e-4 * b_norm);
        assert!(to_1e4.unwrap().abs_diff(42) <= 2, "{to_1e4:?}");
    }

    /// Kershaw's matrix (1978): positive definite, and IC(0) gives a negative last pivot.
    #[test]
    fn a_negative_pivot_is_cured_by_a_shift_or_named() {
        let entries = [
            (0, 0, 3.0),
            (0, 1, -2.0),
            (0, 3, 2.0),
            (1, 0, -2.0),
            (1, 1, 3.0),
            (1, 2, -2.0),
            (2, 1, -2.0),
            (2, 2, 3.0),
            (2, 3, -2.0),
            (3, 0, 2.0),
            (3, 2, -2.0),
            (3, 3, 3.0),
        ];
        let a = Csr::from_triplets(4, 4, &entries).unwrap();
        let strict = Ic0Params {
            retry: false,
            ..Ic0Params::default()
        };
        match Ic0::new(&a, &strict) {
            Err(SetupError::NotPositive { row: 3, pivot }) => {
                assert!((pivot + 5.0).abs() < 1e-12, "{pivot}");
            }
            other => panic!("{other:?}"),
        }
        let mut m = Ic0::new(&a, &Ic0Params::default()).unwrap();
        assert!(m.shift() > 0.0);
        assert_symmetric_positive(4, &mut m);
    }

    #[test]
    fn matrices_that_are_not_hermitian_positive_definite_are_named() {
        let params = Ic0Params::default();
        let negative = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, -2.0)]).unwrap();
        assert_eq!(
            Ic0::new(&negative, &params).unwrap_err(),
            SetupError::NotPositive {
                row: 1,
                pivot: -2.0
            }
        );
        let skew = [(0, 0, 1.0), (0, 1, 0.5), (1, 0, -0.5), (1, 1, 1.0)];
        let one_sided = [(0, 0, 1.0), (0, 1, 0.5), (1, 1, 1.0)];
        let other_side = [(0, 0, 1.0), (1, 0, 0.5), (1, 1, 1.0)];
        for (entries, place) in [
            (&skew[..], (1, 0)),
            (&one_sided, (0, 1)),
            (&other_side, (1, 0)),
        ] {
            let a = Csr::from_triplets(2, 2, entries).unwrap();
            assert_eq!(
                Ic0::new(&a, &params).unwrap_err(),
                SetupError::NotHermitian {
                    row: place.0,
                    column: place.1
                }
            );
        }
    }

    #[test]
    fn complex_hermitian_matrices_are_factored() {
        use num_complex::Complex;
        // Tridiagonal, so that the factor is exact.
        let n = 30u32;
        let i = Complex::new(0.0, 1.0);
        let mut entries = Vec::new();
        for k in 0..n {
            entries.push((k, k, Complex::new(3.0, 0.0)));
            if k + 1 < n {
                entries.push((k, k + 1, 1.0 + i));
                entries.push((k + 1, k, 1.0 - i));
            }
        }
        let a = Csr::from_triplets(n as usize, n as usize, &entries).unwrap();
        let r: Vec<Complex<f64>> = gallery::noise(2 * n as usize, 3)
            .chunks(2)
            .map(|c| Complex::new(c[0], c[1]))
            .collect();
        let (mut z, mut back) = (r.clone(), r.clone());
        Ic0::new(&a, &Ic0Params::default())
            .unwrap()
            .apply(&r, &mut z);
        crate::LinearOperator::residual(&a, &r, &z, &mut back);
        assert!(crate::vector::norm2(&back) <= 1e-12 * crate::vector::norm2(&r));
    }
}
