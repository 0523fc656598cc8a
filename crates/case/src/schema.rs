//! The case file as types: the one schema from which checks, documentation and the JSON Schema
//! come.

use std::collections::BTreeMap;

use pdesolve_mesh::MeshParams;
use pdesolve_pde::{RandomField, TimeParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expect::Expect;
use crate::plots::PlotParams;
use crate::registry::{Problem, Solver};
use crate::sweep::SweepParams;

/// The version of the case file that this program reads.
pub const SCHEMA: u32 = 1;

/// A case: one problem, its mesh, data, solver and output.
///
/// Wherever a number is wanted, a string with a constant expression such as `"2*pi"` stands for
/// it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Version of the case file; this program reads version 1.
    #[schemars(range(min = 1, max = 1))]
    pub schema: u32,
    /// One line that says what is computed.
    pub title: String,
    /// Seed of all random numbers of the run.
    #[serde(default)]
    pub seed: u64,
    /// Number of trajectories advanced together; they differ by their random initial data.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub trajectories: usize,
    /// The equation and its parameters.
    pub problem: Problem,
    /// The grid. Only points in space that are sampled need none.
    #[serde(default, skip_serializing_if = "is_absent")]
    pub mesh: MeshParams,
    /// Named constants that every expression of the file may use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, f64>,
    /// Initial data of each field; of a steady problem the first guess, 0 by default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub initial: BTreeMap<String, Initial>,
    /// Conditions at the boundaries `left`, `right`, `bottom`, `top`, `back`, `front` that are not
    /// periodic (all but spectral methods).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub boundary: BTreeMap<String, Boundary>,
    /// Source of a field: an expression in x, y, z, t. It is added to the time derivative, and is the
    /// right-hand side f of a steady problem (finite volumes, elliptic problems, transport).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source: BTreeMap<String, String>,
    /// The method.
    pub solver: Solver,
    /// From when to when, and with which steps. A steady problem has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeParams>,
    /// What is written, and when.
    #[serde(default)]
    pub output: OutputParams,
    /// Pictures drawn at the end of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plot: Vec<PlotParams>,
    /// Values that the run must reproduce; `pdesolve verify` checks them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expect>,
    /// How `pdesolve converge` refines this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converge: Option<ConvergeParams>,
    /// What `pdesolve sweep` varies and reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepParams>,
}

fn one() -> usize {
    1
}

/// Whether a case has no table `[mesh]`.
pub(crate) fn is_absent(mesh: &MeshParams) -> bool {
    *mesh == MeshParams::default()
}

impl Case {
    /// Time of the initial state; 0 for a steady problem.
    pub fn start(&self) -> f64 {
        self.time.as_ref().map_or(0.0, |time| time.start)
    }

    /// Time at which the run ends; 0 for a steady problem. The time of a sampler is the number of its
    /// steps.
    pub fn end(&self) -> f64 {
        match (&self.solver, &self.time) {
            (Solver::Sampler(params), _) => params.steps as f64,
            (_, time) => time.as_ref().map_or(0.0, |time| time.end),
        }
    }

    /// The fixed step, where there is one.
    pub fn step(&self) -> Option<f64> {
        self.time.as_ref().and_then(|time| time.step)
    }
}

/// Initial data of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Initial {
    /// The same value everywhere.
    Constant(f64),
    /// An expression in x, y, z and the parameters.
    Expression(String),
    /// Random data from the seed of the case.
    Random(RandomField),
}

/// A value that may depend on time and place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A constant.
    Constant(f64),
    /// An expression in t, x, y and the parameters.
    Expression(String),
}

/// The condition at one boundary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Boundary {
    /// No flux through the boundary.
    Wall,
    /// The field has a given value in the incoming flow; nothing is imposed on outgoing flow.
    Inflow {
        /// Value outside.
        value: Value,
    },
    /// The field leaves freely: it is extrapolated linearly where the flow goes out, and has no
    /// normal gradient where it comes in.
    Outflow,
    /// The field has a given value at the boundary.
    Dirichlet {
        /// Value at the boundary.
        value: Value,
    },
    /// The derivative of the field along the outward normal is given.
    Neumann {
        /// Outward normal derivative.
        gradient: Value,
    },
    /// `alpha` u + `beta` du/dn = `value`, with n the outward normal (elliptic problems).
    Robin {
        /// Weight of the field; not negative.
        #[schemars(range(min = 0))]
        alpha: f64,
        /// Weight of its outward normal derivative; not negative.
        #[schemars(range(min = 0))]
        beta: f64,
        /// Value of the sum.
        value: Value,
    },
    /// No particle enters (transport).
    Vacuum,
    /// Particles that leave come back in the mirrored direction (transport).
    Reflecting {
        /// Part that comes back. Default: 1.
        #[serde(default = "unit")]
        #[schemars(range(min = 0, max = 1))]
        albedo: f64,
    },
    /// Particles that leave come back evenly over all entering directions (transport).
    White {
        /// Part that comes back. Default: 1.
        #[serde(default = "unit")]
        #[schemars(range(min = 0, max = 1))]
        albedo: f64,
    },
    /// A given angular flux enters (transport).
    Incident {
        /// Angular flux per unit of mu, an expression in mu (the cosine with the x or radial axis)
        /// and t; the same number for all mu is isotropic.
        angular_flux: Value,
        /// Factor by group. Default: 1 in the first group, 0 in the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spectrum: Option<Vec<f64>>,
    },
}

impl Boundary {
    /// Value of `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Inflow { .. } => "inflow",
            Self::Outflow => "outflow",
            Self::Dirichlet { .. } => "dirichlet",
            Self::Neumann { .. } => "neumann",
            Self::Robin { .. } => "robin",
            Self::Vacuum => "vacuum",
            Self::Reflecting { .. } => "reflecting",
            Self::White { .. } => "white",
            Self::Incident { .. } => "incident",
        }
    }
}

impl Boundary {
    /// The problems that take this condition, in a word or two.
    pub(crate) fn belongs_to(&self) -> &'static str {
        match self {
            Self::Wall | Self::Inflow { .. } | Self::Outflow => "conservation laws",
            Self::Dirichlet { .. } | Self::Neumann { .. } => {
                "conservation laws and elliptic problems"
            }
            Self::Robin { .. } => "elliptic problems",
            Self::Vacuum | Self::Reflecting { .. } | Self::White { .. } | Self::Incident { .. } => {
                "transport"
            }
        }
    }
}

/// What is written, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputParams {
    /// Interval of time between frames. The initial state and the end are always written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub every: Option<f64>,
    /// Times of frames, increasing; instead of `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<f64>>,
    /// First time at which a frame is written. Default: the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Fields that are written. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// Quantities shown beside the progress bar and in the summary, for instance `l2(u)`.
    /// Default: the first one of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Vec<String>>,
    /// Number of steps between rows of the history (integrals and norms). Default: one row a
    /// frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub history_every: Option<u64>,
    /// Wall-clock seconds between checkpoints of a problem in time; 0 writes one at every frame. A
    /// steady problem keeps its iterate where it is stopped or not solved. Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub checkpoint_every: Option<f64>,
}

/// How `pdesolve converge` refines a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvergeParams {
    /// What is halved from level to level.
    pub refine: Refine,
    /// Number of levels, the case itself being the first.
    #[serde(default = "five")]
    #[schemars(range(min = 2, max = 12))]
    pub levels: usize,
    /// Order that the method must show between the last levels.
    pub expected_order: f64,
    /// How far the observed order may fall short of the expected one.
    #[serde(default = "tenth")]
    pub slack: f64,
    /// Field that is compared.
    pub field: String,
    /// Exact solution at the end, an expression in x, y, z, t. Default: a reference run, refined
    /// two levels beyond the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// When the mesh is refined: exponent q in dt ~ dx^q for fixed steps. Default: 1.
    #[serde(default = "unit")]
    pub step_exponent: f64,
}

/// What a convergence study refines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refine {
    /// The fixed step `time.step`.
    Step,
    /// The number of points or cells along every axis.
    Mesh,
}

fn five() -> usize {
    5
}
fn tenth() -> f64 {
    0.1
}
fn unit() -> f64 {
    1.0
}
