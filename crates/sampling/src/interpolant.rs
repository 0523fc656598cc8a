//! Stochastic interpolants: paths between any two distributions, at t = 0 and at t = 1.
//!
//! ```text
//! x_t = a x_0 + b x_1 + gamma z                       z standard normal
//! v(x, t) = E[a' x_0 + b' x_1 + gamma' z | x_t = x]   the primes are d/dt
//! s(x, t) = -E[z | x_t = x]/gamma                     the score of x_t
//!
//! dx = v dt                                           the flow
//! dx = (v + eps s) dt + sqrt(2 eps) dW                forwards, any eps >= 0
//! dx = (v - eps s) dt + sqrt(2 eps) dW                backwards in t
//! ```
//!
//! All three have the same distribution at every time. Here the data are at t = 1, where
//! diffusion has its noise. One-sided interpolants have no gamma: x_0 is the noise z, and a takes the
//! part of gamma in the score.
//!
//! Near the ends gamma' of `root` is infinite, but gamma gamma' is not, and only that is asked for.
//!
//! The flow is integrated by the methods of [`OdeMethod`], at their orders; the stochastic equation
//! by Heun's method with one draw a step, of weak order 2 for this additive noise. Bad at: ends that
//! are single points, where the score is infinite; begin and end a little inside.
//!
//! Albergo, Boffi and Vanden-Eijnden (2023).

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SamplingError;
use crate::exponential::add;
use crate::noise::Noise;
use crate::samplers::OdeMethod;

/// The noise of an interpolant between its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gamma {
    /// sqrt(t (1 - t)).
    #[default]
    Root,
    /// t (1 - t).
    Quadratic,
    /// sin^2(pi t).
    SineSquared,
}

impl Gamma {
    /// gamma and gamma gamma'.
    fn at(self, t: f64) -> (f64, f64) {
        let product = t * (1.0 - t);
        match self {
            Self::Root => (product.max(0.0).sqrt(), 0.5 - t),
            Self::Quadratic => (product, product * (1.0 - 2.0 * t)),
            Self::SineSquared => {
                let gamma = (PI * t).sin().powi(2);
                (gamma, gamma * PI * (2.0 * PI * t).sin())
            }
        }
    }
}

/// A path between two distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolant {
    /// a = 1 - t, b = t.
    Linear(Gamma),
    /// a = sqrt(1 - gamma^2) cos(pi t/2), b = sqrt(1 - gamma^2) sin(pi t/2). With gamma =
    /// sin^2(pi t) a and b have a kink at t = 1/2.
    Trigonometric(Gamma),
    /// a = 1 - t, b = t, x_0 standard normal, no gamma.
    OneSidedLinear,
    /// a = cos(pi t/2), b = sin(pi t/2), x_0 standard normal, no gamma.
    OneSidedTrigonometric,
}

/// An interpolant at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Size of x_0.
    pub a: f64,
    /// Size of x_1.
    pub b: f64,
    /// Size of the noise between.
    pub gamma: f64,
    /// da/dt.
    pub a_dot: f64,
    /// db/dt.
    pub b_dot: f64,
    /// gamma times d gamma/dt, finite also where the latter is not.
    pub gamma_gamma_dot: f64,
}

impl Interpolant {
    /// All of it at time t in \[0, 1\].
    pub fn at(self, t: f64) -> Coefficients {
        let (sin, cos) = (0.5 * PI * t).sin_cos();
        let none = (0.0, 0.0);
        let (a, b, a_dot, b_dot, (gamma, gamma_gamma_dot)) = match self {
            Self::Linear(gamma) => (1.0 - t, t, -1.0, 1.0, gamma.at(t)),
            Self::OneSidedLinear => (1.0 - t, t, -1.0, 1.0, none),
            Self::OneSidedTrigonometric => (cos, sin, -0.5 * PI * sin, 0.5 * PI * cos, none),
            Self::Trigonometric(gamma) => {
                let (gamma, product) = gamma.at(t);
                let c = (1.0 - gamma * gamma).max(0.0).sqrt();
                // Of sin^2(pi t) at t = 1/2, where c is 0: the slope in the middle of the kink.
                let c_dot = if c > 0.0 { -product / c } else { 0.0 };
                (
                    c * cos,
                    c * sin,
                    c_dot * cos - 0.5 * PI * c * sin,
                    c_dot * sin + 0.5 * PI * c * cos,
                    (gamma, product),
                )
            }
        };
        Coefficients {
            a,
            b,
            gamma,
            a_dot,
            b_dot,
            gamma_gamma_dot,
        }
    }
}

/// Velocity and score of an interpolant, for a batch `[sample][unknown]` at one time.
pub trait InterpolantField {
    /// Number of unknowns of one sample.
    fn unknowns(&self) -> usize;

    /// v(x, t).
    fn velocity(&self, x: &[f64], t: f64, out: &mut [f64]);

    /// The score of x_t.
    fn score(&self, x: &[f64], t: f64, out: &mut [f64]);
}

/// Between N(0, s_0^2) and N(m, s_1^2), drawn independently. With
/// V = a^2 s_0^2 + b^2 s_1^2 + gamma^2:
///
/// ```text
/// v = b' m + (V'/2V) (x - b m),   score = -(x - b m)/V
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianEndpoints {
    /// The path.
    pub interpolant: Interpolant,
    /// s_0; 1 for one-sided interpolants.
    pub deviation_0: f64,
    /// m, one number an unknown.
    pub mean_1: Vec<f64>,
    /// s_1.
    pub deviation_1: f64,
}

impl GaussianEndpoints {
    /// V at time t.
    pub fn variance(&self, t: f64) -> f64 {
        let c = self.interpolant.at(t);
        (c.a * self.deviation_0).powi(2) + (c.b * self.deviation_1).powi(2) + c.gamma * c.gamma
    }

    /// V'/2 at time t.
    fn half_slope(&self, t: f64) -> f64 {
        let c = self.interpolant.at(t);
        c.a * c.a_dot * self.deviation_0.powi(2)
            + c.b * c.b_dot * self.deviation_1.powi(2)
            + c.gamma_gamma_dot
    }
}

impl InterpolantField for GaussianEndpoints {
    fn unknowns(&self) -> usize {
        self.mean_1.len()
    }

    fn velocity(&self, x: &[f64], t: f64, out: &mut [f64]) {
        let c = self.interpolant.at(t);
        let rate = self.half_slope(t) / self.variance(t);
        for ((out, x), m) in out.iter_mut().zip(x).zip(self.mean_1.iter().cycle()) {
            *out = c.b_dot * m + rate * (x - c.b * m);
        }
    }

    fn score(&self, x: &[f64], t: f64, out: &mut [f64]) {
        let b = self.interpolant.at(t).b;
        let variance = self.variance(t);
        for ((out, x), m) in out.iter_mut().zip(x).zip(self.mean_1.iter().cycle()) {
            *out = -(x - b * m) / variance;
        }
    }
}

fn check(
    field: &dyn InterpolantField,
    x: &[f64],
    from: f64,
    to: f64,
    steps: usize,
) -> Result<(), SamplingError> {
    if steps == 0 {
        return Err(SamplingError::grid(
            "it has no steps; at least one is needed",
        ));
    }
    if !((0.0..=1.0).contains(&from) && (0.0..=1.0).contains(&to)) {
        return Err(SamplingError::grid(format!(
            "it runs from {from} to {to}, and interpolants live between 0 and 1"
        )));
    }
    let unknowns = field.unknowns();
    if x.is_empty() || !x.len().is_multiple_of(unknowns) {
        return Err(SamplingError::parameter(
            "starts",
            format!(
                "{} numbers are given, and one sample has {unknowns}",
                x.len()
            ),
        ));
    }
    Ok(())
}

fn check_finite(x: &[f64], unknowns: usize, step: usize, t: f64) -> Result<(), SamplingError> {
    match x.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(SamplingError::NonFinite {
            sample: at / unknowns,
            unknown: at % unknowns,
            value: x[at],
            step,
            t,
        }),
    }
}

/// Carries the batch `x` (`[sample][unknown]`) along the flow in `steps` equal steps, forwards or
/// backwards.
///
/// # Errors
/// [`SamplingError`] for times outside \[0, 1\], a batch not made of whole samples, and values that
/// become infinite.
pub fn flow(
    field: &dyn InterpolantField,
    method: OdeMethod,
    (from, to): (f64, f64),
    steps: usize,
    x: &mut [f64],
) -> Result<(), SamplingError> {
    check(field, x, from, to, steps)?;
    let h = (to - from) / steps as f64;
    let (mut k, mut stage, mut sum) = (vec![0.0; x.len()], x.to_vec(), vec![0.0; x.len()]);
    for step in 0..steps {
        let t = from + h * step as f64;
        sum.fill(0.0);
        for (i, &(a, b)) in method.stages().iter().enumerate() {
            stage.copy_from_slice(x);
            if i > 0 {
                add(&mut stage, &k, a * h);
            }
            // Rounding must not carry a time past the ends.
            field.velocity(&stage, (t + a * h).clamp(0.0, 1.0), &mut k);
            add(&mut sum, &k, b);
        }
        add(x, &sum, h);
        check_finite(x, field.unknowns(), step + 1, t + h)?;
    }
    Ok(())
}

/// Carries the batch `x` (`[sample][unknown]`) along the stochastic equation with the noise `eps` in
/// `steps` equal steps, forwards (from < to) or backwards. With eps = 0 it is Heun's method on the
/// flow.
///
/// # Errors
/// As [`flow`], and for an eps that is negative or not finite.
pub fn diffuse(
    field: &dyn InterpolantField,
    eps: f64,
    (from, to): (f64, f64),
    steps: usize,
    x: &mut [f64],
    noise: &Noise,
) -> Result<(), SamplingError> {
    check(field, x, from, to, steps)?;
    if !(eps.is_finite() && eps >= 0.0) {
        return Err(SamplingError::parameter(
            "eps",
            format!("it is {eps}, and is not negative"),
        ));
    }
    let unknowns = field.unknowns();
    let h = (to - from) / steps as f64;
    // Backwards in time the score pulls the other way.
    let of_score = eps * h.signum();
    let size = (2.0 * eps * h.abs()).sqrt();
    let mut arrays = [(); 5].map(|()| vec![0.0; x.len()]);
    let [drift, ahead, score, guess, draw] = &mut arrays;
    let slope = |x: &[f64], t: f64, out: &mut [f64], score: &mut [f64]| {
        let t = t.clamp(0.0, 1.0);
        field.velocity(x, t, out);
        if eps > 0.0 {
            field.score(x, t, score);
            add(out, score, of_score);
        }
    };
    for step in 0..steps {
        let t = from + h * step as f64;
        if eps > 0.0 {
            noise.normal(Noise::key(step, 0), unknowns, draw);
        }
        slope(x, t, drift, score);
        guess.copy_from_slice(x);
        add(guess, drift, h);
        add(guess, draw, size);
        slope(guess, t + h, ahead, score);
        add(x, drift, 0.5 * h);
        add(x, ahead, 0.5 * h);
        add(x, draw, size);
        check_finite(x, unknowns, step + 1, t + h)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Gamma, GaussianEndpoints, Interpolant, InterpolantField, diffuse, flow};
    use crate::noise::Noise;
    use crate::samplers::OdeMethod;

    const ALL: [Interpolant; 7] = [
        Interpolant::Linear(Gamma::Root),
        Interpolant::Linear(Gamma::Quadratic),
        Interpolant::Linear(Gamma::SineSquared),
        Interpolant::Trigonometric(Gamma::Root),
        Interpolant::Trigonometric(Gamma::Quadratic),
        Interpolant::OneSidedLinear,
        Interpolant::OneSidedTrigonometric,
    ];

    fn gaussian(interpolant: Interpolant) -> GaussianEndpoints {
        GaussianEndpoints {
            interpolant,
            deviation_0: 1.0,
            mean_1: vec![1.5],
            deviation_1: 0.4,
        }
    }

    #[test]
    fn rates_are_the_slopes_of_the_sizes() {
        let all = ALL.into_iter();
        for interpolant in all.chain([Interpolant::Trigonometric(Gamma::SineSquared)]) {
            for t in [0.1, 0.3, 0.7, 0.95] {
                let h = 1e-6;
                let (low, c, high) = (
                    interpolant.at(t - h),
                    interpolant.at(t),
                    interpolant.at(t + h),
                );
                let near = |x: f64, y: f64| assert!((x / (2.0 * h) - y).abs() < 1e-7);
                near(high.a - low.a, c.a_dot);
                near(high.b - low.b, c.b_dot);
                near(c.gamma * (high.gamma - low.gamma), c.gamma_gamma_dot);
            }
        }
    }

    /// The velocity is the regression of the path's own rate on the path: for Gaussians a straight
    /// line, whose slope and height are measured on draws of x_0, x_1, z and their mirror images.
    #[test]
    fn velocity_and_score_are_the_averages_that_define_them() {
        let n = 40_000;
        let mut draws = vec![0.0; 3 * n];
        Noise::new(4).normal(0, 3, &mut draws);
        for interpolant in ALL {
            let field = gaussian(interpolant);
            let t = 0.3;
            let c = interpolant.at(t);
            let gamma_dot = if c.gamma > 0.0 {
                c.gamma_gamma_dot / c.gamma
            } else {
                0.0
            };
            // Mirrored draws have mean zero exactly, so that covariances are plain averages.
            let (mut xx, mut xv, mut xz) = (0.0, 0.0, 0.0);
            let (mut residual_v, mut residual_z) = (0.0, 0.0);
            let mut values = [0.0; 2];
            field.velocity(&[1.0 + c.b * 1.5], t, &mut values[..1]);
            field.score(&[1.0 + c.b * 1.5], t, &mut values[1..]);
            let (rate, score) = (values[0] - c.b_dot * 1.5, values[1]);
            for g in draws.chunks(3) {
                let x = c.a * g[0] + c.b * 0.4 * g[1] + c.gamma * g[2];
                let v = c.a_dot * g[0] + c.b_dot * 0.4 * g[1] + gamma_dot * g[2];
                let (z, size) = if c.gamma > 0.0 {
                    (g[2], c.gamma)
                } else {
                    (g[0], c.a)
                };
                xx += x * x;
                xv += x * v;
                xz -= x * z / size;
                residual_v += (x * (v - rate * x)).powi(2);
                residual_z += (x * (-z / size - score * x)).powi(2);
            }
            let off = (xv / xx - rate).abs() / (residual_v.sqrt() / xx);
            assert!(off < 4.0, "{interpolant:?}: velocity off by {off} errors");
            let off = (xz / xx - score).abs() / (residual_z.sqrt() / xx);
            assert!(off < 4.0, "{interpolant:?}: score off by {off} errors");
        }
    }

    #[test]
    fn the_flow_has_the_order_of_its_method_forwards_and_backwards() {
        for interpolant in ALL {
            let field = gaussian(interpolant);
            let exact = 1.5 + 0.4 * 0.7;
            for method in [OdeMethod::Euler, OdeMethod::Heun, OdeMethod::Rk4] {
                let error = |steps: usize, back: bool| {
                    let mut x = [if back { exact } else { 0.7 }];
                    let ends = if back { (1.0, 0.0) } else { (0.0, 1.0) };
                    flow(&field, method, ends, steps, &mut x).expect("flow");
                    (x[0] - if back { 0.7 } else { exact }).abs()
                };
                for back in [false, true] {
                    let (coarse, fine) = (error(160, back), error(320, back));
                    let order = (coarse / fine).log2();
                    // Below 1e-11 rounding rules.
                    assert!(
                        order > method.order() - 0.2 || fine < 1e-11,
                        "{interpolant:?} {method:?} {back}: {coarse} {fine} {order}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_noise_keeps_the_moments_within_four_standard_errors_both_ways() {
        let n = 20_000;
        let mut z = vec![0.0; n];
        Noise::new(12).normal(Noise::START, 1, &mut z);
        for interpolant in ALL {
            let field = gaussian(interpolant);
            for eps in [0.0, 0.3, 1.0] {
                for (ends, m, s, start_m, start_s) in [
                    ((0.0, 1.0), 1.5, 0.4, 0.0, 1.0),
                    ((1.0, 0.0), 0.0, 1.0, 1.5, 0.4),
                ] {
                    let mut x: Vec<f64> = z.iter().map(|z| start_m + start_s * z).collect();
                    diffuse(&field, eps, ends, 40, &mut x, &Noise::new(13)).expect("diffuse");
                    let count = n as f64;
                    let mean = x.iter().sum::<f64>() / count;
                    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
                    let off = (mean - m).abs() / (s / count.sqrt());
                    let spread = (variance / (s * s) - 1.0).abs() / (2.0 / count).sqrt();
                    assert!(
                        off < 4.0 && spread < 4.0,
                        "{interpolant:?} {eps} {ends:?}: {off} {spread}"
                    );
                }
            }
        }
    }

    #[test]
    fn refuses_negative_noise_and_times_outside() {
        let field = gaussian(Interpolant::OneSidedLinear);
        let mut x = [0.0];
        assert!(diffuse(&field, -1.0, (0.0, 1.0), 4, &mut x, &Noise::new(1)).is_err());
        assert!(flow(&field, OdeMethod::Heun, (0.0, 1.5), 4, &mut x).is_err());
    }
}
