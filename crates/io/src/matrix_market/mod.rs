//! Matrix Market files: sparse and dense matrices and vectors as text.
//!
//! # Format
//! ```text
//! %%MatrixMarket matrix coordinate real symmetric
//! % comments
//! 3 3 4                      rows, columns, entries
//! 1 1  2.0                   row and column from 1, value
//! 2 1 -1.0
//! 2 2  2.0
//! 3 3  2.0
//! ```
//! The banner has five words, in any case: `%%MatrixMarket`, `matrix`, the format, the field and the
//! symmetry.
//!
//! * `coordinate` lists entries; `array` lists all values, column by column, one a line.
//! * `real`, `integer`, `complex` (two numbers) or, for `coordinate`, `pattern` (no number: ones).
//! * `general`, or the lower triangle of a `symmetric`, `skew-symmetric` (without its diagonal) or
//!   `hermitian` (complex) matrix.
//!
//! Read as well: files compressed by gzip (known by their first bytes, whatever their name), lines
//! that end in CR LF, blank lines, comments between entries, the exponents of Fortran (`1D-3`), and
//! the fields `unsigned-integer` and `double` that some programs write.
//!
//! What is refused is refused with its line: [`Fault`] lists all of it. A file is believed only as
//! far as it goes: no memory is taken because its head announces something.
//!
//! Source: Boisvert, Pozo, Remington, "The Matrix Market exchange formats: initial design",
//! NISTIR 5935 (1996).
//!
//! Bad at: size (text is 2 to 3 times as long as HDF5, see
//! [`linear_system`](crate::linear_system), and 10 times slower to read), and at several objects in a
//! file.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pdesolve_io::entries::Values;
//! use pdesolve_io::matrix_market;
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("b.mtx.gz");
//! let b = Values::Real(vec![1.0, 0.1, 1e-300]);
//! matrix_market::write_vector(&path, &b)?;
//! assert_eq!(matrix_market::read_vector(&path)?, b);
//! # Ok(())
//! # }
//! ```

mod fault;
mod header;
mod lines;
mod numbers;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use fault::Fault;
pub use read::{read, read_sparse, read_vector};
pub use write::{write_dense, write_sparse, write_vector};
