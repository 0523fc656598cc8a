//! Right-hand sides by direct Fourier sums, to check equations without the solver.

use std::f64::consts::{FRAC_PI_2, TAU};

use num_complex::Complex64;
use pdesolve_mesh::Row;

use crate::spectral::{SpectralEquation, Symbol, Wavenumber};

/// A sum of plane waves on the box [0, 2 pi)^dim: its derivatives are known in closed form.
#[derive(Clone, Default)]
pub(crate) struct Waves(Vec<(f64, [i32; 3], f64)>);

impl Waves {
    /// Waves `amplitude cos(k.x + phase)` from (amplitude, k, phase).
    pub(crate) fn new(waves: &[(f64, [i32; 3], f64)]) -> Self {
        Self(waves.to_vec())
    }

    /// A field without symmetry, with wavenumbers up to 2 along the first `dim` axes.
    pub(crate) fn generic(dim: usize, variant: u32) -> Self {
        let shift = f64::from(variant);
        let mut waves = vec![(0.3 + 0.1 * shift, [0, 0, 0], 0.0)];
        for (n, k) in [
            [1, 0, 0],
            [2, 1, 0],
            [1, -1, 1],
            [0, 2, -1],
            [-2, 1, 2],
            [0, 0, 1],
        ]
        .iter()
        .enumerate()
        {
            let mut k = *k;
            k[dim..].fill(0);
            let n = n as f64;
            waves.push((0.8 / (1.0 + n), k, 0.7 + 1.3 * n + 0.9 * shift));
        }
        Self(waves)
    }

    /// Derivative of the given orders along x, y, z.
    pub(crate) fn d(&self, orders: [u32; 3], x: [f64; 3]) -> f64 {
        let total: u32 = orders.iter().sum();
        self.0
            .iter()
            .map(|(amplitude, k, phase)| {
                let mut factor = *amplitude;
                let mut argument = *phase + f64::from(total) * FRAC_PI_2;
                for axis in 0..3 {
                    factor *= f64::from(k[axis]).powi(orders[axis] as i32);
                    argument += f64::from(k[axis]) * x[axis];
                }
                factor * argument.cos()
            })
            .sum()
    }

    /// Value.
    pub(crate) fn at(&self, x: [f64; 3]) -> f64 {
        self.d([0, 0, 0], x)
    }

    /// n-th derivative along one axis.
    pub(crate) fn along(&self, axis: usize, order: u32, x: [f64; 3]) -> f64 {
        let mut orders = [0; 3];
        orders[axis] = order;
        self.d(orders, x)
    }

    /// Laplacian.
    pub(crate) fn laplace(&self, x: [f64; 3]) -> f64 {
        (0..3).map(|axis| self.along(axis, 2, x)).sum()
    }

    /// Bilaplacian.
    pub(crate) fn bilaplace(&self, x: [f64; 3]) -> f64 {
        let mut sum = 0.0;
        for a in 0..3 {
            for b in 0..3 {
                let mut orders = [0; 3];
                orders[a] += 2;
                orders[b] += 2;
                sum += self.d(orders, x);
            }
        }
        sum
    }

    /// |grad u|^2.
    pub(crate) fn grad2(&self, x: [f64; 3]) -> f64 {
        (0..3).map(|axis| self.along(axis, 1, x).powi(2)).sum()
    }
}

/// A grid of `n` points along each of `dim` axes of [0, 2 pi)^dim, with slow exact transforms.
pub(crate) struct Reference {
    n: usize,
    dim: usize,
}

impl Reference {
    pub(crate) fn new(dim: usize, n: usize) -> Self {
        Self { n, dim }
    }

    fn len(&self) -> usize {
        self.n.pow(self.dim as u32)
    }

    fn indices(&self, flat: usize) -> [usize; 3] {
        let n = self.n;
        [flat % n, flat / n % n, flat / (n * n) % n]
    }

    /// Position of a sample.
    pub(crate) fn position(&self, flat: usize) -> [f64; 3] {
        self.indices(flat).map(|i| TAU * i as f64 / self.n as f64)
    }

    fn wavenumber(&self, flat: usize) -> Wavenumber {
        let n = self.n as i64;
        let signed = |i: usize| {
            let i = i as i64;
            (if 2 * i > n { i - n } else { i }) as f64
        };
        let [x, y, z] = self.indices(flat).map(signed);
        Wavenumber { x, y, z }
    }

    /// One-dimensional transforms along each axis in turn, by direct summation.
    fn transform(&self, values: &[Complex64], sign: f64) -> Vec<Complex64> {
        let n = self.n;
        let mut values = values.to_vec();
        for axis in 0..self.dim {
            let stride = n.pow(axis as u32);
            let mut next = vec![Complex64::default(); values.len()];
            for (flat, out) in next.iter_mut().enumerate() {
                let j = flat / stride % n;
                let first = flat - j * stride;
                for i in 0..n {
                    let angle = sign * TAU * ((i * j) % n) as f64 / n as f64;
                    *out += values[first + i * stride] * Complex64::from_polar(1.0, angle);
                }
            }
            values = next;
        }
        values
    }

    fn coefficients(&self, values: &[f64]) -> Vec<Complex64> {
        let values: Vec<_> = values.iter().map(|&v| Complex64::from(v)).collect();
        let scale = 1.0 / self.len() as f64;
        self.transform(&values, -1.0)
            .into_iter()
            .map(|c| c * scale)
            .collect()
    }

    fn values(&self, coefficients: &[Complex64]) -> Vec<f64> {
        let values = self.transform(coefficients, 1.0);
        let imaginary = values.iter().map(|c| c.im.abs()).fold(0.0, f64::max);
        assert!(imaginary < 1e-9, "a symbol breaks S(-k) = conj S(k)");
        values.into_iter().map(|c| c.re).collect()
    }

    fn apply(&self, symbol: &Symbol, coefficients: &[Complex64]) -> Vec<Complex64> {
        let at = |flat| match symbol {
            Symbol::Constant(value) => Complex64::from(*value),
            Symbol::Function(function) => function(self.wavenumber(flat)),
        };
        coefficients
            .iter()
            .enumerate()
            .map(|(flat, &c)| at(flat) * c)
            .collect()
    }

    /// L u + N(u) for every field at every sample: `[field][sample]`.
    pub(crate) fn rhs(
        &self,
        equation: &dyn SpectralEquation,
        fields: &[Waves],
        t: f64,
    ) -> Vec<Vec<f64>> {
        assert_eq!(equation.fields().len(), fields.len());
        let len = self.len();
        let spectra: Vec<_> = fields
            .iter()
            .map(|u| {
                let u: Vec<_> = (0..len).map(|i| u.at(self.position(i))).collect();
                self.coefficients(&u)
            })
            .collect();
        let inputs: Vec<_> = equation
            .inputs(self.dim)
            .iter()
            .map(|input| self.values(&self.apply(&input.symbol, &spectra[input.field])))
            .collect();
        let outputs = equation.outputs(self.dim);
        let mut products = vec![vec![f64::NAN; len]; outputs.len()];
        let x: Vec<_> = (0..self.n).map(|i| self.position(i)[0]).collect();
        for start in (0..len).step_by(self.n) {
            let range = start..start + self.n;
            let [_, y, z] = self.position(start);
            let row = Row { t, x: &x, y, z };
            let lines: Vec<_> = inputs.iter().map(|v| &v[range.clone()]).collect();
            let mut outs: Vec<_> = products.iter_mut().map(|v| &mut v[range.clone()]).collect();
            equation.products(row, &lines, &mut outs);
        }
        let mut rates: Vec<Vec<Complex64>> = spectra
            .iter()
            .enumerate()
            .map(|(field, spectrum)| {
                let at = |flat| equation.linear(field, self.wavenumber(flat));
                let symbols = (0..len).map(at);
                spectrum.iter().zip(symbols).map(|(u, l)| l * u).collect()
            })
            .collect();
        for (product, output) in products.iter().zip(&outputs) {
            let spectrum = self.apply(&output.symbol, &self.coefficients(product));
            for (rate, change) in rates[output.field].iter_mut().zip(spectrum) {
                *rate += change;
            }
        }
        rates
            .iter()
            .enumerate()
            .map(|(field, rate)| {
                let mut values = self.values(rate);
                if equation.has_steady_source() {
                    for (flat, value) in values.iter_mut().enumerate() {
                        *value += equation.steady_source(field, self.position(flat));
                    }
                }
                values
            })
            .collect()
    }
}

/// Largest difference between the right-hand side of a one-field equation on a generic field
/// and `exact(u, x)`, the same written with analytic derivatives, over 1 to `max_dim` axes.
pub(crate) fn assert_rhs_equals(
    equation: &dyn SpectralEquation,
    dims: impl IntoIterator<Item = usize>,
    exact: impl Fn(&Waves, [f64; 3]) -> f64,
) {
    for dim in dims {
        assert!(equation.dimensions().contains(&dim));
        let grid = Reference::new(dim, 14);
        let u = Waves::generic(dim, 0);
        let rates = grid.rhs(equation, std::slice::from_ref(&u), 0.0);
        let expected: Vec<f64> = (0..rates[0].len())
            .map(|i| exact(&u, grid.position(i)))
            .collect();
        let scale = expected.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        for (i, (rate, expected)) in rates[0].iter().zip(&expected).enumerate() {
            assert!(
                (rate - expected).abs() < 1e-11 * scale,
                "dim {dim}, sample {i}: {rate} instead of {expected}"
            );
        }
    }
}
