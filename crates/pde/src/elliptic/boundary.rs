//! Conditions at the ends of the axes.
//!
//! All are of the form alpha u + beta du/dn = g, with n the outward normal:
//!
//! | condition | alpha | beta |
//! |---|---|---|
//! | dirichlet | 1 | 0 |
//! | neumann | 0 | 1 |
//! | robin | alpha >= 0 | beta >= 0, not both zero |
//!
//! With the derivative (u_b - u_P)/d between the face and the centre of its cell, at distance d,
//!
//! ```text
//! u_b = (d g + beta u_P) / (alpha d + beta),      du/dn = (g - alpha u_P) / (alpha d + beta).
//! ```
//!
//! Beside a full tensor K the derivative of a Neumann condition is that along the co-normal, over
//! K_nn: n . K grad u / K_nn = g, so that g = 0 is a wall.

use std::collections::BTreeMap;
use std::fmt;

use pdesolve_mesh::{BOUNDARY_NAMES, Grid};

use super::conductivity::PointFunction;
use super::error::EllipticError;

/// alpha u + beta du/dn = g at one boundary.
#[derive(Clone)]
pub struct EllipticCondition {
    /// Weight of u; not negative.
    pub alpha: f64,
    /// Weight of the derivative along the outward normal; not negative.
    pub beta: f64,
    /// g, a function of time and place.
    pub value: PointFunction,
}

impl EllipticCondition {
    /// u = g.
    pub fn dirichlet(value: PointFunction) -> Self {
        Self::robin(1.0, 0.0, value)
    }

    /// du/dn = g.
    pub fn neumann(value: PointFunction) -> Self {
        Self::robin(0.0, 1.0, value)
    }

    /// alpha u + beta du/dn = g.
    pub fn robin(alpha: f64, beta: f64, value: PointFunction) -> Self {
        Self { alpha, beta, value }
    }
}

impl fmt::Debug for EllipticCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} u + {} du/dn = g", self.alpha, self.beta)
    }
}

/// Conditions by the name of the boundary: `left`, `right`, `bottom`, `top`, `back`, `front`.
#[derive(Clone, Debug, Default)]
pub struct EllipticBoundary {
    by_name: BTreeMap<String, EllipticCondition>,
}

/// Conditions by `[axis][lower, upper]`; `None` on periodic axes.
pub(super) type Sides = [[Option<EllipticCondition>; 2]; 3];

impl EllipticBoundary {
    /// No conditions: right for a periodic grid.
    pub fn periodic() -> Self {
        Self::default()
    }

    /// Adds a condition, replacing an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, condition: EllipticCondition) -> Self {
        self.set(name, condition);
        self
    }

    /// Adds a condition, replacing an earlier one of the same name.
    pub fn set(&mut self, name: &str, condition: EllipticCondition) {
        self.by_name.insert(name.to_owned(), condition);
    }

    /// Ties the conditions to the ends of the grid's axes.
    ///
    /// # Errors
    /// Every missing, superfluous or senseless condition.
    pub(super) fn resolve(
        &self,
        grid: &Grid,
        full_tensor: bool,
    ) -> Result<Sides, Vec<EllipticError>> {
        let mut errors = Vec::new();
        let mut sides = Sides::default();
        for ((axis, names), sides) in grid.axes().iter().zip(BOUNDARY_NAMES).zip(&mut sides) {
            for (name, side) in names.into_iter().zip(sides) {
                let axis_name = axis.name();
                match (self.by_name.get(name), axis.is_periodic()) {
                    (Some(condition), false) => {
                        if full_tensor && condition.alpha != 0.0 && condition.beta != 0.0 {
                            errors.push(EllipticError::RobinWithTensor { name });
                        }
                        *side = Some(condition.clone());
                    }
                    (None, true) => {}
                    (None, false) => errors.push(EllipticError::MissingCondition {
                        name,
                        axis: axis_name,
                    }),
                    (Some(_), true) => errors.push(EllipticError::PeriodicCondition {
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
        for (name, condition) in &self.by_name {
            if !known.contains(&name.as_str()) {
                errors.push(EllipticError::UnknownBoundary {
                    name: name.clone(),
                    known: known.clone(),
                });
            }
            let EllipticCondition { alpha, beta, .. } = *condition;
            let fine = alpha >= 0.0 && beta >= 0.0 && alpha + beta > 0.0;
            if !(fine && alpha.is_finite() && beta.is_finite()) {
                errors.push(EllipticError::Robin {
                    name: name.clone(),
                    alpha,
                    beta,
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
