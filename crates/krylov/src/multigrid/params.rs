//! Parameters of geometric multigrid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which order the levels are visited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    /// Each level once down, once up. Symmetric.
    #[default]
    V,
    /// Each coarse problem is cycled twice. Symmetric.
    W,
    /// Each coarse problem is cycled by F, then by V: nearly as strong as W, nearly as cheap as V.
    /// Not symmetric: as preconditioner it needs a flexible method.
    F,
}

/// What damps the rough errors on a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Smoother {
    /// Gauss-Seidel, first on the samples with i + j + k even, then on the others. The fastest.
    #[default]
    RedBlack,
    /// Jacobi, damped by 2 d / (2 d + 1) in d dimensions.
    Jacobi,
    /// Whole lines along x, first the even, then the odd ones: for strong coupling along x.
    ZebraX,
    /// The same along y.
    ZebraY,
    /// The same along z.
    ZebraZ,
    /// Zebra lines along x, then y, then z: for strong coupling along any one axis, or along
    /// different ones in different places.
    AlternatingZebra,
}

/// How coarse samples come from fine ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coarsening {
    /// Every second sample is kept, and the values between are interpolated with the weights of
    /// the one-dimensional operator, walls included. For point- and cell-centred grids, and the
    /// best of the three where the coefficient jumps.
    #[default]
    Point,
    /// Two cells become one; linear interpolation between their centres. For smooth coefficients:
    /// a jump of 1e4 takes hundreds of iterations.
    CellLinear,
    /// Two cells become one; both take its value. As good as `point` where all jumps of the
    /// coefficient lie between coarse cells, ten times worse than it where they do not.
    CellConstant,
}

/// Parameters of [`Multigrid`](super::Multigrid).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MultigridParams {
    /// Order of visits. Default: `v`.
    pub cycle: Cycle,
    /// Smoothing steps before the coarse correction, at least 1. Default: 2, which in three
    /// dimensions makes CG a fifth faster than 1.
    #[schemars(range(min = 1))]
    pub pre_smoothing: usize,
    /// Smoothing steps after it, at least 1. Default: 2.
    #[schemars(range(min = 1))]
    pub post_smoothing: usize,
    /// Whether partial sweeps run in reverse order after the coarse correction. With as many steps
    /// before as after, V and W are then symmetric, as CG needs. Without it, cycles that are used by
    /// themselves converge faster. Default: true.
    pub symmetric: bool,
    /// What damps rough errors. Default: `red_black`.
    pub smoother: Smoother,
    /// Relaxation factor of red-black smoothing, between 0 and 2; the others ignore it. In three
    /// dimensions 1.15 takes fewer cycles, each dearer: 1 leaves no residual at the samples relaxed
    /// last, so that half of the work of both transfers is saved. Default: 1.
    #[schemars(range(min = 0.1, max = 1.9))]
    pub relaxation: f64,
    /// How coarse samples come from fine ones. Default: `point`.
    pub coarsening: Coarsening,
    /// An axis stays as it is while its coupling is below this fraction of the strongest; 0 coarsens
    /// all axes always, as line smoothers do in any case. Default: 0.5.
    #[schemars(range(min = 0, max = 1))]
    pub semicoarsening: f64,
    /// A level with at most this many samples is solved directly. Default: 128.
    #[schemars(range(min = 1))]
    pub coarsest: usize,
}

impl Default for MultigridParams {
    fn default() -> Self {
        Self {
            cycle: Cycle::V,
            pre_smoothing: 2,
            post_smoothing: 2,
            symmetric: true,
            smoother: Smoother::RedBlack,
            relaxation: 1.0,
            coarsening: Coarsening::Point,
            semicoarsening: 0.5,
            coarsest: 128,
        }
    }
}
