//! Classical algebraic multigrid: coarse unknowns are some of the fine ones.
//!
//! 1. strong entries: those along which relaxed errors are smooth;
//! 2. a splitting into C points, which stay, and F points: by Ruge and Stueben or
//!    by PMIS;
//! 3. interpolation of F points from C points.
//!
//! Made for M-matrices, and there hard to beat in iterations: it follows anisotropy and jumps of any
//! size, because weights come from the entries of A alone. Coarse matrices are larger than those of
//! smoothed aggregation, and systems of equations (elasticity) are beyond it.
//!
//! Source: Ruge and Stueben (1987), in McCormick (ed.), Multigrid Methods, SIAM.

pub(crate) mod interpolation;
mod pmis;
mod ruge_stueben;
pub(crate) mod strength;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AmgError, Coarsen, Transfer};
use crate::csr::Csr;
use interpolation::Split;
use strength::Graph;

/// How points are split into coarse and fine ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Splitting {
    /// One by one, the most useful first: best coarse grids, on one thread.
    #[default]
    RugeStueben,
    /// The same with a second pass, by which F points that depend on each other share a C point.
    RugeStuebenTwoPass,
    /// A maximal independent set, on all threads: fewer coarse points, needs extended+i.
    Pmis,
}

/// How F points get their values from C points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// From strong C neighbours, the row scaled.
    Direct,
    /// Through strong F neighbours as well, by C points that both depend on.
    #[default]
    Classical,
    /// From C points at distance two as well.
    ExtendedPlusI,
}

/// Which entries of an interpolation row are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Truncation {
    /// Most entries of a row; 0 keeps all. Default: 0.
    pub max_elements: usize,
    /// Entries below this part of the largest of the row are dropped. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub drop_factor: f64,
}

/// Parameters of classical coarsening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Classical {
    /// An entry is strong from this part of the largest negative one of the row. Default: 0.25.
    #[schemars(range(min = 0, max = 1))]
    pub theta: f64,
    /// How points are split. Default: `ruge_stueben`.
    pub splitting: Splitting,
    /// How F points get their values. Default: `classical`.
    pub interpolation: Interpolation,
    /// Which entries of a row of P are kept. Default: all.
    pub truncation: Truncation,
}

impl Default for Classical {
    fn default() -> Self {
        Self {
            theta: 0.25,
            splitting: Splitting::default(),
            interpolation: Interpolation::default(),
            truncation: Truncation::default(),
        }
    }
}

impl Classical {
    /// PMIS with extended+i interpolation of at most four entries a row: small coarse grids, all
    /// steps parallel.
    pub fn pmis() -> Self {
        Self {
            splitting: Splitting::Pmis,
            interpolation: Interpolation::ExtendedPlusI,
            truncation: Truncation {
                max_elements: 4,
                drop_factor: 0.0,
            },
            ..Self::default()
        }
    }
}

impl Coarsen for Classical {
    fn coarsen(&mut self, a: &Csr<f64>, _level: usize) -> Result<Option<Transfer>, AmgError> {
        let diagonal = a.par_diagonal();
        let strong = strength::classical_strength(a, &diagonal, self.theta);
        let coarse = split(&Graph::marked(a, &strong), self.splitting);
        if !coarse.contains(&true) {
            return Ok(None);
        }
        let split = Split {
            a,
            diagonal: &diagonal,
            strong: &strong,
            coarse: &coarse,
        };
        let p = interpolation::interpolation(&split, self.interpolation, self.truncation)?;
        Ok(Some(Transfer { p, r: None }))
    }
}

/// Whether each point of the strong graph is coarse.
pub(crate) fn split(s: &Graph, splitting: Splitting) -> Vec<bool> {
    let t = s.reversed();
    match splitting {
        Splitting::RugeStueben => ruge_stueben::ruge_stueben(s, &t, false),
        Splitting::RugeStuebenTwoPass => ruge_stueben::ruge_stueben(s, &t, true),
        Splitting::Pmis => pmis::pmis(s, &t),
    }
}
