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
//! (O'Leary 1980, Linear Algebra Appl. 29, 293). This form (Dubrulle 2001, ETNA 12, 216, "BCGrQ") needs
//! no inverse of R^H Z, which turns singular as soon as one column, or a combination of them,
//! converges before the others.
//!
//! qr is modified Gram-Schmidt in the inner product of M^-1. A column that depends on those before it
//! is left out: Q and P get narrower, C keeps a column for each right-hand side, and all of them are
//! still solved. So identical right-hand sides cost no more than one ([`BlockReport::rank`]).
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
        assert!(n > 0 && b.len() % n == 0, "whole columns");
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
            let status = self.iterate(operator, preconditioner, x, &mut report, round == 0);
            self.before.copy_from_slice(&self.residuals);
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

    /// Q S = Q with Q^H Z = 1 and Z = M^-1 Q, of the first `columns` columns; leaves Q^H Q in the upper
    /// triangle of D. Returns how many columns are independent.
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

#[cfg(test)]
mod tests {
    use num_complex::Complex64;

    use super::*;
    use crate::methods::Cg;
    use crate::operator::{NullSpace, Singular};
    use crate::{Csr, Identity, Solver, gallery};

    struct Diagonal(Vec<f64>);

    impl<T: Scalar> Preconditioner<T> for Diagonal {
        fn apply(&mut self, r: &[T], z: &mut [T]) {
            for ((z, &r), &d) in z.iter_mut().zip(r).zip(&self.0) {
                *z = T::from_f64(d) * r;
            }
        }
    }

    fn residual(a: &Csr<f64>, b: &[f64], x: &[f64]) -> f64 {
        let mut r = vec![0.0; b.len()];
        a.residual(b, x, &mut r);
        vector::norm2(&r) / vector::norm2(b)
    }

    #[test]
    fn one_column_is_conjugate_gradients() {
        let a = gallery::poisson(&[20, 20]);
        let b = gallery::noise(400, 3);
        let weights: Vec<f64> = (0..400).map(|i| 1.0 + f64::from(i % 5)).collect();
        let (mut x, mut y) = (vec![0.0; 400], vec![0.0; 400]);
        let mut block = BlockCg::default();
        let one = block
            .solve(&a, &mut Diagonal(weights.clone()), &b, &mut x)
            .unwrap();
        let mut cg = Solver::new(Cg::default());
        let two = cg.solve(&a, &mut Diagonal(weights), &b, &mut y).unwrap();
        assert_eq!(one.iterations, two.iterations);
        let target = 1e-8 * vector::norm2(&b);
        for (p, q) in block.history().iter().zip(cg.history()) {
            assert!((p * target - q).abs() <= 1e-9 * q, "{} {q}", p * target);
        }
        vector::axpy(-1.0, &x, &mut y);
        assert!(vector::norm2(&y) <= 1e-11 * vector::norm2(&x));
    }

    #[test]
    fn a_block_needs_fewer_iterations_than_any_of_its_columns() {
        let n = 900;
        let a = gallery::poisson(&[30, 30]);
        let b = gallery::noise(6 * n, 3);
        let mut x = vec![0.0; 6 * n];
        let mut block = BlockCg::default();
        let report = block.solve(&a, &mut Identity, &b, &mut x).unwrap();
        assert!(report.converged(), "{report:?}");
        assert_eq!((report.rank, report.width), (6, 6));
        for (b, x) in b.chunks_exact(n).zip(x.chunks_exact(n)) {
            assert!(residual(&a, b, x) <= 1e-8);
            let alone = Solver::new(Cg::default())
                .solve(&a, &mut Identity, b, &mut vec![0.0; n])
                .unwrap();
            assert!(report.iterations < alone.iterations);
        }
    }

    #[test]
    fn dependent_columns_are_detected_and_solved() {
        let n = 400;
        let a = gallery::poisson(&[20, 20]);
        let u = gallery::noise(n, 1);
        let v = gallery::noise(n, 2);
        let sum: Vec<f64> = u.iter().zip(&v).map(|(u, v)| 3.0 * u - 0.5 * v).collect();
        for (columns, rank) in [
            (vec![&u, &u, &u], 1),
            (vec![&u, &v, &u, &sum], 2),
            (vec![&sum, &u, &v], 2),
        ] {
            let b: Vec<f64> = columns.iter().flat_map(|c| c.iter().copied()).collect();
            let mut x = vec![0.0; b.len()];
            let weights = (0..n).map(|i| 1.0 + (i % 3) as f64).collect();
            let report = BlockCg::default()
                .solve(&a, &mut Diagonal(weights), &b, &mut x)
                .unwrap();
            assert!(report.converged(), "{report:?}");
            assert_eq!(report.rank, rank);
            for (b, x) in b.chunks_exact(n).zip(x.chunks_exact(n)) {
                assert!(residual(&a, b, x) <= 1e-8);
            }
        }
    }

    #[test]
    fn columns_that_converge_early_or_vanish_do_not_stop_the_others() {
        // The first column is an eigenvector, the second zero, the last noise.
        let m = 20;
        let n = m * m;
        let a = gallery::poisson(&[m, m]);
        let mode = |i: usize| ((i + 1) as f64 * std::f64::consts::PI / (m + 1) as f64).sin();
        let mut b: Vec<f64> = (0..n).map(|i| mode(i % m) * mode(i / m)).collect();
        b.extend(vec![0.0; n]);
        b.extend(gallery::noise(n, 7));
        let mut x = gallery::noise(3 * n, 8);
        x[..n].fill(0.0);
        let report = BlockCg::default()
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        assert_eq!(report.rank, 2);
        assert!(x[n..2 * n].iter().all(|&v| v == 0.0));
        assert!(residual(&a, &b[..n], &x[..n]) <= 1e-8);
        assert!(residual(&a, &b[2 * n..], &x[2 * n..]) <= 1e-8);
    }

    #[test]
    fn more_columns_than_unknowns_end_in_one_iteration() {
        let a = gallery::poisson(&[5]);
        let b = gallery::noise(40, 3);
        let mut x = vec![0.0; 40];
        let report = BlockCg::default()
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        assert_eq!((report.rank, report.iterations), (5, 1));
    }

    #[test]
    fn complex_and_singular_systems_are_solved() {
        let n = 100;
        // Hermitian: a Laplacian with phases on its links.
        let phase = Complex64::from_polar(1.0, 0.7);
        let mut entries = Vec::new();
        for i in 0..n as u32 {
            entries.push((i, i, Complex64::new(2.1, 0.0)));
            if i > 0 {
                entries.push((i, i - 1, -phase));
                entries.push((i - 1, i, -phase.conj()));
            }
        }
        let a = Csr::from_triplets(n, n, &entries).unwrap();
        let noise = gallery::noise(6 * n, 4);
        let b: Vec<Complex64> = noise
            .chunks_exact(2)
            .map(|v| Complex64::new(v[0], v[1]))
            .collect();
        let mut x = vec![Complex64::default(); 3 * n];
        let weights = (0..n).map(|i| 1.0 + (i % 4) as f64).collect();
        let report = BlockCg::default()
            .solve(&a, &mut Diagonal(weights), &b, &mut x)
            .unwrap();
        assert!(report.converged() && report.rank == 3, "{report:?}");

        let mut entries = Vec::new();
        for i in 1..n as u32 {
            for (k, l) in [(i - 1, i), (i, i - 1)] {
                entries.extend([(k, k, 1.0), (k, l, -1.0)]);
            }
        }
        let chain = Csr::from_triplets(n, n, &entries).unwrap();
        let chain = Singular::new(chain, NullSpace::constant(n));
        let mut x = vec![2.0; 3 * n];
        let report = BlockCg::default()
            .solve(&chain, &mut Identity, &noise[..3 * n], &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        for x in x.chunks_exact(n) {
            assert!(x.iter().sum::<f64>().abs() < 1e-8 * vector::norm2(x));
        }
    }

    #[test]
    fn an_indefinite_matrix_is_noticed() {
        let a = Csr::from_triplets(3, 3, &[(0, 0, 1.0), (1, 1, -2.0), (2, 2, 1.0)]).unwrap();
        let b = gallery::noise(6, 2);
        let report = BlockCg::default()
            .solve(&a, &mut Identity, &b, &mut [0.0; 6])
            .unwrap();
        assert!(matches!(report.status, Status::IndefiniteOperator { .. }));
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let n = 90_000;
        let a = gallery::poisson(&[300, 300]);
        let b = gallery::noise(3 * n, 3);
        let rule = StoppingRule {
            max_iterations: 8,
            ..StoppingRule::default()
        };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut x = vec![0.0; 3 * n];
                BlockCg::with_rule(rule.clone())
                    .solve(&a, &mut Identity, &b, &mut x)
                    .unwrap();
                x.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(4));
    }
}
