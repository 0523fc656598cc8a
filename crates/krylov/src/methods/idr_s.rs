//! IDR(s), induced dimension reduction, for general A.
//!
//! ```text
//! G = U = 0,  M = I,  omega = 1;   P: n x s, orthonormal
//! repeat   f = P^H r
//!          for k = 1 .. s
//!              solve M c = f           (rows and columns k .. s)
//!              v = r - sum_(i >= k) c_i g_i
//!              u_k = omega B^-1 v + sum_(i >= k) c_i u_i,   g_k = A u_k
//!              for i < k:  a = p_i^H g_k / mu_ii,  g_k = g_k - a g_i,  u_k = u_k - a u_i
//!              mu_ik = p_i^H g_k,  i >= k
//!              beta = f_k / mu_kk,  r = r - beta g_k,  x = x + beta u_k
//!              f_i = f_i - beta mu_ik,  i > k
//!          t = A B^-1 r,  omega = t^H r / t^H t,  r = r - omega t,  x = x + omega B^-1 r
//! ```
//!
//! with the preconditioner B. Each pass of the outer loop takes the residual into a space G_j of s
//! dimensions less: without rounding it ends after at most n + n/s products. In products with A it
//! is seldom worse than BiCGStab, for s = 4 mostly close to full GMRES, with 3 s + 4 vectors.
//!
//! Where r and t are nearly orthogonal the minimising omega is next to zero and costs all accuracy;
//! it is enlarged so that the cosine counts as at least `kappa` (Sleijpen and van der Vorst 1995).
//!
//! One iteration is **one** product with A and one preconditioning: for comparison, one of BiCGStab
//! or TFQMR is two.
//!
//! Source: van Gijzen and Sonneveld (2011), ACM Trans. Math. Softw. 38, 5 (algorithm 913, the
//! biorthogonal variant). It is bad at spectra around the origin, as any method with products of
//! linear factors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shadow::{Restarts, fill_noise, step, vanishes};
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Parameters of IDR(s).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdrSParams {
    /// Dimension s of the shadow space. Default: 4.
    #[schemars(range(min = 1))]
    pub s: usize,
    /// Least cosine between r and A B^-1 r at which omega minimises, 0 to 1. Default: 0.7.
    #[schemars(range(min = 0, max = 1))]
    pub kappa: f64,
    /// Seed of the random shadow space. Default: 0.
    pub seed: u64,
}

impl Default for IdrSParams {
    fn default() -> Self {
        Self {
            s: 4,
            kappa: 0.7,
            seed: 0,
        }
    }
}

/// Workspace of IDR(s): 3 s + 3 vectors.
#[derive(Clone, Debug)]
pub struct IdrS<T> {
    params: IdrSParams,
    /// Shadow vectors, and which draw they are.
    p: Vec<Vec<T>>,
    drawn: Option<u64>,
    g: Vec<Vec<T>>,
    u: Vec<Vec<T>>,
    v: Vec<T>,
    hat: Vec<T>,
    /// mu, by rows; f and c.
    mu: Vec<T>,
    f: Vec<T>,
    c: Vec<T>,
}

impl<T: Scalar> Default for IdrS<T> {
    fn default() -> Self {
        Self::new(IdrSParams::default())
    }
}

impl<T: Scalar> IdrS<T> {
    /// IDR(s) with these parameters.
    ///
    /// # Panics
    /// For s = 0, or kappa outside `[0, 1]`.
    pub fn new(params: IdrSParams) -> Self {
        assert!(params.s > 0, "a shadow space of at least one dimension");
        assert!((0.0..=1.0).contains(&params.kappa), "kappa from 0 to 1");
        Self {
            params,
            p: Vec::new(),
            drawn: None,
            g: Vec::new(),
            u: Vec::new(),
            v: Vec::new(),
            hat: Vec::new(),
            mu: Vec::new(),
            f: Vec::new(),
            c: Vec::new(),
        }
    }

    /// Makes `p` the random orthonormal basis number `index`.
    fn draw(&mut self, index: u64) {
        if self.drawn == Some(index) {
            return;
        }
        let s = self.p.len();
        for k in 0..s {
            let (done, rest) = self.p.split_at_mut(k);
            let p = &mut rest[0];
            fill_noise(self.params.seed, index * s as u64 + k as u64, p);
            for _ in 0..2 {
                for q in done.iter() {
                    let c = vector::dot(q, p);
                    vector::axpy(-c, q, p);
                }
            }
            let norm = vector::norm2_f64(p);
            vector::scale(T::from_f64(1.0 / norm), p);
        }
        self.drawn = Some(index);
    }
}

impl<T: Scalar> Workspace for IdrS<T> {
    const NAME: &'static str = "IDR(s)";

    fn resize(&mut self, n: usize) {
        // More shadow vectors than unknowns are not independent.
        let s = self.params.s.min(n);
        if self.p.len() != s || self.v.len() != n {
            self.drawn = None;
        }
        for block in [&mut self.p, &mut self.g, &mut self.u] {
            block.resize(s, Vec::new());
            for v in block {
                v.resize(n, T::zero());
            }
        }
        self.v.resize(n, T::zero());
        self.hat.resize(n, T::zero());
        self.mu.resize(s * s, T::zero());
        self.f.resize(s, T::zero());
        self.c.resize(s, T::zero());
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for IdrS<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let mut r_norm = vector::norm2_f64(r);
        if let Some(status) = monitor.begin(monitor.of_residual(r_norm, x)) {
            return status;
        }
        let mut restarts = Restarts::default();
        let mut index = 0;
        loop {
            self.draw(index);
            let breakdown = match self.descend(system, x, r, &mut r_norm, monitor) {
                Status::Breakdown(breakdown @ Breakdown::ShadowResidual) => breakdown,
                status => return status,
            };
            match restarts.next(r_norm) {
                Some(next) => index = next,
                None => return Status::Breakdown(breakdown),
            }
        }
    }
}

impl<T: Scalar> IdrS<T> {
    /// The iteration with one shadow space.
    fn descend<A: LinearOperator<T> + ?Sized, M: Preconditioner<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        r_norm: &mut f64,
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let Self {
            params,
            p,
            g,
            u,
            v,
            hat,
            mu,
            f,
            c,
            ..
        } = self;
        let s = p.len();
        for v in g.iter_mut().chain(u.iter_mut()) {
            vector::fill(T::zero(), v);
        }
        for (i, mu) in mu.iter_mut().enumerate() {
            *mu = if i % (s + 1) == 0 {
                T::one()
            } else {
                T::zero()
            };
        }
        let mut omega = T::one();
        loop {
            for (f, p) in f.iter_mut().zip(p.iter()) {
                *f = vector::dot(p, r);
            }
            for k in 0..s {
                // M c = f by forward substitution: M is lower triangular.
                for i in k..s {
                    let known: T = (k..i).map(|j| mu[i * s + j] * c[j]).sum();
                    c[i] = (f[i] - known) / mu[i * s + i];
                }
                vector::copy(r, v);
                for i in k..s {
                    vector::axpy(-c[i], &g[i], v);
                }
                system.precondition(v, hat);
                vector::scale(omega, hat);
                for i in k..s {
                    vector::axpy(c[i], &u[i], hat);
                }
                std::mem::swap(hat, &mut u[k]);
                system.apply(&u[k], &mut g[k]);
                for i in 0..k {
                    let a = vector::dot(&p[i], &g[k]) / mu[i * s + i];
                    let (before, from_k) = g.split_at_mut(k);
                    vector::axpy(-a, &before[i], &mut from_k[0]);
                    let (before, from_k) = u.split_at_mut(k);
                    vector::axpy(-a, &before[i], &mut from_k[0]);
                }
                for i in k..s {
                    mu[i * s + k] = vector::dot(&p[i], &g[k]);
                }
                if vanishes(mu[k * s + k], vector::norm2_f64(&g[k])) {
                    return Status::Breakdown(Breakdown::ShadowResidual);
                }
                let beta = f[k] / mu[k * s + k];
                let next = vector::axpy_norm2_squared(-beta, &g[k], r).as_f64().sqrt();
                if !next.is_finite() {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                *r_norm = next;
                if !step(beta, &u[k], x) {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                if let Some(status) = monitor.record(monitor.of_residual(*r_norm, x)) {
                    return status;
                }
                for i in k + 1..s {
                    f[i] -= beta * mu[i * s + k];
                }
            }

            system.precondition(r, hat);
            let t = &mut *v;
            system.apply(hat, t);
            let (t_norm, tr) = (vector::norm2_f64(t), vector::dot(t, r));
            if t_norm == 0.0 {
                return Status::Breakdown(Breakdown::SingularProjection);
            }
            let cosine = tr.modulus().as_f64() / (t_norm * *r_norm);
            omega = if cosine == 0.0 {
                T::from_f64(params.kappa * *r_norm / t_norm)
            } else {
                tr / T::from_f64(t_norm * t_norm) * T::from_f64((params.kappa / cosine).max(1.0))
            };
            let next = vector::axpy_norm2_squared(-omega, t, r).as_f64().sqrt();
            if !next.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            *r_norm = next;
            if !step(omega, hat, x) {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if let Some(status) = monitor.record(monitor.of_residual(*r_norm, x)) {
                return status;
            }
            if omega.is_zero() {
                return Status::Breakdown(Breakdown::ZeroCoefficient);
            }
        }
    }
}
