//! Why a preconditioner cannot be made, in terms of the matrix.

use crate::csr::Csr;
use crate::scalar::Scalar;

/// A matrix or an option of which no preconditioner can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetupError {
    /// Rows and columns differ in number.
    #[error(
        "a preconditioner needs a square matrix, this one has {rows} rows and {columns} columns"
    )]
    NotSquare {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// There are no rows.
    #[error("the matrix has no rows: there is nothing to precondition")]
    Empty,
    /// An entry is infinite or NaN.
    #[error(
        "entry ({row}, {column}) is infinite or NaN (indices from 0): look for a division by zero where the matrix is assembled"
    )]
    NotFinite {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
    },
    /// A product with the operator is infinite or NaN.
    #[error(
        "the operator times a random vector is not finite at index {index}: it holds infinities or NaNs"
    )]
    ProductNotFinite {
        /// First row.
        index: usize,
    },
    /// A row has no entry on the diagonal, or a zero one.
    #[error(
        "row {row} has no diagonal entry (indices from 0): reorder the rows so that the diagonal is full, or use a direct solver, which pivots"
    )]
    MissingDiagonal {
        /// Row.
        row: usize,
    },
    /// Elimination met a pivot that is zero, or lost in the rounding of its row.
    #[error(
        "the pivot of row {row} is {value:e}, zero up to rounding (indices from 0): allow more fill, reorder the unknowns, or use a direct solver, which pivots"
    )]
    ZeroPivot {
        /// Row.
        row: usize,
        /// Modulus of the pivot.
        value: f64,
    },
    /// A diagonal entry or a pivot of a matrix that should be positive definite is not positive.
    #[error(
        "row {row} gives the pivot {pivot:e} where a positive one is needed (indices from 0): the matrix is not positive definite, or too far from diagonal dominance for this factorisation; allow a diagonal shift, or use ILU with GMRES or BiCGStab"
    )]
    NotPositive {
        /// Row.
        row: usize,
        /// Real part of the pivot.
        pivot: f64,
    },
    /// Complete elimination of a Hermitian matrix met a pivot that is not positive.
    #[error(
        "the matrix is not positive definite: elimination fails at row {row} (indices from 0); use LU, or check the signs and boundary conditions"
    )]
    Indefinite {
        /// Row of the matrix as given.
        row: usize,
    },
    /// The matrix is not Hermitian, and has to be.
    #[error(
        "the matrix is not symmetric: entry ({row}, {column}) differs from the conjugate of its mirror image (indices from 0); use ILU, or make the matrix symmetric"
    )]
    NotHermitian {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
    },
    /// The matrix, or a part of it, is singular.
    #[error(
        "{what} is singular up to rounding: check the boundary conditions, pin one unknown, or use an iterative method with the null space"
    )]
    Singular {
        /// Which matrix.
        what: String,
    },
    /// A number that does not make sense.
    #[error("{name} is {value}, and must be {expected}")]
    Parameter {
        /// Name of the option.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// The numbers that should put unknowns in order are no permutation.
    #[error("index {index} is missing from the ordering of {n} unknowns, or comes twice")]
    NotPermutation {
        /// The first such index.
        index: usize,
        /// How many there are.
        n: usize,
    },
    /// Values were to be replaced in a matrix of another pattern.
    #[error("the new matrix has another sparsity pattern: make the preconditioner anew")]
    PatternChanged,
    /// The factors do not fit.
    #[error(
        "the factors have more entries than 32-bit indices can count, or than there is memory for: allow less fill"
    )]
    TooLarge,
}

/// What every preconditioner asks of a matrix: square, not empty, finite.
pub(crate) fn check_matrix<T: Scalar>(a: &Csr<T>) -> Result<(), SetupError> {
    if a.nrows() != a.ncols() {
        return Err(SetupError::NotSquare {
            rows: a.nrows(),
            columns: a.ncols(),
        });
    }
    if a.nrows() == 0 {
        return Err(SetupError::Empty);
    }
    match a.first_not_finite() {
        Some((row, column)) => Err(SetupError::NotFinite { row, column }),
        None => Ok(()),
    }
}

/// `value` where `valid`, else the error that names the option.
pub(crate) fn check_option(
    name: &'static str,
    value: f64,
    valid: bool,
    expected: &'static str,
) -> Result<(), SetupError> {
    if valid {
        Ok(())
    } else {
        Err(SetupError::Parameter {
            name,
            value,
            expected,
        })
    }
}
