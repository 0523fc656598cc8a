//! What a hierarchy looks like, as a table.

use std::fmt;

use super::hierarchy::{CoarsestSolve, Hierarchy};
use crate::csr::Csr;
use crate::scalar::Real;

/// A level of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelInfo {
    /// Rows of A_l.
    pub rows: usize,
    /// Stored entries of A_l.
    pub entries: usize,
    /// Stored entries of P_l; zero on the coarsest level.
    pub interpolation_entries: usize,
    /// Bytes of all that the level holds, work vectors included.
    pub memory_bytes: usize,
}

/// All levels of a hierarchy, from fine to coarse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmgInfo {
    /// The levels.
    pub levels: Vec<LevelInfo>,
    /// Whether the coarsest level is solved exactly; else it is only relaxed.
    pub exact_coarsest: bool,
}

impl AmgInfo {
    /// Entries of all A_l over those of A.
    pub fn operator_complexity(&self) -> f64 {
        ratio(&self.levels, |l| l.entries)
    }

    /// Rows of all A_l over those of A.
    pub fn grid_complexity(&self) -> f64 {
        ratio(&self.levels, |l| l.rows)
    }

    /// Bytes of all levels, work vectors included.
    pub fn memory_bytes(&self) -> usize {
        self.levels.iter().map(|l| l.memory_bytes).sum()
    }
}

fn ratio(levels: &[LevelInfo], of: impl Fn(&LevelInfo) -> usize) -> f64 {
    let all: usize = levels.iter().map(&of).sum();
    all as f64 / levels.first().map_or(1, of).max(1) as f64
}

impl fmt::Display for AmgInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "level       rows    entries  a row  P a row      MiB")?;
        for (index, level) in self.levels.iter().enumerate() {
            let rows = level.rows.max(1) as f64;
            writeln!(
                f,
                "{index:5} {:10} {:10} {:6.1} {:8.1} {:8.1}",
                level.rows,
                level.entries,
                level.entries as f64 / rows,
                level.interpolation_entries as f64 / rows,
                level.memory_bytes as f64 / f64::from(1 << 20),
            )?;
        }
        write!(
            f,
            "operator complexity {:.2}, grid complexity {:.2}, {:.1} MiB, coarsest level {}",
            self.operator_complexity(),
            self.grid_complexity(),
            self.memory_bytes() as f64 / f64::from(1 << 20),
            if self.exact_coarsest {
                "solved exactly"
            } else {
                "relaxed"
            }
        )
    }
}

impl<T: Real> Hierarchy<T> {
    pub(crate) fn info(&self) -> AmgInfo {
        let vectors = |v: [&Vec<T>; 4]| v.iter().map(|v| size_of_val(&v[..])).sum::<usize>();
        let level = |a: &Csr<T>, interpolation_entries, other| LevelInfo {
            rows: a.nrows(),
            entries: a.nnz(),
            interpolation_entries,
            memory_bytes: a.memory_bytes() + other,
        };
        let mut levels: Vec<LevelInfo> = self
            .levels
            .iter()
            .map(|l| {
                let other = l.p.memory_bytes()
                    + l.r.memory_bytes()
                    + l.smoother.memory_bytes()
                    + vectors([&l.x, &l.b, &l.work, &l.kept]);
                level(&l.a, l.p.nnz(), other)
            })
            .collect();
        let c = &self.coarsest;
        let solve = match &c.solve {
            CoarsestSolve::Inverse(inverse) => inverse.memory_bytes(),
            CoarsestSolve::Relaxation(smoother) => smoother.memory_bytes(),
        };
        levels.push(level(
            &c.a,
            0,
            solve + vectors([&c.x, &c.b, &c.work, &c.kept]),
        ));
        AmgInfo {
            levels,
            exact_coarsest: matches!(c.solve, CoarsestSolve::Inverse(_)),
        }
    }
}
