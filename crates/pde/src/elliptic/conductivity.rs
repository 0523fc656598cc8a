//! Coefficients of an elliptic equation: numbers, expressions, tensors, random fields.

use std::sync::Arc;

use pdesolve_mesh::Grid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::EllipticError;
use super::log_normal::LogNormal;
use super::problem::Compile;

/// A function of time and place (axes that the grid lacks are 0).
pub type PointFunction = Arc<dyn Fn(f64, [f64; 3]) -> f64 + Send + Sync>;

/// A coefficient: a number, or an expression in x, y, z and the parameters of the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Coefficient {
    /// The same value everywhere.
    Constant(f64),
    /// An expression in x, y, z and the parameters.
    Expression(String),
}

/// The conductivity K: a number, an expression, a symmetric tensor, or a random field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Conductivity {
    /// The same number everywhere.
    Constant(f64),
    /// An expression in x, y, z and the parameters.
    Expression(String),
    /// A log-normal random field.
    Random(RandomConductivity),
    /// A symmetric tensor by its entries.
    Tensor(TensorEntries),
}

/// A random conductivity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RandomConductivity {
    /// K = geometric mean * exp(sigma G) with a Gaussian random field G of unit variance.
    LogNormal(LogNormal),
}

/// Entries of a symmetric tensor; those of axes that the mesh lacks are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TensorEntries {
    /// Entry along x.
    pub xx: Coefficient,
    /// Entry along y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yy: Option<Coefficient>,
    /// Entry along z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zz: Option<Coefficient>,
    /// Entry between x and y. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xy: Option<Coefficient>,
    /// Entry between x and z. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xz: Option<Coefficient>,
    /// Entry between y and z. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yz: Option<Coefficient>,
}

/// K before it meets a grid.
pub(super) enum Tensor {
    Isotropic(PointFunction),
    Random(LogNormal),
    Entries {
        diagonal: Vec<PointFunction>,
        /// Axes and entry of each pair that is given.
        mixed: Vec<(usize, usize, PointFunction)>,
    },
}

/// K in every cell.
pub(super) struct CellTensor {
    /// Entries along each axis; one array for all axes where K is isotropic.
    diagonal: Vec<Vec<f64>>,
    /// Entries between two axes, the lower first.
    pub(super) mixed: Vec<(usize, usize, Vec<f64>)>,
}

impl Coefficient {
    /// The constant, where it is one.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Expression(_) => None,
        }
    }
}

impl From<f64> for Coefficient {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

const AXES: [&str; 3] = ["x", "y", "z"];

impl Conductivity {
    /// Compiles K, the value of `problem.<key>`; `None` where an expression did not compile.
    ///
    /// # Errors
    /// Entries that are missing or too many for `dim` axes.
    pub(super) fn compile(
        &self,
        key: &str,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Tensor>, Vec<EllipticError>> {
        let entries = match self {
            Self::Constant(value) => {
                let isotropic = compile(key, &Coefficient::Constant(*value));
                return Ok(isotropic.map(Tensor::Isotropic));
            }
            Self::Expression(text) => {
                let isotropic = compile(key, &Coefficient::Expression(text.clone()));
                return Ok(isotropic.map(Tensor::Isotropic));
            }
            Self::Random(RandomConductivity::LogNormal(field)) => {
                field.check(key)?;
                return Ok(Some(Tensor::Random(field.clone())));
            }
            Self::Tensor(entries) => entries,
        };
        let mut errors = Vec::new();
        let mut fault = |name: &str, reason: String| {
            errors.push(EllipticError::Coefficient {
                key: format!("{key}.{name}"),
                reason,
            });
        };
        let (mut diagonal, mut mixed) = (Vec::new(), Vec::new());
        let mut complete = true;
        let mut take = |name: &str, entry: &Coefficient| {
            let compiled = compile(&format!("{key}.{name}"), entry);
            complete &= compiled.is_some();
            compiled
        };
        let own = [
            ("xx", Some(&entries.xx)),
            ("yy", entries.yy.as_ref()),
            ("zz", entries.zz.as_ref()),
        ];
        for (axis, (name, entry)) in own.into_iter().enumerate() {
            match (entry, axis < dim) {
                (Some(entry), true) => diagonal.extend(take(name, entry)),
                (None, true) => fault(name, format!("the tensor lacks the entry `{name}`")),
                (Some(_), false) => fault(
                    name,
                    format!("the mesh has no axis {} for `{name}`", AXES[axis]),
                ),
                (None, false) => {}
            }
        }
        for (a, b, name, entry) in [
            (0, 1, "xy", &entries.xy),
            (0, 2, "xz", &entries.xz),
            (1, 2, "yz", &entries.yz),
        ] {
            match entry {
                Some(_) if b >= dim => fault(
                    name,
                    format!("the mesh has no axis {} for `{name}`", AXES[b]),
                ),
                Some(entry) => mixed.extend(take(name, entry).map(|f| (a, b, f))),
                None => {}
            }
        }
        if errors.is_empty() {
            Ok(complete.then_some(Tensor::Entries { diagonal, mixed }))
        } else {
            Err(errors)
        }
    }
}

impl Tensor {
    /// The entry along an axis at one place; `None` for a random field, which is drawn for cells.
    pub(super) fn along(&self, axis: usize, place: [f64; 3]) -> Option<f64> {
        match self {
            Self::Isotropic(function) => Some(function(0.0, place)),
            Self::Random(_) => None,
            Self::Entries { diagonal, .. } => diagonal.get(axis).map(|f| f(0.0, place)),
        }
    }

    /// K at the centre of each cell.
    ///
    /// # Errors
    /// The first cell in which K is not positive definite.
    pub(super) fn on(
        &self,
        key: &str,
        grid: &Grid,
        seed: u64,
    ) -> Result<CellTensor, EllipticError> {
        let cells = match self {
            Self::Isotropic(function) => CellTensor {
                diagonal: vec![sample(function, grid)],
                mixed: Vec::new(),
            },
            Self::Random(field) => CellTensor {
                diagonal: vec![field.draw(grid, seed)],
                mixed: Vec::new(),
            },
            Self::Entries { diagonal, mixed } => CellTensor {
                diagonal: diagonal.iter().map(|f| sample(f, grid)).collect(),
                mixed: mixed
                    .iter()
                    .map(|(a, b, f)| (*a, *b, sample(f, grid)))
                    .collect(),
            },
        };
        cells.check(key, grid)?;
        Ok(cells)
    }
}

/// Values at the centres of the cells.
pub(super) fn sample(function: &PointFunction, grid: &Grid) -> Vec<f64> {
    (0..grid.len())
        .map(|cell| function(0.0, grid.position(cell)))
        .collect()
}

impl CellTensor {
    /// Entries along an axis.
    pub(super) fn along(&self, axis: usize) -> &[f64] {
        &self.diagonal[axis.min(self.diagonal.len() - 1)]
    }

    /// Entry between two axes, the lower first, where it is given.
    pub(super) fn mixed(&self, a: usize, b: usize) -> Option<&[f64]> {
        let found = self.mixed.iter().find(|(p, q, _)| (*p, *q) == (a, b));
        found.map(|(_, _, values)| &values[..])
    }

    /// K of each cell where it is one number there.
    pub(super) fn isotropic(&self) -> Option<&[f64]> {
        (self.diagonal.len() == 1 && self.mixed.is_empty()).then(|| &self.diagonal[0][..])
    }

    fn check(&self, key: &str, grid: &Grid) -> Result<(), EllipticError> {
        let fault = |cell: usize, what: String| {
            let at: Vec<String> = grid.position(cell)[..grid.dim()]
                .iter()
                .map(|x| format!("{x:.6}"))
                .collect();
            Err(EllipticError::Coefficient {
                key: key.to_owned(),
                reason: format!("{what} at ({}): it must be positive", at.join(", ")),
            })
        };
        for (axis, values) in self.diagonal.iter().enumerate() {
            if let Some(cell) = values.iter().position(|k| !(k.is_finite() && *k > 0.0)) {
                let name = match self.diagonal.len() {
                    1 => format!("`{key}`"),
                    _ => format!("`{key}.{0}{0}`", AXES[axis]),
                };
                return fault(cell, format!("{name} is {}", values[cell]));
            }
        }
        if self.mixed.is_empty() {
            return Ok(());
        }
        let dim = self.diagonal.len();
        for cell in 0..grid.len() {
            let mut k = [[0.0; 3]; 3];
            for (a, row) in k.iter_mut().enumerate() {
                row[a] = if a < dim { self.diagonal[a][cell] } else { 1.0 };
            }
            for (a, b, values) in &self.mixed {
                k[*a][*b] = values[cell];
                k[*b][*a] = values[cell];
            }
            // Sylvester: all leading minors are positive.
            let two = k[0][0] * k[1][1] - k[0][1] * k[0][1];
            let three = k[2][2] * two - k[0][0] * k[1][2] * k[1][2] - k[1][1] * k[0][2] * k[0][2]
                + 2.0 * k[0][1] * k[1][2] * k[0][2];
            if !(two > 0.0 && three > 0.0) {
                return fault(
                    cell,
                    format!("the tensor `{key}` has the determinant {three:.3e}"),
                );
            }
        }
        Ok(())
    }
}
