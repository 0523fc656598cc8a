//! ILU(k): incomplete LU with fill up to a level.
//!
//! An entry of A has level 0; fill at (i, j) by way of row m has
//!
//! ```text
//! lev_ij = min over m < min(i, j) of  lev_im + lev_mj + 1
//! ```
//!
//! and is kept where lev_ij <= k. The pattern is found first, from the pattern of A alone; the
//! numbers are then those of ILU on that pattern, and [`IluK::rebuild`] repeats only this second
//! step. The level of an entry is the length of the shortest path from i to j through lower-numbered
//! unknowns, less one: for diagonally dominant matrices fill decays with it. With k >= n - 2 this is
//! Gaussian elimination without pivoting.
//!
//! Source: Watts (1981), SPE J. 21, 345; Hysom and Pothen (2001) for the paths. Bad at: large k in
//! 3-D, where fill grows quickly and blindly to its size; ILUT then spends memory better.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;

use super::error::{SetupError, check_matrix};
use super::ilu0::{check_relaxation, factor_on_pattern};
use super::triangular::Factors;

/// Options of [`IluK`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IluKParams {
    /// k: fill up to this level is kept. Default: 1.
    pub level: usize,
    /// Part of the dropped fill that is moved to the diagonal, 0 to 1. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub relaxation: f64,
}

impl Default for IluKParams {
    fn default() -> Self {
        Self {
            level: 1,
            relaxation: 0.0,
        }
    }
}

/// z = (L U)^-1 r with factors on the pattern of level k. Symmetric where A is, up to rounding.
#[derive(Clone, Debug)]
pub struct IluK<T> {
    factors: Factors<T>,
    pattern: Pattern,
    /// The pattern of A for which `pattern` was found.
    given: Pattern,
    relaxation: f64,
}

/// Where entries stand: columns increase within each row.
#[derive(Clone, Debug, PartialEq)]
struct Pattern {
    offsets: Vec<u32>,
    columns: Vec<u32>,
}

impl Pattern {
    fn memory_bytes(&self) -> usize {
        size_of_val(&self.offsets[..]) + size_of_val(&self.columns[..])
    }
}

impl<T: Scalar> IluK<T> {
    /// Factors a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`], [`SetupError::ZeroPivot`], a parameter out of its range, and
    /// what makes no matrix.
    pub fn new(a: &Csr<T>, params: &IluKParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_relaxation(params.relaxation)?;
        let pattern = pattern_of_level(a, params.level)?;
        let factors = factor_on_pattern(a, &pattern.offsets, &pattern.columns, params.relaxation)?;
        Ok(Self {
            factors,
            pattern,
            given: Pattern {
                offsets: a.offsets().to_vec(),
                columns: a.columns().to_vec(),
            },
            relaxation: params.relaxation,
        })
    }

    /// Factors a matrix of the same pattern with other values.
    ///
    /// # Errors
    /// [`SetupError::PatternChanged`], else as [`IluK::new`]; the old factors then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        check_matrix(a)?;
        if a.offsets() != self.given.offsets || a.columns() != self.given.columns {
            return Err(SetupError::PatternChanged);
        }
        let Pattern { offsets, columns } = &self.pattern;
        self.factors = factor_on_pattern(a, offsets, columns, self.relaxation)?;
        Ok(())
    }

    /// Entries of L and U, the unit diagonal of L not counted.
    pub fn nnz(&self) -> usize {
        self.pattern.columns.len()
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes() + self.pattern.memory_bytes() + self.given.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for IluK<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

/// Places of entries with lev_ij <= k.
fn pattern_of_level<T: Scalar>(a: &Csr<T>, k: usize) -> Result<Pattern, SetupError> {
    let n = a.nrows();
    let k = u32::try_from(k.min(n)).map_err(|_| SetupError::TooLarge)?;
    let mut offsets = Vec::with_capacity(n + 1);
    offsets.push(0u32);
    let mut columns: Vec<u32> = Vec::with_capacity(2 * a.nnz());
    // Level of each kept entry, and where the part right of the diagonal begins.
    let mut levels: Vec<u32> = Vec::with_capacity(2 * a.nnz());
    let mut right: Vec<usize> = Vec::with_capacity(n);
    const ABSENT: u32 = u32::MAX;
    let mut level = vec![ABSENT; n];
    let mut below: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
    let mut row: Vec<u32> = Vec::new();
    for i in 0..n {
        row.clear();
        for &j in a.row(i).0 {
            level[j as usize] = 0;
            row.push(j);
            if (j as usize) < i {
                below.push(Reverse(j));
            }
        }
        while let Some(Reverse(m)) = below.pop() {
            let own = level[m as usize];
            if own == k {
                continue;
            }
            let range = right[m as usize]..offsets[m as usize + 1] as usize;
            for (&j, &other) in columns[range.clone()].iter().zip(&levels[range]) {
                let fill = own + other + 1;
                if fill > k {
                    continue;
                }
                let place = &mut level[j as usize];
                if *place == ABSENT {
                    row.push(j);
                    if (j as usize) < i {
                        below.push(Reverse(j));
                    }
                }
                *place = fill.min(*place);
            }
        }
        row.sort_unstable();
        right.push(columns.len() + row.partition_point(|&j| j as usize <= i));
        for &j in &row {
            columns.push(j);
            levels.push(level[j as usize]);
            level[j as usize] = ABSENT;
        }
        offsets.push(u32::try_from(columns.len()).map_err(|_| SetupError::TooLarge)?);
    }
    Ok(Pattern { offsets, columns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::random_sparse;
    use crate::preconditioners::{Ilu0, Ilu0Params};
    use crate::vector;

    /// Levels by their definition: repeated relaxation over all intermediate rows.
    fn dense_levels(a: &Csr<f64>) -> Vec<Vec<usize>> {
        let n = a.nrows();
        let far = usize::MAX / 4;
        let mut lev: Vec<Vec<usize>> = (0..n)
            .map(|i| {
                (0..n)
                    .map(|j| {
                        if a.row(i).0.contains(&(j as u32)) {
                            0
                        } else {
                            far
                        }
                    })
                    .collect()
            })
            .collect();
        for m in 0..n {
            for i in m + 1..n {
                for j in m + 1..n {
                    lev[i][j] = lev[i][j].min(lev[i][m] + lev[m][j] + 1);
                }
            }
        }
        lev
    }

    #[test]
    fn the_pattern_is_that_of_the_definition() {
        for a in [
            random_sparse(40, 3, 5),
            crate::gallery::recirculating_flow(6, 0.1),
        ] {
            let lev = dense_levels(&a);
            for k in [0, 1, 2, 5] {
                let pattern = pattern_of_level(&a, k).unwrap();
                for (i, levels) in lev.iter().enumerate() {
                    let expected: Vec<u32> = (0..a.nrows() as u32)
                        .filter(|&j| levels[j as usize] <= k)
                        .collect();
                    let range = pattern.offsets[i] as usize..pattern.offsets[i + 1] as usize;
                    assert_eq!(pattern.columns[range], expected, "row {i}, k = {k}");
                }
            }
        }
    }

    #[test]
    fn full_fill_solves_exactly_and_level_zero_is_ilu0() {
        let a = random_sparse(60, 5, 2);
        let r = crate::gallery::noise(60, 1);
        let mut z = vec![0.0; 60];
        let exact = IluKParams {
            level: 60,
            ..IluKParams::default()
        };
        IluK::new(&a, &exact).unwrap().apply(&r, &mut z);
        let mut residual = vec![0.0; 60];
        a.residual(&r, &z, &mut residual);
        assert!(vector::norm2(&residual) <= 1e-12 * vector::norm2(&r));

        let zero = IluKParams {
            level: 0,
            ..IluKParams::default()
        };
        let mut y = vec![0.0; 60];
        IluK::new(&a, &zero).unwrap().apply(&r, &mut z);
        Ilu0::new(&a, &Ilu0Params::default())
            .unwrap()
            .apply(&r, &mut y);
        assert_eq!(y, z);
    }

    #[test]
    fn rebuild_takes_new_values_and_refuses_another_pattern() {
        let a = random_sparse(50, 4, 3);
        let b = a.map(|v| v * 2.0 + 0.01);
        let params = IluKParams::default();
        let mut m = IluK::new(&a, &params).unwrap();
        m.rebuild(&b).unwrap();
        let mut fresh = IluK::new(&b, &params).unwrap();
        let r = crate::gallery::noise(50, 1);
        let (mut y, mut z) = (vec![0.0; 50], vec![0.0; 50]);
        m.apply(&r, &mut y);
        fresh.apply(&r, &mut z);
        assert_eq!(y, z);
        let other = crate::gallery::poisson(&[50]);
        assert_eq!(m.rebuild(&other), Err(SetupError::PatternChanged));
    }
}
