//! Block Jacobi: M = the diagonal blocks of A.
//!
//! ```text
//! z_b = A_bb^-1 r_b    for each block b of consecutive unknowns
//! ```
//!
//! Blocks are the unknowns of a point or cell (systems of equations), or of a line. Each block is
//! inverted once, by elimination with row exchanges; z is then one small dense product a block, all
//! in parallel.
//!
//! Bad at: coupling across blocks, as Jacobi is. Memory and work grow with the block size m, n m
//! numbers: for large blocks use [`AdditiveSchwarz`](super::AdditiveSchwarz).

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::block_csr::BlockCsr;
use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;
use crate::vector::GRAIN;

use super::dense;
use super::error::{SetupError, check_matrix, check_option};

/// Options of [`BlockJacobi`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BlockJacobiParams {
    /// Consecutive unknowns of a block; the last block may have fewer. Default: 4.
    #[schemars(range(min = 1))]
    pub block_size: usize,
}

impl Default for BlockJacobiParams {
    fn default() -> Self {
        Self { block_size: 4 }
    }
}

/// z_b = A_bb^-1 r_b. Hermitian positive definite where A is, up to rounding.
#[derive(Clone, Debug)]
pub struct BlockJacobi<T> {
    n: usize,
    block_size: usize,
    /// Inverse blocks, each by rows.
    inverse: Vec<T>,
}

impl<T: Scalar> BlockJacobi<T> {
    /// From a matrix.
    ///
    /// # Errors
    /// [`SetupError::Singular`] for a block that is, a block size of zero, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &BlockJacobiParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let (n, m) = (a.nrows(), params.block_size.min(a.nrows().max(1)));
        let given = params.block_size;
        check_option("block_size", given as f64, given > 0, "at least 1")?;
        let blocks = (0..n).step_by(m).map(|first| {
            let size = m.min(n - first);
            let mut block = vec![T::zero(); size * size];
            for i in 0..size {
                let (columns, values) = a.row(first + i);
                for (&j, &v) in columns.iter().zip(values) {
                    let j = j as usize;
                    if (first..first + size).contains(&j) {
                        block[i * size + j - first] = v;
                    }
                }
            }
            block
        });
        Self::from_blocks(n, m, blocks)
    }

    /// From a matrix of B x B blocks, block size B. Only the blocks on the diagonal are read.
    ///
    /// # Errors
    /// [`SetupError::Singular`] for a block that is, or is not finite; [`SetupError::NotSquare`] and
    /// [`SetupError::Empty`].
    pub fn from_block_csr<const B: usize>(a: &BlockCsr<T, B>) -> Result<Self, SetupError> {
        let n = B * a.block_rows();
        if a.block_rows() != a.block_columns() {
            return Err(SetupError::NotSquare {
                rows: n,
                columns: B * a.block_columns(),
            });
        }
        if n == 0 {
            return Err(SetupError::Empty);
        }
        let blocks = a.diagonal_blocks();
        Self::from_blocks(n, B, blocks.iter().map(|block| block.concat()))
    }

    /// From the diagonal blocks themselves, each by rows, of a matrix of n unknowns.
    ///
    /// # Errors
    /// [`SetupError::Singular`] for a block that is.
    ///
    /// # Panics
    /// Unless the blocks have n unknowns in all, `block_size` each, the last at most so many.
    pub fn from_blocks(
        n: usize,
        block_size: usize,
        blocks: impl IntoIterator<Item = Vec<T>>,
    ) -> Result<Self, SetupError> {
        let mut inverse = Vec::with_capacity(n * block_size);
        let mut exchanged = Vec::new();
        let mut first = 0;
        for mut block in blocks {
            let size = block_size.min(n - first);
            if !dense::invert(size, &mut block, &mut exchanged) {
                return Err(SetupError::Singular {
                    what: format!("the diagonal block of rows {first} to {}", first + size - 1),
                });
            }
            inverse.extend_from_slice(&block);
            first += size;
        }
        assert_eq!(first, n, "a block for every unknown");
        Ok(Self {
            n,
            block_size,
            inverse,
        })
    }

    /// From another matrix with the same block size.
    ///
    /// # Errors
    /// As [`BlockJacobi::new`]; the old numbers then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        let block_size = self.block_size;
        *self = Self::new(a, &BlockJacobiParams { block_size })?;
        Ok(())
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.inverse[..])
    }

    /// Products of consecutive blocks.
    fn products(&self, inverse: &[T], r: &[T], z: &mut [T]) {
        let mut begin = 0;
        for (r, z) in r.chunks(self.block_size).zip(z.chunks_mut(self.block_size)) {
            let size = r.len();
            for (row, z) in inverse[begin..begin + size * size]
                .chunks_exact(size)
                .zip(z)
            {
                *z = row.iter().zip(r).map(|(&m, &r)| m * r).sum();
            }
            begin += size * size;
        }
    }
}

impl<T: Scalar> Preconditioner<T> for BlockJacobi<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        assert!(
            r.len() == self.n && z.len() == self.n,
            "vectors that fit the matrix"
        );
        let m = self.block_size;
        let chunk = (GRAIN / m).max(1) * m;
        z.par_chunks_mut(chunk)
            .zip(r.par_chunks(chunk))
            .zip(self.inverse.par_chunks(chunk * m))
            .for_each(|((z, r), inverse)| self.products(inverse, r, z));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::preconditioners::test_matrices::{assert_symmetric_positive, random_sparse};
    use crate::preconditioners::{Jacobi, JacobiParams};
    use crate::solve::Solver;

    #[test]
    fn one_block_solves_exactly_and_blocks_of_one_are_jacobi() {
        let a = random_sparse(37, 5, 2);
        let r = gallery::noise(37, 1);
        let (mut z, mut y) = (vec![0.0; 37], vec![0.0; 37]);
        let whole = BlockJacobiParams { block_size: 37 };
        BlockJacobi::new(&a, &whole).unwrap().apply(&r, &mut z);
        crate::LinearOperator::residual(&a, &r, &z, &mut y);
        assert!(crate::vector::norm2(&y) <= 1e-13 * crate::vector::norm2(&r));
        let single = BlockJacobiParams { block_size: 1 };
        BlockJacobi::new(&a, &single).unwrap().apply(&r, &mut z);
        Jacobi::new(&a, &JacobiParams::default())
            .unwrap()
            .apply(&r, &mut y);
        assert_eq!(y, z);
    }

    #[test]
    fn every_block_is_solved_the_short_last_one_too() {
        let a = random_sparse(50, 5, 2);
        let r = gallery::noise(50, 1);
        let mut z = vec![0.0; 50];
        BlockJacobi::new(&a, &BlockJacobiParams { block_size: 8 })
            .unwrap()
            .apply(&r, &mut z);
        for (i, &r) in r.iter().enumerate() {
            let block = i / 8;
            let (columns, values) = a.row(i);
            let product: f64 = columns
                .iter()
                .zip(values)
                .filter(|(j, _)| **j as usize / 8 == block)
                .map(|(&j, &v)| v * z[j as usize])
                .sum();
            assert!((product - r).abs() < 1e-13);
        }
    }

    #[test]
    fn block_matrices_give_the_same_as_their_entries() {
        fn check<const B: usize>(a: &Csr<f64>) {
            let blocks = BlockCsr::<f64, B>::from_csr(a).unwrap();
            let r = gallery::noise(a.nrows(), 1);
            let (mut y, mut z) = (r.clone(), r.clone());
            BlockJacobi::new(a, &BlockJacobiParams { block_size: B })
                .unwrap()
                .apply(&r, &mut y);
            BlockJacobi::from_block_csr(&blocks)
                .unwrap()
                .apply(&r, &mut z);
            assert_eq!(y, z);
        }
        check::<2>(&random_sparse(60, 5, 3));
        check::<3>(&random_sparse(60, 5, 4));
        let wide = BlockCsr::<f64, 2>::from_csr(&Csr::from_triplets(2, 4, &[]).unwrap()).unwrap();
        assert!(matches!(
            BlockJacobi::from_block_csr(&wide),
            Err(SetupError::NotSquare { .. })
        ));
        let zero = BlockCsr::<f64, 2>::from_csr(&Csr::from_triplets(4, 4, &[]).unwrap()).unwrap();
        assert!(matches!(
            BlockJacobi::from_block_csr(&zero),
            Err(SetupError::Singular { .. })
        ));
    }

    #[test]
    fn lines_along_a_strong_coupling_save_iterations() {
        // -u_xx - 0.01 u_yy: blocks are grid lines in x.
        let (nx, ny) = (32, 40);
        let mut a = gallery::poisson(&[nx, ny]);
        let values: Vec<f64> = (0..nx * ny)
            .flat_map(|i| a.row(i).0.iter().map(move |&j| (j as usize).abs_diff(i)))
            .map(|step| match step {
                0 => 2.02,
                1 => -1.0,
                _ => -0.01,
            })
            .collect();
        a.values_mut().copy_from_slice(&values);
        let b = gallery::noise(nx * ny, 3);
        let mut x = vec![0.0; nx * ny];
        let mut solver = Solver::new(Cg::default());
        let mut lines = BlockJacobi::new(&a, &BlockJacobiParams { block_size: nx }).unwrap();
        assert_symmetric_positive(nx * ny, &mut lines);
        let with_lines = solver.solve(&a, &mut lines, &b, &mut x).unwrap();
        x.fill(0.0);
        let mut points = Jacobi::new(&a, &JacobiParams::default()).unwrap();
        let with_points = solver.solve(&a, &mut points, &b, &mut x).unwrap();
        assert!(2 * with_lines.iterations < with_points.iterations);
    }

    #[test]
    fn a_singular_block_is_named() {
        let entries = [
            (0, 0, 1.0),
            (1, 2, 1.0),
            (2, 2, 1.0),
            (1, 1, 0.0),
            (3, 3, 1.0),
        ];
        let a = Csr::from_triplets(4, 4, &entries).unwrap();
        let error = BlockJacobi::new(&a, &BlockJacobiParams { block_size: 2 }).unwrap_err();
        assert!(error.to_string().contains("rows 0 to 1"), "{error}");
    }
}
