//! Parameters of the discrete-ordinates method, as a case file gives them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mesh::Geometry;

/// How a cell is solved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// First-order upwind (step): positive, order 1, no diffusion limit.
    Step,
    /// Diamond difference: order 2, may go negative in thick cells.
    DiamondDifference,
    /// Diamond difference whose negative edge fluxes are set to zero and the cell solved again.
    /// Not linear: one end at least must be vacuum or incident, and Krylov methods do not apply.
    DiamondDifferenceFixup,
    /// Step characteristic: exact flight through a cell with a constant source; positive, order 2.
    StepCharacteristic,
    /// Linear discontinuous finite elements: order 2 at points, 3 in cell averages, with the
    /// diffusion limit.
    #[default]
    LinearDiscontinuous,
    /// Linear discontinuous with lumped mass: less accurate, positive in the thick diffusion limit.
    LumpedLinearDiscontinuous,
    /// Linear characteristic (linear moments): exact flight through a cell with a linear source.
    LinearCharacteristic,
    /// Discontinuous Galerkin of degree 2: order 3.
    DiscontinuousGalerkin2,
    /// Discontinuous Galerkin of degree 3: order 4.
    DiscontinuousGalerkin3,
}

impl Scheme {
    /// Degrees of freedom of a cell.
    pub fn dofs(self) -> usize {
        match self {
            Self::Step
            | Self::DiamondDifference
            | Self::DiamondDifferenceFixup
            | Self::StepCharacteristic => 1,
            Self::LinearDiscontinuous
            | Self::LumpedLinearDiscontinuous
            | Self::LinearCharacteristic => 2,
            Self::DiscontinuousGalerkin2 => 3,
            Self::DiscontinuousGalerkin3 => 4,
        }
    }
}

/// Family of the angular quadrature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuadratureKind {
    /// A Gauss-Legendre rule on each half range; the choice for slabs.
    #[default]
    DoubleGauss,
    /// One Gauss-Legendre rule over the full range; the choice for spheres.
    GaussLegendre,
    /// Gauss-Lobatto: nodes at mu = -1 and 1 as well.
    Lobatto,
    /// Product of Gauss-Legendre in the axial and Gauss-Chebyshev in the azimuthal angle, as many
    /// azimuthal nodes on each level; for cylinders.
    ChebyshevLegendre,
    /// The same with fewer azimuthal nodes on levels near the pole; for cylinders.
    TriangularChebyshevLegendre,
    /// Level-symmetric LQ_N, S2 to S16; for cylinders.
    LevelSymmetric,
}

/// The angular quadrature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuadratureParams {
    /// Family.
    #[serde(default)]
    pub kind: QuadratureKind,
    /// Order N of S_N: the number of cosines over the full range; even. Default: 16.
    #[serde(default = "sixteen")]
    #[schemars(range(min = 2, max = 1024))]
    pub order: usize,
}

fn sixteen() -> usize {
    16
}

impl Default for QuadratureParams {
    fn default() -> Self {
        Self {
            kind: QuadratureKind::default(),
            order: 16,
        }
    }
}

/// How the scattering within a group is iterated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Iteration {
    /// Source iteration, and GMRES from where it stands once the measured spectral radius exceeds
    /// 0.6.
    #[default]
    Auto,
    /// Source iteration.
    SourceIteration,
    /// GMRES on the flux moments.
    Gmres,
    /// BiCGStab on the flux moments.
    Bicgstab,
}

/// What accelerates the iteration within a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Acceleration {
    /// Nothing.
    None,
    /// Diffusion synthetic acceleration with the diffusion operator that the four-step procedure
    /// derives from the discretized transport equation (Larsen 1982).
    #[default]
    Consistent,
    /// Diffusion synthetic acceleration with the modified interior penalty form (Wang and Ragusa
    /// 2010).
    InteriorPenalty {
        /// Penalty constant C of kappa = max(gamma/W, C p (p + 1) D/h), with gamma the sum of
        /// w mu over mu > 0 and W the sum of the weights (1/4 in the limit). Default: 2.
        #[serde(default = "two")]
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        constant: f64,
    },
}

fn two() -> f64 {
    2.0
}

/// Which number is compared with the tolerance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoppingCriterion {
    /// The estimated error: change times rho/(1 - rho), with rho the measured spectral radius.
    #[default]
    Error,
    /// The largest relative change of the scalar flux from one iteration to the next. Where the
    /// iteration is slow, the error is larger by 1/(1 - rho).
    Change,
}

/// What a change of the scalar flux in a cell is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorScale {
    /// The flux of the cell itself: small fluxes behind a shield are as accurate as large ones.
    #[default]
    Cell,
    /// The largest flux of the group: for fluxes that pass through zero, as ahead of a front. In
    /// problems in time it is always this one.
    Group,
}

impl ErrorScale {
    /// The least flux that changes are held against, for the cell averages of a group.
    pub fn floor(self, averages: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Cell => 0.0,
            Self::Group => averages.fold(0.0, |top, v| top.max(v.abs())),
        }
    }
}

/// How the groups are coupled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnergyIteration {
    /// Gauss-Seidel from fast to slow groups; groups with upscatter are repeated until they stand
    /// still.
    #[default]
    GaussSeidel,
    /// GMRES over all groups at once.
    Krylov,
}

/// How the fundamental mode is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EigenvalueMethod {
    /// Power iteration on the fission source.
    #[default]
    Power,
    /// Implicitly restarted Arnoldi on the fission source.
    Arnoldi,
}

/// What accelerates the power iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EigenvalueAcceleration {
    /// Nothing.
    #[default]
    None,
    /// Coarse-mesh finite differences.
    Cmfd,
    /// The second-moment method.
    SecondMoment,
}

/// The time integrator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeScheme {
    /// Backward Euler: order 1, positive.
    #[default]
    BackwardEuler,
    /// Crank-Nicolson: order 2.
    CrankNicolson,
    /// Backward differences of order 2, the first step by backward Euler.
    Bdf2,
}

/// Parameters of the discrete-ordinates method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscreteOrdinatesParams {
    /// Angular quadrature. Default: order 16, double Gauss in slabs, Gauss-Legendre in spheres,
    /// Chebyshev-Legendre in cylinders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quadrature: Option<QuadratureParams>,
    /// How a cell is solved. Default: linear_discontinuous in slabs, diamond_difference in curved
    /// geometry, where step is the only other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// Iteration within a group. Default: auto.
    pub iteration: Iteration,
    /// Acceleration of the iteration within a group. Default: consistent diffusion synthetic
    /// acceleration.
    pub acceleration: Acceleration,
    /// Relative accuracy asked of the scalar flux. Default: 1e-8.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tolerance: f64,
    /// What is held against the tolerance. Default: error.
    pub stopping: StoppingCriterion,
    /// What a change of the flux is relative to. Default: cell.
    pub error_scale: ErrorScale,
    /// Iterations within a group, at most. Default: 1000.
    #[schemars(range(min = 1))]
    pub max_iterations: usize,
    /// Coupling of the groups. Default: gauss_seidel.
    pub energy: EnergyIteration,
    /// Whether the two-grid method accelerates upscatter. Default: true.
    pub two_grid: bool,
    /// Iterations over the groups, at most. Default: 1000.
    #[schemars(range(min = 1))]
    pub max_energy_iterations: usize,
    /// How the fundamental mode is found. Default: power.
    pub eigenvalue: EigenvalueMethod,
    /// Acceleration of the power iteration. Default: none.
    pub eigenvalue_acceleration: EigenvalueAcceleration,
    /// Iterations on the fission source, at most. Default: 10000.
    #[schemars(range(min = 1))]
    pub max_outer_iterations: usize,
    /// Time integrator. Default: backward_euler.
    pub time_scheme: TimeScheme,
}

impl Default for DiscreteOrdinatesParams {
    fn default() -> Self {
        Self {
            quadrature: None,
            scheme: None,
            iteration: Iteration::default(),
            acceleration: Acceleration::default(),
            tolerance: 1e-8,
            stopping: StoppingCriterion::default(),
            error_scale: ErrorScale::default(),
            max_iterations: 1000,
            energy: EnergyIteration::default(),
            two_grid: true,
            max_energy_iterations: 1000,
            eigenvalue: EigenvalueMethod::default(),
            eigenvalue_acceleration: EigenvalueAcceleration::default(),
            max_outer_iterations: 10_000,
            time_scheme: TimeScheme::default(),
        }
    }
}

impl DiscreteOrdinatesParams {
    /// The quadrature that is given, or the one that suits the geometry.
    pub fn quadrature_in(&self, geometry: Geometry) -> QuadratureParams {
        self.quadrature.unwrap_or(QuadratureParams {
            kind: match geometry {
                Geometry::Slab => QuadratureKind::DoubleGauss,
                Geometry::Sphere => QuadratureKind::GaussLegendre,
                Geometry::Cylinder => QuadratureKind::ChebyshevLegendre,
            },
            order: sixteen(),
        })
    }

    /// The scheme that is given, or the one that suits the geometry.
    pub fn scheme_in(&self, geometry: Geometry) -> Scheme {
        self.scheme.unwrap_or(match geometry {
            Geometry::Slab => Scheme::LinearDiscontinuous,
            Geometry::Sphere | Geometry::Cylinder => Scheme::DiamondDifference,
        })
    }
}
