//! Boundary conditions and what they mean to the scheme.
//!
//! | condition | advective flux through the face | diffusive flux | beyond the face (for reconstruction) |
//! |---|---|---|---|
//! | wall | 0 | 0 | mirror image |
//! | inflow g | Riemann flux between g and the inside | 0 | image through g |
//! | outflow | f of the inside state | 0 | line through the last two cells (constant where the flow enters) |
//! | dirichlet g | Riemann flux between g and the inside | nu (g - u) / (h/2) | image through g |
//! | neumann q | Riemann flux between u + q h/2 and the inside | nu q | mirror image with slope q |
//!
//! q is the derivative along the outward normal. `inflow` is the condition of a stream that carries
//! the value g in (Danckwerts, where there is diffusion): what enters is f(g) exactly; `dirichlet`
//! holds u = g at the face. Where characteristics leave through an inviscid inflow or Dirichlet
//! boundary, the Riemann flux ignores g, as it must. All are of second order in the mesh width.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use pdesolve_mesh::{BOUNDARY_NAMES, Grid};

use super::params::FiniteVolumeError;

/// A value on a boundary as a function of time and position (axes the grid lacks are 0).
pub type BoundaryValue = Arc<dyn Fn(f64, [f64; 3]) -> f64 + Send + Sync>;

/// What holds at one boundary.
#[derive(Clone)]
pub enum Condition {
    /// Nothing passes: the total flux is zero.
    Wall,
    /// A stream carries this value in.
    Inflow {
        /// Value outside.
        value: BoundaryValue,
    },
    /// Whatever arrives leaves; no gradient.
    Outflow,
    /// u has this value at the boundary.
    Dirichlet {
        /// Value at the boundary.
        value: BoundaryValue,
    },
    /// u has this derivative along the outward normal.
    Neumann {
        /// Outward normal derivative.
        gradient: BoundaryValue,
    },
}

impl Condition {
    /// Dirichlet with a constant value.
    pub fn dirichlet(value: f64) -> Self {
        Self::Dirichlet {
            value: Arc::new(move |_, _| value),
        }
    }

    /// Inflow with a constant value.
    pub fn inflow(value: f64) -> Self {
        Self::Inflow {
            value: Arc::new(move |_, _| value),
        }
    }

    /// Neumann with a constant outward derivative.
    pub fn neumann(gradient: f64) -> Self {
        Self::Neumann {
            gradient: Arc::new(move |_, _| gradient),
        }
    }

    /// The prescribed number at a point of the boundary; 0 where none is prescribed.
    pub(super) fn data(&self, t: f64, position: [f64; 3]) -> f64 {
        match self {
            Self::Wall | Self::Outflow => 0.0,
            Self::Inflow { value } | Self::Dirichlet { value } => value(t, position),
            Self::Neumann { gradient } => gradient(t, position),
        }
    }

    /// Value of the ghost cell that mirrors a cell with average `u` at `distance` from the face.
    #[inline]
    pub(super) fn ghost(&self, data: f64, u: f64, distance: f64) -> f64 {
        match self {
            Self::Wall | Self::Outflow => u,
            Self::Inflow { .. } | Self::Dirichlet { .. } => 2.0 * data - u,
            Self::Neumann { .. } => u + 2.0 * distance * data,
        }
    }

    /// Whether ghost cells continue the line through the last two cells where the flow leaves: a
    /// mirror image would halve the slope of the last cell and cost the scheme its second order.
    pub(super) fn extrapolates(&self) -> bool {
        matches!(self, Self::Outflow)
    }

    /// State beyond the face, from the state `inside` reconstructed at it and the average `u` of
    /// the boundary cell, whose centre is at `distance`.
    #[inline]
    pub(super) fn outer(&self, data: f64, inside: f64, u: f64, distance: f64) -> f64 {
        match self {
            Self::Wall | Self::Outflow => inside,
            Self::Inflow { .. } | Self::Dirichlet { .. } => data,
            Self::Neumann { .. } => u + distance * data,
        }
    }

    /// Outward normal derivative that drives the diffusive flux.
    #[inline]
    pub(super) fn gradient(&self, data: f64, u: f64, distance: f64) -> f64 {
        match self {
            Self::Wall | Self::Outflow | Self::Inflow { .. } => 0.0,
            Self::Dirichlet { .. } => (data - u) / distance,
            Self::Neumann { .. } => data,
        }
    }

    /// Whether the face lets nothing through.
    pub(super) fn is_wall(&self) -> bool {
        matches!(self, Self::Wall)
    }

    /// Whether the condition holds a number, which may change with time.
    pub(super) fn is_prescribed(&self) -> bool {
        !matches!(self, Self::Wall | Self::Outflow)
    }

    /// The state that may enter from outside, for the Courant number.
    pub(super) fn entering(&self, data: f64) -> Option<f64> {
        matches!(self, Self::Inflow { .. } | Self::Dirichlet { .. }).then_some(data)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wall => "wall",
            Self::Inflow { .. } => "inflow",
            Self::Outflow => "outflow",
            Self::Dirichlet { .. } => "dirichlet",
            Self::Neumann { .. } => "neumann",
        })
    }
}

/// Conditions by the name of the boundary: `left`, `right`, `bottom`, `top`.
#[derive(Clone, Debug, Default)]
pub struct BoundaryConditions {
    by_name: BTreeMap<String, Condition>,
}

/// Conditions by `[axis][lower, upper]`; `None` on periodic axes.
pub(super) type Sides = [[Option<Condition>; 2]; 2];

impl BoundaryConditions {
    /// No conditions: right for a periodic grid.
    pub fn periodic() -> Self {
        Self::default()
    }

    /// Adds a condition, replacing an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, condition: Condition) -> Self {
        self.set(name, condition);
        self
    }

    /// Adds a condition, replacing an earlier one of the same name.
    pub fn set(&mut self, name: &str, condition: Condition) {
        self.by_name.insert(name.to_owned(), condition);
    }

    /// Matches the conditions with the boundaries of `grid`.
    pub(super) fn resolve(&self, grid: &Grid) -> Result<Sides, Vec<FiniteVolumeError>> {
        let mut errors = Vec::new();
        let mut sides = Sides::default();
        for ((axis, names), sides) in grid.axes().iter().zip(BOUNDARY_NAMES).zip(&mut sides) {
            for (name, side) in names.into_iter().zip(sides) {
                let axis_name = axis.name();
                match (self.by_name.get(name), axis.is_periodic()) {
                    (Some(condition), false) => *side = Some(condition.clone()),
                    (None, true) => {}
                    (None, false) => errors.push(FiniteVolumeError::MissingCondition {
                        name,
                        axis: axis_name,
                    }),
                    (Some(_), true) => errors.push(FiniteVolumeError::PeriodicCondition {
                        name,
                        axis: axis_name,
                    }),
                }
            }
        }
        let known: Vec<&str> = BOUNDARY_NAMES[..grid.dim()]
            .iter()
            .flatten()
            .copied()
            .collect();
        for name in self.by_name.keys() {
            if !known.contains(&name.as_str()) {
                errors.push(FiniteVolumeError::UnknownBoundary {
                    name: name.clone(),
                    known: known.clone(),
                });
            }
        }
        if errors.is_empty() {
            Ok(sides)
        } else {
            Err(errors)
        }
    }
}
