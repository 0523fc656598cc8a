//! Reading: one entry a line, bytes to numbers without a detour over strings.

use std::path::Path;

use num_complex::Complex;

use super::Fault;
use super::header::{Field, Format, Header};
use super::lines::{Lines, shown};
use super::numbers::{index, integer, real};
use crate::entries::{DenseArray, Matrix, SparseEntries, Symmetry, Values};
use crate::error::IoError;

/// Reads a matrix in the form that the file has.
///
/// # Errors
/// [`IoError::MatrixMarket`] with the line at fault; [`IoError`] of the file system.
pub fn read(path: &Path) -> Result<Matrix, IoError> {
    read_if(path, |_| Ok(()))
}

/// Reads a matrix whose header passes `check`.
fn read_if(path: &Path, check: fn(&Header) -> Result<(), Fault>) -> Result<Matrix, IoError> {
    let mut lines = Lines::open(path)?;
    let header = Header::read(&mut lines)?;
    check(&header).map_err(|fault| lines.fault(fault))?;
    match header.field {
        Field::Complex => body::<Complex<f64>>(&mut lines, &header, Values::Complex),
        Field::Real | Field::Integer | Field::Pattern => {
            body::<f64>(&mut lines, &header, Values::Real)
        }
    }
}

/// Reads a matrix as a list of entries; the entries of an `array` that are not zero.
///
/// # Errors
/// As [`read`].
pub fn read_sparse(path: &Path) -> Result<SparseEntries, IoError> {
    Ok(match read(path)? {
        Matrix::Sparse(entries) => entries,
        Matrix::Dense(array) => sparse(array),
    })
}

/// Reads a vector: an `array` of one column, or a `coordinate` file of one column, whose entries
/// add up to the vector and are zero where nothing is listed.
///
/// # Errors
/// As [`read`]; [`Fault::NotAVector`] where the file has another number of columns;
/// [`Fault::TooLarge`] where more than 2^27 rows are announced for a list of few entries.
pub fn read_vector(path: &Path) -> Result<Values, IoError> {
    Ok(match read_if(path, check_vector)? {
        Matrix::Dense(array) => array.values,
        Matrix::Sparse(entries) => match &entries.values {
            Values::Real(values) => Values::Real(scatter(&entries, values)),
            Values::Complex(values) => Values::Complex(scatter(&entries, values)),
        },
    })
}

fn check_vector(header: &Header) -> Result<(), Fault> {
    if header.ncols != 1 {
        return Err(Fault::NotAVector {
            nrows: header.nrows,
            ncols: header.ncols,
        });
    }
    // Zeros that the file does not list take memory all the same: 1 GiB of them, or as many as
    // its entries make plausible.
    let most = header.stored.saturating_mul(1000).max(1 << 27);
    if header.nrows as u64 > most {
        return Err(Fault::TooLarge {
            what: "rows",
            found: header.nrows.to_string(),
            most,
        });
    }
    Ok(())
}

fn scatter<T: Copy + Default + std::ops::AddAssign>(
    entries: &SparseEntries,
    values: &[T],
) -> Vec<T> {
    let mut vector = vec![T::default(); entries.nrows];
    for (&row, &value) in entries.rows.iter().zip(values) {
        vector[row as usize] += value;
    }
    vector
}

fn sparse(array: DenseArray) -> SparseEntries {
    let nrows = array.nrows;
    let zero = Complex::default();
    let kept: Vec<usize> = (0..array.values.len())
        .filter(|&k| array.values.get(k) != zero)
        .collect();
    SparseEntries {
        nrows,
        ncols: array.ncols,
        // Sizes were checked to have 32 bits.
        rows: kept.iter().map(|k| (k % nrows) as u32).collect(),
        columns: kept.iter().map(|k| (k / nrows) as u32).collect(),
        values: match &array.values {
            Values::Real(values) => Values::Real(kept.iter().map(|&k| values[k]).collect()),
            Values::Complex(values) => Values::Complex(kept.iter().map(|&k| values[k]).collect()),
        },
        symmetry: array.symmetry,
    }
}

/// A number of a file: real or complex.
trait Entry: Copy + Default + PartialEq + std::fmt::Display {
    /// Reads the value of an entry from the words that are left on its line; `None` where their
    /// number is wrong.
    fn parse<'a>(
        words: &mut impl Iterator<Item = &'a [u8]>,
        field: Field,
    ) -> Option<Result<Self, Fault>>;

    /// a_ji of a_ij.
    fn mirrored(self, symmetry: Symmetry) -> Self;

    /// What the diagonal must be where it is not.
    fn diagonal_fault(self, symmetry: Symmetry) -> Option<&'static str> {
        (self.mirrored(symmetry) != self).then_some(match symmetry {
            Symmetry::Hermitian => "a real number",
            _ => "zero",
        })
    }
}

impl Entry for f64 {
    fn parse<'a>(
        words: &mut impl Iterator<Item = &'a [u8]>,
        field: Field,
    ) -> Option<Result<Self, Fault>> {
        let value = match field {
            Field::Pattern => Ok(1.0),
            Field::Integer => integer(words.next()?),
            Field::Real | Field::Complex => real(words.next()?),
        };
        words.next().is_none().then_some(value)
    }

    fn mirrored(self, symmetry: Symmetry) -> Self {
        match symmetry {
            Symmetry::SkewSymmetric => -self,
            _ => self,
        }
    }
}

impl Entry for Complex<f64> {
    fn parse<'a>(
        words: &mut impl Iterator<Item = &'a [u8]>,
        _: Field,
    ) -> Option<Result<Self, Fault>> {
        let (re, im) = (real(words.next()?), real(words.next()?));
        let value = re.and_then(|re| Ok(Self::new(re, im?)));
        words.next().is_none().then_some(value)
    }

    fn mirrored(self, symmetry: Symmetry) -> Self {
        match symmetry {
            Symmetry::SkewSymmetric => -self,
            Symmetry::Hermitian => self.conj(),
            Symmetry::General | Symmetry::Symmetric => self,
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

fn body<T: Entry>(
    lines: &mut Lines,
    header: &Header,
    wrap: fn(Vec<T>) -> Values,
) -> Result<Matrix, IoError> {
    match header.format {
        Format::Coordinate => coordinate(lines, header, wrap).map(Matrix::Sparse),
        Format::Array => array(lines, header, wrap).map(Matrix::Dense),
    }
}

/// Room for the entries that a file of this length can hold, at most those announced. Each takes
/// `shortest` bytes or more; compression is not counted on, a list that was too short grows.
fn room(lines: &Lines, header: &Header, shortest: u64) -> usize {
    let copies = if header.symmetry == Symmetry::General {
        1
    } else {
        2
    };
    (header.stored.min(lines.length / shortest) * copies) as usize
}

fn coordinate<T: Entry>(
    lines: &mut Lines,
    header: &Header,
    wrap: fn(Vec<T>) -> Values,
) -> Result<SparseEntries, IoError> {
    let room = room(lines, header, "1 1\n".len() as u64);
    let mut rows = Vec::with_capacity(room);
    let mut columns = Vec::with_capacity(room);
    let mut values: Vec<T> = Vec::with_capacity(room);
    for found in 0..header.stored {
        let Some(line) = lines.next_data()? else {
            return Err(missing(lines, header, found));
        };
        let (row, column, value) = match entry::<T>(line, header) {
            Ok(entry) => entry,
            Err(fault) => return Err(lines.fault(fault)),
        };
        rows.push(row);
        columns.push(column);
        values.push(value);
        if header.symmetry != Symmetry::General && row != column {
            rows.push(column);
            columns.push(row);
            values.push(value.mirrored(header.symmetry));
        }
    }
    check_end(lines, header)?;
    Ok(SparseEntries {
        nrows: header.nrows,
        ncols: header.ncols,
        rows,
        columns,
        values: wrap(values),
        symmetry: header.symmetry,
    })
}

fn entry<T: Entry>(line: &[u8], header: &Header) -> Result<(u32, u32, T), Fault> {
    let wrong = || Fault::Words {
        found: words(line).count(),
        expected: match header.field {
            Field::Complex => "row, column, real and imaginary part",
            Field::Pattern => "row and column",
            Field::Real | Field::Integer => "row, column and value",
        },
    };
    let mut words = words(line);
    let (Some(row), Some(column)) = (words.next(), words.next()) else {
        return Err(wrong());
    };
    // All words are looked at before any is judged: where one is missing, the others are shifted.
    let value = T::parse(&mut words, header.field).ok_or_else(wrong)?;
    let row = index(row, "row", header.nrows)?;
    let column = index(column, "column", header.ncols)?;
    let value = value?;
    if header.symmetry != Symmetry::General {
        if row < column {
            return Err(Fault::UpperTriangle {
                row: u64::from(row) + 1,
                column: u64::from(column) + 1,
                symmetry: header.symmetry.name(),
            });
        }
        if row == column {
            check_diagonal(value, row, header.symmetry)?;
        }
    }
    Ok((row, column, value))
}

fn check_diagonal<T: Entry>(value: T, row: u32, symmetry: Symmetry) -> Result<(), Fault> {
    match value.diagonal_fault(symmetry) {
        None => Ok(()),
        Some(expected) => Err(Fault::Diagonal {
            row: u64::from(row) + 1,
            found: value.to_string(),
            expected,
            symmetry: symmetry.name(),
        }),
    }
}

fn array<T: Entry>(
    lines: &mut Lines,
    header: &Header,
    wrap: fn(Vec<T>) -> Values,
) -> Result<DenseArray, IoError> {
    let mut stored: Vec<T> = Vec::with_capacity(room(lines, header, "1\n".len() as u64));
    for found in 0..header.stored {
        let Some(line) = lines.next_data()? else {
            return Err(missing(lines, header, found));
        };
        let value = T::parse(&mut words(line), header.field).unwrap_or_else(|| {
            Err(Fault::Words {
                found: words(line).count(),
                expected: match header.field {
                    Field::Complex => "real and imaginary part",
                    _ => "one value",
                },
            })
        });
        match value {
            Ok(value) => stored.push(value),
            Err(fault) => return Err(lines.fault(fault)),
        }
    }
    check_end(lines, header)?;
    let values = match header.symmetry {
        Symmetry::General => stored,
        symmetry => expand(&stored, header.nrows, symmetry).map_err(|fault| lines.fault(fault))?,
    };
    Ok(DenseArray {
        nrows: header.nrows,
        ncols: header.ncols,
        values: wrap(values),
        symmetry: header.symmetry,
    })
}

/// All n^2 values from the lower triangle, which stands column by column.
fn expand<T: Entry>(lower: &[T], n: usize, symmetry: Symmetry) -> Result<Vec<T>, Fault> {
    let mut all = vec![T::default(); n * n];
    let mut lower = lower.iter();
    for column in 0..n {
        let first = match symmetry {
            Symmetry::SkewSymmetric => column + 1,
            _ => column,
        };
        for (row, &value) in (first..n).zip(&mut lower) {
            if row == column {
                check_diagonal(value, row as u32, symmetry)?;
            }
            all[row + n * column] = value;
            all[column + n * row] = value.mirrored(symmetry);
        }
    }
    Ok(all)
}

fn missing(lines: &Lines, header: &Header, found: u64) -> IoError {
    lines.fault(Fault::Missing {
        found,
        expected: header.stored,
    })
}

/// Nothing but comments may follow; reading on also tests the end mark of a gzip stream.
fn check_end(lines: &mut Lines, header: &Header) -> Result<(), IoError> {
    let Some(found) = lines.next_data()?.map(shown) else {
        return Ok(());
    };
    Err(lines.fault(Fault::Extra {
        found,
        expected: header.stored,
    }))
}
