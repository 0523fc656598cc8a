//! Small equations for the tests of this module.

use std::sync::Arc;

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;

use super::equation::{Operand, Quadratic, SpectralEquation, Symbol, Wavenumber};

/// u_t = L u + factor * (u^2)_x summed over the axes.
pub(super) struct Convective {
    pub(super) factor: f64,
    pub(super) linear: fn(Wavenumber) -> Complex64,
}

/// Burgers' equation with viscosity 0.05.
pub(super) fn burgers() -> Arc<dyn SpectralEquation> {
    Arc::new(Convective {
        factor: -0.5,
        linear: |k| Complex64::from(-0.05 * k.squared()),
    })
}

/// Kuramoto-Sivashinsky, conservative.
pub(super) fn kuramoto_sivashinsky() -> Arc<dyn SpectralEquation> {
    Arc::new(Convective {
        factor: -0.5,
        linear: |k| Complex64::from(k.squared() - k.squared().powi(2)),
    })
}

/// KdV: u_t - 6 u u_x + u_xxx = 0.
pub(super) fn kdv() -> Arc<dyn SpectralEquation> {
    Arc::new(Convective {
        factor: 3.0,
        linear: |k| -k.derivative(0, 3),
    })
}

impl SpectralEquation for Convective {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }
    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        (self.linear)(k)
    }
    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }
    fn outputs(&self, dim: usize) -> Vec<Operand> {
        let factor = self.factor;
        vec![Operand::new(
            0,
            Symbol::of(move |k| (0..dim).map(|axis| factor * k.derivative(axis, 1)).sum()),
        )]
    }
    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (p, u) in products[0].iter_mut().zip(inputs[0]) {
            *p = u * u;
        }
    }
    fn transport(&self, dim: usize) -> Vec<(usize, f64)> {
        vec![(0, 2.0 * self.factor.abs()); dim]
    }
    fn quadratics(&self) -> Vec<Quadratic> {
        vec![Quadratic::new("energy", 0, |_| 0.5)]
    }
}

/// Two fields, a forcing in time and space, a steady source, complex and imaginary symbols:
/// u_t = -c u_x + nu laplace u + u v + cos(t) sin(x) + 1/10,   v_t = nu laplace v - u v_x.
pub(super) struct Coupled;

impl SpectralEquation for Coupled {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u"), FieldSpec::new("v")]
    }
    fn linear(&self, field: usize, k: Wavenumber) -> Complex64 {
        let advection = if field == 0 {
            k.derivative(0, 1)
        } else {
            Complex64::ZERO
        };
        -advection - 0.02 * k.squared()
    }
    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![
            Operand::identity(0),
            Operand::identity(1),
            Operand::new(1, Symbol::derivative(0, 1, 1.0)),
        ]
    }
    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![
            Operand::identity(0),
            Operand::new(1, Symbol::Constant(-1.0)),
        ]
    }
    fn products(&self, row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for i in 0..row.x.len() {
            products[0][i] = inputs[0][i] * inputs[1][i] + row.t.cos() * row.x[i].sin();
            products[1][i] = inputs[0][i] * inputs[2][i];
        }
    }
    fn steady_source(&self, field: usize, _position: [f64; 3]) -> f64 {
        if field == 0 { 0.1 } else { 0.0 }
    }
    fn has_steady_source(&self) -> bool {
        true
    }
}

/// Allen-Cahn: u_t = nu laplace u + u - u^3.
pub(super) struct AllenCahn;

impl SpectralEquation for AllenCahn {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }
    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(1.0 - 1e-2 * k.squared())
    }
    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }
    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(-1.0))]
    }
    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (p, u) in products[0].iter_mut().zip(inputs[0]) {
            *p = u * u * u;
        }
    }
}
