//! Deflated conjugate gradients with recycled Ritz vectors, for a sequence of systems with
//! Hermitian positive definite A and M.
//!
//! With k vectors W, W^H A W = 1:
//!
//! ```text
//! x = x + W W^H r,   r = r - A W W^H r
//! z = M^-1 r,        p = z - W (A W)^H z
//! repeat   as conjugate gradients, with   p = z + beta p - W (A W)^H z
//! ```
//!
//! Residuals stay orthogonal to W, directions conjugate to it, and the rate is that of A without
//! the part of the spectrum that W spans: CG as if the k smallest eigenvalues were not there. After
//! a solve the Ritz vectors of the lowest values that its residuals give (the module `ritz_window`)
//! and the old W are made A-orthonormal, Z, and the k vectors of the smallest theta in
//!
//! ```text
//! (A Z)^H M^-1 (A Z) y = theta Z^H A Z y
//! ```
//!
//! (harmonic Ritz values of M^-1 A) are the W of the next solve, which pays k products to begin
//! with. The matrix may have changed a little: W only gets less apt, the solution stays right.
//!
//! Source: Saad, Yeung, Erhel and Guyomarc'h (2000), SIAM J. Sci. Comput. 21, 1909. There the
//! vectors come from the first steps of a solve, which have not yet seen eigenvalues a million
//! times below the others; a window over all steps has. Bad at: many small eigenvalues, and systems
//! solved in a few dozen iterations, for which the vector work around them (about 2 k m / (m - 2 k)
//! updates an iteration, some 6 k^2 inner products a solve) is not worth it; [`DeflatedCg::freeze`]
//! stops it.

use super::dense::{Eigen, Which};
use super::ritz_window::RitzWindow;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{Breakdown, LinearSystem, Method, Monitor, ResidualNorm, Status, Workspace};
use crate::vector;

/// Workspace of deflated CG, m + 8 k + 3 vectors, and the recycled space.
#[derive(Clone, Debug)]
pub struct DeflatedCg<T> {
    p: Vec<T>,
    q: Vec<T>,
    z: Vec<T>,
    /// W and A W in the first `kept` of 2 k places; the others are for new candidates.
    kept: usize,
    w: Vec<Vec<T>>,
    aw: Vec<Vec<T>>,
    room: Vec<Vec<T>>,
    window: RitzWindow<T>,
    frozen: bool,
    c: Vec<T>,
    /// (A Z)^H M^-1 (A Z) and the vectors y.
    gram: Vec<T>,
    y: Vec<T>,
    eigen: Eigen,
}

impl<T: Scalar> Default for DeflatedCg<T> {
    /// Eight vectors from windows of 60.
    fn default() -> Self {
        Self::new(8, 60)
    }
}

impl<T: Scalar> DeflatedCg<T> {
    /// Recycles `k` vectors, found in windows of `m` residuals.
    ///
    /// # Panics
    /// Unless k > 0 and m > 2 k.
    pub fn new(k: usize, m: usize) -> Self {
        assert!(
            k > 0 && m > 2 * k,
            "a window of more than twice the recycled vectors"
        );
        Self {
            p: Vec::new(),
            q: Vec::new(),
            z: Vec::new(),
            kept: 0,
            w: vec![Vec::new(); 2 * k],
            aw: vec![Vec::new(); 2 * k],
            room: vec![Vec::new(); k],
            window: RitzWindow::new(k, m),
            frozen: false,
            c: vec![T::zero(); 2 * k],
            gram: vec![T::zero(); 4 * k * k],
            y: vec![T::zero(); 2 * k * k],
            eigen: Eigen::new(2 * k),
        }
    }

    /// The recycled vectors.
    pub fn recycled(&self) -> &[Vec<T>] {
        &self.w[..self.kept]
    }

    /// Goes on with the vectors there are, and looks for no better ones.
    pub fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Forgets the recycled vectors, and looks for new ones.
    pub fn forget(&mut self) {
        self.kept = 0;
        self.frozen = false;
    }

    /// Makes place `i` of W A-orthonormal to the first `kept`, with its product; false where it
    /// depends on them.
    fn orthonormalise<A, M>(
        &mut self,
        system: &LinearSystem<'_, T, A, M>,
        kept: usize,
        i: usize,
    ) -> bool
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let Self { w, aw, .. } = self;
        w.swap(kept, i);
        let (w_done, w) = w.split_at_mut(kept);
        let (aw_done, aw) = aw.split_at_mut(kept);
        let (w, aw) = (&mut w[0], &mut aw[0]);
        system.apply(w, aw);
        let before = vector::dot(w, aw).re().as_f64();
        for _ in 0..2 {
            for (u, au) in w_done.iter().zip(aw_done.iter()) {
                let c = vector::dot(au, w);
                vector::axpy(-c, u, w);
                vector::axpy(-c, au, aw);
            }
        }
        let left = vector::dot(w, aw).re().as_f64();
        // Below this A w is mostly rounding; a NaN fails too.
        if !(left > 1e-10 * before && left.is_finite()) {
            return false;
        }
        vector::scale(T::from_f64(1.0 / left.sqrt()), w);
        vector::scale(T::from_f64(1.0 / left.sqrt()), aw);
        true
    }

    /// W with W^H A W = 1 for the matrix at hand.
    fn renew<A, M>(&mut self, system: &LinearSystem<'_, T, A, M>)
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let mut kept = 0;
        for i in 0..self.kept {
            kept += usize::from(self.orthonormalise(system, kept, i));
        }
        self.kept = kept;
    }

    /// The next W from this one and the Ritz vectors of the window.
    fn recycle<A, M>(&mut self, system: &mut LinearSystem<'_, T, A, M>)
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let k = self.room.len();
        let mut d = self.kept;
        let found = self.window.ritz_vectors().len();
        for i in 0..found {
            vector::copy(&self.window.ritz_vectors()[i], &mut self.w[d]);
            d += usize::from(self.orthonormalise(system, d, d));
        }
        for j in 0..d {
            system.precondition(&self.aw[j], &mut self.z);
            for i in 0..=j {
                let g = vector::dot(&self.aw[i], &self.z);
                self.gram[i + j * d] = g;
                self.gram[j + i * d] = g.conj();
            }
        }
        let new = self
            .eigen
            .basis(Which::Smallest, &self.gram, d, k, &mut self.y);
        for block in [&mut self.w, &mut self.aw] {
            for (y, new) in self.y.chunks_exact(d.max(1)).zip(&mut self.room[..new]) {
                vector::fill(T::zero(), new);
                vector::combine(y, &block[..d], new);
            }
            for (v, new) in block.iter_mut().zip(&mut self.room[..new]) {
                std::mem::swap(v, new);
            }
        }
        self.kept = new;
    }

    fn step<A, M>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let Self {
            p,
            q,
            z,
            kept,
            w,
            aw,
            window,
            frozen,
            c,
            ..
        } = self;
        let (w, aw, c) = (&w[..*kept], &aw[..*kept], &mut c[..*kept]);
        let tested = |monitor: &Monitor<'_>, x: &[T], r_norm: f64| match monitor.norm() {
            ResidualNorm::BackwardError => monitor.backward_error(r_norm, vector::norm2_f64(x)),
            _ => r_norm,
        };
        for (c, w) in c.iter_mut().zip(w) {
            *c = vector::dot(w, r);
        }
        if c.iter().any(|c| !c.finite()) {
            return Status::Breakdown(Breakdown::NotFinite);
        }
        vector::combine(c, w, x);
        c.iter_mut().for_each(|c| *c = -*c);
        vector::combine(c, aw, r);
        let norm = tested(monitor, x, vector::norm2_f64(r));
        if norm <= monitor.target()
            && let Some(status) = monitor.record(norm)
        {
            return status;
        }

        system.precondition(r, z);
        let mut rho = vector::dot(r, z).re().as_f64();
        if rho < 0.0 {
            return Status::IndefinitePreconditioner;
        }
        vector::fill(T::zero(), p);
        let mut beta = 0.0;
        loop {
            for (c, aw) in c.iter_mut().zip(aw) {
                *c = -vector::dot(aw, z);
            }
            vector::xpby(z, T::from_f64(beta), p);
            vector::combine(c, w, p);

            system.apply(p, q);
            let curvature = vector::dot(p, q).re().as_f64();
            if !curvature.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            if curvature <= 0.0 {
                let size = vector::norm2_f64(p);
                return Status::IndefiniteOperator {
                    curvature: curvature / (size * size),
                };
            }
            let alpha = rho / curvature;
            if !alpha.is_finite() {
                return Status::Breakdown(Breakdown::NotFinite);
            }
            vector::axpy(T::from_f64(alpha), p, x);
            let r_norm = vector::axpy_norm2_squared(T::from_f64(-alpha), q, r);
            if let Some(status) = monitor.record(tested(monitor, x, r_norm.as_f64().sqrt())) {
                return status;
            }
            // q is free until the next product.
            system.precondition(r, q);
            let next = vector::dot(r, q).re().as_f64();
            if next < 0.0 {
                return Status::IndefinitePreconditioner;
            }
            if next == 0.0 {
                return Status::Breakdown(Breakdown::ZeroCoefficient);
            }
            beta = next / rho;
            if !*frozen {
                window.push(z, rho, alpha, beta);
            }
            rho = next;
            std::mem::swap(z, q);
        }
    }
}

impl<T: Scalar> Workspace for DeflatedCg<T> {
    const NAME: &'static str = "deflated CG";

    fn resize(&mut self, n: usize) {
        if self.z.len() != n {
            self.kept = 0;
        }
        let vectors = [&mut self.p, &mut self.q, &mut self.z];
        let blocks = [&mut self.w, &mut self.aw, &mut self.room];
        for v in vectors.into_iter().chain(blocks.into_iter().flatten()) {
            v.resize(n, T::zero());
        }
        self.window.resize(n);
    }

    fn supports(&self, norm: ResidualNorm) -> bool {
        matches!(norm, ResidualNorm::True | ResidualNorm::BackwardError)
    }
}

impl<T: Scalar, M: Preconditioner<T> + ?Sized> Method<T, M> for DeflatedCg<T> {
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status {
        let r_norm = vector::norm2_f64(r);
        let norm = match monitor.norm() {
            ResidualNorm::BackwardError => monitor.backward_error(r_norm, vector::norm2_f64(x)),
            _ => r_norm,
        };
        if let Some(status) = monitor.begin(norm) {
            return status;
        }
        self.renew(system);
        self.window.clear();
        let before = monitor.iterations();
        let status = self.step(system, x, r, monitor);
        if !self.frozen && monitor.iterations() > before + self.room.len() {
            self.recycle(system);
        }
        status
    }
}
