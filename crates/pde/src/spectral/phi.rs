//! Functions of the linear part, one number per mode, without cancellation.
//!
//! Exponential integrators need quotients such as (e^z - 1 - z) / z^2 with z = L h, which lose all
//! digits near z = 0. Following A.-K. Kassam, L. N. Trefethen, SIAM J. Sci. Comput. 26 (2005) 1214,
//! each is evaluated as its mean over a circle around z (Cauchy's integral formula for an entire
//! function, by the trapezoidal rule, which converges faster than any power):
//!
//! ```text
//! f(z) = 1/M sum_j f(z + r exp(i theta_j)),   theta_j = 2 pi (j - 1/2) / M,   j = 1..M.
//! ```
//!
//! The circle is a full one and the mean stays complex, so that dispersive (imaginary) and mixed
//! linear parts are right too. The radius is 1, except where the circle would pass within 1/2
//! of the origin: there it is 2. (With radius 1 throughout, a complex z near |z| = 1 can put a
//! point of the circle next to 0, where the cancellation is back.)

use std::collections::HashMap;

use num_complex::Complex64;

/// Linear part of one field: the distinct values of L and which of them each mode has.
///
/// Isotropic operators repeat each value up to 8 times on a square and 48 times on a cube, and a
/// value costs M complex exponentials.
pub(super) struct LinearPart {
    values: Vec<Complex64>,
    of_mode: Vec<u32>,
    real: bool,
}

/// Coefficients of one field: `[coefficient][mode]`, real where L is.
#[derive(Clone, Debug)]
pub(super) enum Coefficients {
    Real(Vec<Vec<f64>>),
    Complex(Vec<Vec<Complex64>>),
}

impl LinearPart {
    /// Takes L at each mode.
    pub(super) fn new(modes: usize, at: impl Fn(usize) -> Complex64) -> Self {
        let mut values = Vec::new();
        let mut seen = HashMap::new();
        let of_mode = (0..modes)
            .map(|mode| {
                // Adding 0 makes -0 the same key as 0.
                let value = at(mode) + Complex64::ZERO;
                *seen
                    .entry((value.re.to_bits(), value.im.to_bits()))
                    .or_insert_with(|| {
                        values.push(value);
                        (values.len() - 1) as u32
                    })
            })
            .collect();
        let real = values.iter().all(|value| value.im == 0.0);
        Self {
            values,
            of_mode,
            real,
        }
    }

    /// Tabulates K functions of L. Where L is real the functions are, up to rounding of the mean,
    /// which is dropped.
    pub(super) fn tabulate<const K: usize>(
        &self,
        functions: impl Fn(Complex64) -> [Complex64; K],
    ) -> Coefficients {
        let distinct: Vec<[Complex64; K]> = self.values.iter().map(|&l| functions(l)).collect();
        let row = |c: usize| self.of_mode.iter().map(move |&v| (c, v as usize));
        if self.real {
            Coefficients::Real(
                (0..K)
                    .map(|c| row(c).map(|(c, v)| distinct[v][c].re).collect())
                    .collect(),
            )
        } else {
            Coefficients::Complex(
                (0..K)
                    .map(|c| row(c).map(|(c, v)| distinct[v][c]).collect())
                    .collect(),
            )
        }
    }
}

/// Mean of K entire functions over the circle around `z`, with `points` points (even).
pub(super) fn contour_mean<const K: usize>(
    z: Complex64,
    points: usize,
    functions: impl Fn(Complex64) -> [Complex64; K],
) -> [Complex64; K] {
    let radius = if (0.5..1.5).contains(&z.norm()) {
        2.0
    } else {
        1.0
    };
    let mut mean = [Complex64::ZERO; K];
    for j in 0..points {
        let angle = std::f64::consts::TAU * (j as f64 + 0.5) / points as f64;
        let at = functions(z + Complex64::from_polar(radius, angle));
        for (m, f) in mean.iter_mut().zip(at) {
            *m += f / points as f64;
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// phi_3 by its Taylor series, and by its closed form where that is safe.
    fn phi3(z: Complex64) -> Complex64 {
        if z.norm() < 3.0 {
            let mut term = Complex64::new(1.0 / 6.0, 0.0);
            let mut sum = term;
            for n in 1..60 {
                term *= z / f64::from(n + 3);
                sum += term;
            }
            sum
        } else {
            (z.exp() - 1.0 - z - z * z / 2.0) / (z * z * z)
        }
    }

    #[test]
    fn contour_means_keep_full_accuracy_for_real_imaginary_and_complex_arguments() {
        let mut worst = 0.0_f64;
        for radius in [
            0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.49, 0.7, 0.98, 1.0, 1.02, 1.6, 5.0, 60.0,
        ] {
            for step in 0..=180 {
                // Half of the circle that leads to decay, and both signs of the frequency.
                let angle = std::f64::consts::PI * (0.5 + f64::from(step) / 180.0);
                let z = Complex64::from_polar(radius, angle);
                let [mean] =
                    contour_mean(z, 32, |r| [(r.exp() - 1.0 - r - r * r / 2.0) / r.powu(3)]);
                worst = worst.max((mean - phi3(z)).norm() / phi3(z).norm());
            }
        }
        assert!(worst < 2e-14, "relative error {worst:.2e}");
    }

    #[test]
    fn each_distinct_value_is_computed_once() {
        let part = LinearPart::new(100, |mode| Complex64::new(-((mode % 7) as f64), 0.0));
        assert_eq!(part.values.len(), 7);
        let Coefficients::Real(rows) = part.tabulate(|l| [l, 2.0 * l]) else {
            panic!("a real operator has real coefficients");
        };
        assert_eq!((rows[0][9], rows[1][9]), (-2.0, -4.0));
    }
}
