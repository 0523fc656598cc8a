//! What can be wrong inside a Matrix Market file: what was found, what was expected, what to try.

use pdesolve_core::codes;

/// A fault of one line. [`IoError::MatrixMarket`](crate::IoError::MatrixMarket) adds file and line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing in it.
    #[error("the file is empty, expected the line `%%MatrixMarket matrix coordinate real general`")]
    Empty,
    /// Another kind of file.
    #[error("found {found}, expected a Matrix Market text file, plain or compressed by gzip")]
    OtherFormat {
        /// What the first bytes say it is.
        found: &'static str,
    },
    /// The compressed stream ends in the middle.
    #[error("the gzip stream is cut off here, expected its end mark")]
    GzipCutOff,
    /// The compressed stream is damaged.
    #[error("the gzip stream is damaged ({reason})")]
    GzipDamaged {
        /// What the decompressor said.
        reason: String,
    },
    /// A line without end.
    #[error("the line is longer than {most} bytes, expected a few numbers a line")]
    LineTooLong {
        /// The most that is read.
        most: usize,
    },
    /// The file does not begin with the banner.
    #[error("found `{found}`, expected a line that begins with `%%MatrixMarket matrix`")]
    NoBanner {
        /// Start of the first line.
        found: String,
    },
    /// One of the words of the banner is not known.
    #[error(
        "found the {what} `{found}`, expected {}{}",
        alternatives(known),
        nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
    )]
    UnknownWord {
        /// Which word: `object`, `format`, `field` or `symmetry`.
        what: &'static str,
        /// The word found.
        found: String,
        /// The words there are.
        known: &'static [&'static str],
        /// The nearest of them, where one is near.
        nearest: Option<&'static str>,
    },
    /// The banner stops early, or goes on.
    #[error(
        "the banner has {found} words, expected 5: `%%MatrixMarket matrix FORMAT FIELD SYMMETRY`"
    )]
    BannerWords {
        /// Number of words.
        found: usize,
    },
    /// Words that are valid alone and make no sense together.
    #[error("found `{first}` with `{second}`, expected {expected}")]
    Combination {
        /// One word of the banner.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// What may be combined.
        expected: &'static str,
    },
    /// The file ends before the sizes.
    #[error("the file ends, expected the line of sizes: `{expected}`")]
    NoSizes {
        /// Words of the line.
        expected: &'static str,
    },
    /// The line of sizes is not made of whole numbers.
    #[error("found the sizes `{found}`, expected `{expected}` as whole numbers")]
    Sizes {
        /// The line.
        found: String,
        /// Words of the line.
        expected: &'static str,
    },
    /// More rows, columns or entries than can be addressed.
    #[error("found {found} {what}, expected at most {most}")]
    TooLarge {
        /// `rows`, `columns` or `entries`.
        what: &'static str,
        /// The number in the file.
        found: String,
        /// The most there may be.
        most: u64,
    },
    /// A symmetry is declared for a matrix that is not square.
    #[error(
        "found {nrows} rows and {ncols} columns, expected a square matrix since it is declared {symmetry}"
    )]
    NotSquare {
        /// Number of rows.
        nrows: usize,
        /// Number of columns.
        ncols: usize,
        /// The word of the banner.
        symmetry: &'static str,
    },
    /// A line has too few or too many words.
    #[error("found {found} words, expected {expected}")]
    Words {
        /// Number of words.
        found: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A word is not a number.
    #[error("found `{found}`, expected {expected}")]
    NotANumber {
        /// The word.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A number that no solver can use.
    #[error(
        "found the value `{found}`, expected a finite number of at most 1.7976931348623157e308"
    )]
    NonFinite {
        /// The word.
        found: String,
    },
    /// An index that is not in the matrix.
    #[error("found the {what} {found}, expected 1 to {most}")]
    Index {
        /// `row` or `column`.
        what: &'static str,
        /// The word.
        found: String,
        /// Number of rows or columns.
        most: usize,
    },
    /// An entry above the diagonal, where only the lower triangle is stored.
    #[error(
        "found entry ({row}, {column}) above the diagonal, expected the lower triangle only (row >= column) since the matrix is declared {symmetry}"
    )]
    UpperTriangle {
        /// Row, from 1.
        row: u64,
        /// Column, from 1.
        column: u64,
        /// The word of the banner.
        symmetry: &'static str,
    },
    /// A diagonal entry that contradicts the symmetry.
    #[error(
        "found {found} on the diagonal at ({row}, {row}), expected {expected} since the matrix is declared {symmetry}"
    )]
    Diagonal {
        /// Row and column, from 1.
        row: u64,
        /// The value.
        found: String,
        /// What it must be.
        expected: &'static str,
        /// The word of the banner.
        symmetry: &'static str,
    },
    /// The file ends early.
    #[error("the file ends after {found} entries, expected {expected} as its sizes say")]
    Missing {
        /// Entries read.
        found: u64,
        /// Entries announced.
        expected: u64,
    },
    /// The file goes on.
    #[error(
        "found `{found}` after the last entry, expected nothing after the {expected} entries that its sizes announce"
    )]
    Extra {
        /// The line.
        found: String,
        /// Entries announced.
        expected: u64,
    },
    /// A matrix stands where a vector is wanted.
    #[error("found {nrows} rows and {ncols} columns, expected a vector: one column")]
    NotAVector {
        /// Number of rows.
        nrows: usize,
        /// Number of columns.
        ncols: usize,
    },
}

fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

impl Fault {
    /// The code that `pdesolve explain` tells more about.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty
            | Self::OtherFormat { .. }
            | Self::GzipCutOff
            | Self::GzipDamaged { .. }
            | Self::LineTooLong { .. } => codes::MATRIX_UNREADABLE,
            Self::NoBanner { .. }
            | Self::UnknownWord { .. }
            | Self::BannerWords { .. }
            | Self::Combination { .. }
            | Self::NoSizes { .. }
            | Self::Sizes { .. }
            | Self::TooLarge { .. }
            | Self::NotAVector { .. }
            | Self::NotSquare { .. } => codes::MATRIX_HEADER,
            Self::Words { .. }
            | Self::NotANumber { .. }
            | Self::NonFinite { .. }
            | Self::Index { .. }
            | Self::UpperTriangle { .. }
            | Self::Diagonal { .. } => codes::MATRIX_ENTRY,
            Self::Missing { .. } | Self::Extra { .. } => codes::MATRIX_COUNT,
        }
    }

    /// What to try.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Empty => "write the file again: whatever should have filled it did not",
            Self::OtherFormat { .. } => {
                "unpack or convert it first; scipy.io.mmwrite writes Matrix Market files"
            }
            Self::GzipCutOff | Self::GzipDamaged { .. } => {
                "copy or download the file again; `gzip -t FILE` tests it"
            }
            Self::LineTooLong { .. } => "this is hardly a Matrix Market file: look at its head",
            Self::NoBanner { .. } | Self::BannerWords { .. } => {
                "begin the file with `%%MatrixMarket matrix coordinate real general`, or with the words that fit it"
            }
            Self::UnknownWord { .. } => "correct the word in the first line",
            Self::Combination { .. } => "correct the first line",
            Self::NoSizes { .. } => "the file may have been cut off: write it again",
            Self::Sizes { .. } => {
                "after the comments there is one line of sizes: rows and columns, and for `coordinate` the number of entries"
            }
            Self::TooLarge { .. } => "indices have 32 bits here; the line of sizes may be damaged",
            Self::NotSquare { .. } => "declare it `general`, or correct the sizes",
            Self::Words { .. } => {
                "the words of an entry follow from the field in the first line: none for `pattern`, one for `real` and `integer`, two for `complex`"
            }
            Self::NotANumber { .. } => "numbers are written like 1, -0.5 or 2.5e-3",
            Self::NonFinite { .. } => {
                "the program that made the matrix divided by zero or overflowed: mend it there"
            }
            Self::Index { found, .. } if found == "0" => {
                "indices count from 1: add 1 to all rows and columns"
            }
            Self::Index { .. } => "correct the index, or the sizes",
            Self::UpperTriangle { .. } => {
                "store the lower triangle (swap row and column), or store all entries and declare the matrix `general`"
            }
            Self::Diagonal { .. } => "correct the entry, or declare the matrix `general`",
            Self::Missing { .. } => {
                "the file may have been cut off; otherwise correct the number of entries in the line of sizes"
            }
            Self::Extra { .. } => "correct the number of entries in the line of sizes",
            Self::NotAVector { .. } => "give a file with one column",
        }
    }
}
