//! What the time integrators have in common: the stage loop's view of them.
//!
//! All are one-step Runge-Kutta methods that are diagonal in Fourier space. A stage takes the
//! nonlinear term N of the stage value before it, and computes the next stage value mode by
//! mode; that is done pencil by pencil, while the pencil is in cache.

use std::ops::Range;

use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::phi::{Coefficients, LinearPart};
use super::{etdrk1, etdrk2, etdrk3, etdrk4, imex};

/// Time integrators for du/dt = L u + N(u, t).
///
/// The exponential ones (ETDRK) solve the linear part exactly; the implicit-explicit ones (IMEX)
/// treat it implicitly, which damps fast linear waves that ETDRK would resolve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Exponential Euler, order 1, one evaluation of N a step.
    Etdrk1,
    /// Cox-Matthews exponential Runge-Kutta, order 2, two evaluations.
    Etdrk2,
    /// Cox-Matthews exponential Runge-Kutta, order 3, three evaluations.
    Etdrk3,
    /// Cox-Matthews exponential Runge-Kutta, order 4, four evaluations: the usual choice.
    #[default]
    Etdrk4,
    /// Implicit-explicit Euler, ARS(1,1,1), order 1, one evaluation.
    ImexEuler,
    /// Ascher-Ruuth-Spiteri ARS(2,2,2), order 2, two evaluations, L-stable.
    ImexArs222,
    /// Ascher-Ruuth-Spiteri ARS(2,3,2), order 2, three evaluations, L-stable.
    ImexArs232,
    /// Ascher-Ruuth-Spiteri ARS(4,4,3), order 3, four evaluations, L-stable.
    ImexArs443,
    /// Kennedy-Carpenter `ARK4(3)6L[2]SA`, order 4 with an embedded error estimate of order 3, six
    /// evaluations, L-stable.
    ImexArk436l2sa,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 9] = [
        Self::Etdrk1,
        Self::Etdrk2,
        Self::Etdrk3,
        Self::Etdrk4,
        Self::ImexEuler,
        Self::ImexArs222,
        Self::ImexArs232,
        Self::ImexArs443,
        Self::ImexArk436l2sa,
    ];

    /// Order of convergence p: the error after a fixed time falls as h^p.
    pub fn order(self) -> u32 {
        match self {
            Self::Etdrk1 | Self::ImexEuler => 1,
            Self::Etdrk2 | Self::ImexArs222 | Self::ImexArs232 => 2,
            Self::Etdrk3 | Self::ImexArs443 => 3,
            Self::Etdrk4 | Self::ImexArk436l2sa => 4,
        }
    }

    /// Whether a step carries its own error estimate. The others are compared with two half steps.
    pub fn has_embedded_error(self) -> bool {
        self == Self::ImexArk436l2sa
    }

    fn tableau(self) -> Option<&'static imex::Tableau> {
        match self {
            Self::ImexEuler => Some(&imex::EULER),
            Self::ImexArs222 => Some(&imex::ARS222),
            Self::ImexArs232 => Some(&imex::ARS232),
            Self::ImexArs443 => Some(&imex::ARS443),
            Self::ImexArk436l2sa => Some(&imex::ARK436L2SA),
            Self::Etdrk1 | Self::Etdrk2 | Self::Etdrk3 | Self::Etdrk4 => None,
        }
    }

    /// Times of the stages, as fractions of the step.
    pub(super) fn nodes(self) -> &'static [f64] {
        match self {
            Self::Etdrk1 => &[0.0],
            Self::Etdrk2 => &[0.0, 1.0],
            Self::Etdrk3 => &[0.0, 0.5, 1.0],
            Self::Etdrk4 => &[0.0, 0.5, 0.5, 1.0],
            Self::ImexEuler => imex::EULER.nodes,
            Self::ImexArs222 => imex::ARS222.nodes,
            Self::ImexArs232 => imex::ARS232.nodes,
            Self::ImexArs443 => imex::ARS443.nodes,
            Self::ImexArk436l2sa => imex::ARK436L2SA.nodes,
        }
    }

    /// Arrays of one field that a step keeps beside the old and the new state.
    pub(super) fn registers(self) -> usize {
        match self {
            Self::Etdrk1 => 0,
            Self::Etdrk2 => 1,
            Self::Etdrk3 | Self::Etdrk4 => 1,
            imex => imex.tableau().map_or(0, imex::Tableau::registers),
        }
    }

    /// Register that holds the embedded error estimate after a step.
    pub(super) fn error_register(self) -> Option<usize> {
        self.tableau().and_then(imex::Tableau::error_register)
    }

    /// Coefficients of one field for steps of size `h`.
    pub(super) fn coefficients(self, linear: &LinearPart, h: f64, points: usize) -> Coefficients {
        match self {
            Self::Etdrk1 => etdrk1::coefficients(linear, h, points),
            Self::Etdrk2 => etdrk2::coefficients(linear, h, points),
            Self::Etdrk3 => etdrk3::coefficients(linear, h, points),
            Self::Etdrk4 => etdrk4::coefficients(linear, h, points),
            imex => {
                let gamma = imex.tableau().map_or(0.0, |t| t.gamma);
                imex::coefficients(linear, h, gamma)
            }
        }
    }

    /// Does stage `update.stage` for a run of modes of one field.
    pub(super) fn update(self, coefficients: &Coefficients, h: f64, update: Update<'_>) {
        match coefficients {
            Coefficients::Real(c) => self.update_with(c, h, update),
            Coefficients::Complex(c) => self.update_with(c, h, update),
        }
    }

    fn update_with<T: Coefficient>(self, c: &[Vec<T>], h: f64, update: Update<'_>) {
        match self {
            Self::Etdrk1 => etdrk1::update(c, update),
            Self::Etdrk2 => etdrk2::update(c, update),
            Self::Etdrk3 => etdrk3::update(c, update),
            Self::Etdrk4 => etdrk4::update(c, update),
            imex => {
                if let Some(tableau) = imex.tableau() {
                    imex::update(tableau, c, h, update);
                }
            }
        }
    }
}

/// The numbers a stage works on: runs of modes of one field, all of the same length.
pub(super) struct Update<'a> {
    /// Number of the stage, from 0.
    pub(super) stage: usize,
    /// Which modes of the field these are.
    pub(super) range: Range<usize>,
    /// The state before the step.
    pub(super) v: &'a [Complex64],
    /// N of the stage value before.
    pub(super) n: &'a [Complex64],
    /// Registers, one after another; they keep their values from stage to stage.
    pub(super) work: &'a mut [Complex64],
    /// The state after the step; complete after the last stage, free for partial sums before.
    pub(super) out: &'a mut [Complex64],
    /// The stage value that N is wanted of next; after the last stage it is not used.
    pub(super) value: &'a mut [Complex64],
}

/// What multiplies a mode: a real or a complex number.
pub(super) trait Coefficient: Copy + Send + Sync {
    /// The product with `z`.
    fn times(self, z: Complex64) -> Complex64;
}

impl Coefficient for f64 {
    #[inline(always)]
    fn times(self, z: Complex64) -> Complex64 {
        z * self
    }
}

impl Coefficient for Complex64 {
    #[inline(always)]
    fn times(self, z: Complex64) -> Complex64 {
        self * z
    }
}
