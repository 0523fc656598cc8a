//! Poisson's equation -laplace u = f.
//!
//! Electrostatics, steady heat, soap films, the pressure of incompressible flow. Without a Dirichlet
//! or Robin boundary u is fixed up to a constant, and has a solution only if the integrals of f
//! and of the boundary fluxes cancel: what remains is taken out evenly, reported as
//! `incompatibility(u)`, and u is given the mean 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::{Coefficient, Tensor};
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// -laplace u = f.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Poisson {}

impl EllipticProblem for Poisson {
    fn terms(
        &self,
        _dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        let unit = compile("", &Coefficient::Constant(1.0));
        Ok(unit.map(|unit| Terms::diffusion("", Tensor::Isotropic(unit))))
    }
}
