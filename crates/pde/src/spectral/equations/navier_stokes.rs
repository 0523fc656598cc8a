//! Incompressible flow in two dimensions, in vorticity form.
//!
//! ```text
//! w_t + u . grad w = nu laplace w - alpha w + g(y),      w = v_x - u_y,  div (u, v) = 0
//! (u, v)^ = (i k_y, -i k_x) w^ / |k|^2   (k = 0: at rest)
//! L(k) = -nu |k|^2 - alpha
//! N(w) = (k_x^2 - k_y^2) (u v)^ - k_x k_y (u^2 - v^2)^ + g^
//! ```
//!
//! The form of N is the curl of div(u u): it takes four transforms a stage (u, v in; u v,
//! u^2 - v^2 out), one less than u w and v w. The mean velocity is zero, as is the mean vorticity
//! of a periodic flow: give initial vorticity without mean. Kolmogorov forcing is the body force
//! gamma sin(q y) along x with q = 2 pi mode / L, hence g = -gamma q cos(q y); the drag alpha is
//! that on the velocity.
//!
//! What to expect: without forcing, vortices merge and the enstrophy, the integral of w^2/2, falls
//! by the integral of nu |grad w|^2 (+ alpha w^2); energy falls more slowly. The Taylor-Green
//! vortex w = 2 k sin(k x) sin(k y) decays by exp(-(2 nu k^2 + alpha) t) and keeps its shape.
//! With forcing, bands along x, unstable above a Reynolds number near 1.2 (mode > 1 only) and
//! chaotic at nu = 1e-3. Filaments are about sqrt(nu / strain) wide: 256^2 for nu = 1e-3.
//!
//! Sources: G. I. Taylor, Phil. Mag. 46 (1923) 671; L. D. Meshalkin and Ya. G. Sinai, J. Appl.
//! Math. Mech. 25 (1961) 1700; Kochkov et al., PNAS 118 (2021), and Lippe et al., PDE-Refiner
//! (2023): nu = 1e-3, mode = 4, gamma = 1, alpha = 0.1 on [0, 2 pi]^2.

use std::f64::consts::TAU;

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::{Grid, Row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, Quadratic, SpectralEquation, Symbol, Wavenumber};

/// Incompressible Navier-Stokes equations in two dimensions, field `vorticity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NavierStokes {
    /// Kinematic viscosity nu, length^2/time. Default: 1e-3.
    #[schemars(extend("minimum" = 0.0))]
    pub viscosity: f64,
    /// Linear drag alpha on the velocity, 1/time. Default: 0.
    #[schemars(extend("minimum" = 0.0))]
    pub drag: f64,
    /// Kolmogorov forcing; left out, the flow decays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forcing: Option<KolmogorovForcing>,
}

/// The body force gamma sin(2 pi mode y / L) along x.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KolmogorovForcing {
    /// Number of periods of the force along y. Default: 4.
    #[schemars(range(min = 1))]
    pub mode: u32,
    /// Amplitude gamma of the force, length/time^2. Default: 1.
    pub amplitude: f64,
    /// Length L of the box along y, which must be that of the mesh. Default: 2 pi.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub length: f64,
}

impl Default for NavierStokes {
    fn default() -> Self {
        Self {
            viscosity: 1e-3,
            drag: 0.0,
            forcing: None,
        }
    }
}

impl Default for KolmogorovForcing {
    fn default() -> Self {
        Self {
            mode: 4,
            amplitude: 1.0,
            length: TAU,
        }
    }
}

impl NavierStokes {
    /// The Kolmogorov flow of PDE-Refiner: nu = 1e-3, drag 0.1, mode 4, amplitude 1 on a box of
    /// length 2 pi.
    pub fn kolmogorov() -> Self {
        Self {
            drag: 0.1,
            forcing: Some(KolmogorovForcing::default()),
            ..Self::default()
        }
    }
}

/// The symbol from vorticity to one velocity component: i k_y / |k|^2 or -i k_x / |k|^2.
fn velocity(component: impl Fn(Wavenumber) -> f64 + Send + Sync + 'static) -> Symbol {
    Symbol::of(move |k| {
        let k2 = k.squared();
        let scale = if k2 > 0.0 { 1.0 / k2 } else { 0.0 };
        Complex64::new(0.0, component(k) * scale)
    })
}

impl SpectralEquation for NavierStokes {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("vorticity")]
    }

    fn dimensions(&self) -> std::ops::RangeInclusive<usize> {
        2..=2
    }

    fn check(&self, grid: &Grid) -> Result<(), String> {
        let Some(forcing) = &self.forcing else {
            return Ok(());
        };
        let length = grid.axes()[1].length();
        if (forcing.length - length).abs() <= 1e-9 * length {
            Ok(())
        } else {
            Err(format!(
                "the forcing has `length = {}`, but the mesh is {length} long along y",
                forcing.length
            ))
        }
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-self.viscosity * k.squared() - self.drag)
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![
            Operand::new(0, velocity(|k| k.y)),
            Operand::new(0, velocity(|k| -k.x)),
        ]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![
            Operand::new(0, Symbol::of(|k| Complex64::from(k.x * k.x - k.y * k.y))),
            Operand::new(0, Symbol::of(|k| Complex64::from(-k.x * k.y))),
        ]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        let [shear, normal] = products else { return };
        let velocities = inputs[0].iter().zip(inputs[1]);
        for ((uv, uu_vv), (u, v)) in shear.iter_mut().zip(normal.iter_mut()).zip(velocities) {
            *uv = u * v;
            *uu_vv = u * u - v * v;
        }
    }

    fn steady_source(&self, _field: usize, position: [f64; 3]) -> f64 {
        self.forcing.as_ref().map_or(0.0, |forcing| {
            let q = TAU * f64::from(forcing.mode) / forcing.length;
            -forcing.amplitude * q * (q * position[1]).cos()
        })
    }

    fn has_steady_source(&self) -> bool {
        self.forcing.is_some()
    }

    fn transport(&self, _dim: usize) -> Vec<(usize, f64)> {
        vec![(0, 1.0), (1, 1.0)]
    }

    /// Kinetic energy, the integral of |(u, v)|^2 / 2, and enstrophy, that of w^2 / 2.
    fn quadratics(&self) -> Vec<Quadratic> {
        let energy = |k: Wavenumber| match k.squared() {
            0.0 => 0.0,
            k2 => 0.5 / k2,
        };
        vec![
            Quadratic::new("energy", 0, energy),
            Quadratic::new("enstrophy", 0, |_| 0.5),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimeParams;
    use crate::spectral::equations::reference::{Reference, Waves};
    use crate::spectral::{Spectral, SpectralParams};
    use pdesolve_core::Simulation;
    use std::sync::Arc;

    /// Stream functions psi with w = -laplace psi, u = psi_y, v = -psi_x.
    fn rhs_by_stream_function(psi: &Waves, x: [f64; 3]) -> f64 {
        let (u, v) = (psi.d([0, 1, 0], x), -psi.d([1, 0, 0], x));
        let w_x = -psi.d([3, 0, 0], x) - psi.d([1, 2, 0], x);
        let w_y = -psi.d([2, 1, 0], x) - psi.d([0, 3, 0], x);
        -u * w_x - v * w_y
    }

    #[test]
    fn rhs_is_advection_of_vorticity_by_its_own_velocity() {
        let waves = [
            (0.7, [1, 0, 0], 0.3),
            (0.4, [2, 1, 0], 1.1),
            (0.5, [1, -2, 0], 2.0),
            (0.6, [0, 1, 0], 0.9),
        ];
        let psi = Waves::new(&waves);
        let w = Waves::new(&waves.map(|(a, k, phase)| {
            let k2 = f64::from(k[0] * k[0] + k[1] * k[1]);
            (a * k2, k, phase)
        }));
        let equation = NavierStokes {
            viscosity: 0.02,
            ..NavierStokes::kolmogorov()
        };
        let grid = Reference::new(2, 14);
        let rates = grid.rhs(&equation, std::slice::from_ref(&w), 0.0);
        for (i, rate) in rates[0].iter().enumerate() {
            let x = grid.position(i);
            let expected = rhs_by_stream_function(&psi, x) + 0.02 * w.laplace(x)
                - 0.1 * w.at(x)
                - 4.0 * (4.0 * x[1]).cos();
            assert!((rate - expected).abs() < 1e-11, "{rate} not {expected}");
        }
    }

    #[test]
    fn taylor_green_vortex_only_decays() {
        // 4 sin(2x) sin(2y) = 2 cos(2x - 2y) - 2 cos(2x + 2y)
        let w = Waves::new(&[(2.0, [2, -2, 0], 0.0), (-2.0, [2, 2, 0], 0.0)]);
        let grid = Reference::new(2, 14);
        let equation = NavierStokes {
            viscosity: 0.1,
            drag: 0.3,
            forcing: None,
        };
        let rates = grid.rhs(&equation, std::slice::from_ref(&w), 0.0);
        for (i, rate) in rates[0].iter().enumerate() {
            let expected = -(8.0 * 0.1 + 0.3) * w.at(grid.position(i));
            assert!((rate - expected).abs() < 1e-12);
        }
        assert_eq!(equation.fields()[0].name, "vorticity");
    }

    #[test]
    fn enstrophy_and_energy_are_conserved_by_the_nonlinear_term() {
        let equation = NavierStokes {
            viscosity: 0.0,
            ..Default::default()
        };
        let grid = Reference::new(2, 14);
        let w = Waves::new(&[
            (0.7, [1, 0, 0], 0.3),
            (0.4, [2, 1, 0], 1.1),
            (0.5, [1, -2, 0], 2.0),
        ]);
        let psi = Waves::new(&[
            (0.7, [1, 0, 0], 0.3),
            (0.4 / 5.0, [2, 1, 0], 1.1),
            (0.5 / 5.0, [1, -2, 0], 2.0),
        ]);
        let rates = grid.rhs(&equation, std::slice::from_ref(&w), 0.0);
        let against = |f: &Waves| -> f64 {
            let terms = rates[0].iter().enumerate();
            terms.map(|(i, r)| r * f.at(grid.position(i))).sum()
        };
        assert!(against(&w).abs() < 1e-11 && against(&psi).abs() < 1e-11);
    }

    #[test]
    fn a_box_of_another_length_than_the_forcing_is_refused() {
        let equation = NavierStokes::kolmogorov();
        assert!(equation.check(&Grid::periodic_box(2, 8, TAU)).is_ok());
        let message = equation.check(&Grid::periodic_box(2, 8, 1.0)).unwrap_err();
        assert!(message.contains("mesh is 1 long along y"), "{message}");
        let decaying = NavierStokes::default();
        assert!(decaying.check(&Grid::periodic_box(2, 8, 1.0)).is_ok());
    }

    /// A solver on [0, 2 pi]^2 with ETDRK4.
    fn solver(equation: NavierStokes, n: usize, step: f64) -> Spectral {
        let grid = Grid::periodic_box(2, n, TAU);
        let params = SpectralParams::default();
        let time = TimeParams::fixed(1.0, step);
        Spectral::new(Arc::new(equation), &grid, &params, &time, 1).unwrap()
    }

    #[test]
    fn taylor_green_decays_exactly() {
        let mut sim = solver(
            NavierStokes {
                viscosity: 0.1,
                drag: 0.05,
                forcing: None,
            },
            32,
            0.02,
        );
        let grid = Grid::periodic_box(2, 32, TAU);
        let vortex = |[x, y, _]: [f64; 3]| 4.0 * (2.0 * x).sin() * (2.0 * y).sin();
        let start: Vec<f64> = (0..grid.len()).map(|i| vortex(grid.position(i))).collect();
        sim.set_field(0, 0, &start);
        while sim.time() < 1.0 {
            sim.advance(1.0).unwrap();
        }
        let mut end = vec![0.0; grid.len()];
        sim.sample(0, &mut end);
        let decay = (-(8.0 * 0.1 + 0.05f64)).exp();
        for (end, start) in end.iter().zip(&start) {
            assert!((end - decay * start).abs() < 1e-12, "{end}");
        }
    }

    #[test]
    fn enstrophy_balance_closes_to_1e_10() {
        // d/dt int w^2/2 = -nu int |grad w|^2 - alpha int w^2 + int g w, by Simpson's rule
        // over pairs of steps.
        let equation = NavierStokes {
            viscosity: 0.02,
            ..NavierStokes::kolmogorov()
        };
        let grid = Grid::periodic_box(2, 64, TAU);
        let mut sim = solver(equation.clone(), 64, 2e-3);
        let w = Waves::generic(2, 0);
        let mean = 0.3;
        let start: Vec<f64> = (0..grid.len())
            .map(|i| w.at(grid.position(i)) - mean)
            .collect();
        sim.set_field(0, 0, &start);
        let names = sim.quantity_names();
        let place = names.iter().position(|n| n.contains("enstrophy")).unwrap();
        let reference = |sim: &mut Spectral| {
            let mut w = vec![0.0; grid.len()];
            sim.sample(0, &mut w);
            let mut quantities = Vec::new();
            sim.quantities(&mut quantities);
            (w, quantities[place])
        };
        // int |grad w|^2 by spectral differentiation of a one-dimensional line at a time.
        let rate = |w: &[f64]| {
            let cell = grid.cell_volume(0);
            let mut sum = 0.0;
            for (stride, lines) in [(1, 64), (64, 1)] {
                for line in 0..64 {
                    let line: Vec<f64> = (0..64).map(|i| w[line * lines + i * stride]).collect();
                    sum -= 0.02 * slope_squares(&line);
                }
            }
            for (i, w) in w.iter().enumerate() {
                let source = equation.steady_source(0, grid.position(i));
                sum += source * w - 0.1 * w * w;
            }
            cell * sum
        };
        let (w0, enstrophy0) = reference(&mut sim);
        let mut rates = vec![rate(&w0)];
        for _ in 0..10 {
            sim.advance(1.0).unwrap();
            let (w, _) = reference(&mut sim);
            rates.push(rate(&w));
        }
        let (_, enstrophy1) = reference(&mut sim);
        let simpson: f64 = rates
            .windows(3)
            .step_by(2)
            .map(|r| 2e-3 / 3.0 * (r[0] + 4.0 * r[1] + r[2]))
            .sum();
        let error = (enstrophy1 - enstrophy0 - simpson).abs() / enstrophy0;
        assert!(error < 1e-10, "enstrophy balance off by {error:.2e}");
    }

    /// Sum of the squares of the derivative of 64 periodic values on [0, 2 pi], by the
    /// trigonometric differentiation matrix.
    fn slope_squares(line: &[f64]) -> f64 {
        let n = line.len();
        let slope = |j: usize| -> f64 {
            let term = |i: usize| {
                let d = (j + n - i) % n;
                let sign = if d.is_multiple_of(2) { 0.5 } else { -0.5 };
                sign * line[i] / (std::f64::consts::PI * d as f64 / n as f64).tan()
            };
            (0..n).filter(|&i| i != j).map(term).sum()
        };
        (0..n).map(|j| slope(j).powi(2)).sum()
    }
}
