//! The registry of problems and solvers: one line each.

use std::collections::BTreeMap;
use std::sync::Arc;

use pdesolve_pde::elliptic::{self, EllipticProblem, ImplicitParams, LinearParams};
use pdesolve_pde::finite_volume::{self, FiniteVolumeParams, ScalarLaw};
use pdesolve_pde::spectral::equations as eq;
use pdesolve_pde::spectral::{
    ExpressionEquation, ExpressionError, ExpressionParams, SpectralEquation, SpectralParams,
};
use pdesolve_sampling::{SamplingParams, SamplingSolverParams};
use pdesolve_transport::{DiscreteOrdinatesParams, TransportParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// A problem kind as `pdesolve list` shows it.
#[derive(Clone, Copy, Debug)]
pub struct ProblemEntry {
    /// Value of `problem.kind`.
    pub kind: &'static str,
    /// The equation in one line.
    pub equation: &'static str,
    /// Values of `solver.kind` that can solve it.
    pub solvers: &'static [&'static str],
}

macro_rules! problems {
    ($($variant:ident($params:ty) $kind:literal $solvers:expr, $equation:literal;)*) => {
        /// The equation and its parameters; `kind` names it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum Problem {
            $(#[doc = $equation] #[serde(rename = $kind)] $variant($params),)*
        }

        /// All problem kinds.
        pub const PROBLEMS: &[ProblemEntry] = &[
            $(ProblemEntry { kind: $kind, equation: $equation, solvers: $solvers },)*
        ];

        impl Problem {
            /// Value of `problem.kind`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }
        }
    };
}

const SPECTRAL: &[&str] = &["spectral"];
const VOLUMES: &[&str] = &["finite_volume"];
const LINEAR: &[&str] = &["linear"];
const IMPLICIT: &[&str] = &["implicit"];
const ORDINATES: &[&str] = &["discrete_ordinates"];
const SAMPLER: &[&str] = &["sampler"];
const BOTH: &[&str] = &["spectral", "finite_volume"];

problems! {
    Advection(eq::Advection) "advection" BOTH, "u_t + c . grad u = 0";
    Diffusion(eq::Diffusion) "diffusion" BOTH, "u_t = D laplace u";
    AdvectionDiffusion(finite_volume::AdvectionDiffusion) "advection_diffusion" VOLUMES, "u_t + c . grad u = D laplace u";
    Dispersion(eq::Dispersion) "dispersion" SPECTRAL, "u_t + delta d/dx laplace u = 0";
    HyperDiffusion(eq::HyperDiffusion) "hyper_diffusion" SPECTRAL, "u_t = -mu laplace^2 u";
    Burgers(eq::Burgers) "burgers" BOTH, "u_t + div(u^2/2) = nu laplace u";
    Kdv(eq::Kdv) "kdv" SPECTRAL, "u_t - 6 u u_x + u_xxx = 0 (Korteweg-de Vries)";
    KuramotoSivashinsky(eq::KuramotoSivashinsky) "kuramoto_sivashinsky" SPECTRAL, "u_t + u u_x + u_xx + nu u_xxxx = 0, or with |grad u|^2/2";
    FisherKpp(eq::FisherKpp) "fisher_kpp" SPECTRAL, "u_t = D laplace u + r u (1 - u)";
    AllenCahn(eq::AllenCahn) "allen_cahn" SPECTRAL, "u_t = D laplace u + r (u - u^3)";
    CahnHilliard(eq::CahnHilliard) "cahn_hilliard" SPECTRAL, "u_t = D laplace(u^3 - u - gamma laplace u)";
    SwiftHohenberg(eq::SwiftHohenberg) "swift_hohenberg" SPECTRAL, "u_t = r u - (k^2 + laplace)^2 u + g u^2 - u^3";
    GrayScott(eq::GrayScott) "gray_scott" SPECTRAL, "u_t = Du laplace u - u v^2 + f (1 - u), v_t = Dv laplace v + u v^2 - (f + k) v";
    NavierStokes(eq::NavierStokes) "navier_stokes" SPECTRAL, "2-D incompressible flow, vorticity form, with drag and Kolmogorov forcing";
    Poisson(elliptic::Poisson) "poisson" LINEAR, "-laplace u = f";
    SteadyDiffusion(elliptic::SteadyDiffusion) "steady_diffusion" LINEAR, "-div(K grad u) + r u = f, K a number, field or tensor";
    SteadyAdvectionDiffusion(elliptic::SteadyAdvectionDiffusion) "steady_advection_diffusion" LINEAR, "div(c u) - div(D grad u) = f";
    Darcy(elliptic::Darcy) "darcy" LINEAR, "-div(K grad p) = q, with the velocity v = -K grad p";
    Helmholtz(elliptic::Helmholtz) "helmholtz" LINEAR, "-laplace u - k^2 u = f";
    Heat(elliptic::Heat) "heat" IMPLICIT, "u_t = div(K grad u) + f, K a number, field or tensor";
    Transport(TransportParams) "transport" ORDINATES, "mu psi_x + sigma_t psi = S psi + q, slab, cylinder or sphere, with a fixed source";
    TransportEigenvalue(TransportParams) "transport_eigenvalue" ORDINATES, "mu psi_x + sigma_t psi = S psi + F psi / k, for k and its mode";
    TransportTransient(TransportParams) "transport_transient" ORDINATES, "psi_t / v + mu psi_x + sigma_t psi = S psi + F psi + q, with delayed particles";
    Sampling(SamplingParams) "sampling" SAMPLER, "dx/dt = (alpha'/alpha) x - (g^2/2) grad log p_t(x): samples of a distribution, from noise";
    Expression(ExpressionParams) "expression" SPECTRAL, "your own right-hand side as text, one a field";
}

/// The method and its parameters; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Solver {
    /// Fourier pseudo-spectral method on a periodic grid of points.
    Spectral(SpectralParams),
    /// Finite volumes on a grid of cells, for scalar conservation laws.
    FiniteVolume(FiniteVolumeParams),
    /// Steady problems by finite volumes: one linear system, solved by a Krylov method.
    Linear(LinearParams),
    /// Diffusion in time by finite volumes and implicit steps, each solved by a Krylov method.
    Implicit(ImplicitParams),
    /// Transport of particles along discrete directions (S_N).
    DiscreteOrdinates(DiscreteOrdinatesParams),
    /// A sampler of diffusion models: from noise to data in few calls of the model.
    Sampler(SamplingSolverParams),
}

/// What is asked of a transport problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// The flux that a source makes.
    FixedSource,
    /// The multiplication factor k and its mode.
    Eigenvalue,
    /// The flux over time.
    Transient,
}

impl Solver {
    /// Value of `solver.kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Spectral(_) => "spectral",
            Self::FiniteVolume(_) => "finite_volume",
            Self::Linear(_) => "linear",
            Self::Implicit(_) => "implicit",
            Self::DiscreteOrdinates(_) => "discrete_ordinates",
            Self::Sampler(_) => "sampler",
        }
    }

    /// The method in a few words: scheme or reconstruction.
    pub fn describe(&self) -> String {
        let name = |value: serde_json::Result<serde_json::Value>| match value {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        };
        match self {
            Self::Spectral(params) => {
                format!("spectral, {}", name(serde_json::to_value(params.scheme)))
            }
            Self::FiniteVolume(params) => format!(
                "finite volumes, {}",
                name(serde_json::to_value(params.reconstruction))
            ),
            Self::Linear(params) => format!(
                "finite volumes, method {}, preconditioner {}",
                params.method.name(),
                params.preconditioner.name()
            ),
            Self::Implicit(params) => format!(
                "finite volumes, {}",
                name(serde_json::to_value(params.scheme))
            ),
            Self::DiscreteOrdinates(params) => {
                let scheme = params.scheme.map(|s| name(serde_json::to_value(s)));
                let quadrature = params
                    .quadrature
                    .map(|q| format!("S{} {}", q.order, name(serde_json::to_value(q.kind))));
                ([Some("discrete ordinates".to_owned()), quadrature, scheme].into_iter())
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            Self::Sampler(params) => format!(
                "{} in {} steps",
                params.sampler.sampler().name(),
                params.steps
            ),
        }
    }
}

impl Problem {
    /// The equation as the spectral solver takes it; `None` where only finite volumes solve it.
    ///
    /// # Errors
    /// All faults of a right-hand side given as text.
    pub fn spectral(
        &self,
        parameters: &BTreeMap<String, f64>,
        dim: usize,
    ) -> Result<Option<Arc<dyn SpectralEquation>>, Vec<Finding>> {
        let equation: Arc<dyn SpectralEquation> = match self {
            Self::Advection(p) => Arc::new(p.clone()),
            Self::Diffusion(p) => Arc::new(p.clone()),
            Self::AdvectionDiffusion(_)
            | Self::Poisson(_)
            | Self::SteadyDiffusion(_)
            | Self::SteadyAdvectionDiffusion(_)
            | Self::Darcy(_)
            | Self::Helmholtz(_)
            | Self::Heat(_)
            | Self::Transport(_)
            | Self::TransportEigenvalue(_)
            | Self::TransportTransient(_)
            | Self::Sampling(_) => return Ok(None),
            Self::Dispersion(p) => Arc::new(p.clone()),
            Self::HyperDiffusion(p) => Arc::new(p.clone()),
            Self::Burgers(p) => Arc::new(p.clone()),
            Self::Kdv(p) => Arc::new(p.clone()),
            Self::KuramotoSivashinsky(p) => Arc::new(p.clone()),
            Self::FisherKpp(p) => Arc::new(p.clone()),
            Self::AllenCahn(p) => Arc::new(p.clone()),
            Self::CahnHilliard(p) => Arc::new(p.clone()),
            Self::SwiftHohenberg(p) => Arc::new(p.clone()),
            Self::GrayScott(p) => Arc::new(p.clone()),
            Self::NavierStokes(p) => Arc::new(p.clone()),
            Self::Expression(p) => Arc::new(ExpressionEquation::new(p, parameters, dim).map_err(
                |errors| {
                    errors
                        .into_iter()
                        .map(expression_finding)
                        .collect::<Vec<_>>()
                },
            )?),
        };
        Ok(Some(equation))
    }

    /// The equation as finite volumes take it; `None` where only the spectral solver solves it.
    pub fn law(&self, dim: usize) -> Option<Arc<dyn ScalarLaw>> {
        match self {
            Self::Advection(p) => Some(Arc::new(finite_volume::AdvectionDiffusion {
                velocity: p.velocity.clone(),
                diffusivity: 0.0,
            })),
            Self::Diffusion(p) => Some(Arc::new(finite_volume::AdvectionDiffusion {
                velocity: vec![0.0; dim],
                diffusivity: p.diffusivity,
            })),
            Self::AdvectionDiffusion(p) => Some(Arc::new(p.clone())),
            Self::Burgers(p) => Some(Arc::new(finite_volume::Burgers {
                viscosity: p.viscosity,
            })),
            _ => None,
        }
    }

    /// The equation as an elliptic problem; `None` where it is none.
    pub fn elliptic(&self) -> Option<&dyn EllipticProblem> {
        match self {
            Self::Poisson(p) => Some(p),
            Self::SteadyDiffusion(p) => Some(p),
            Self::SteadyAdvectionDiffusion(p) => Some(p),
            Self::Darcy(p) => Some(p),
            Self::Helmholtz(p) => Some(p),
            Self::Heat(p) => Some(p),
            _ => None,
        }
    }

    /// The parameters of a transport problem, and what is asked; `None` where it is none.
    pub fn transport(&self) -> Option<(&TransportParams, TransportKind)> {
        match self {
            Self::Transport(p) => Some((p, TransportKind::FixedSource)),
            Self::TransportEigenvalue(p) => Some((p, TransportKind::Eigenvalue)),
            Self::TransportTransient(p) => Some((p, TransportKind::Transient)),
            _ => None,
        }
    }

    /// The parameters of a transport problem, to be completed from a library.
    pub(crate) fn transport_mut(&mut self) -> Option<&mut TransportParams> {
        match self {
            Self::Transport(p) | Self::TransportEigenvalue(p) | Self::TransportTransient(p) => {
                Some(p)
            }
            _ => None,
        }
    }

    /// The parameters of a sampling problem; `None` where it is none.
    pub fn sampling(&self) -> Option<&SamplingParams> {
        match self {
            Self::Sampling(params) => Some(params),
            _ => None,
        }
    }

    /// Whether the problem has no time.
    pub fn is_steady(&self) -> bool {
        match self.transport() {
            Some((_, kind)) => kind != TransportKind::Transient,
            None => self.elliptic().is_some() && !matches!(self, Self::Heat(_)),
        }
    }
}

/// A fault of a right-hand side, at its place in the file.
fn expression_finding(error: ExpressionError) -> Finding {
    let path = if error.field.is_empty() {
        "problem.equations".to_owned()
    } else {
        format!("problem.equations.{}", error.field)
    };
    let finding = Finding::new("E0301", path, error.message).span(error.span);
    match error.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}
