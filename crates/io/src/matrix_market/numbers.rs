//! Words to numbers.

use super::Fault;
use super::lines::shown;

/// An index from 1 to `most`, as one from 0.
pub(super) fn index(word: &[u8], what: &'static str, most: usize) -> Result<u32, Fault> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::NotANumber {
            found: shown(word),
            expected: match what {
                "row" => "a row as a whole number",
                _ => "a column as a whole number",
            },
        });
    }
    // Indices and sizes have at most ten digits: 64 bits cannot overflow in them.
    let mut value = 0u64;
    for digit in digits {
        value = value
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'));
    }
    if value == 0 || value > most as u64 || digits.len() < word.len() {
        return Err(Fault::Index {
            what,
            found: shown(word),
            most,
        });
    }
    Ok((value - 1) as u32)
}

/// A whole number, of any length: beyond 2^53 it is rounded.
pub(super) fn integer(word: &[u8]) -> Result<f64, Fault> {
    let digits = match word {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::NotANumber {
            found: shown(word),
            expected: "a whole number, since the field is `integer`",
        });
    }
    real(word)
}

/// A finite number.
pub(super) fn real(word: &[u8]) -> Result<f64, Fault> {
    let value = std::str::from_utf8(word)
        .ok()
        .and_then(|text| text.parse().ok())
        .or_else(|| fortran(word))
        .ok_or_else(|| Fault::NotANumber {
            found: shown(word),
            expected: "a number",
        })?;
    if f64::is_finite(value) {
        Ok(value)
    } else {
        Err(Fault::NonFinite { found: shown(word) })
    }
}

/// `1.5D-3`, as Fortran writes double precision.
fn fortran(word: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(word).ok()?;
    let (mantissa, exponent) = text.split_once(['d', 'D'])?;
    format!("{mantissa}e{exponent}").parse().ok()
}
