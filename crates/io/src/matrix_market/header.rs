//! The banner and the line of sizes.

use super::Fault;
use super::lines::{Lines, shown};
use crate::entries::Symmetry;
use crate::error::{IoError, nearest};

/// How the values stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Coordinate,
    Array,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Real,
    Integer,
    Complex,
    Pattern,
}

/// All that stands before the first entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    pub(super) field: Field,
    pub(super) symmetry: Symmetry,
    pub(super) nrows: usize,
    pub(super) ncols: usize,
    /// Entries that follow in the file.
    pub(super) stored: u64,
}

const BANNER: &str = "%%MatrixMarket";
const OBJECTS: &[&str] = &["matrix"];
const FORMATS: &[&str] = &["coordinate", "array"];
const FIELDS: &[&str] = &["real", "integer", "complex", "pattern"];
const SYMMETRIES: &[&str] = &["general", "symmetric", "skew-symmetric", "hermitian"];

impl Header {
    /// Reads up to the line of sizes.
    pub(super) fn read(lines: &mut Lines) -> Result<Self, IoError> {
        let first = lines.next_line()?.unwrap_or_default().to_vec();
        let banner = banner(&first).map_err(|fault| lines.fault(fault))?;
        let line = lines.next_data()?.map(<[u8]>::to_vec);
        sizes(banner, line.as_deref()).map_err(|fault| lines.fault(fault))
    }
}

type Banner = (Format, Field, Symmetry);

fn banner(line: &[u8]) -> Result<Banner, Fault> {
    // Some editors put the byte order mark of UTF-8 first.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let words: Vec<String> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(|word| shown(word).to_ascii_lowercase())
        .collect();
    if words.first().map(String::as_str) != Some(&BANNER.to_ascii_lowercase()) {
        return Err(Fault::NoBanner { found: shown(line) });
    }
    let known = |place: usize, what, known: &'static [&'static str]| match words.get(place) {
        None => Err(Fault::BannerWords { found: words.len() }),
        Some(word) => known
            .iter()
            .position(|k| k == word)
            .ok_or_else(|| Fault::UnknownWord {
                what,
                found: word.clone(),
                known,
                nearest: nearest(word, known.iter().copied()),
            }),
    };
    known(1, "object", OBJECTS)?;
    let format = [Format::Coordinate, Format::Array][known(2, "format", FORMATS)?];
    let field = match words.get(3).map(String::as_str) {
        // Not of the standard, but written by SciPy and others.
        Some("double") => Field::Real,
        Some("unsigned-integer") => Field::Integer,
        _ => [Field::Real, Field::Integer, Field::Complex, Field::Pattern]
            [known(3, "field", FIELDS)?],
    };
    let symmetry = [
        Symmetry::General,
        Symmetry::Symmetric,
        Symmetry::SkewSymmetric,
        Symmetry::Hermitian,
    ][known(4, "symmetry", SYMMETRIES)?];
    if words.len() > 5 {
        return Err(Fault::BannerWords { found: words.len() });
    }
    if symmetry == Symmetry::Hermitian && field != Field::Complex {
        return Err(Fault::Combination {
            first: FIELDS[field as usize],
            second: symmetry.name(),
            expected: "`complex` with `hermitian`, or `symmetric`",
        });
    }
    if field == Field::Pattern && symmetry == Symmetry::SkewSymmetric {
        return Err(Fault::Combination {
            first: "pattern",
            second: symmetry.name(),
            expected: "`pattern` with `general` or `symmetric`",
        });
    }
    if field == Field::Pattern && format == Format::Array {
        return Err(Fault::Combination {
            first: "array",
            second: "pattern",
            expected: "`coordinate` with `pattern`",
        });
    }
    Ok((format, field, symmetry))
}

fn sizes((format, field, symmetry): Banner, line: Option<&[u8]>) -> Result<Header, Fault> {
    let expected = match format {
        Format::Coordinate => "ROWS COLUMNS ENTRIES",
        Format::Array => "ROWS COLUMNS",
    };
    let line = line.ok_or(Fault::NoSizes { expected })?;
    let wrong = || Fault::Sizes {
        found: shown(line),
        expected,
    };
    let words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    if words.len() != expected.split(' ').count()
        || !words.iter().all(|word| word.iter().all(u8::is_ascii_digit))
    {
        return Err(wrong());
    }
    let size = |place: usize, what, most: u64| {
        let text = std::str::from_utf8(words[place]).map_err(|_| wrong())?;
        // All digits, so a failure is an overflow.
        text.parse::<u64>()
            .ok()
            .filter(|&n| n <= most)
            .ok_or_else(|| Fault::TooLarge {
                what,
                found: shown(words[place]),
                most,
            })
    };
    let nrows = size(0, "rows", u64::from(u32::MAX))?;
    let ncols = size(1, "columns", u64::from(u32::MAX))?;
    if symmetry != Symmetry::General && nrows != ncols {
        return Err(Fault::NotSquare {
            nrows: nrows as usize,
            ncols: ncols as usize,
            symmetry: symmetry.name(),
        });
    }
    let stored = match (format, symmetry) {
        (Format::Coordinate, _) => size(2, "entries", i64::MAX as u64)?,
        // Below 2^64, since both factors are below 2^32.
        (Format::Array, Symmetry::General) => nrows * ncols,
        (Format::Array, Symmetry::SkewSymmetric) => nrows * nrows.saturating_sub(1) / 2,
        (Format::Array, _) => nrows * (nrows + 1) / 2,
    };
    Ok(Header {
        format,
        field,
        symmetry,
        nrows: nrows as usize,
        ncols: ncols as usize,
        stored,
    })
}
