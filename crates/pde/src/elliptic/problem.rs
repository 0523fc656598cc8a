//! What an elliptic problem is to the assembly: its terms.

use pdesolve_core::FieldSpec;

use super::conductivity::{Coefficient, PointFunction, Tensor};
use super::error::EllipticError;
use super::steady_advection_diffusion::AdvectionScheme;

/// Turns a coefficient, the value of the key `problem.<key>`, into a function; `None` where the
/// expression does not compile, after its faults were taken down.
pub type Compile<'a> = dyn FnMut(&str, &Coefficient) -> Option<PointFunction> + 'a;

/// An equation of the family -div(K grad u) + div(c u) + r u = f: one file each.
pub trait EllipticProblem {
    /// The unknown.
    fn field(&self) -> FieldSpec {
        FieldSpec::new("u")
    }

    /// The terms of the equation on a grid with `dim` axes; `None` where an expression did not
    /// compile.
    ///
    /// # Errors
    /// Coefficients that do not fit.
    fn terms(
        &self,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>>;
}

/// The terms of an elliptic equation.
pub struct Terms {
    /// K and its key in the problem.
    pub(super) conductivity: (&'static str, Tensor),
    /// c, one function an axis.
    pub(super) velocity: Option<(Vec<PointFunction>, AdvectionScheme)>,
    /// r.
    pub(super) reaction: Option<PointFunction>,
    /// Whether r may be negative: the matrix is then indefinite.
    pub(super) indefinite: bool,
    /// Name under which K is written beside the solution, where it is one number a cell.
    pub(super) written_conductivity: Option<&'static str>,
    /// Name under which -K grad u is written, one field an axis.
    pub(super) written_flux: Option<&'static str>,
}

impl Terms {
    /// -div(K grad u), nothing else.
    pub(super) fn diffusion(key: &'static str, conductivity: Tensor) -> Self {
        Self {
            conductivity: (key, conductivity),
            velocity: None,
            reaction: None,
            indefinite: false,
            written_conductivity: None,
            written_flux: None,
        }
    }
}
