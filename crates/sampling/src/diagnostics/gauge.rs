//! The part of a model's score that no law shows.
//!
//! Let a model's score be `grad ln p + r`. The law of its flow is that of the exact one if and only
//! if `div(p r) = 0`: r then carries samples about on surfaces of equal density, say. Two measures:
//!
//! ```text
//! asymmetry     |J - J^T|/|J| in the Frobenius norm, J = d score/dx; 0 for a gradient, at most 2
//! p-divergence  div(p r)/p = div r + r.grad ln p
//! ```
//!
//! For independent standard normal u and v, E(u.Jv - v.Ju)^2 = |J - J^T|^2 and E(u.Jv)^2 = |J|^2, so
//! that the asymmetry needs products J v alone, which are central differences along v.

use crate::model::Model;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::schedule::Node;

/// Asymmetry |J - J^T|/|J| of the Jacobian of the score over the batch `x` (`[sample][unknown]`) at
/// a node, from `probes` pairs of random vectors a sample and differences of step `h`.
///
/// Its relative error is about (probes times samples)^(-1/2). A call costs 4 evaluations a probe.
/// NaN where J vanishes.
pub fn jacobian_asymmetry(
    problem: &Problem,
    node: &Node,
    x: &[f64],
    probes: usize,
    h: f64,
    noise: &Noise,
) -> f64 {
    let d = problem.unknowns();
    let mut model = Model::new(problem);
    let [mut u, mut v, mut ju, mut jv] = std::array::from_fn(|_| vec![0.0; x.len()]);
    let (mut apart, mut whole) = (0.0, 0.0);
    for probe in 0..probes {
        noise.normal(Noise::key(probe, 0), d, &mut u);
        noise.normal(Noise::key(probe, 1), d, &mut v);
        along(&mut model, node, x, &u, h, &mut ju);
        along(&mut model, node, x, &v, h, &mut jv);
        for sample in 0..x.len() / d {
            let range = sample * d..(sample + 1) * d;
            let ujv = dot(&u[range.clone()], &jv[range.clone()]);
            let vju = dot(&v[range.clone()], &ju[range]);
            apart += (ujv - vju).powi(2);
            // Both estimate |J|^2.
            whole += 0.5 * (ujv * ujv + vju * vju);
        }
    }
    (apart / whole).sqrt()
}

/// J v by a central difference.
fn along(model: &mut Model, node: &Node, x: &[f64], v: &[f64], h: f64, out: &mut [f64]) {
    let at = |h: f64| -> Vec<f64> { x.iter().zip(v).map(|(x, v)| x + h * v).collect() };
    let mut behind = vec![0.0; x.len()];
    model.predict(Parameterisation::Score, &at(h), node, out);
    model.predict(Parameterisation::Score, &at(-h), node, &mut behind);
    for (out, behind) in out.iter_mut().zip(&behind) {
        *out = (*out - behind) / (2.0 * h);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// div(p r)/p of each sample of the batch `x` (`[sample][unknown]`) at a node, where p is the law
/// whose score is that of `exact`, and r the score of `model` less that. Central differences of
/// step `h`; 4 d + 2 calls, d unknowns.
pub fn p_divergence(model: &Problem, exact: &Problem, node: &Node, x: &[f64], h: f64) -> Vec<f64> {
    let d = exact.unknowns();
    let (mut model, mut exact) = (Model::new(model), Model::new(exact));
    let [mut r, mut s] = std::array::from_fn(|_| vec![0.0; x.len()]);
    let mut residual = |x: &[f64], r: &mut [f64], s: &mut [f64]| {
        model.predict(Parameterisation::Score, x, node, r);
        exact.predict(Parameterisation::Score, x, node, s);
        for (r, s) in r.iter_mut().zip(s.iter()) {
            *r -= s;
        }
    };
    residual(x, &mut r, &mut s);
    let mut out: Vec<f64> = r
        .chunks(d)
        .zip(s.chunks(d))
        .map(|(r, s)| dot(r, s))
        .collect();
    let mut moved = x.to_vec();
    for i in 0..d {
        for step in [h, -h] {
            moved.copy_from_slice(x);
            for moved in moved.chunks_mut(d) {
                moved[i] += step;
            }
            residual(&moved, &mut r, &mut s);
            for (out, r) in out.iter_mut().zip(r.chunks(d)) {
                *out += r[i] / (2.0 * step);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::analytic::GaussianMixture;
    use crate::diagnostics::tests::disturbed;
    use crate::reference::reference_flow;
    use crate::samplers::tests::three_gaussians;
    use crate::schedule::VarianceLinear;

    fn gaussian() -> Problem {
        let target = GaussianMixture::single(&[0.0, 0.0], 0.5);
        Problem::new(Arc::new(VarianceLinear::default()), Arc::new(target))
    }

    #[test]
    fn a_gradient_has_a_symmetric_jacobian_and_a_turned_one_has_not() {
        let problem = three_gaussians();
        let node = problem.schedule.node(0.4);
        let x = problem.prior(&node, 500, &Noise::new(2));
        let probe = Noise::new(3);
        let found = jacobian_asymmetry(&problem, &node, &x, 4, 1e-4, &probe);
        assert!(found < 1e-6, "{found:e}");
        // J = [[-a, -b], [b, -a]] with a = 1/v: |J - J^T|/|J| = 2 b/sqrt(a^2 + b^2).
        let gaussian = gaussian();
        let a = 1.0 / (0.25 * node.alpha.powi(2) + node.sigma.powi(2));
        let b = 0.7;
        let turned = disturbed(&gaussian, 1.0, b);
        let found = jacobian_asymmetry(&turned, &node, &x, 40, 1e-4, &probe);
        let exact = 2.0 * b / a.hypot(b);
        assert!((found / exact - 1.0).abs() < 0.03, "{found} {exact}");
    }

    #[test]
    fn turning_a_gaussian_leaves_its_law_and_scaling_does_not() {
        let problem = gaussian();
        let node = problem.schedule.node(0.4);
        let x = [0.3, -0.7, 1.2, 0.4];
        for value in p_divergence(&disturbed(&problem, 1.0, 2.0), &problem, &node, &x, 1e-4) {
            assert!(value.abs() < 1e-9, "{value:e}");
        }
        // r = -0.1 x/v: div(p r)/p = -0.2/v + 0.1 |x|^2/v^2.
        let v = 0.25 * node.alpha.powi(2) + node.sigma.powi(2);
        let found = p_divergence(&disturbed(&problem, 1.1, 0.0), &problem, &node, &x, 1e-4);
        for (found, x) in found.iter().zip(x.chunks(2)) {
            let exact = -0.2 / v + 0.1 * dot(x, x) / (v * v);
            assert!((found - exact).abs() < 1e-8, "{found} {exact}");
        }
    }

    #[test]
    fn a_skew_drift_changes_trajectories_and_no_covariance() {
        let problem = gaussian();
        let turned = disturbed(&problem, 1.0, 0.5);
        let (from, to) = (problem.schedule.node(1.0), problem.schedule.node(1e-3));
        let starts = problem.prior(&from, 100_000, &Noise::new(4));
        // Both flows are linear: the images of the unit vectors carry every sample.
        let ends = |problem: &Problem| -> Vec<f64> {
            let mut columns = [1.0, 0.0, 0.0, 1.0];
            reference_flow(problem, &from, &to, &mut columns).expect("smooth");
            let [a, b, c, d] = columns;
            (starts.chunks(2))
                .flat_map(|x| [a * x[0] + c * x[1], b * x[0] + d * x[1]])
                .collect()
        };
        let covariance = |x: &[f64]| {
            let mean =
                |i: usize, j: usize| x.chunks(2).map(|x| x[i] * x[j]).sum::<f64>() / 100_000.0;
            [mean(0, 0), mean(0, 1), mean(1, 1)]
        };
        let (plain, turned) = (ends(&problem), ends(&turned));
        let moved = plain.iter().zip(&turned).map(|(a, b)| (a - b).abs());
        assert!(moved.fold(0.0, f64::max) > 1.0);
        // Standard errors of a variance 0.25: 0.25 sqrt(2/1e5) = 1.1e-3, of the other 0.8e-3.
        for (a, b) in covariance(&plain).into_iter().zip(covariance(&turned)) {
            assert!((a - b).abs() < 4.0 * 1.1e-3, "{a} {b}");
        }
        // The trace, which no turn changes, to rounding.
        let trace = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>() / 100_000.0;
        let off = (trace(&plain) - trace(&turned)).abs();
        assert!(off < 1e-10, "{off:e}");
    }
}
