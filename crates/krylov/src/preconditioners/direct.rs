//! Direct solvers: A = P^T L L^H P (sparse Cholesky) and P A Q = L U (sparse LU), by faer.
//!
//! Both order the unknowns for little fill (approximate minimum degree; columns for LU), factor
//! supernode by supernode, and LU exchanges rows. As a [`Preconditioner`] a direct solver turns any
//! Krylov method into iterative refinement: one or two iterations in f64, a few with the factors in
//! f32 ([`SinglePrecision`](super::SinglePrecision)).
//!
//! A factorisation does not say that it met a singular matrix, it only gets large or infinite
//! numbers. So [`DirectLu::new`] solves for one random right-hand side, and refuses the matrix where
//! ||A|| ||x|| / ||b|| > 0.1 / eps: that is a lower bound of the condition number, and random b comes
//! close to it.
//!
//! Bad at: large 3-D problems: fill grows like n^(4/3), work like n^2. Fine for coarse grids,
//! subdomains, and whatever is essentially two-dimensional.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt::factor::LltError;
use faer::sparse::linalg::LuError;
use faer::sparse::linalg::cholesky::{
    LltRef, SymbolicCholesky, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::linalg::lu::{LuRef, NumericLu, SymbolicLu, factorize_symbolic_lu};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::traits::ComplexField;
use faer::{Conj, MatMut, Par, Side};
use num_traits::Float;

use crate::csr::Csr;
use crate::gallery;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::vector;

use super::error::{SetupError, check_matrix};
use super::ict::check_hermitian;

/// The rows of A as columns of A^T.
fn transposed<T: Scalar>(a: &Csr<T>) -> SparseColMatRef<'_, u32, T> {
    let pattern =
        SymbolicSparseColMatRef::new_checked(a.nrows(), a.ncols(), a.offsets(), None, a.columns());
    SparseColMatRef::new(pattern, a.values())
}

/// Memory for `need`, or the error that there is none.
fn buffer(need: StackReq) -> Result<MemBuffer, SetupError> {
    MemBuffer::try_new(need).map_err(|_| SetupError::TooLarge)
}

/// Work of one solve must not depend on the number of threads, nor its bits.
const SOLVE: Par = Par::Seq;

/// Solves A x = b by sparse Cholesky, for Hermitian positive definite A.
pub struct DirectCholesky<T> {
    symbolic: SymbolicCholesky<u32>,
    values: Vec<T>,
    memory: MemBuffer,
    pattern: (Vec<u32>, Vec<u32>),
}

impl<T: Scalar + ComplexField> DirectCholesky<T> {
    /// Orders and factors a matrix.
    ///
    /// # Errors
    /// [`SetupError::Indefinite`], with the row of the matrix as given; [`SetupError::NotHermitian`],
    /// [`SetupError::TooLarge`], and what makes no matrix.
    pub fn new(a: &Csr<T>) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_hermitian(a)?;
        let symbolic = factorize_symbolic_cholesky(
            transposed(a).symbolic(),
            Side::Lower,
            SymmetricOrdering::Amd,
            Default::default(),
        )
        .map_err(|_| SetupError::TooLarge)?;
        let mut solver = Self {
            values: vec![T::zero(); symbolic.len_val()],
            memory: buffer(symbolic.solve_in_place_scratch::<T>(1, SOLVE))?,
            symbolic,
            pattern: (a.offsets().to_vec(), a.columns().to_vec()),
        };
        solver.factor(a)?;
        Ok(solver)
    }

    /// Factors a matrix of the same pattern with other values; the order stays.
    ///
    /// # Errors
    /// [`SetupError::PatternChanged`], else as [`DirectCholesky::new`]; after a pivot that is not
    /// positive the solver is of no use.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        check_matrix(a)?;
        if a.offsets() != self.pattern.0 || a.columns() != self.pattern.1 {
            return Err(SetupError::PatternChanged);
        }
        check_hermitian(a)?;
        self.factor(a)
    }

    fn factor(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        let need = self
            .symbolic
            .factorize_numeric_llt_scratch::<T>(Par::Seq, Default::default());
        let mut memory = buffer(need)?;
        let outcome = self.symbolic.factorize_numeric_llt(
            &mut self.values,
            transposed(a),
            Side::Lower,
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        match outcome {
            Ok(_) => Ok(()),
            Err(LltError::NonPositivePivot { index }) => {
                let row = self.symbolic.perm().map_or(index, |perm| {
                    perm.arrays()
                        .0
                        .get(index)
                        .map_or(index, |&row| row as usize)
                });
                Err(SetupError::Indefinite { row })
            }
        }
    }

    /// Number of unknowns.
    pub fn len(&self) -> usize {
        self.symbolic.nrows()
    }

    /// Whether there are no unknowns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries of L.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Bytes that the numbers of the factor take, without those of its pattern.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.values[..])
    }

    /// Overwrites b with the solution of A x = b.
    ///
    /// # Panics
    /// Unless b has as many entries as there are unknowns.
    pub fn solve_in_place(&mut self, b: &mut [T]) {
        let n = b.len();
        let rhs = MatMut::from_column_major_slice_mut(b, n, 1);
        // The factor is that of A^T, which is conj(A).
        LltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(
            Conj::Yes,
            rhs,
            SOLVE,
            MemStack::new(&mut self.memory),
        );
    }
}

impl<T: Scalar + ComplexField> Preconditioner<T> for DirectCholesky<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        vector::copy(r, z);
        self.solve_in_place(z);
    }
}

/// Solves A x = b by sparse LU with row exchanges.
pub struct DirectLu<T> {
    symbolic: SymbolicLu<u32>,
    numeric: NumericLu<u32, T>,
    memory: MemBuffer,
    pattern: (Vec<u32>, Vec<u32>),
}

impl<T: Scalar + ComplexField> DirectLu<T> {
    /// Orders and factors a matrix.
    ///
    /// # Errors
    /// [`SetupError::Singular`], [`SetupError::TooLarge`], and what makes no matrix.
    pub fn new(a: &Csr<T>) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let symbolic = factorize_symbolic_lu(transposed(a).symbolic(), Default::default())
            .map_err(|_| SetupError::TooLarge)?;
        let mut solver = Self {
            memory: buffer(symbolic.solve_transpose_in_place_scratch::<T>(1, SOLVE))?,
            numeric: NumericLu::new(),
            symbolic,
            pattern: (a.offsets().to_vec(), a.columns().to_vec()),
        };
        solver.factor(a)?;
        Ok(solver)
    }

    /// Factors a matrix of the same pattern with other values; the order of columns stays.
    ///
    /// # Errors
    /// [`SetupError::PatternChanged`], else as [`DirectLu::new`]; after a singular matrix the solver
    /// is of no use.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        check_matrix(a)?;
        if a.offsets() != self.pattern.0 || a.columns() != self.pattern.1 {
            return Err(SetupError::PatternChanged);
        }
        self.factor(a)
    }

    fn factor(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        let singular = || SetupError::Singular {
            what: "the matrix".to_owned(),
        };
        let need = self
            .symbolic
            .factorize_numeric_lu_scratch::<T>(Par::Seq, Default::default());
        let mut memory = buffer(need)?;
        let outcome = self.symbolic.factorize_numeric_lu(
            &mut self.numeric,
            transposed(a),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        match outcome {
            Ok(_) => {}
            Err(LuError::SymbolicSingular { .. }) => return Err(singular()),
            Err(LuError::Generic(_)) => return Err(SetupError::TooLarge),
        }
        let mut x: Vec<T> = gallery::noise(a.nrows(), 0)
            .into_iter()
            .map(T::from_f64)
            .collect();
        let b_norm = vector::norm2_f64(&x);
        self.solve_in_place(&mut x);
        let condition = a.norm_inf().as_f64() * vector::norm2_f64(&x) / b_norm;
        let limit = 0.1 / <T as Scalar>::Real::as_f64(<<T as Scalar>::Real as Float>::epsilon());
        // Written so that NaN counts as singular.
        if condition <= limit {
            Ok(())
        } else {
            Err(singular())
        }
    }

    /// Number of unknowns.
    pub fn len(&self) -> usize {
        self.symbolic.nrows()
    }

    /// Whether there are no unknowns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Overwrites b with the solution of A x = b.
    ///
    /// # Panics
    /// Unless b has as many entries as there are unknowns.
    pub fn solve_in_place(&mut self, b: &mut [T]) {
        let n = b.len();
        let rhs = MatMut::from_column_major_slice_mut(b, n, 1);
        // The factors are those of A^T.
        LuRef::new_unchecked(&self.symbolic, &self.numeric).solve_transpose_in_place_with_conj(
            Conj::No,
            rhs,
            SOLVE,
            MemStack::new(&mut self.memory),
        );
    }
}

impl<T: Scalar + ComplexField> Preconditioner<T> for DirectLu<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        vector::copy(r, z);
        self.solve_in_place(z);
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::methods::Cg;
    use crate::operator::LinearOperator;
    use crate::preconditioners::SinglePrecision;
    use crate::preconditioners::test_matrices::{random_sparse, random_spd};
    use crate::solve::{Solver, StoppingRule};

    fn relative_residual<T: Scalar>(a: &Csr<T>, b: &[T], x: &[T]) -> f64 {
        let mut r = vec![T::zero(); b.len()];
        a.residual(b, x, &mut r);
        vector::norm2_f64(&r) / vector::norm2_f64(b)
    }

    fn complex_noise(n: usize) -> Vec<Complex<f64>> {
        gallery::noise(2 * n, 8)
            .chunks(2)
            .map(|c| Complex::new(c[0], c[1]))
            .collect()
    }

    #[test]
    fn cholesky_and_lu_solve_to_rounding() {
        for a in [
            gallery::poisson(&[50, 40]),
            random_spd(300, 4, 1),
            gallery::poisson(&[1]),
        ] {
            let b = gallery::noise(a.nrows(), 2);
            let (mut x, mut y) = (b.clone(), b.clone());
            DirectCholesky::new(&a).unwrap().apply(&b, &mut x);
            DirectLu::new(&a).unwrap().apply(&b, &mut y);
            assert!(relative_residual(&a, &b, &x) <= 1e-12);
            assert!(relative_residual(&a, &b, &y) <= 1e-12);
        }
        for a in [
            gallery::recirculating_flow(40, 1e-3),
            random_sparse(300, 5, 3),
        ] {
            let b = gallery::noise(a.nrows(), 2);
            let mut x = b.clone();
            DirectLu::new(&a).unwrap().apply(&b, &mut x);
            assert!(relative_residual(&a, &b, &x) <= 1e-12);
        }
    }

    #[test]
    fn complex_systems_are_solved_not_those_of_the_conjugate() {
        let a = random_sparse(200, 5, 3).map(|v| Complex::new(v, 0.7 * v * v - 0.3));
        let b = complex_noise(200);
        let mut x = b.clone();
        DirectLu::new(&a).unwrap().apply(&b, &mut x);
        assert!(relative_residual(&a, &b, &x) <= 1e-11);

        let mut entries = Vec::new();
        for i in 0..60u32 {
            entries.push((i, i, Complex::new(4.0, 0.0)));
            for step in [1, 7] {
                if i + step < 60 {
                    entries.push((i, i + step, Complex::new(0.3, 0.9)));
                    entries.push((i + step, i, Complex::new(0.3, -0.9)));
                }
            }
        }
        let a = Csr::from_triplets(60, 60, &entries).unwrap();
        let b = complex_noise(60);
        let mut x = b.clone();
        DirectCholesky::new(&a).unwrap().apply(&b, &mut x);
        assert!(relative_residual(&a, &b, &x) <= 1e-12);
    }

    #[test]
    fn zero_diagonals_need_pivoting_and_get_it() {
        let a = Csr::from_triplets(3, 3, &[(0, 1, 2.0), (1, 0, 1.0), (1, 2, 1.0), (2, 2, 3.0)])
            .unwrap();
        let mut x = [4.0, 5.0, 9.0];
        DirectLu::new(&a).unwrap().solve_in_place(&mut x);
        assert!((x[0] - 2.0).abs() + (x[1] - 2.0).abs() + (x[2] - 3.0).abs() < 1e-14);
    }

    #[test]
    fn factors_in_f32_refine_to_f64_accuracy_in_a_few_iterations() {
        let a = gallery::poisson(&[60, 60]);
        let b = gallery::noise(3600, 1);
        let direct = DirectCholesky::new(&a.map(|v| v as f32)).unwrap();
        let mut m = SinglePrecision::new(direct, 3600);
        let mut x = vec![0.0; 3600];
        let mut solver = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-12));
        let report = solver.solve(&a, &mut m, &b, &mut x).unwrap();
        assert!(report.converged() && report.iterations <= 5);
    }

    #[test]
    fn rebuild_takes_new_values() {
        let a = gallery::poisson(&[20, 20]);
        let b = gallery::noise(400, 1);
        let twice = a.map(|v| 2.0 * v);
        let mut cholesky = DirectCholesky::new(&a).unwrap();
        cholesky.rebuild(&twice).unwrap();
        let mut lu = DirectLu::new(&a).unwrap();
        lu.rebuild(&twice).unwrap();
        let (mut x, mut y) = (b.clone(), b.clone());
        cholesky.solve_in_place(&mut x);
        lu.solve_in_place(&mut y);
        assert!(relative_residual(&twice, &b, &x) <= 1e-12);
        assert!(relative_residual(&twice, &b, &y) <= 1e-12);
        let other = gallery::poisson(&[400]);
        assert_eq!(lu.rebuild(&other), Err(SetupError::PatternChanged));
    }

    #[test]
    fn singular_and_indefinite_matrices_are_named() {
        // A pure Neumann problem: row sums vanish.
        let mut neumann = gallery::poisson(&[30]);
        neumann.values_mut()[0] = 1.0;
        *neumann.values_mut().last_mut().unwrap() = 1.0;
        assert!(matches!(
            DirectLu::new(&neumann),
            Err(SetupError::Singular { .. })
        ));
        let hole = Csr::from_triplets(3, 3, &[(0, 0, 1.0), (1, 1, 1.0), (2, 1, 1.0)]).unwrap();
        assert!(matches!(
            DirectLu::new(&hole),
            Err(SetupError::Singular { .. })
        ));
        let mut indefinite = gallery::poisson(&[6, 6]);
        let place = (0..indefinite.nnz())
            .find(|&k| k >= indefinite.offsets()[17] as usize && indefinite.values()[k] > 0.0)
            .unwrap();
        indefinite.values_mut()[place] = -4.0;
        assert!(matches!(
            DirectCholesky::new(&indefinite),
            Err(SetupError::Indefinite { .. })
        ));
    }
}
