//! One axis of a separable problem: its boundary, eigenvalues and stencil.

use super::transform::Kind;
use crate::scalar::Real;
use crate::stencil::Axis;

/// What stands at the two ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoissonBoundary {
    /// Points, the walls with zero value one spacing outside the first and last.
    DirichletPoints,
    /// Cells, the walls with zero value on the outer faces.
    DirichletCells,
    /// Points, the first and last on walls with zero flux: at least two.
    NeumannPoints,
    /// Cells, zero flux through the outer faces.
    NeumannCells,
    /// The axis closes on itself, points or cells.
    Periodic,
}

/// One axis: number of samples, k / h^2, boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonAxis {
    /// Number of samples.
    pub n: usize,
    /// k / h^2: diffusivity over squared spacing.
    pub weight: f64,
    /// What stands at the ends.
    pub boundary: PoissonBoundary,
}

impl PoissonAxis {
    /// `n` points between two walls one spacing outside, as in
    /// [`gallery::poisson`](crate::gallery::poisson).
    pub fn dirichlet_points(n: usize, weight: f64) -> Self {
        Self {
            n,
            weight,
            boundary: PoissonBoundary::DirichletPoints,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.boundary {
            PoissonBoundary::DirichletPoints => Kind::Sine1,
            PoissonBoundary::DirichletCells => Kind::Sine2,
            PoissonBoundary::NeumannPoints => Kind::Cosine1,
            PoissonBoundary::NeumannCells => Kind::Cosine2,
            PoissonBoundary::Periodic => Kind::Fourier,
        }
    }

    /// Eigenvalues in the order of the transform's coefficients.
    pub(super) fn eigenvalues(&self) -> Vec<f64> {
        let n = self.n as f64;
        (0..self.n)
            .map(|j| {
                let half_angle = match self.boundary {
                    PoissonBoundary::DirichletPoints => (j + 1) as f64 / (2.0 * (n + 1.0)),
                    PoissonBoundary::DirichletCells => (j + 1) as f64 / (2.0 * n),
                    PoissonBoundary::NeumannPoints => j as f64 / (2.0 * (n - 1.0)),
                    PoissonBoundary::NeumannCells => j as f64 / (2.0 * n),
                    // Coefficients come as Re 0, Re 1, Im 1, Re 2, ...
                    PoissonBoundary::Periodic => j.div_ceil(2) as f64 / n,
                };
                4.0 * self.weight * (std::f64::consts::PI * half_angle).sin().powi(2)
            })
            .collect()
    }

    pub(super) fn stencil<T: Real>(&self) -> Axis<T> {
        let (w, zero) = (T::from_f64(self.weight), T::zero());
        match self.boundary {
            PoissonBoundary::DirichletPoints => Axis::uniform(self.n, w, w, w),
            PoissonBoundary::DirichletCells => Axis::uniform(self.n, w, w + w, w + w),
            PoissonBoundary::NeumannCells => Axis::uniform(self.n, w, zero, zero),
            PoissonBoundary::NeumannPoints => {
                let mut axis = Axis::uniform(self.n, w, zero, zero);
                axis.widths[0] = T::from_f64(0.5);
                axis.widths[self.n - 1] = T::from_f64(0.5);
                axis
            }
            PoissonBoundary::Periodic => Axis::periodic(self.n, w),
        }
    }
}
