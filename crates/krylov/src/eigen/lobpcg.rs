//! LOBPCG, the locally optimal block preconditioned conjugate gradient method, for a few eigenvalues
//! at an end of the spectrum of Hermitian A.
//!
//! ```text
//! X: n x k, orthonormal, Theta = X^H A X diagonal,  P empty
//! repeat   R = A X - X Theta;  pairs whose residual is small enough are done
//!          W = M^-1 R, for pairs that are not
//!          S = orthonormal basis of the span of X, W, P
//!          S^H A S C = C Theta,  for the k pairs at the end that is wanted
//!          P = S C without the part in X,   X = S C
//! ```
//!
//! It is steepest descent of the Rayleigh quotient in the metric of the preconditioner, with the
//! previous step kept as a third direction: for one vector much like conjugate gradients, and with M
//! close to A - theta I for the wanted theta the number of iterations does not grow with the grid.
//! The block finds multiple eigenvalues as easily as simple ones, if it is as large as the
//! multiplicity; a few guard vectors beyond `count` speed up the last of the wanted.
//!
//! X, W and P are nearly dependent close to convergence. All three are therefore orthonormalised
//! against each other before the Rayleigh-Ritz step, what depends on the others is left out, and the
//! images under A are carried through the same operations. Pairs that are done stay in X (soft
//! locking), where they keep improving, but cost no products.
//!
//! Source: Knyazev (2001), SIAM J. Sci. Comput. 23, 517; for the basis Hetmaniuk and Lehoucq (2006),
//! J. Comput. Phys. 218, 324. Without a preconditioner [`lanczos`](super::lanczos) needs fewer
//! products.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EigenError, Eigenpairs, End, check, combine, orthogonalise, small};
use crate::methods::fill_noise;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::vector;

/// Iterations after which A X is computed afresh, so that its rounding does not add up.
const REFRESH: usize = 20;

/// A direction is left out when its part outside the others is less than this.
const DEPENDENT: f64 = 1e-10;

/// Parameters of LOBPCG.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LobpcgParams {
    /// Number of eigenvalues. Default: 4.
    #[schemars(range(min = 1))]
    pub count: usize,
    /// Vectors in the block beyond `count`. Default: 2.
    pub guard: usize,
    /// The end of the spectrum. Default: `smallest`.
    pub end: End,
    /// A pair is accepted when its residual is at most this times |lambda|. Default: 1e-8.
    #[schemars(range(min = 0))]
    pub tolerance: f64,
    /// Largest number of iterations. Default: 500.
    pub max_iterations: usize,
    /// Seed of the first block. Default: 0.
    pub seed: u64,
}

impl Default for LobpcgParams {
    fn default() -> Self {
        Self {
            count: 4,
            guard: 2,
            end: End::Smallest,
            tolerance: 1e-8,
            max_iterations: 500,
            seed: 0,
        }
    }
}

/// Vectors with their images under A.
struct Block<T> {
    v: Vec<Vec<T>>,
    av: Vec<Vec<T>>,
}

impl<T: Scalar> Block<T> {
    fn new() -> Self {
        Self {
            v: Vec::new(),
            av: Vec::new(),
        }
    }

    /// Appends the part of `v` outside the span, normalised, with its image: given, or by a product.
    /// Returns whether there was such a part.
    fn append<A: LinearOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        mut v: Vec<T>,
        image: Option<Vec<T>>,
        products: &mut usize,
    ) -> Result<bool, EigenError> {
        let size = vector::norm2_f64(&v);
        if !size.is_finite() {
            return Err(EigenError::NotFinite);
        }
        let mut h = vec![T::zero(); self.v.len()];
        let norm = orthogonalise(&self.v, &mut v, &mut h);
        if norm <= DEPENDENT * size {
            return Ok(false);
        }
        let factor = T::from_f64(norm.recip());
        vector::scale(factor, &mut v);
        let av = match image {
            Some(mut av) => {
                for (q, &h) in self.av.iter().zip(&h) {
                    vector::axpy(-h, q, &mut av);
                }
                vector::scale(factor, &mut av);
                av
            }
            None => {
                let mut av = vec![T::zero(); v.len()];
                operator.apply(&v, &mut av);
                *products += 1;
                av
            }
        };
        self.v.push(v);
        self.av.push(av);
        Ok(true)
    }

    /// Eigenpairs of S^H A S, those at the wanted end first.
    fn rayleigh_ritz(&self, end: End) -> Result<(Vec<f64>, Vec<Vec<T>>), EigenError> {
        let size = self.v.len();
        let mut h = vec![T::zero(); size * size];
        for i in 0..size {
            for j in 0..=i {
                h[i * size + j] = vector::dot(&self.v[i], &self.av[j]);
            }
        }
        let (mut values, mut vectors) = small::hermitian(&h, size)?;
        if end == End::Largest {
            values.reverse();
            vectors.reverse();
        }
        Ok((values, vectors))
    }

    /// S c and A S c.
    fn combine(&self, c: &[T]) -> (Vec<T>, Vec<T>) {
        let n = self.v[0].len();
        let (mut v, mut av) = (vec![T::zero(); n], vec![T::zero(); n]);
        combine(&self.v, c, &mut v);
        combine(&self.av, c, &mut av);
        (v, av)
    }
}

/// The `count` eigenpairs of Hermitian A at one end of its spectrum, with the Hermitian positive
/// definite preconditioner M.
///
/// # Errors
/// [`EigenError`] for a matrix that is not square, more eigenvalues than it has, or products that
/// are not finite. Where the iterations do not suffice, `converged` is false.
pub fn lobpcg<T, A, M>(
    operator: &A,
    preconditioner: &mut M,
    params: &LobpcgParams,
) -> Result<Eigenpairs<f64, T>, EigenError>
where
    T: Scalar,
    A: LinearOperator<T> + ?Sized,
    M: Preconditioner<T> + ?Sized,
{
    let count = params.count;
    let n = check(operator, count, operator.ncols())?;
    let block = (count + params.guard).min(n);
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    let mut products = 0;
    let mut draws = 0;
    let mut s = Block::new();
    while s.v.len() < block {
        let mut v = vec![T::zero(); n];
        fill_noise(params.seed, draws, &mut v);
        draws += 1;
        s.append(operator, v, None, &mut products)?;
    }
    let (mut values, c) = s.rayleigh_ritz(params.end)?;
    let mut x: Vec<(Vec<T>, Vec<T>)> = c[..block].iter().map(|c| s.combine(c)).collect();
    let mut p: Vec<(Vec<T>, Vec<T>)> = Vec::new();
    let mut largest = values.iter().fold(0.0, |l: f64, v| l.max(v.abs()));
    largest = operator.norm().unwrap_or(0.0).max(largest);
    let mut fresh = true;
    let mut iterations = 0;
    loop {
        // The residuals, and which of the pairs are done.
        let residual = |(x, ax): &(Vec<T>, Vec<T>), theta: f64| {
            let mut r = ax.clone();
            vector::axpy(T::from_f64(-theta), x, &mut r);
            r
        };
        let allowed = |theta: f64| (params.tolerance * theta.abs()).max(50.0 * epsilon * largest);
        let r: Vec<Vec<T>> = x
            .iter()
            .zip(&values)
            .map(|(x, &theta)| residual(x, theta))
            .collect();
        let norms: Vec<f64> = r.iter().map(|r| vector::norm2_f64(r)).collect();
        let done: Vec<bool> = norms
            .iter()
            .zip(&values)
            .map(|(&r, &theta)| r <= allowed(theta))
            .collect();
        let converged = done[..count].iter().all(|&done| done);
        if converged || iterations == params.max_iterations {
            if fresh {
                x.truncate(count);
                values.truncate(count);
                return Ok(Eigenpairs {
                    values,
                    vectors: x.into_iter().map(|(x, _)| x).collect(),
                    residuals: norms[..count].to_vec(),
                    converged,
                    iterations,
                    products,
                });
            }
            products += refresh(operator, &mut x, &mut values);
            fresh = true;
            continue;
        }
        if iterations % REFRESH == REFRESH - 1 && !fresh {
            products += refresh(operator, &mut x, &mut values);
            fresh = true;
            continue;
        }

        let mut s = Block::new();
        for (x, ax) in x.drain(..) {
            s.append(operator, x, Some(ax), &mut products)?;
        }
        let from_x = s.v.len();
        for (i, r) in r.iter().enumerate() {
            if !done[i] {
                let mut w = vec![T::zero(); n];
                preconditioner.apply(r, &mut w);
                s.append(operator, w, None, &mut products)?;
            }
        }
        for (p, ap) in p.drain(..) {
            s.append(operator, p, Some(ap), &mut products)?;
        }
        // A block that lost a vector, or found nothing new, is filled up at random.
        while s.v.len() < block {
            let mut v = vec![T::zero(); n];
            fill_noise(params.seed, draws, &mut v);
            draws += 1;
            s.append(operator, v, None, &mut products)?;
        }
        let (theta, c) = s.rayleigh_ritz(params.end)?;
        largest = theta.iter().fold(largest, |l: f64, v| l.max(v.abs()));
        x = c[..block].iter().map(|c| s.combine(c)).collect();
        values = theta[..block].to_vec();
        for (i, c) in c[..block].iter().enumerate() {
            if !done[i] && s.v.len() > from_x {
                let mut c = c.clone();
                c[..from_x].fill(T::zero());
                p.push(s.combine(&c));
            }
        }
        fresh = false;
        iterations += 1;
    }
}

/// A X and the Rayleigh quotients, by products; returns their number.
fn refresh<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    x: &mut [(Vec<T>, Vec<T>)],
    values: &mut [f64],
) -> usize {
    for ((x, ax), theta) in x.iter_mut().zip(values.iter_mut()) {
        let norm = vector::norm2_f64(x);
        vector::scale(T::from_f64(norm.recip()), x);
        operator.apply(x, ax);
        *theta = vector::dot(x, ax).re().as_f64();
    }
    x.len()
}
