//! Chebyshev iteration on D^-1 A as a polynomial preconditioner and smoother, D the diagonal of A.
//!
//! ```text
//! x_k = x_0 + p(D^-1 A) D^-1 (b - A x_0),     q(lambda) = 1 - lambda p(lambda) of degree k
//! ```
//!
//! First kind, on an interval `[a, b]` of eigenvalues of D^-1 A: q is the polynomial with q(0) = 1
//! that is smallest on it, |q| <= 1 / T_k((b + a) / (b - a)).
//!
//! ```text
//! theta = (b + a)/2, delta = (b - a)/2, sigma = theta/delta, rho_0 = 1/sigma
//! d_0 = D^-1 r_0 / theta
//! x = x + d,  r = r - A d,  rho' = 1/(2 sigma - rho),  d' = rho' rho d + 2 rho'/delta D^-1 r
//! ```
//!
//! Fourth kind, on (0, b]: q makes lambda q(lambda)^2 small instead, which is what the convergence
//! bound of a multigrid V-cycle asks of a smoother, and needs no lower end.
//!
//! ```text
//! d_0 = 4/(3 b) D^-1 r_0,   d_k = (2k - 1)/(2k + 3) d_{k-1} + (8k + 4)/((2k + 3) b) D^-1 r_k
//! ```
//!
//! The largest eigenvalue comes from a few steps of the Lanczos method with a seeded start vector,
//! enlarged by a safety factor, because a Ritz value lies below it. Only products with A are used,
//! so A may be matrix-free, and sums do not depend on the number of threads.
//!
//! Sources: Saad (2003), Iterative Methods, algorithm 12.1; Adams, Brezina, Hu and Tuminaro (2003)
//! for its use in multigrid; Lottes (2022), arXiv 2202.08830, for the fourth kind. Bad at: matrices
//! that are not Hermitian positive definite; as a preconditioner of CG it saves inner products, not
//! products with A.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gallery;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::vector::{self, GRAIN};

use super::error::{SetupError, check_option};
use super::jacobi::multiply;

/// Which polynomial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChebyshevKind {
    /// Smallest on an interval: preconditioner, or smoother with a short interval.
    #[default]
    First,
    /// Best for the V-cycle bound, on (0, b]: smoother.
    Fourth,
}

/// Options of [`Chebyshev`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChebyshevParams {
    /// Which polynomial. Default: `first`.
    pub kind: ChebyshevKind,
    /// Degree k of q: k - 1 products with A for z = M^-1 r, k for a smoothing step. Default: 3.
    #[schemars(range(min = 1))]
    pub degree: usize,
    /// b/a, the length of the interval for the first kind. 30 for a preconditioner, 4 to 10 for a
    /// smoother. Default: 30.
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    pub ratio: f64,
    /// b over the estimate of the largest eigenvalue. Default: 1.1.
    #[schemars(range(min = 1))]
    pub safety: f64,
    /// Lanczos steps of the estimate. Default: 10.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// The largest eigenvalue of D^-1 A where it is known; no estimate is then made and no safety
    /// factor applied. Default: none.
    pub largest_eigenvalue: Option<f64>,
    /// Seed of the start vector. Default: 0.
    pub seed: u64,
}

impl Default for ChebyshevParams {
    fn default() -> Self {
        Self {
            kind: ChebyshevKind::First,
            degree: 3,
            ratio: 30.0,
            safety: 1.1,
            steps: 10,
            largest_eigenvalue: None,
            seed: 0,
        }
    }
}

/// z = p(D^-1 A) D^-1 r. Hermitian where A is; positive definite where the eigenvalues of D^-1 A
/// lie in (0, b].
#[derive(Clone, Debug)]
pub struct Chebyshev<T, A> {
    operator: A,
    inverse_diagonal: Vec<T>,
    kind: ChebyshevKind,
    degree: usize,
    lower: f64,
    upper: f64,
    r: Vec<T>,
    d: Vec<T>,
    work: Vec<T>,
}

impl<T: Scalar, A: LinearOperator<T>> Chebyshev<T, A> {
    /// From an operator that knows its diagonal, and keeps the operator (give a reference to share
    /// it).
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`] where there is none, [`SetupError::NotPositive`] where it is
    /// not positive, a parameter out of its range, an operator that is not square or not finite.
    pub fn new(operator: A, params: &ChebyshevParams) -> Result<Self, SetupError> {
        let diagonal = operator
            .diagonal()
            .ok_or(SetupError::MissingDiagonal { row: 0 })?;
        Self::with_diagonal(operator, &diagonal, params)
    }

    /// From an operator and its diagonal, or another positive scaling.
    ///
    /// # Errors
    /// As [`Chebyshev::new`].
    pub fn with_diagonal(
        operator: A,
        diagonal: &[T],
        params: &ChebyshevParams,
    ) -> Result<Self, SetupError> {
        let n = operator.nrows();
        if n != operator.ncols() || diagonal.len() != n {
            return Err(SetupError::NotSquare {
                rows: n,
                columns: operator.ncols(),
            });
        }
        if n == 0 {
            return Err(SetupError::Empty);
        }
        let degree = params.degree;
        check_option("degree", degree as f64, degree > 0, "at least 1")?;
        check_option("ratio", params.ratio, params.ratio > 1.0, "above 1")?;
        check_option("safety", params.safety, params.safety >= 1.0, "at least 1")?;
        check_option("steps", params.steps as f64, params.steps > 0, "at least 1")?;
        for (row, d) in diagonal.iter().enumerate() {
            let pivot = d.re().as_f64();
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(SetupError::NotPositive { row, pivot });
            }
        }
        let upper = match params.largest_eigenvalue {
            Some(given) => {
                let valid = given > 0.0 && given.is_finite();
                check_option("largest_eigenvalue", given, valid, "positive")?;
                given
            }
            None => {
                let (_, largest) =
                    extreme_eigenvalues(&operator, diagonal, params.steps, params.seed)?;
                params.safety * largest
            }
        };
        Ok(Self {
            inverse_diagonal: diagonal
                .iter()
                .map(|d| T::one() / T::from_real(d.re()))
                .collect(),
            operator,
            kind: params.kind,
            degree,
            lower: upper / params.ratio,
            upper,
            r: vec![T::zero(); n],
            d: vec![T::zero(); n],
            work: vec![T::zero(); n],
        })
    }

    /// a and b: where the polynomial is small.
    pub fn interval(&self) -> (f64, f64) {
        match self.kind {
            ChebyshevKind::First => (self.lower, self.upper),
            ChebyshevKind::Fourth => (0.0, self.upper),
        }
    }

    /// The operator.
    pub fn operator(&self) -> &A {
        &self.operator
    }

    /// Bytes that the arrays take, without those of the operator.
    pub fn memory_bytes(&self) -> usize {
        4 * size_of_val(&self.r[..])
    }

    /// One smoothing step: x = x + p(D^-1 A) D^-1 (b - A x).
    pub fn smooth(&mut self, b: &[T], x: &mut [T]) {
        self.operator.residual(b, x, &mut self.r);
        self.iterate(x);
    }

    /// Adds p(D^-1 A) D^-1 r to x; r is used up.
    fn iterate(&mut self, x: &mut [T]) {
        let (theta, delta) = (
            0.5 * (self.upper + self.lower),
            0.5 * (self.upper - self.lower),
        );
        let sigma = theta / delta;
        let mut rho = 1.0 / sigma;
        let first = match self.kind {
            ChebyshevKind::First => 1.0 / theta,
            ChebyshevKind::Fourth => 4.0 / (3.0 * self.upper),
        };
        multiply(&self.inverse_diagonal, &self.r, &mut self.d);
        vector::scale(T::from_f64(first), &mut self.d);
        vector::axpy(T::one(), &self.d, x);
        for k in 1..self.degree {
            self.operator.apply(&self.d, &mut self.work);
            let (keep, add) = match self.kind {
                ChebyshevKind::First => {
                    let next = 1.0 / (2.0 * sigma - rho);
                    let pair = (next * rho, 2.0 * next / delta);
                    rho = next;
                    pair
                }
                ChebyshevKind::Fourth => {
                    let k = k as f64;
                    (
                        (2.0 * k - 1.0) / (2.0 * k + 3.0),
                        (8.0 * k + 4.0) / ((2.0 * k + 3.0) * self.upper),
                    )
                }
            };
            self.step(T::from_f64(keep), T::from_f64(add), x);
        }
    }

    /// r = r - A d,  d = keep d + add D^-1 r,  x = x + d, in one pass: with A d in the workspace.
    fn step(&mut self, keep: T, add: T, x: &mut [T]) {
        (
            self.r.par_chunks_mut(GRAIN),
            self.d.par_chunks_mut(GRAIN),
            x.par_chunks_mut(GRAIN),
            self.work.par_chunks(GRAIN),
            self.inverse_diagonal.par_chunks(GRAIN),
        )
            .into_par_iter()
            .for_each(|(r, d, x, ad, inverse)| {
                for ((((r, d), x), &ad), &inverse) in
                    r.iter_mut().zip(d).zip(x).zip(ad).zip(inverse)
                {
                    *r -= ad;
                    *d = keep * *d + add * inverse * *r;
                    *x += *d;
                }
            });
    }
}

impl<T: Scalar, A: LinearOperator<T> + Send> Preconditioner<T> for Chebyshev<T, A> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        vector::copy(r, &mut self.r);
        vector::fill(T::zero(), z);
        self.iterate(z);
    }
}

/// Least and largest Ritz value of D^-1/2 A D^-1/2 after `steps` of the Lanczos method, for Hermitian
/// A and positive D: both lie inside the spectrum of D^-1 A.
///
/// # Errors
/// [`SetupError::ProductNotFinite`], and [`SetupError::Singular`] where no Ritz value is positive.
pub fn extreme_eigenvalues<T: Scalar>(
    operator: &(impl LinearOperator<T> + ?Sized),
    diagonal: &[T],
    steps: usize,
    seed: u64,
) -> Result<(f64, f64), SetupError> {
    let n = diagonal.len();
    let scaling: Vec<T> = diagonal
        .iter()
        .map(|d| T::from_real(num_traits::Float::recip(num_traits::Float::sqrt(d.re()))))
        .collect();
    let mut v: Vec<T> = gallery::noise(n, seed)
        .into_iter()
        .map(T::from_f64)
        .collect();
    let mut before = vec![T::zero(); n];
    let (mut w, mut scaled) = (vec![T::zero(); n], vec![T::zero(); n]);
    vector::scale(T::from_f64(1.0 / vector::norm2_f64(&v)), &mut v);
    let (mut alphas, mut betas): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut beta = 0.0;
    for _ in 0..steps.min(n) {
        multiply(&scaling, &v, &mut scaled);
        operator.apply(&scaled, &mut w);
        if let Some(index) = vector::first_not_finite(&w) {
            return Err(SetupError::ProductNotFinite { index });
        }
        multiply(&scaling, &w, &mut scaled);
        let alpha = vector::dot(&v, &scaled).re().as_f64();
        vector::axpy(T::from_f64(-alpha), &v, &mut scaled);
        vector::axpy(T::from_f64(-beta), &before, &mut scaled);
        alphas.push(alpha);
        beta = vector::norm2_f64(&scaled);
        // The Krylov space is exhausted: the Ritz values are eigenvalues.
        if beta <= 1e3 * <T::Real as num_traits::Float>::epsilon().as_f64() * alpha.abs() {
            break;
        }
        betas.push(beta);
        std::mem::swap(&mut before, &mut v);
        std::mem::swap(&mut v, &mut scaled);
        vector::scale(T::from_f64(1.0 / beta), &mut v);
    }
    betas.truncate(alphas.len() - 1);
    let (least, largest) = extremes_of_tridiagonal(&alphas, &betas);
    if largest > 0.0 {
        Ok((least, largest))
    } else {
        Err(SetupError::Singular {
            what: "the operator, or what it does to a random vector,".to_owned(),
        })
    }
}

/// Least and largest eigenvalue of a symmetric tridiagonal matrix, by bisection with Sturm counts.
fn extremes_of_tridiagonal(alphas: &[f64], betas: &[f64]) -> (f64, f64) {
    let n = alphas.len();
    let radius = |i: usize| {
        let left = if i > 0 { betas[i - 1].abs() } else { 0.0 };
        left + betas.get(i).map_or(0.0, |b| b.abs())
    };
    let low = (0..n).fold(f64::INFINITY, |m, i| m.min(alphas[i] - radius(i)));
    let high = (0..n).fold(f64::NEG_INFINITY, |m, i| m.max(alphas[i] + radius(i)));
    // Number of eigenvalues below s: of negative pivots of T - s I.
    let below = |s: f64| {
        let mut pivot = 1.0;
        let mut count = 0;
        for i in 0..n {
            let coupling = if i > 0 {
                betas[i - 1] * betas[i - 1]
            } else {
                0.0
            };
            pivot = alphas[i] - s - coupling / pivot;
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE;
            }
            count += usize::from(pivot < 0.0);
        }
        count
    };
    let bisect = |wanted: usize| {
        let (mut a, mut b) = (low, high);
        for _ in 0..100 {
            let middle = 0.5 * (a + b);
            if below(middle) >= wanted {
                b = middle;
            } else {
                a = middle;
            }
        }
        0.5 * (a + b)
    };
    (bisect(1), bisect(n))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::csr::Csr;
    use crate::methods::Cg;
    use crate::preconditioner::Identity;
    use crate::preconditioners::test_matrices::assert_symmetric_positive;
    use crate::solve::Solver;

    /// Eigenvector and eigenvalue k of the 1-D Laplacian over its diagonal 2.
    fn mode(n: usize, k: usize) -> (Vec<f64>, f64) {
        let angle = k as f64 * PI / (n + 1) as f64;
        let vector = (1..=n).map(|i| (angle * i as f64).sin()).collect();
        (vector, 2.0 * (0.5 * angle).sin().powi(2))
    }

    /// T_k(t) for any t.
    fn chebyshev(k: usize, t: f64) -> f64 {
        let (mut a, mut b) = (1.0, t);
        for _ in 0..k {
            (a, b) = (b, 2.0 * t * b - a);
        }
        a
    }

    /// W_k(t), the polynomial of the fourth kind: W_0 = 1, W_1 = 2 t + 1.
    fn fourth(k: usize, t: f64) -> f64 {
        let (mut a, mut b) = (1.0, 2.0 * t + 1.0);
        for _ in 0..k {
            (a, b) = (b, 2.0 * t * b - a);
        }
        a
    }

    #[test]
    fn errors_of_each_mode_shrink_by_the_polynomial() {
        let n = 31;
        let a = gallery::poisson(&[n]);
        for degree in [1, 2, 3, 6] {
            for kind in [ChebyshevKind::First, ChebyshevKind::Fourth] {
                let params = ChebyshevParams {
                    kind,
                    degree,
                    ratio: 8.0,
                    largest_eigenvalue: Some(2.0),
                    ..ChebyshevParams::default()
                };
                let mut smoother = Chebyshev::new(&a, &params).unwrap();
                for k in [1, 5, 16, 31] {
                    let (v, lambda) = mode(n, k);
                    let mut x = v.clone();
                    smoother.smooth(&vec![0.0; n], &mut x);
                    let q = match kind {
                        ChebyshevKind::First => {
                            let t = |lambda: f64| (2.25 - 2.0 * lambda) / 1.75;
                            chebyshev(degree, t(lambda)) / chebyshev(degree, t(0.0))
                        }
                        ChebyshevKind::Fourth => {
                            fourth(degree, 1.0 - lambda) / (2 * degree + 1) as f64
                        }
                    };
                    for (x, v) in x.iter().zip(&v) {
                        assert!((x - q * v).abs() < 1e-13, "{kind:?} {degree} {k}");
                    }
                }
            }
        }
    }

    #[test]
    fn eigenvalues_are_found_from_inside() {
        let n = 40;
        let a = gallery::poisson(&[n, n]);
        let exact = 1.0 + (PI / (n + 1) as f64).cos();
        let estimate = |steps| extreme_eigenvalues(&a, &a.diagonal(), steps, 1).unwrap();
        for (steps, part) in [(5, 0.7), (10, 0.9), (30, 0.98)] {
            let (least, largest) = estimate(steps);
            assert!(largest <= exact * (1.0 + 1e-12) && largest >= part * exact);
            assert!(least >= 2.0 - exact - 1e-12);
        }
        // All steps of a small problem give the exact ends.
        let small = gallery::poisson(&[12]);
        let (least, largest) = extreme_eigenvalues(&small, &small.diagonal(), 12, 1).unwrap();
        let end = (PI / 13.0).cos();
        assert!((largest - 1.0 - end).abs() < 1e-10 && (least - 1.0 + end).abs() < 1e-10);
    }

    #[test]
    fn it_is_symmetric_positive_definite_and_cuts_iterations() {
        let a = gallery::poisson(&[50, 50]);
        let n = a.nrows();
        let b = gallery::noise(n, 1);
        let mut x = vec![0.0; n];
        let mut solver = Solver::new(Cg::default());
        let plain = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
        let params = ChebyshevParams {
            degree: 4,
            ..ChebyshevParams::default()
        };
        let mut m = Chebyshev::new(&a, &params).unwrap();
        assert_symmetric_positive(n, &mut m);
        x.fill(0.0);
        let with = solver.solve(&a, &mut m, &b, &mut x).unwrap();
        assert!(with.converged());
        assert!(3 * with.iterations < plain.iterations);
    }

    #[test]
    fn it_serves_in_f32_and_gives_the_same_bits_for_any_number_of_threads() {
        let a: Csr<f32> = gallery::poisson(&[60, 60, 30]).map(|v| v as f32);
        let r: Vec<f32> = gallery::noise(a.nrows(), 1)
            .into_iter()
            .map(|v| v as f32)
            .collect();
        let apply = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut m = Chebyshev::new(&a, &ChebyshevParams::default()).unwrap();
                let mut z = vec![0.0; r.len()];
                m.apply(&r, &mut z);
                z
            })
        };
        let one = apply(1);
        assert!(one.iter().all(|v| v.is_finite()));
        assert!(one == apply(2) && one == apply(4));
    }

    #[test]
    fn what_it_cannot_use_is_named() {
        let negative = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, -1.0)]).unwrap();
        let params = ChebyshevParams::default();
        assert!(matches!(
            Chebyshev::new(&negative, &params),
            Err(SetupError::NotPositive { row: 1, .. })
        ));
        let mut bad = gallery::poisson(&[5]);
        bad.values_mut()[1] = f64::INFINITY;
        assert!(matches!(
            Chebyshev::new(&bad, &params),
            Err(SetupError::ProductNotFinite { .. })
        ));
        let flat = ChebyshevParams {
            ratio: 1.0,
            ..ChebyshevParams::default()
        };
        assert!(matches!(
            Chebyshev::new(&gallery::poisson(&[5]), &flat),
            Err(SetupError::Parameter { name: "ratio", .. })
        ));
    }
}
