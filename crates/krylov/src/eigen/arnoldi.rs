//! The Krylov-Schur method (restarted Arnoldi), for a few eigenvalues of general A.
//!
//! ```text
//! A V_m = V_m H_m + v_(m+1) b^H,   V_m orthonormal
//! extend   w = A v_j,  h_ij = v_i^H w (i <= j),  w = w - sum_i h_ij v_i,  v_(j+1) = w/||w||
//! solve    H_m y = theta y;  the residual of the pair (theta, V_m y) is |b^H y|
//! restart  Q: orthonormal basis of the span of the wanted y
//!          V_k = V_m Q,  H_k = Q^H H_m Q,  b_k = Q^H b,  v_(k+1) = v_(m+1)
//! ```
//!
//! The span of wanted eigenvectors of H_m is invariant under it, so the restarted decomposition has
//! the same form, and continues as Arnoldi's. The space is that of the implicitly restarted method
//! with the dropped Ritz values as shifts. For real A everything stays real: Q spans real and
//! imaginary parts of the eigenvectors, so that a pair of conjugate eigenvalues is kept or dropped as
//! one.
//!
//! It converges fast for eigenvalues at the rim of the spectrum. Eigenvalues of strongly non-normal A
//! are themselves ill-conditioned: a small residual then does not mean a small error.
//!
//! Source: Stewart (2001), SIAM J. Matrix Anal. Appl. 23, 601, with an orthonormal basis of the
//! invariant space in place of an ordered Schur form.

use num_complex::Complex;
use pdesolve_core::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    EigenError, Eigenpairs, check, combine, orthogonalise, random_direction, small, small::Pair,
};
use crate::operator::LinearOperator;
use crate::scalar::{Real, Scalar};
use crate::vector;

/// Which eigenvalues of a general matrix are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Those of largest modulus.
    #[default]
    LargestModulus,
    /// Those furthest to the right: of a time-dependent problem the least stable.
    LargestReal,
    /// Those furthest to the left.
    SmallestReal,
    /// Those furthest from the real axis.
    LargestImaginary,
}

impl Part {
    /// The larger, the more wanted.
    pub(super) fn merit(self, value: Complex<f64>) -> f64 {
        match self {
            Self::LargestModulus => value.norm(),
            Self::LargestReal => value.re,
            Self::SmallestReal => -value.re,
            Self::LargestImaginary => value.im.abs(),
        }
    }
}

/// Parameters of the Krylov-Schur method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArnoldiParams {
    /// Number of eigenvalues. Default: 4.
    #[schemars(range(min = 1))]
    pub count: usize,
    /// Which. Default: `largest_modulus`.
    pub part: Part,
    /// Number m of vectors of the space; 0 for max(2 count + 2, 20). Default: 0.
    pub subspace: usize,
    /// A pair is accepted when its residual is at most this times |lambda|. Default: 1e-10.
    #[schemars(range(min = 0))]
    pub tolerance: f64,
    /// Largest number of restarts. Default: 1000.
    pub max_restarts: usize,
    /// Seed of the first vector. Default: 0.
    pub seed: u64,
}

impl Default for ArnoldiParams {
    fn default() -> Self {
        Self {
            count: 4,
            part: Part::LargestModulus,
            subspace: 0,
            tolerance: 1e-10,
            max_restarts: 1000,
            seed: 0,
        }
    }
}

/// The `count` eigenpairs of A that `part` asks for. Of a conjugate pair at the end of the list only
/// one may be among them.
///
/// # Errors
/// [`EigenError`] for a matrix that is not square, more eigenvalues than it has, or products that
/// are not finite. Where the restarts do not suffice, `converged` is false.
pub fn arnoldi<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    params: &ArnoldiParams,
) -> Result<Eigenpairs<Complex<f64>, Complex<f64>>, EigenError> {
    arnoldi_from(operator, params, None, &mut |_, _| Control::Continue)
}

/// As [`arnoldi`], from the vector `start` where there is one that is not zero. `observer` hears of
/// each product: how many there were, and the largest residual of the wanted pairs relative to
/// their eigenvalues, as last estimated (infinite before). Where it interrupts, the pairs are those
/// of the space so far, fewer than `count` in a small space; their residuals are estimates and
/// `converged` is false.
///
/// # Errors
/// As [`arnoldi`].
///
/// # Panics
/// Where `start` is not as long as a row of A.
pub fn arnoldi_from<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    params: &ArnoldiParams,
    start: Option<&[T]>,
    observer: &mut dyn FnMut(usize, f64) -> Control,
) -> Result<Eigenpairs<Complex<f64>, Complex<f64>>, EigenError> {
    let count = params.count;
    let n = check(operator, count, operator.ncols())?;
    let asked = match params.subspace {
        0 => (2 * count + 2).max(20),
        m => m.max(count + 3),
    };
    let m = asked.min(n);
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    let mut basis: Vec<Vec<T>> = vec![vec![T::zero(); n]; m];
    let mut next = vec![T::zero(); n];
    let mut h = vec![T::zero(); m * m];
    let mut column = vec![T::zero(); m];
    // b^H, the row below H.
    let mut border = vec![T::zero(); m];
    let (mut draws, mut products, mut restarts, mut k) = (0, 0, 0, 0);
    let mut estimate = f64::INFINITY;
    match start.map(|v| (v, vector::norm2_f64(v))) {
        Some((v, norm)) if norm > 0.0 && norm.is_finite() => {
            basis[0].copy_from_slice(v);
            vector::scale(T::from_f64(norm.recip()), &mut basis[0]);
        }
        _ => random_direction(&[], params.seed, draws, &mut basis[0]),
    }
    let by_merit = |pairs: &mut Vec<Pair>| {
        let merit = |pair: &Pair| params.part.merit(pair.0);
        // Of a conjugate pair, equal but for rounding, the one above the axis comes first.
        pairs.sort_by(|a, b| {
            let (one, two) = (merit(a), merit(b));
            if (one - two).abs() <= 1e-12 * (one.abs() + two.abs()) {
                b.0.im.total_cmp(&a.0.im)
            } else {
                two.total_cmp(&one)
            }
        });
    };
    let pairs = loop {
        for j in k..m {
            let (done, rest) = basis.split_at_mut(j + 1);
            operator.apply(&done[j], &mut next);
            products += 1;
            let size = vector::norm2_f64(&next);
            let mut beta = orthogonalise(done, &mut next, &mut column);
            if !beta.is_finite() {
                return Err(EigenError::NotFinite);
            }
            for (i, &c) in column[..=j].iter().enumerate() {
                h[i * m + j] = c;
            }
            if beta <= 10.0 * epsilon * size {
                // An invariant space: go on beside it, unless it is everything.
                beta = 0.0;
                if j + 1 < n {
                    draws += 1;
                    random_direction(done, params.seed, draws, &mut next);
                }
            } else {
                vector::scale(T::from_f64(beta.recip()), &mut next);
            }
            if j + 1 < m {
                rest[0].copy_from_slice(&next);
                h[(j + 1) * m + j] = T::from_f64(beta);
            } else {
                border.fill(T::zero());
                border[j] = T::from_f64(beta);
            }
            if observer(products, estimate) == Control::Interrupt {
                let size = j + 1;
                let leading: Vec<T> = (0..size * size)
                    .map(|i| h[(i / size) * m + i % size])
                    .collect();
                let mut pairs = small::general(&leading, size)?;
                by_merit(&mut pairs);
                pairs.truncate(count);
                return Ok(so_far(&basis, &pairs, beta, restarts, products));
            }
        }
        let mut pairs = small::general(&h, m)?;
        by_merit(&mut pairs);
        let largest = pairs.iter().fold(0.0, |l: f64, p| l.max(p.0.norm()));
        let border_size = border[m - 1].modulus().as_f64();
        estimate = (pairs[..count].iter())
            .map(|(theta, y)| border_size * y[m - 1].norm() / theta.norm())
            .fold(0.0, |top: f64, r| if r <= top { top } else { r });
        let accepted = |(theta, y): &&Pair| {
            let last = border_size * y[m - 1].norm();
            last <= params.tolerance * theta.norm().max(epsilon * largest)
        };
        let converged = pairs[..count].iter().filter(accepted).count();
        if converged == count || m == n || restarts == params.max_restarts {
            break pairs;
        }
        restarts += 1;
        let keep = (count + converged.min((m - count) / 2))
            .max(m / 2)
            .min(m - 2);
        let q = span::<T>(&pairs[..keep], m - 1);
        k = q.len();
        restart(&mut basis, &q, &mut h, &mut border);
        basis[k].copy_from_slice(&next);
        for (j, &b) in border[..k].iter().enumerate() {
            h[k * m + j] = b;
        }
    };
    collect(
        operator,
        params,
        &basis,
        &pairs[..count],
        restarts,
        products,
    )
}

/// Eigenpairs of an unfinished space, whose last product left a remainder of size `beta`.
fn so_far<T: Scalar>(
    basis: &[Vec<T>],
    pairs: &[Pair],
    beta: f64,
    restarts: usize,
    products: usize,
) -> Eigenpairs<Complex<f64>, Complex<f64>> {
    let vector = |y: &[Complex<f64>]| {
        let mut v = vec![Complex::ZERO; basis[0].len()];
        for (&y, column) in y.iter().zip(basis) {
            for (v, &b) in v.iter_mut().zip(column) {
                *v += y * Complex::new(b.re().as_f64(), b.im().as_f64());
            }
        }
        v
    };
    Eigenpairs {
        values: pairs.iter().map(|p| p.0).collect(),
        vectors: pairs.iter().map(|p| vector(&p.1)).collect(),
        residuals: (pairs.iter())
            .map(|p| beta * p.1.last().map_or(0.0, |y| y.norm()))
            .collect(),
        converged: false,
        iterations: restarts,
        products,
    }
}

/// An orthonormal basis over `T` of the span of the eigenvectors, of at most `most` vectors.
fn span<T: Scalar>(pairs: &[Pair], most: usize) -> Vec<Vec<T>> {
    let mut q: Vec<Vec<T>> = Vec::new();
    let mut coefficients = vec![T::zero(); most];
    for (_, y) in pairs {
        let turned = |factor: Complex<f64>| {
            let entries = y.iter().map(|&v| small::from_complex::<T>(v * factor));
            entries.collect::<Vec<T>>()
        };
        let mut parts = vec![turned(Complex::new(1.0, 0.0))];
        if !T::IS_COMPLEX {
            // The real part of -i y is the imaginary part of y; of a real eigenvector, and of the
            // second of a conjugate pair, one or both depend on what is there.
            parts.push(turned(Complex::new(0.0, -1.0)));
        }
        for mut part in parts {
            let norm = orthogonalise(&q, &mut part, &mut coefficients[..]);
            if norm > 1e-8 && q.len() < most {
                vector::scale(T::from_f64(norm.recip()), &mut part);
                q.push(part);
            }
        }
    }
    q
}

/// V = V Q, H = Q^H H Q, b = Q^H b, in the leading places; the rest of H is zero.
fn restart<T: Scalar>(basis: &mut [Vec<T>], q: &[Vec<T>], h: &mut [T], border: &mut [T]) {
    let m = basis.len();
    let kept: Vec<Vec<T>> = q
        .iter()
        .map(|q| {
            let mut v = vec![T::zero(); basis[0].len()];
            combine(basis, q, &mut v);
            v
        })
        .collect();
    for (v, kept) in basis.iter_mut().zip(kept) {
        *v = kept;
    }
    let hq: Vec<Vec<T>> = q
        .iter()
        .map(|q| {
            let row = |i: usize| {
                h[i * m..(i + 1) * m]
                    .iter()
                    .zip(q)
                    .map(|(&h, &q)| h * q)
                    .sum()
            };
            (0..m).map(row).collect()
        })
        .collect();
    h.fill(T::zero());
    for (i, q) in q.iter().enumerate() {
        for (j, hq) in hq.iter().enumerate() {
            h[i * m + j] = vector::dot(q, hq);
        }
    }
    let rotated: Vec<T> = q
        .iter()
        .map(|q| border.iter().zip(q).map(|(&b, &q)| b * q).sum())
        .collect();
    border.fill(T::zero());
    border[..rotated.len()].copy_from_slice(&rotated);
}

/// Eigenvectors and residuals, with fresh products.
fn collect<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    params: &ArnoldiParams,
    basis: &[Vec<T>],
    pairs: &[Pair],
    restarts: usize,
    products: usize,
) -> Result<Eigenpairs<Complex<f64>, Complex<f64>>, EigenError> {
    let n = basis[0].len();
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    let mut found = Eigenpairs {
        values: Vec::new(),
        vectors: Vec::new(),
        residuals: Vec::new(),
        converged: true,
        iterations: restarts,
        products,
    };
    let mut part = vec![T::zero(); n];
    let mut image = vec![T::zero(); n];
    let as_complex = |v: T| Complex::new(v.re().as_f64(), v.im().as_f64());
    for (theta, y) in pairs {
        // Over the reals, vector and image are put together from two parts.
        let factors: &[Complex<f64>] = if T::IS_COMPLEX {
            &[Complex::ONE]
        } else {
            &[Complex::ONE, Complex::I]
        };
        let mut v = vec![Complex::ZERO; n];
        let mut av = vec![Complex::ZERO; n];
        for factor in factors {
            let turned: Vec<T> = y
                .iter()
                .map(|&y| small::from_complex(y * factor.conj()))
                .collect();
            combine(basis, &turned, &mut part);
            operator.apply(&part, &mut image);
            found.products += 1;
            for ((v, av), (&p, &a)) in v.iter_mut().zip(&mut av).zip(part.iter().zip(&image)) {
                *v += factor * as_complex(p);
                *av += factor * as_complex(a);
            }
        }
        vector::axpy(-theta, &v, &mut av);
        let residual = vector::norm2_f64(&av);
        let largest = operator.norm().unwrap_or(0.0).max(theta.norm());
        let allowed = (params.tolerance * theta.norm()).max(100.0 * epsilon * largest);
        found.converged &= residual <= allowed;
        found.values.push(*theta);
        found.vectors.push(v);
        found.residuals.push(residual);
    }
    Ok(found)
}
