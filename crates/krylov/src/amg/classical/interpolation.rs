//! Interpolation from C points: what A says of an F point in terms of its surroundings.
//!
//! For an error e that relaxation leaves, (A e)_i is small against a_ii e_i. So, for F point i,
//!
//! ```text
//! a_ii e_i = - sum_{j in C_i} a_ij e_j - sum_{k in F_i} a_ik e_k - sum_{n weak} a_in e_n
//! ```
//!
//! where C_i and F_i are the C and F points on which i depends strongly. Weak points are given the
//! value e_i; the methods differ in what they do about F_i.
//!
//! * Direct: the row is cut to C_i and scaled so that its sum stays, negative and positive entries
//!   apart.
//! * Classical, modified: e_k is the mean of e over C_i, weighted by the entries a_kj of the sign
//!   opposite to a_kk. A k without such entries counts as weak.
//! * Extended+i: as before, over the larger set C_i and all C_k, k in F_i, and i itself. It needs no
//!   common C points and suits PMIS.
//!
//! ```text
//! w_ij = - (a_ij + sum_{k in F_i} a_ik b_kj / d_ik) / a~_ii,    d_ik = sum_{l in set (and i)} b_kl
//! a~_ii = a_ii + sum_{weak} a_in (+ sum_{k in F_i} a_ik b_ki / d_ik)
//! ```
//!
//! with b_kj = a_kj where its sign is opposite to that of a_kk, else 0. Where row i of A sums to
//! zero, row i of P sums to one. Where a~_ii vanishes or changes sign against a_ii, as positive entries
//! of A can bring about, the row is scaled to sum one instead: P is finite whatever A is.
//!
//! Truncation keeps the largest entries of a row and scales them so that its sum stays.
//!
//! Sources: Stueben (2001), J. Comput. Appl. Math. 128, 281 (direct); De Sterck, Falgout, Nolting and
//! Yang (2008), Numer. Linear Algebra Appl. 15, 115 (the others).

use super::strength::turned;
use super::{Interpolation, Truncation};
use crate::csr::multiply::{Part, by_rows};
use crate::csr::{Csr, CsrError};

/// A~_ii below this part of a_ii counts as zero.
const LEAST_DIAGONAL: f64 = 1e-6;

/// A column that is not in the row at hand.
const ABSENT: u32 = u32::MAX;

/// A matrix with its splitting.
pub(crate) struct Split<'a> {
    pub(crate) a: &'a Csr<f64>,
    pub(crate) diagonal: &'a [f64],
    /// For each entry of A whether it is strong.
    pub(crate) strong: &'a [bool],
    pub(crate) coarse: &'a [bool],
}

/// P: one row a point, one column a C point, in their order.
pub(crate) fn interpolation(
    split: &Split<'_>,
    kind: Interpolation,
    truncation: Truncation,
) -> Result<Csr<f64>, CsrError> {
    let n = split.a.nrows();
    let mut number = vec![ABSENT; n];
    let mut count = 0;
    for (number, _) in number.iter_mut().zip(split.coarse).filter(|(_, c)| **c) {
        *number = count;
        count += 1;
    }
    let work = split.a.offsets();
    by_rows(n, count as usize, work, |rows, part: &mut Part<f64>| {
        let mut row = Row::new(n);
        for i in rows {
            if split.coarse[i] {
                part.columns.push(number[i]);
                part.values.push(1.0);
            } else {
                row.clear();
                match kind {
                    Interpolation::Direct => direct(split, i, &mut row),
                    Interpolation::Classical => through_fine(split, i, false, &mut row),
                    Interpolation::ExtendedPlusI => through_fine(split, i, true, &mut row),
                }
                truncate(&mut row.entries, truncation);
                row.entries.sort_unstable_by_key(|&(j, _)| j);
                for &(j, w) in &row.entries {
                    part.columns.push(number[j as usize]);
                    part.values.push(w);
                }
            }
            part.ends.push(part.columns.len());
        }
    })
}

/// A row of P while it is gathered.
struct Row {
    /// Where each point stands in `entries`.
    place: Vec<u32>,
    /// Points of the set, and their sums.
    entries: Vec<(u32, f64)>,
    touched: Vec<u32>,
}

impl Row {
    fn new(n: usize) -> Self {
        Self {
            place: vec![ABSENT; n],
            entries: Vec::new(),
            touched: Vec::new(),
        }
    }

    fn clear(&mut self) {
        for &j in &self.touched {
            self.place[j as usize] = ABSENT;
        }
        self.touched.clear();
        self.entries.clear();
    }

    /// Takes a point into the set.
    fn include(&mut self, j: u32) {
        let place = &mut self.place[j as usize];
        if *place == ABSENT {
            *place = self.entries.len() as u32;
            self.entries.push((j, 0.0));
            self.touched.push(j);
        }
    }
}

impl Split<'_> {
    /// Columns and values of row i, and whether they are strong.
    fn entries(&self, i: usize) -> impl Iterator<Item = (u32, f64, bool)> {
        let (columns, values) = self.a.row(i);
        let begin = self.a.offsets()[i] as usize;
        let strong = &self.strong[begin..begin + columns.len()];
        let pairs = columns.iter().zip(values).zip(strong);
        pairs.map(|((&j, &v), &s)| (j, v, s))
    }
}

/// Direct interpolation of row i.
fn direct(split: &Split<'_>, i: usize, row: &mut Row) {
    let sign = turned(split.diagonal[i]);
    // Sums over all of the row, and over C_i, of entries against and with the sign of a_ii.
    let (mut all, mut kept) = ([0.0; 2], [0.0; 2]);
    for (j, v, strong) in split.entries(i) {
        if j as usize == i {
            continue;
        }
        let side = usize::from(sign * v > 0.0);
        all[side] += v;
        if strong && split.coarse[j as usize] {
            kept[side] += v;
            row.entries.push((j, v));
        }
    }
    if row.entries.is_empty() {
        return;
    }
    // No entry of the sign of a_ii is strong: their sum goes to the diagonal.
    let diagonal = split.diagonal[i] + all[1];
    let factor = all[0] / kept[0];
    for (_, w) in &mut row.entries {
        *w *= -factor;
    }
    divide(row, diagonal, split.diagonal[i]);
}

/// Classical modified interpolation of row i, or extended+i.
fn through_fine(split: &Split<'_>, i: usize, extended: bool, row: &mut Row) {
    let Split { a, coarse, .. } = *split;
    for (j, _, strong) in split.entries(i) {
        if !strong {
            continue;
        }
        if coarse[j as usize] {
            row.include(j);
        } else if extended {
            for (l, _, strong) in split.entries(j as usize) {
                if strong && coarse[l as usize] {
                    row.include(l);
                }
            }
        }
    }
    if row.entries.is_empty() {
        return;
    }
    let mut diagonal = split.diagonal[i];
    for (k, v, strong) in split.entries(i) {
        if k as usize == i {
            continue;
        }
        let place = row.place[k as usize];
        if place != ABSENT {
            row.entries[place as usize].1 -= v;
            continue;
        }
        let mut sum = 0.0;
        let (columns, values) = a.row(k as usize);
        let sign = turned(split.diagonal[k as usize]);
        let counts = |l: u32, v: f64, place: &[u32]| {
            sign * v < 0.0 && (place[l as usize] != ABSENT || extended && l as usize == i)
        };
        if strong && !coarse[k as usize] {
            for (&l, &b) in columns.iter().zip(values) {
                if counts(l, b, &row.place) {
                    sum += b;
                }
            }
        }
        if sum == 0.0 {
            diagonal += v;
            continue;
        }
        let share = v / sum;
        for (&l, &b) in columns.iter().zip(values) {
            if counts(l, b, &row.place) {
                if l as usize == i {
                    diagonal += share * b;
                } else {
                    row.entries[row.place[l as usize] as usize].1 -= share * b;
                }
            }
        }
    }
    divide(row, diagonal, split.diagonal[i]);
}

/// Divides the row by a~_ii, or by its sum where that is no divisor.
fn divide(row: &mut Row, diagonal: f64, original: f64) {
    let sum: f64 = row.entries.iter().map(|(_, w)| w).sum();
    let divisor = if diagonal * turned(original) > LEAST_DIAGONAL * original.abs() {
        diagonal
    } else {
        sum
    };
    let size: f64 = row.entries.iter().map(|(_, w)| w.abs()).sum();
    if divisor.abs() > LEAST_DIAGONAL * size {
        for (_, w) in &mut row.entries {
            *w /= divisor;
        }
    } else {
        row.entries.clear();
    }
}

/// Drops small entries and all but the largest few; what is left is scaled to the sum before.
fn truncate(entries: &mut Vec<(u32, f64)>, truncation: Truncation) {
    let Truncation {
        max_elements,
        drop_factor,
    } = truncation;
    let before = entries.len();
    let sum: f64 = entries.iter().map(|(_, w)| w).sum();
    if drop_factor > 0.0 {
        let largest = entries.iter().fold(0.0, |m: f64, (_, w)| m.max(w.abs()));
        entries.retain(|(_, w)| w.abs() >= drop_factor * largest);
    }
    if max_elements > 0 && entries.len() > max_elements {
        entries.sort_unstable_by(|(i, v), (j, w)| w.abs().total_cmp(&v.abs()).then(i.cmp(j)));
        entries.truncate(max_elements);
    }
    if entries.len() == before {
        return;
    }
    let kept: f64 = entries.iter().map(|(_, w)| w).sum();
    let size: f64 = entries.iter().map(|(_, w)| w.abs()).sum();
    // Entries of both signs may cancel: then no factor restores the sum.
    if kept.abs() > 0.1 * size {
        for (_, w) in entries {
            *w *= sum / kept;
        }
    }
}
