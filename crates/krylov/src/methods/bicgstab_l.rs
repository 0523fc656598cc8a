//! BiCGStab(l): l biconjugate gradient steps, then one minimal residual step of degree l.
//!
//! ```text
//! one cycle, from r_0 and u_0:
//!   for j = 0 .. l - 1
//!       rho' = r~^H r_j,  beta = alpha rho'/rho,   u_i = r_i - beta u_i        (i <= j)
//!       u_(j+1) = A M^-1 u_j,  alpha = rho'/(r~^H u_(j+1))
//!       r_i = r_i - alpha u_(i+1)  (i <= j),       y = y + alpha u_0
//!       r_(j+1) = A M^-1 r_j
//!   gamma_1 .. gamma_l  make  || r_0 - sum_j gamma_j r_j ||  small
//!   y = y + sum_j gamma_j r_(j-1),  u_0 = u_0 - sum_j gamma_j u_j,  r_0 = r_0 - sum_j gamma_j r_j
//!   x = x + M^-1 y,  omega = gamma_l
//! ```
//!
//! The stabilising polynomial has factors of degree l with complex zeros even for real A: that cures
//! BiCGStab where the spectrum lies along the imaginary axis, as with strong advection. l = 1 is
//! BiCGStab. The power basis r_j limits l to about 8.
//!
//! The exact minimiser may have gamma_l near zero, and with it the next biconjugate step loses all
//! accuracy. The gamma here are the combination of the minimisers of degree l - 1 with gamma_l = 0
//! and with gamma_l = 1 whose mixing factor is kept from vanishing: |factor| >= 0.7 in units where 1
//! is parallel (Sleijpen and van der Vorst 1995, Numer. Algorithms 10, 203).
//!
//! One iteration is two products with A, so a cycle is l iterations: the residuals after the first
//! l - 1 are those of the biconjugate steps, that after the last the minimised one. The
//! preconditioner works 2 l + 1 times a cycle.
//!
//! Source: Sleijpen and Fokkema (1993), ETNA 1, 11.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shadow::{Restarts, fill_noise, step, vanishes};
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Seed of the shadows drawn after a breakdown.
const SEED: u64 = 0x6269_6c6c;

/// Least cosine between the two vectors that are combined.
const LEAST_COSINE: f64 = 0.7;

/// Parameters of BiCGStab(l).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BiCgStabLParams {
    /// Degree l of the minimal residual step, 1 to 16. Default: 2.
    #[schemars(range(min = 1, max = 16))]
    pub l: usize,
}

impl Default for BiCgStabLParams {
    fn default() -> Self {
        Self { l: 2 }
    }
}

/// Workspace of BiCGStab(l): 2 l + 5 vectors.
#[derive(Clone, Debug)]
pub struct BiCgStabL<T> {
    l: usize,
    shadow: Vec<T>,
    /// A^j M^-j applied to residual and direction, j = 0..l.
    r: Vec<Vec<T>>,
    u: Vec<Vec<T>>,
    /// Step of a cycle, x = x + M^-1 y.
    y: Vec<T>,
    hat: Vec<T>,
    gram: Gram<T>,
}

impl<T: Scalar> Default for BiCgStabL<T> {
    fn default() -> Self {
        Self::new(BiCgStabLParams::default())
    }
}

impl<T: Scalar> BiCgStabL<T> {
    /// BiCGStab(l) with these parameters.
    ///
    /// # Panics
    /// Unless 1 <= l <= 16.
    pub fn new(params: BiCgStabLParams) -> Self {
        let l = params.l;
        assert!((1..=16).contains(&l), "l from 1 to 16");
        Self {
            l,
            shadow: Vec::new(),
            r: vec![Vec::new(); l + 1],
            u: vec![Vec::new(); l + 1],
            y: Vec::new(),
            hat: Vec::new(),
            gram: Gram::new(l),
        }
    }
}

impl<T: Scalar> Workspace for BiCgStabL<T> {
    const NAME: &'static str = "BiCGStab(l)";

    fn resize(&mut self, n: usize) {
        for v in self.r.iter_mut().chain(&mut self.u).chain([
            &mut self.shadow,
            &mut self.y,
            &mut self.hat,
        ]) {
            v.resize(n, T::zero());
        }
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for BiCgStabL<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        residual: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            l,
            shadow,
            r,
            u,
            y,
            hat,
            gram,
        } = self;
        let l = *l;
        let mut r_norm = vector::norm2_f64(residual);
        if let Some(status) = monitor.begin(monitor.of_residual(r_norm, x)) {
            return status;
        }
        let mut restarts = Restarts::default();
        vector::copy(residual, shadow);
        vector::copy(residual, &mut r[0]);
        loop {
            let shadow_norm = vector::norm2_f64(shadow);
            vector::fill(T::zero(), &mut u[0]);
            let (mut rho, mut alpha, mut omega) = (T::one(), T::zero(), T::one());
            vector::fill(T::zero(), y);
            let breakdown = 'cycle: loop {
                rho *= -omega;
                for j in 0..l {
                    let next = vector::dot(shadow, &r[j]);
                    if vanishes(next, shadow_norm * vector::norm2_f64(&r[j])) {
                        break 'cycle Breakdown::ShadowResidual;
                    }
                    let beta = alpha * (next / rho);
                    rho = next;
                    for (r, u) in r.iter().zip(u.iter_mut()).take(j + 1) {
                        vector::xpby(r, -beta, u);
                    }
                    system.precondition(&u[j], hat);
                    system.apply(hat, &mut u[j + 1]);
                    let sigma = vector::dot(shadow, &u[j + 1]);
                    if vanishes(sigma, shadow_norm * vector::norm2_f64(&u[j + 1])) {
                        break 'cycle Breakdown::ShadowResidual;
                    }
                    alpha = rho / sigma;
                    for (r, u) in r.iter_mut().zip(&u[1..]).take(j + 1) {
                        vector::axpy(-alpha, u, r);
                    }
                    r_norm = vector::norm2_f64(&r[0]);
                    if !r_norm.is_finite() {
                        add_step(system, y, hat, x);
                        return Status::Breakdown(Breakdown::NotFinite);
                    }
                    vector::axpy(alpha, &u[0], y);
                    if j + 1 < l {
                        // x lacks the step of this cycle; the backward error can do without.
                        if let Some(status) = monitor.record(monitor.of_residual(r_norm, x)) {
                            add_step(system, y, hat, x);
                            return status;
                        }
                    } else if monitor.of_residual(r_norm, x) <= monitor.target() {
                        break;
                    }
                    system.precondition(&r[j], hat);
                    system.apply(hat, &mut r[j + 1]);
                }
                if monitor.of_residual(r_norm, x) > monitor.target() {
                    let Some(gamma) = gram.minimise(r) else {
                        break 'cycle Breakdown::ZeroCoefficient;
                    };
                    for (j, &gamma) in gamma.iter().enumerate() {
                        let (first, rest) = r.split_at_mut(1);
                        let before = if j == 0 { &first[0] } else { &rest[j - 1] };
                        vector::axpy(gamma, before, y);
                        vector::axpy(-gamma, &rest[j], &mut first[0]);
                        let (first, rest) = u.split_at_mut(1);
                        vector::axpy(-gamma, &rest[j], &mut first[0]);
                    }
                    omega = gamma[l - 1];
                    r_norm = vector::norm2_f64(&r[0]);
                }
                if !add_step(system, y, hat, x) || !r_norm.is_finite() {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                vector::fill(T::zero(), y);
                if let Some(status) = monitor.record(monitor.of_residual(r_norm, x)) {
                    return status;
                }
                if omega.is_zero() {
                    break Breakdown::ZeroCoefficient;
                }
            };
            // What the cycle has gained so far is kept; r_0 belongs to it.
            r_norm = vector::norm2_f64(&r[0]);
            if !add_step(system, y, hat, x) {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            match restarts.next(r_norm) {
                Some(index) => fill_noise(SEED, index, shadow),
                None => return Status::Breakdown(breakdown),
            }
        }
    }
}

/// x = x + M^-1 y; whether that is finite. x stays as it was where the step is not.
fn add_step<T: Scalar, A: LinearOperator<T> + ?Sized, M: Preconditioner<T> + ?Sized>(
    system: &mut LinearSystem<'_, T, A, M>,
    y: &[T],
    hat: &mut [T],
    x: &mut [T],
) -> bool {
    system.precondition(y, hat);
    vector::norm2_f64(hat).is_finite() && step(T::one(), hat, x)
}

/// The small least-squares problems of the minimal residual step, by normal equations.
#[derive(Clone, Debug)]
struct Gram<T> {
    l: usize,
    /// z_ij = r_i^H r_j, by rows, (l + 1)^2 numbers.
    z: Vec<T>,
    factor: Vec<T>,
    /// Coefficients over r_0 .. r_l of the two combinations that are mixed.
    low: Vec<T>,
    high: Vec<T>,
}

impl<T: Scalar> Gram<T> {
    fn new(l: usize) -> Self {
        let m = l + 1;
        Self {
            l,
            z: vec![T::zero(); m * m],
            factor: vec![T::zero(); m * m],
            low: vec![T::zero(); m],
            high: vec![T::zero(); m],
        }
    }

    /// gamma_1 .. gamma_l, or nothing where r_l depends on those before it.
    fn minimise(&mut self, r: &[Vec<T>]) -> Option<&[T]> {
        let Self {
            l,
            z,
            factor,
            low,
            high,
        } = self;
        let (l, m) = (*l, *l + 1);
        for i in 0..m {
            for j in i..m {
                let product = vector::dot(&r[i], &r[j]);
                z[i * m + j] = product;
                z[j * m + i] = product.conj();
            }
        }
        // || r_0 - sum y_j r_j || and || r_l - sum y_j r_j || over 0 < j < l.
        for j in 1..l {
            low[j] = z[j * m];
            high[j] = z[j * m + l];
        }
        ldl(l, m, z, factor);
        ldl_solve(l, m, factor, low);
        ldl_solve(l, m, factor, high);
        (low[0], low[l]) = (-T::one(), T::zero());
        (high[0], high[l]) = (T::zero(), -T::one());
        let form = |a: &[T], b: &[T]| -> T {
            let row = |i: usize| -> T { (0..m).map(|j| z[i * m + j] * b[j]).sum() };
            (0..m).map(|i| a[i].conj() * row(i)).sum()
        };
        let low_norm = form(low, low).re().as_f64().max(0.0).sqrt();
        let high_norm = form(high, high).re().as_f64().max(0.0).sqrt();
        if low_norm == 0.0 {
            return Some(&low[1..]);
        }
        if high_norm == 0.0 {
            return None;
        }
        let cosine = form(high, low) / T::from_f64(low_norm * high_norm);
        let size = cosine.modulus().as_f64();
        let mixed = if size == 0.0 {
            T::from_f64(LEAST_COSINE)
        } else {
            cosine * T::from_f64(size.max(LEAST_COSINE) / size)
        };
        let factor = mixed * T::from_f64(low_norm / high_norm);
        for (low, &high) in low.iter_mut().zip(&*high) {
            *low -= factor * high;
        }
        Some(&low[1..])
    }
}

/// L D L^H of the inner block 1..l of z; a pivot that is rounding is set to zero.
fn ldl<T: Scalar>(l: usize, m: usize, z: &[T], factor: &mut [T]) {
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    for j in 1..l {
        let mut pivot = z[j * m + j];
        for k in 1..j {
            pivot -= T::from_real(factor[j * m + k].modulus_squared()) * factor[k * m + k];
        }
        if pivot.re().as_f64() <= 10.0 * epsilon * z[j * m + j].re().as_f64() {
            pivot = T::zero();
        }
        factor[j * m + j] = pivot;
        for i in j + 1..l {
            let mut entry = z[i * m + j];
            for k in 1..j {
                entry -= factor[i * m + k] * factor[k * m + k] * factor[j * m + k].conj();
            }
            factor[i * m + j] = if pivot.is_zero() {
                T::zero()
            } else {
                entry / pivot
            };
        }
    }
}

/// Solves with [`ldl`]; unknowns of a zero pivot become zero.
fn ldl_solve<T: Scalar>(l: usize, m: usize, factor: &[T], y: &mut [T]) {
    for i in 1..l {
        for k in 1..i {
            let known = y[k];
            y[i] -= factor[i * m + k] * known;
        }
    }
    for i in (1..l).rev() {
        let pivot = factor[i * m + i];
        y[i] = if pivot.is_zero() {
            T::zero()
        } else {
            y[i] / pivot
        };
        for k in i + 1..l {
            let known = y[k];
            y[i] -= factor[k * m + i].conj() * known;
        }
    }
}
