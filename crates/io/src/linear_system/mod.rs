//! Linear systems A x = b in HDF5 files, and what came out of solving them.
//!
//! # Layout of a system
//! ```text
//! /A             attr shape = [rows, columns]; attr encoding-type = "csr_matrix" or "csc_matrix"
//! /A/indptr      whole numbers [rows + 1]: the entries of row i are indptr[i]..indptr[i + 1]
//! /A/indices     whole numbers [entries]: columns, from 0
//! /A/data        numbers [entries]
//! /b             numbers [rows], optional
//! /x             numbers [columns], optional: a first guess or the solution
//! ```
//! This is how anndata stores sparse matrices, and the arrays are those of `scipy.sparse.csr_matrix`.
//! Where rows and columns change places the matrix is `csc_matrix`. Also read:
//!
//! * the group under another name or at the root, `b` and `x` inside it;
//! * `shape` as a dataset, or none where the matrix is square; the attributes `h5sparse_format` and
//!   `h5sparse_shape` of the older layout;
//! * numbers of any width, whole or not, compressed or not;
//! * complex numbers as compounds of `r` and `i` (as h5py writes them, and we do), or with a last axis
//!   of 2; columns as `[n, 1]`.
//!
//! # Layout of a solution
//! ```text
//! /              attr format = "pdesolve solution", version (u64)
//! /x             the solution
//! /residuals     f64 [iterations + 1], relative residual norms as the method saw them
//! /info          one attribute for each thing to know: method, preconditioner, times, counts
//! ```
//!
//! Bad at: block matrices, several right-hand sides.

mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::entries::{SparseEntries, Values};

pub use read::{is_hdf5, is_solution, read, read_vector};
pub use write::{write_solution, write_system};

/// What the attribute `format` of a solution says.
const SOLUTION: &str = "pdesolve solution";

/// A x = b as a file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearSystem {
    /// A.
    pub matrix: SparseEntries,
    /// b, of `nrows` entries.
    pub rhs: Option<Values>,
    /// x, of `ncols` entries: a first guess, or a solution to compare with.
    pub x: Option<Values>,
}

/// Something to know about a solve.
#[derive(Clone, Debug, PartialEq)]
pub enum Info {
    /// Words.
    Text(String),
    /// A quantity.
    Number(f64),
    /// A count.
    Count(u64),
}

/// What came out of solving a system.
#[derive(Clone, Copy, Debug)]
pub struct Solution<'a> {
    /// The solution.
    pub x: &'a Values,
    /// Relative residual norms, from the one before the first iteration on.
    pub residuals: &'a [f64],
    /// What else to know, by name.
    pub info: &'a [(&'a str, Info)],
}
