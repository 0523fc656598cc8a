//! Block conjugate gradients: A X = B for several right-hand sides at once, for Hermitian positive
//! definite A and M.
//!
//! The block residual is kept factored, R = Q C with Q^H M^-1 Q = 1:
//!
//! ```text
//! Q C = qr(R),  Z = M^-1 Q,  P = Z
//! repeat   D = P^H A P
//!          X = X + P D^-1 C
//!          Q S = qr(Q - A P D^-1),  Z = M^-1 Q
//!          P = Z + P S^H,   C = S C
//! ```
//!
//! Each column of X minimises the energy norm of its error over the sum of the Krylov spaces of all
//! columns: with s right-hand sides the s - 1 smallest eigenvalues do not count for the rate
//! (O'Leary 1980, Linear Algebra Appl. 29, 293). This form (Dubrulle 2001, ETNA 12, 216, "BCGrQ")
//! needs no inverse of R^H Z, which turns singular as soon as one column, or a combination of them,
//! converges before the others.
//!
//! qr is modified Gram-Schmidt in the inner product of M^-1. A column that depends on those before
//! it is left out: Q and P get narrower, C keeps a column for each right-hand side, and all of them
//! are still solved. So identical right-hand sides cost no more than one ([`BlockReport::rank`]).
//!
//! Bad at: s^2 inner products an iteration; where products with A are cheap and s beyond ten,
//! separate solves are faster.

use super::dense;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::solve::{
    Breakdown, Reference, ResidualNorm, SolveError, Status, StoppingRule, check_vectors,
};
use crate::vector;

/// What a block solve did. Residuals and history stay with the solver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockReport {
    /// Why it stopped: converged means that every column meets the rule, by residuals computed
    /// afresh.
    pub status: Status,
    /// Iterations, each with a product for every column of the block.
    pub iterations: usize,
    /// Rank of the first residual block: below the number of right-hand sides where they depend
    /// on each other.
    pub rank: usize,
    /// Width of the block at the end.
    pub width: usize,
    /// Products with A in the iterations.
    pub products: usize,
    /// As [`Report::replacements`](crate::Report::replacements).
    pub replacements: usize,
}

impl BlockReport {
    /// Whether every column meets the stopping rule.
    pub fn converged(&self) -> bool {
        self.status == Status::Converged
    }
}

/// The block conjugate gradient method with its memory, 4 s vectors for s right-hand sides, and its
/// stopping rule.
///
/// ```
/// use pdesolve_krylov::{Identity, gallery, methods::BlockCg};
///
/// let a = gallery::poisson(&[20, 20]);
/// let b = gallery::noise(3 * 400, 1);
/// let mut x = vec![0.0; 3 * 400];
/// let mut solver = BlockCg::default();
/// let report = solver.solve(&a, &mut Identity, &b, &mut x)?;
/// assert!(report.converged());
/// println!("{} iterations, residuals {:?}", report.iterations, solver.residuals());
/// # Ok::<(), pdesolve_krylov::SolveError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct BlockCg<T> {
    /// When to stop; only [`ResidualNorm::True`], each column by itself.
    pub rule: StoppingRule,
    p: Vec<Vec<T>>,
    ap: Vec<Vec<T>>,
    q: Vec<Vec<T>>,
    z: Vec<Vec<T>>,
    /// Small matrices, s rows a column: D, S, C, and one column.
    d: Vec<T>,
    s: Vec<T>,
    c: Vec<T>,
    column: Vec<T>,
    rhs: Vec<T>,
    targets: Vec<f64>,
    residuals: Vec<f64>,
    before: Vec<f64>,
    history: Vec<f64>,
}

/// What a factorisation met.
enum Fault {
    NotFinite,
    IndefinitePreconditioner,
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFinite => Self::Breakdown(Breakdown::NotFinite),
            Fault::IndefinitePreconditioner => Self::IndefinitePreconditioner,
        }
    }
}

impl<T: Scalar> BlockCg<T> {
    /// A solver with this stopping rule.
    pub fn with_rule(rule: StoppingRule) -> Self {
        Self {
            rule,
            ..Self::default()
        }
    }

    /// ||b_j - A x_j||_2 for each column, computed afresh after the last solve.
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// The largest ratio of a residual norm to its target, after each iteration: at most one after
    /// convergence.
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// Solves A X = B; `b` and `x` hold the columns one after the other.
    ///
    /// # Errors
    /// As [`Solver::solve`](crate::Solver::solve).
    ///
    /// # Panics
    /// Where `b` is not a whole number of columns.
    pub fn solve<A, M>(
        &mut self,
        operator: &A,
        preconditioner: &mut M,
        b: &[T],
        x: &mut [T],
    ) -> Result<BlockReport, SolveError>
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let (rows, n) = (operator.nrows(), operator.ncols());
        if rows != n {
            return Err(SolveError::NotSquare {
                method: "block CG",
                rows,
                columns: n,
            });
        }
        if self.rule.norm != ResidualNorm::True {
            return Err(SolveError::UnsupportedNorm {
                method: "block CG",
                norm: self.rule.norm.name(),
                reason: "it tests the true residual of each column",
            });
        }
        assert!(n > 0 && b.len().is_multiple_of(n), "whole columns");
        let columns = b.len() / n;
        check_vectors(b.len(), b.len(), b, x)?;
        self.resize(n, columns);

        self.rhs.copy_from_slice(b);
        for (b, x) in self.rhs.chunks_exact_mut(n).zip(x.chunks_exact_mut(n)) {
            let given = vector::norm2_f64(b);
            if let Some(null_space) = operator.null_space() {
                null_space.project(b);
                null_space.project(x);
            }
            let left = vector::norm2_f64(b);
            if left <= 1e-14 * given && left.is_finite() {
                vector::fill(T::zero(), b);
                vector::fill(T::zero(), x);
            }
        }
        self.renew_residuals(operator, x);
        for (j, q) in self.q.iter().enumerate() {
            if let Some(index) = vector::first_not_finite(q) {
                return Err(SolveError::OperatorNotFinite { index });
            }
            let reference = match self.rule.reference {
                Reference::RightHandSide => vector::norm2_f64(&self.rhs[j * n..(j + 1) * n]),
                Reference::InitialResidual => self.residuals[j],
            };
            let relative = self.rule.relative_tolerance * reference;
            self.targets[j] = relative.max(self.rule.absolute_tolerance);
        }

        let mut report = BlockReport {
            status: Status::Converged,
            iterations: 0,
            rank: 0,
            width: 0,
            products: 0,
            replacements: 0,
        };
        self.history.clear();
        for round in 0.. {
            self.before.copy_from_slice(&self.residuals);
            let status = self.iterate(operator, preconditioner, x, &mut report, round == 0);
            if let Some(null_space) = operator.null_space() {
                x.chunks_exact_mut(n).for_each(|x| null_space.project(x));
            }
            self.renew_residuals(operator, x);
            let met = |(r, target): (&f64, &f64)| r <= target;
            report.status = if status != Status::Converged
                || self.residuals.iter().zip(&self.targets).all(met)
            {
                status
            } else if round > 0
                && (0..columns).all(|j| {
                    met((&self.residuals[j], &self.targets[j]))
                        || self.residuals[j] > 0.5 * self.before[j]
                })
            {
                Status::Stagnated
            } else if report.iterations >= self.rule.max_iterations {
                Status::MaxIterations
            } else {
                report.replacements += 1;
                continue;
            };
            break;
        }
        Ok(report)
    }

    fn resize(&mut self, n: usize, columns: usize) {
        for block in [&mut self.p, &mut self.ap, &mut self.q, &mut self.z] {
            block.resize(columns, Vec::new());
            for v in block {
                v.resize(n, T::zero());
            }
        }
        for matrix in [&mut self.d, &mut self.s, &mut self.c] {
            matrix.resize(columns * columns, T::zero());
        }
        self.column.resize(columns, T::zero());
        self.rhs.resize(n * columns, T::zero());
        for numbers in [&mut self.targets, &mut self.residuals, &mut self.before] {
            numbers.resize(columns, 0.0);
        }
    }

    /// Q = B - A X and the norms of its columns.
    fn renew_residuals<A: LinearOperator<T> + ?Sized>(&mut self, operator: &A, x: &[T]) {
        let n = operator.ncols();
        for (j, q) in self.q.iter_mut().enumerate() {
            let column = j * n..(j + 1) * n;
            operator.residual(&self.rhs[column.clone()], &x[column], q);
            self.residuals[j] = vector::norm2_f64(q);
        }
    }

    /// Iterates with the residuals in Q until they, as carried along, meet the targets.
    fn iterate<A, M>(
        &mut self,
        operator: &A,
        preconditioner: &mut M,
        x: &mut [T],
        report: &mut BlockReport,
        first: bool,
    ) -> Status
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let n = operator.ncols();
        let columns = self.targets.len();
        let mut width = match self.factor(operator, preconditioner, columns) {
            Ok(width) => width,
            Err(fault) => return fault.into(),
        };
        if first {
            (report.rank, report.width) = (width, width);
            if let Some(status) = self.judge(report, width) {
                return status;
            }
        }
        self.c.copy_from_slice(&self.s);
        for (p, z) in self.p.iter_mut().zip(&self.z[..width]) {
            vector::copy(z, p);
        }
        while width > 0 {
            let Self {
                p,
                ap,
                q,
                d,
                c,
                column,
                ..
            } = self;
            for j in 0..width {
                operator.apply(&p[j], &mut ap[j]);
                for i in 0..=j {
                    d[j + i * width] = vector::dot(&p[i], &ap[j]).conj();
                }
            }
            report.products += width;
            if let Err(pivot) = dense::cholesky(d, width) {
                return if pivot.is_finite() {
                    Status::IndefiniteOperator { curvature: pivot }
                } else {
                    Status::Breakdown(Breakdown::NotFinite)
                };
            }
            let column = &mut column[..width];
            for (c, x) in c.chunks_exact(columns).zip(x.chunks_exact_mut(n)) {
                column.copy_from_slice(&c[..width]);
                dense::cholesky_solve(d, width, column);
                if column.iter().any(|v| !v.finite()) {
                    return Status::Breakdown(Breakdown::NotFinite);
                }
                vector::combine(column, &p[..width], x);
            }
            for (i, q) in q[..width].iter_mut().enumerate() {
                column.fill(T::zero());
                column[i] = -T::one();
                dense::cholesky_solve(d, width, column);
                vector::combine(column, &ap[..width], q);
            }

            let old = width;
            width = match self.factor(operator, preconditioner, old) {
                Ok(width) => width,
                Err(fault) => return fault.into(),
            };
            let Self {
                p, z, s, c, column, ..
            } = self;
            // S is a staircase: row i has zeros left of column i, so that P is updated in place.
            for i in 0..width {
                let (left, right) = p.split_at_mut(i + 1);
                vector::xpby(&z[i], s[i + i * columns].conj(), &mut left[i]);
                for l in i + 1..old {
                    column[l] = s[i + l * columns].conj();
                }
                vector::combine(&column[i + 1..old], &right[..old - i - 1], &mut left[i]);
            }
            for c in c.chunks_exact_mut(columns) {
                column[..old].copy_from_slice(&c[..old]);
                for i in 0..width {
                    c[i] = (i..old).map(|l| s[i + l * columns] * column[l]).sum();
                }
            }
            report.iterations += 1;
            report.width = width;
            for j in 0..columns {
                self.residuals[j] = self.carried(j, width);
            }
            if let Some(status) = self.judge(report, width) {
                return status;
            }
        }
        // All residuals vanished.
        Status::Converged
    }

    /// ||Q C_j||_2 by the Gram matrix of Q, which [`BlockCg::factor`] left in D.
    fn carried(&self, j: usize, width: usize) -> f64 {
        let columns = self.targets.len();
        let c = &self.c[j * columns..j * columns + width];
        let mut sum = 0.0;
        for l in 0..width {
            for i in 0..l {
                sum += 2.0 * (c[i].conj() * self.d[i + l * columns] * c[l]).re().as_f64();
            }
            sum += (c[l].modulus_squared() * self.d[l + l * columns].re()).as_f64();
        }
        sum.max(0.0).sqrt()
    }

    /// One entry of the history, and the verdict on it.
    fn judge(&mut self, report: &BlockReport, width: usize) -> Option<Status> {
        let mut worst: f64 = 0.0;
        for (&r, &target) in self.residuals.iter().zip(&self.targets) {
            if !r.is_finite() {
                return Some(Status::Breakdown(Breakdown::NotFinite));
            }
            worst = worst.max(match r {
                0.0 => 0.0,
                _ => r / target,
            });
        }
        self.history.push(worst);
        if worst <= 1.0 || width == 0 {
            Some(Status::Converged)
        } else if worst * self.rule.relative_tolerance > self.rule.divergence {
            Some(Status::Diverged)
        } else if report.iterations >= self.rule.max_iterations {
            Some(Status::MaxIterations)
        } else {
            None
        }
    }

    /// Q S = Q with Q^H Z = 1 and Z = M^-1 Q, of the first `columns` columns; leaves Q^H Q in the
    /// upper triangle of D. Returns how many columns are independent.
    fn factor<A, M>(
        &mut self,
        operator: &A,
        preconditioner: &mut M,
        columns: usize,
    ) -> Result<usize, Fault>
    where
        A: LinearOperator<T> + ?Sized,
        M: Preconditioner<T> + ?Sized,
    {
        let Self { q, z, d, s, .. } = self;
        let stride = q.len();
        let rounding = <T::Real as num_traits::Float>::epsilon().as_f64();
        s.fill(T::zero());
        let mut width = 0;
        for i in 0..columns {
            q.swap(width, i);
            z.swap(width, i);
            let (q_done, q_new) = q.split_at_mut(width);
            let (z_done, z_new) = z.split_at_mut(width);
            let (t, w) = (&mut q_new[0], &mut z_new[0]);
            let s = &mut s[i * stride..(i + 1) * stride];
            preconditioner.apply(t, w);
            if let Some(null_space) = operator.null_space() {
                null_space.project(w);
            }
            let size = |t: &[T], w: &[T]| {
                let square = vector::dot(t, w).re().as_f64();
                let scale = vector::norm2_f64(t) * vector::norm2_f64(w);
                if !scale.is_finite() {
                    Err(Fault::NotFinite)
                } else if square < -rounding * scale {
                    Err(Fault::IndefinitePreconditioner)
                } else {
                    Ok(square.max(0.0).sqrt())
                }
            };
            let before = size(t, w)?;
            let mut left = before;
            // A second pass where digits cancelled.
            for _ in 0..2 {
                for (l, (q, z)) in q_done.iter().zip(&*z_done).enumerate() {
                    let c = vector::dot(z, t);
                    vector::axpy(-c, q, t);
                    vector::axpy(-c, z, w);
                    s[l] += c;
                }
                let given = left;
                // What is left of a dependent column is rounding, of any sign.
                left = match size(t, w) {
                    Err(Fault::IndefinitePreconditioner) if given < 1e-3 * before => 0.0,
                    size => size?,
                };
                if left > 0.1 * given {
                    break;
                }
            }
            if left <= 100.0 * rounding * before {
                continue;
            }
            s[width] = T::from_f64(left);
            vector::scale(T::from_f64(1.0 / left), t);
            vector::scale(T::from_f64(1.0 / left), w);
            for l in 0..=width {
                d[l + width * stride] = vector::dot(&q[l], &q[width]);
            }
            width += 1;
        }
        Ok(width)
    }
}
