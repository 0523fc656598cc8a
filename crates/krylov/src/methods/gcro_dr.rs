//! GCRO-DR(m, k): GMRES that keeps k harmonic Ritz vectors across restarts and from solve to solve.
//!
//! With U such that C = A M^-1 U has orthonormal columns:
//!
//! ```text
//! start    C = A M^-1 U, C R = qr(C), U = U R^-1
//! repeat   c = C^H r,  r = r - C c,  v_1 = r / ||r||
//!          for j = 1..m-k   w = A M^-1 v_j,  B_j = C^H w,  w = w - C B_j
//!                           orthonormalise w against v_1..v_j -> v_{j+1}, column j of H
//!          y = argmin || ||r|| e_1 - H y ||
//!          x = x + M^-1 (V y + U (c - B y))
//!          G = [D B; 0 H], W = [C V], Z = [U D V] with D scaling U to unit columns: A M^-1 Z = W G
//!          P = k vectors of the smallest theta in G^H G p = theta G^H W^H Z p
//!          Q R = qr(G P),  C = W Q,  U = Z P R^-1
//! ```
//!
//! The theta are harmonic Ritz values: approximations of the eigenvalues of A M^-1 nearest to zero,
//! which is what slows restarted GMRES down. The space stays in the struct, and the next solve begins
//! with it at the price of k products; the matrix may have changed, for C is made anew. The residual
//! norm never grows.
//!
//! Source: Parks, de Sturler, Mackey, Johnson and Maiti (2006), SIAM J. Sci. Comput. 28, 1651. The
//! small eigenproblem is solved as G^+ W^H Z p = p / theta, with the rotations that factor H. Bad at:
//! k (m - k) more inner products a cycle than GMRES, worth it where products or preconditioner are
//! dear, or eigenvalues near zero few.

use super::arnoldi::{Arnoldi, Expansion, step};
use super::dense::{self, Eigen, Which};
use super::gmres::STAGNATION;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, Status, Workspace};
use crate::vector;

/// Workspace of GCRO-DR(m, k), m + 4 k + 3 vectors, and the recycled space.
#[derive(Clone, Debug)]
pub struct GcroDr<T> {
    arnoldi: Arnoldi<T>,
    /// The recycled space: vectors in use, U, C, and room for the next ones.
    kept: usize,
    u: Vec<Vec<T>>,
    c: Vec<Vec<T>>,
    u_new: Vec<Vec<T>>,
    c_new: Vec<Vec<T>>,
    small: Small<T>,
    z: Vec<T>,
    dx: Vec<T>,
}

/// Dense matrices of m rows or so, column-major.
#[derive(Clone, Debug)]
struct Small<T> {
    /// c = C^H r and c - B y.
    cr: Vec<T>,
    /// B, k rows a column.
    b: Vec<T>,
    /// D^-1: the norms of the columns of U.
    norms: Vec<T>,
    /// G^+ W^H Z.
    s: Vec<T>,
    /// A column of W^H Z.
    column: Vec<T>,
    /// P R^-1 and Q.
    p: Vec<T>,
    q: Vec<T>,
    eigen: Eigen,
}

impl<T: Scalar> Default for GcroDr<T> {
    /// GCRO-DR(30, 10).
    fn default() -> Self {
        Self::new(30, 10)
    }
}

impl<T: Scalar> GcroDr<T> {
    /// Spaces of `m` dimensions, `k` of them recycled.
    ///
    /// # Panics
    /// Unless k < m.
    pub fn new(m: usize, k: usize) -> Self {
        assert!(k < m, "a cycle has at least one step");
        let zeros = |n: usize| vec![T::zero(); n];
        Self {
            arnoldi: Arnoldi::new(m),
            kept: 0,
            u: vec![Vec::new(); k],
            c: vec![Vec::new(); k],
            u_new: vec![Vec::new(); k],
            c_new: vec![Vec::new(); k],
            small: Small {
                cr: zeros(k),
                b: zeros(k * m),
                norms: zeros(k),
                s: zeros(m * m),
                column: zeros(m + 1),
                p: zeros(m * k),
                q: zeros((m + 1) * k),
                eigen: Eigen::new(m),
            },
            z: Vec::new(),
            dx: Vec::new(),
        }
    }

    /// The recycled vectors: A M^-1 takes them to an orthonormal set.
    pub fn recycled(&self) -> &[Vec<T>] {
        &self.u[..self.kept]
    }

    /// Forgets the recycled space.
    pub fn forget(&mut self) {
        self.kept = 0;
    }

    /// C = A M^-1 U with orthonormal columns for the system at hand; drops dependent vectors.
    fn renew<A, M>(&mut self, system: &mut LinearSystem<'_, T, A, M>)
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let Self { u, c, z, small, .. } = self;
        let mut kept = 0;
        for i in 0..self.kept {
            u.swap(kept, i);
            system.precondition(&u[kept], z);
            let (done, rest) = c.split_at_mut(kept);
            system.apply(z, &mut rest[0]);
            let h = &mut small.cr[..kept];
            let norms = vector::orthogonalise(done, &mut rest[0], h);
            let (before, after) = (norms.before.as_f64(), norms.after.as_f64());
            if after.is_finite() && after > 1e-10 * before {
                h.iter_mut().for_each(|h| *h = -*h);
                let (done, new) = u.split_at_mut(kept);
                vector::combine(h, done, &mut new[0]);
                vector::scale(T::from_f64(1.0 / after), &mut new[0]);
                vector::scale(T::from_f64(1.0 / after), &mut rest[0]);
                kept += 1;
            }
        }
        self.kept = kept;
    }

    /// U and C from the harmonic Ritz vectors of a cycle of `steps` steps.
    fn recycle(&mut self, steps: usize) {
        let Self {
            arnoldi,
            kept,
            u,
            c,
            u_new,
            c_new,
            small,
            ..
        } = self;
        let Small {
            b,
            norms,
            s,
            column,
            p,
            q,
            eigen,
            ..
        } = small;
        let (old, most) = (*kept, u.len());
        let d = old + steps;
        for (norm, u) in norms.iter_mut().zip(&u[..old]) {
            *norm = T::from_real(vector::norm2(u));
        }
        // S = G^+ W^H Z: the lower rows by least squares with H, then the upper ones exactly.
        for i in 0..d {
            let column = &mut column[..=d];
            column.fill(T::zero());
            if i < old {
                for (e, w) in column.iter_mut().zip(c[..old].iter().chain(&arnoldi.v)) {
                    *e = vector::dot(w, &u[i]) / norms[i];
                }
            } else {
                column[i] = T::one();
            }
            let (upper, lower) = column.split_at_mut(old);
            arnoldi.least_squares(steps, lower);
            for (j, &y) in lower[..steps].iter().enumerate() {
                for (upper, &b) in upper.iter_mut().zip(&b[j * most..]) {
                    *upper -= b * y;
                }
            }
            for (upper, &norm) in upper.iter_mut().zip(norms.iter()) {
                *upper *= norm;
            }
            s[i * d..(i + 1) * d].copy_from_slice(&column[..d]);
        }
        let found = eigen.basis(Which::Largest, s, d, most, p);

        // Q = G P, made orthonormal while P follows.
        let mut new = 0;
        for i in 0..found {
            p.copy_within(i * d..(i + 1) * d, new * d);
            let (p_done, p_new) = p.split_at_mut(new * d);
            let p_new = &mut p_new[..d];
            let (q_done, q_new) = q.split_at_mut(new * (d + 1));
            let q_new = &mut q_new[..=d];
            q_new.fill(T::zero());
            for ((q, &p), &norm) in q_new.iter_mut().zip(&p_new[..old]).zip(norms.iter()) {
                *q = p / norm;
            }
            for (j, &y) in p_new[old..].iter().enumerate() {
                let (upper, lower) = q_new.split_at_mut(old);
                for (q, &b) in upper.iter_mut().zip(&b[j * most..]) {
                    *q += b * y;
                }
                for (q, &h) in lower[..j + 2].iter_mut().zip(&arnoldi.h[j]) {
                    *q += h * y;
                }
            }
            let before = dense::norm(q_new);
            for (q, p) in q_done.chunks_exact(d + 1).zip(p_done.chunks_exact(d)) {
                let c = dense::dot(q, q_new);
                dense::axpy(-c, q, q_new);
                dense::axpy(-c, p, p_new);
            }
            let after = dense::norm(q_new);
            if after > 1e-8 * before {
                let inverse = T::from_f64(1.0 / after);
                q_new.iter_mut().for_each(|q| *q *= inverse);
                p_new.iter_mut().for_each(|p| *p *= inverse);
                new += 1;
            }
        }
        if new == 0 {
            return;
        }
        for i in 0..new {
            let p = &mut p[i * d..(i + 1) * d];
            for (p, &norm) in p.iter_mut().zip(&norms[..old]) {
                *p /= norm;
            }
            vector::fill(T::zero(), &mut u_new[i]);
            vector::combine(&p[..old], &u[..old], &mut u_new[i]);
            vector::combine(&p[old..], &arnoldi.v[..steps], &mut u_new[i]);
            let q = &q[i * (d + 1)..(i + 1) * (d + 1)];
            vector::fill(T::zero(), &mut c_new[i]);
            vector::combine(&q[..old], &c[..old], &mut c_new[i]);
            vector::combine(&q[old..], &arnoldi.v[..=steps], &mut c_new[i]);
        }
        std::mem::swap(u, u_new);
        std::mem::swap(c, c_new);
        *kept = new;
    }
}

impl<T: Scalar> Workspace for GcroDr<T> {
    const NAME: &'static str = "GCRO-DR";

    fn resize(&mut self, n: usize) {
        if self.z.len() != n {
            self.kept = 0;
        }
        self.arnoldi.resize(n);
        let recycled = [&mut self.u, &mut self.c, &mut self.u_new, &mut self.c_new];
        for v in recycled.into_iter().flatten() {
            v.resize(n, T::zero());
        }
        self.z.resize(n, T::zero());
        self.dx.resize(n, T::zero());
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for GcroDr<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        if let Some(status) = monitor.begin(vector::norm2_f64(r)) {
            return status;
        }
        self.renew(system);
        let m = self.arnoldi.h.len();
        let most = self.u.len();
        let (mut first, mut in_vain) = (true, 0);
        loop {
            let Self {
                arnoldi,
                kept,
                u,
                c,
                small,
                z,
                dx,
                ..
            } = self;
            let kept = *kept;
            let Small { cr, b, .. } = small;
            let cr = &mut cr[..kept];
            vector::copy(r, &mut arnoldi.v[0]);
            vector::orthogonalise(&c[..kept], &mut arnoldi.v[0], cr);
            let beta = arnoldi.start();
            let mut status = None;
            if first && beta <= monitor.target() {
                // The recycled space held the solution.
                status = monitor.record(beta);
            }
            first = false;

            let mut j = 0;
            while j < m - kept && status.is_none() {
                system.precondition(&arnoldi.v[j], z);
                let w = &mut arnoldi.v[j + 1];
                system.apply(z, w);
                vector::orthogonalise(&c[..kept], w, &mut b[j * most..j * most + kept]);
                status = match arnoldi.expand(j) {
                    Expansion::Grown | Expansion::Invariant => {
                        j += 1;
                        monitor.record(arnoldi.residual(j))
                    }
                    Expansion::Singular => Some(Status::Breakdown(Breakdown::SingularProjection)),
                    Expansion::NotFinite => Some(Status::Breakdown(Breakdown::NotFinite)),
                };
            }

            let end = arnoldi.residual(j);
            let mut finite = arnoldi.minimise(j);
            let y = &arnoldi.y[..j];
            for (j, &y) in y.iter().enumerate() {
                for (c, &b) in cr.iter_mut().zip(&b[j * most..]) {
                    *c -= b * y;
                }
            }
            vector::fill(T::zero(), z);
            vector::combine(y, &arnoldi.v[..j], z);
            vector::combine(cr, &u[..kept], z);
            system.precondition(z, dx);
            finite = finite && step(system, dx, z, x, r);
            if finite && j > 0 && most > 0 {
                self.recycle(j);
            }
            if let Some(status) = status {
                return status;
            }
            if !finite {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            // The next cycle has another recycled space: one in vain says little.
            in_vain = if end > (1.0 - STAGNATION) * beta {
                in_vain + 1
            } else {
                0
            };
            if in_vain == 2 {
                return Status::Stagnated;
            }
        }
    }
}
