//! The thick-restart Lanczos method, for a few eigenvalues at an end of the spectrum of Hermitian A.
//!
//! ```text
//! A V_m = V_m T_m + beta_m v_(m+1) e_m^T,   V_m orthonormal, T_m real and symmetric
//! extend   w = A v_j,  alpha_j = v_j^H w,  w = w - V_j V_j^H w,  beta_j = ||w||,  v_(j+1) = w/beta_j
//! solve    T_m Y = Y Theta;  the residual of the pair (theta_i, V_m y_i) is beta_m |y_(m,i)|
//! restart  V_k = V_m Y_k,  v_(k+1) = v_(m+1);  T_(k+1) is diag(theta) bordered by beta_m y_(m,i)
//! ```
//!
//! The restart keeps the k best Ritz vectors and the direction in which the space was growing: the
//! new space is the one that a restart with the filter polynomial of the dropped Ritz values would
//! give (implicitly restarted Lanczos). All vectors are orthogonalised against all others, twice, so
//! that no spurious copies of eigenvalues appear. Eigenvalues that are truly multiple are found one
//! by one, through rounding or a random direction when the space is exhausted: [`lobpcg`](super::lobpcg)
//! with a block larger than the multiplicity is safer.
//!
//! It converges fast where the wanted eigenvalues are well apart relative to the whole spectrum: the
//! largest ones of a Laplacian, or the smallest through an operator that solves with A.
//!
//! Source: Wu and Simon (2000), SIAM J. Matrix Anal. Appl. 22, 602.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    EigenError, Eigenpairs, End, check, combine, orthogonalise, random_direction, residual, small,
};
use crate::operator::LinearOperator;
use crate::scalar::{Real, Scalar};
use crate::vector;

/// Parameters of the Lanczos method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanczosParams {
    /// Number of eigenvalues. Default: 4.
    #[schemars(range(min = 1))]
    pub count: usize,
    /// The end of the spectrum. Default: `smallest`.
    pub end: End,
    /// Number m of vectors of the space; 0 for max(2 count + 1, 20). Default: 0.
    pub subspace: usize,
    /// A pair is accepted when its residual is at most this times |lambda|. Default: 1e-10.
    #[schemars(range(min = 0))]
    pub tolerance: f64,
    /// Largest number of restarts. Default: 1000.
    pub max_restarts: usize,
    /// Seed of the first vector. Default: 0.
    pub seed: u64,
}

impl Default for LanczosParams {
    fn default() -> Self {
        Self {
            count: 4,
            end: End::Smallest,
            subspace: 0,
            tolerance: 1e-10,
            max_restarts: 1000,
            seed: 0,
        }
    }
}

/// The `count` eigenpairs of Hermitian A at one end of its spectrum.
///
/// # Errors
/// [`EigenError`] for a matrix that is not square, more eigenvalues than it has, or products that
/// are not finite. Where the restarts do not suffice, `converged` is false.
pub fn lanczos<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    params: &LanczosParams,
) -> Result<Eigenpairs<f64, T>, EigenError> {
    let count = params.count;
    let n = check(operator, count, operator.ncols())?;
    let asked = match params.subspace {
        0 => (2 * count + 1).max(20),
        m => m.max(count + 2),
    };
    let m = asked.min(n);
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    let mut basis: Vec<Vec<T>> = vec![vec![T::zero(); n]; m];
    let mut next = vec![T::zero(); n];
    let mut kept: Vec<Vec<T>> = Vec::new();
    let mut t = vec![0.0; m * m];
    let mut h = vec![T::zero(); m];
    let (mut draws, mut products, mut restarts, mut k) = (0, 0, 0, 0);
    random_direction(&[], params.seed, draws, &mut basis[0]);
    let (order, theta, y) = loop {
        let mut beta = 0.0;
        for j in k..m {
            let (done, rest) = basis.split_at_mut(j + 1);
            operator.apply(&done[j], &mut next);
            products += 1;
            let size = vector::norm2_f64(&next);
            beta = orthogonalise(done, &mut next, &mut h);
            if !beta.is_finite() {
                return Err(EigenError::NotFinite);
            }
            t[j * m + j] = h[j].re().as_f64();
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
                t[(j + 1) * m + j] = beta;
            }
        }
        let (theta, y) = small::hermitian(&t, m)?;
        let mut order: Vec<usize> = (0..m).collect();
        if params.end == End::Largest {
            order.reverse();
        }
        let largest = theta[0].abs().max(theta[m - 1].abs());
        let accepted = |&i: &usize| {
            let size = theta[i].abs().max(epsilon * largest);
            beta * y[i][m - 1].abs() <= params.tolerance * size
        };
        let converged = order[..count].iter().filter(|i| accepted(i)).count();
        if converged == count || m == n || restarts == params.max_restarts {
            break (order, theta, y);
        }
        restarts += 1;
        // Keeping more than the wanted ones as they converge avoids that the space is cut short.
        k = (count + converged.min((m - count) / 2))
            .max(m / 2)
            .min(m - 1);
        kept.resize(k, vec![T::zero(); n]);
        t.fill(0.0);
        for (l, &i) in order[..k].iter().enumerate() {
            let coefficients: Vec<T> = y[i].iter().map(|&v| T::from_f64(v)).collect();
            combine(&basis, &coefficients, &mut kept[l]);
            t[l * m + l] = theta[i];
            t[k * m + l] = beta * y[i][m - 1];
        }
        for (v, kept) in basis.iter_mut().zip(&mut kept) {
            std::mem::swap(v, kept);
        }
        basis[k].copy_from_slice(&next);
    };
    let mut pairs = Eigenpairs {
        values: Vec::new(),
        vectors: Vec::new(),
        residuals: Vec::new(),
        converged: true,
        iterations: restarts,
        products: products + count,
    };
    let largest = theta[0].abs().max(theta[m - 1].abs());
    for &i in &order[..count] {
        let coefficients: Vec<T> = y[i].iter().map(|&v| T::from_f64(v)).collect();
        let mut v = vec![T::zero(); n];
        combine(&basis, &coefficients, &mut v);
        let found = residual(operator, T::from_f64(theta[i]), &v, &mut next);
        // Rounding of a product allows no more than a few units of ||A||.
        let allowed = (params.tolerance * theta[i].abs()).max(100.0 * epsilon * largest);
        pairs.converged &= found <= allowed;
        pairs.values.push(theta[i]);
        pairs.vectors.push(v);
        pairs.residuals.push(found);
    }
    Ok(pairs)
}
