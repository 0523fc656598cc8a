//! What an equation states so that the spectral solver can advance it.
//!
//! A semi-linear equation for fields u_1..u_m on a periodic box,
//!
//! ```text
//! du_f/dt = L_f u_f + N_f(u, x, t),
//! N_f     = sum_q S_q g_q(T_1 u, T_2 u, ..., x, t),
//! ```
//!
//! has a linear part L_f that is a number per Fourier mode, and a nonlinear part made of
//! *inputs* T_i u (a symbol times a field, brought to grid points), *products* g_q (computed
//! point by point), and *outputs* (each product transformed back, multiplied by a symbol S_q and
//! added to one field). Burgers' equation has the input u, the product u^2/2 and the output
//! symbol -ik; the solver does all transforms, dealiasing and time stepping.

use std::sync::Arc;

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::{Grid, Row};

/// Wavenumber vector of a Fourier mode exp(i k.x), in radians per length; axes the grid lacks
/// are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wavenumber {
    /// Component along x.
    pub x: f64,
    /// Component along y.
    pub y: f64,
    /// Component along z.
    pub z: f64,
}

impl Wavenumber {
    /// |k|^2, the symbol of minus the Laplacian.
    pub fn squared(self) -> f64 {
        self.x * self.x + self.y * self.y + self.z * self.z
    }

    /// Component along axis 0, 1 or 2.
    pub fn along(self, axis: usize) -> f64 {
        [self.x, self.y, self.z][axis]
    }

    /// (i k_axis)^order, the symbol of a derivative.
    pub fn derivative(self, axis: usize, order: u32) -> Complex64 {
        Complex64::new(0.0, self.along(axis)).powu(order)
    }
}

/// A multiplier per Fourier mode. For real fields S(-k) is the conjugate of S(k).
#[derive(Clone)]
pub enum Symbol {
    /// The same real number for all modes; `Constant(1.0)` is the identity.
    Constant(f64),
    /// A function of the wavenumber, tabulated once.
    Function(Arc<dyn Fn(Wavenumber) -> Complex64 + Send + Sync>),
}

impl Symbol {
    /// A symbol from a function of the wavenumber.
    pub fn of(function: impl Fn(Wavenumber) -> Complex64 + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(function))
    }

    /// `factor` times the derivative of the given order along an axis.
    pub fn derivative(axis: usize, order: u32, factor: f64) -> Self {
        Self::of(move |k| factor * k.derivative(axis, order))
    }
}

/// A symbol applied to a field (input), or added to a field (output).
#[derive(Clone)]
pub struct Operand {
    /// Number of the field read or written.
    pub field: usize,
    /// The multiplier.
    pub symbol: Symbol,
}

impl Operand {
    /// `symbol` on `field`.
    pub fn new(field: usize, symbol: Symbol) -> Self {
        Self { field, symbol }
    }

    /// The field itself.
    pub fn identity(field: usize) -> Self {
        Self::new(field, Symbol::Constant(1.0))
    }
}

/// An integral that is quadratic in one field: the integral over the box of u (W u), which by
/// Parseval is |box| sum_k w(k) |u_k|^2 with w the symbol of W. Energy and enstrophy are such.
#[derive(Clone)]
pub struct Quadratic {
    /// Name under which it is monitored, for instance `energy`.
    pub name: String,
    /// Number of the field.
    pub field: usize,
    /// Weight w(k); the mean mode k = 0 is passed too.
    pub weight: Arc<dyn Fn(Wavenumber) -> f64 + Send + Sync>,
}

impl Quadratic {
    /// The integral named `name` with weight w(k) on `field`.
    pub fn new(
        name: impl Into<String>,
        field: usize,
        weight: impl Fn(Wavenumber) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            field,
            weight: Arc::new(weight),
        }
    }
}

/// A semi-linear equation on a periodic box: see the module page.
pub trait SpectralEquation: Send + Sync {
    /// Names and units of the fields.
    fn fields(&self) -> Vec<FieldSpec>;

    /// Dimensions (1, 2, 3) in which the equation makes sense.
    fn dimensions(&self) -> std::ops::RangeInclusive<usize> {
        1..=3
    }

    /// Whether the equation fits this grid beyond its number of dimensions.
    ///
    /// # Errors
    /// What does not fit, in words for the user.
    fn check(&self, _grid: &Grid) -> Result<(), String> {
        Ok(())
    }

    /// Symbol L_f(k) of the linear part of `field`, in 1/time.
    fn linear(&self, field: usize, k: Wavenumber) -> Complex64;

    /// Inputs of the products, on a grid with `dim` axes.
    fn inputs(&self, dim: usize) -> Vec<Operand>;

    /// Outputs, one for each product that [`SpectralEquation::products`] computes.
    fn outputs(&self, dim: usize) -> Vec<Operand>;

    /// Computes the products g_q along one grid line from the inputs there.
    ///
    /// `inputs[i]` and `products[q]` are as long as `row.x`.
    fn products(&self, row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]);

    /// A source that depends on neither time nor state, added to du_f/dt; transformed once.
    fn steady_source(&self, _field: usize, _position: [f64; 3]) -> f64 {
        0.0
    }

    /// Whether [`SpectralEquation::steady_source`] is not zero.
    fn has_steady_source(&self) -> bool {
        false
    }

    /// Transport speeds for the Courant number along each axis: input numbers and a factor, so
    /// that speed along axis a is `factor * inputs[i]`. Empty where nothing is transported.
    fn transport(&self, _dim: usize) -> Vec<(usize, f64)> {
        Vec::new()
    }

    /// Quadratic integrals monitored beside the integral, the L2 norm and the extrema of each
    /// field.
    fn quadratics(&self) -> Vec<Quadratic> {
        Vec::new()
    }
}
