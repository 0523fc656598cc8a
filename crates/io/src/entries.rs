//! Matrices and vectors as files hold them, before they take a solver's format.

use std::path::Path;

use num_complex::Complex;

use crate::error::IoError;
use crate::hdf::malformed;

/// The numbers of a matrix or a vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Real numbers; whole numbers and the ones of a `pattern` file too.
    Real(Vec<f64>),
    /// Complex numbers.
    Complex(Vec<Complex<f64>>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Complex(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entry `i` as a complex number.
    ///
    /// # Panics
    /// Where `i` is not below [`len`](Self::len).
    pub fn get(&self, i: usize) -> Complex<f64> {
        match self {
            Self::Real(values) => values[i].into(),
            Self::Complex(values) => values[i],
        }
    }

    /// Position and value of the first number with a NaN or an infinity in it.
    pub fn first_non_finite(&self) -> Option<(usize, f64)> {
        match self {
            Self::Real(values) => values
                .iter()
                .position(|v| !v.is_finite())
                .map(|i| (i, values[i])),
            Self::Complex(values) => values.iter().position(|v| !v.is_finite()).map(|i| {
                let z = values[i];
                (i, if z.re.is_finite() { z.im } else { z.re })
            }),
        }
    }

    /// Refuses to write what no solver can use.
    pub(crate) fn check_finite(&self, path: &Path, array: &str) -> Result<(), IoError> {
        match self.first_non_finite() {
            None => Ok(()),
            Some((index, value)) => Err(IoError::NonFinite {
                path: path.to_owned(),
                array: array.to_owned(),
                index,
                value,
            }),
        }
    }
}

/// The symmetry a file declares. What is read is expanded: a solver may use the word, and need not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symmetry {
    /// None declared: all entries are stored.
    #[default]
    General,
    /// a_ji = a_ij: the lower triangle is stored.
    Symmetric,
    /// a_ji = -a_ij: the lower triangle without the diagonal, which is zero, is stored.
    SkewSymmetric,
    /// a_ji is the conjugate of a_ij: the lower triangle is stored; the diagonal is real.
    Hermitian,
}

impl Symmetry {
    /// The word for it in a Matrix Market file.
    pub fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Symmetric => "symmetric",
            Self::SkewSymmetric => "skew-symmetric",
            Self::Hermitian => "hermitian",
        }
    }
}

/// A sparse matrix as a list of entries (i, j, a_ij), in the order of the file.
///
/// Symmetric storage is expanded: the mirrored entry follows its original. A place may occur more
/// than once; the entries of one place add up. `nrows` and `ncols` come from the file and bound
/// nothing but the indices: a few bytes can announce four thousand million empty rows, so look at
/// the number of entries before taking memory for the rows (a square matrix with more rows than
/// entries is singular).
#[derive(Clone, Debug, PartialEq)]
pub struct SparseEntries {
    /// Number of rows.
    pub nrows: usize,
    /// Number of columns.
    pub ncols: usize,
    /// Row of each entry, from 0.
    pub rows: Vec<u32>,
    /// Column of each entry, from 0.
    pub columns: Vec<u32>,
    /// Value of each entry.
    pub values: Values,
    /// The symmetry declared.
    pub symmetry: Symmetry,
}

impl SparseEntries {
    /// Number of entries, mirrored ones counted.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the matrix can be written to `path`.
    pub(crate) fn check(&self, path: &Path) -> Result<(), IoError> {
        let lists = [
            ("columns", self.columns.len()),
            ("values", self.values.len()),
        ];
        for (what, found) in lists {
            if found != self.len() {
                return Err(IoError::Count {
                    path: path.to_owned(),
                    what: format!("the list of {what}"),
                    found,
                    expected: self.len(),
                });
            }
        }
        for (what, indices, n) in [
            ("row", &self.rows, self.nrows),
            ("column", &self.columns, self.ncols),
        ] {
            if let Some(index) = indices.iter().find(|&&index| index as usize >= n) {
                let found = format!("{what} {index}");
                return Err(malformed(path, "matrix", found, format!("less than {n}")));
            }
        }
        self.values.check_finite(path, "matrix")
    }

    /// Row offsets of the compressed-row form, and the order in which the entries stand in it:
    /// by row, in a row by column, entries of one place as they come.
    ///
    /// Two stable counting sorts: O(entries + rows + columns).
    ///
    /// # Panics
    /// Where an index is not below the size; what is read from a file is checked.
    pub fn by_rows(&self) -> (Vec<usize>, Vec<usize>) {
        let by_column = counting_sort(&self.columns, self.ncols, 0..self.len()).1;
        counting_sort(&self.rows, self.nrows, by_column)
    }

    /// Whether the entries have the symmetry that is declared, bit for bit.
    ///
    /// # Panics
    /// As [`by_rows`](Self::by_rows).
    pub fn has_declared_symmetry(&self) -> bool {
        if self.symmetry == Symmetry::General {
            return true;
        }
        if self.nrows != self.ncols {
            return false;
        }
        let (_, order) = self.by_rows();
        // The transpose has its rows where this one has its columns.
        let by_row = counting_sort(&self.rows, self.nrows, 0..self.len()).1;
        let (_, transposed) = counting_sort(&self.columns, self.ncols, by_row);
        order.iter().zip(&transposed).all(|(&k, &m)| {
            let (a, b) = (self.values.get(k), self.values.get(m));
            let mirrored = match self.symmetry {
                Symmetry::General | Symmetry::Symmetric => b,
                Symmetry::SkewSymmetric => -b,
                Symmetry::Hermitian => b.conj(),
            };
            self.rows[k] == self.columns[m] && self.columns[k] == self.rows[m] && a == mirrored
        })
    }
}

/// Offsets of the keys 0..n and the stable order of the items by key.
fn counting_sort(
    keys: &[u32],
    n: usize,
    items: impl IntoIterator<Item = usize>,
) -> (Vec<usize>, Vec<usize>) {
    let mut offsets = vec![0; n + 1];
    for &key in keys {
        offsets[key as usize + 1] += 1;
    }
    for key in 0..n {
        offsets[key + 1] += offsets[key];
    }
    let mut next = offsets.clone();
    let mut order = vec![0; keys.len()];
    for item in items {
        let key = keys[item] as usize;
        order[next[key]] = item;
        next[key] += 1;
    }
    (offsets, order)
}

/// A matrix with all its entries, column by column: (i, j) stands at `i + nrows * j`.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseArray {
    /// Number of rows.
    pub nrows: usize,
    /// Number of columns; 1 for a vector.
    pub ncols: usize,
    /// `nrows * ncols` numbers.
    pub values: Values,
    /// The symmetry declared.
    pub symmetry: Symmetry,
}

/// A matrix in either form.
#[derive(Clone, Debug, PartialEq)]
pub enum Matrix {
    /// A list of entries.
    Sparse(SparseEntries),
    /// All entries.
    Dense(DenseArray),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(symmetry: Symmetry, values: Vec<f64>) -> SparseEntries {
        SparseEntries {
            nrows: 3,
            ncols: 3,
            rows: vec![2, 0, 1, 0],
            columns: vec![0, 2, 1, 1],
            values: Values::Real(values),
            symmetry,
        }
    }

    #[test]
    fn rows_come_sorted_by_column() {
        let (offsets, order) = three(Symmetry::General, vec![1.0, 2.0, 3.0, 4.0]).by_rows();
        assert_eq!(offsets, [0, 2, 3, 4]);
        assert_eq!(order, [3, 1, 2, 0]);
    }

    #[test]
    fn a_declared_symmetry_that_does_not_hold_is_seen() {
        let mut a = three(Symmetry::Symmetric, vec![5.0, 5.0, 1.0, 0.0]);
        assert!(!a.has_declared_symmetry(), "entry (0, 1) has no partner");
        a.rows[3] = 1;
        assert!(a.has_declared_symmetry());
        a.symmetry = Symmetry::SkewSymmetric;
        assert!(!a.has_declared_symmetry());
        a.values = Values::Real(vec![5.0, -5.0, 0.0, 0.0]);
        assert!(a.has_declared_symmetry());
    }
}
