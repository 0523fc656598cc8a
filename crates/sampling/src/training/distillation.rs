//! Progressive distillation: the data that one DDIM step must predict to do the work of two.
//!
//! ```text
//! one step    z_r = alpha_r x + (sigma_r/sigma_t) (z_t - alpha_t x)
//! its target  x~ = (z_r - (sigma_r/sigma_t) z_t)/(alpha_r - (sigma_r/sigma_t) alpha_t)
//! weight      max(alpha_t^2/sigma_t^2, 1)
//! ```
//!
//! 1. Take two DDIM steps of the teacher, z_t to z_s to z_r.
//! 2. Solve the one step from t to r for x: that is x~. Where the teacher is exact and steps are small
//!    it is near E\[x_0 given z_t\], and it is not that number.
//! 3. Train the student on x~ with the weight, halve the steps, make the student the teacher.
//!
//! Source: Salimans and Ho (2022). Bad near t = r: numerator and denominator vanish together, and
//! rounding grows as 1/(1 - e^(lambda_t - lambda_r)).

use crate::error::SamplingError;
use crate::schedule::Node;

/// x~ from z_t and z_r, into `target`; all of one length.
///
/// # Errors
/// [`SamplingError::Grid`] where `to` is not less noisy than `from`, or `from` has no noise, and
/// [`SamplingError::Parameter`] where lengths differ.
pub fn progressive_target(
    from: &Node,
    to: &Node,
    z_from: &[f64],
    z_to: &[f64],
    target: &mut [f64],
) -> Result<(), SamplingError> {
    if z_from.len() != z_to.len() || z_from.len() != target.len() {
        return Err(SamplingError::parameter(
            "target",
            format!(
                "{} numbers at the first node, {} at the last and {} of the target are given, and all are as many",
                z_from.len(),
                z_to.len(),
                target.len()
            ),
        ));
    }
    // NaN must not pass.
    let forward = from.sigma > 0.0 && to.lambda > from.lambda;
    if !forward {
        return Err(SamplingError::grid(format!(
            "a target leads towards data, and lambda runs from {} at t = {} to {} at t = {}",
            from.lambda, from.t, to.lambda, to.t
        )));
    }
    let kept = to.sigma / from.sigma;
    let data = to.alpha - kept * from.alpha;
    for ((target, z_from), z_to) in target.iter_mut().zip(z_from).zip(z_to) {
        *target = (z_to - kept * z_from) / data;
    }
    Ok(())
}

/// max(alpha^2/sigma^2, 1): weight of the squared error of the predicted data.
pub fn truncated_snr_weight(node: &Node) -> f64 {
    (node.alpha / node.sigma).powi(2).max(1.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{progressive_target, truncated_snr_weight};
    use crate::analytic::GaussianMixture;
    use crate::grid::GridParams;
    use crate::model::Model;
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::reflow::pairs;
    use crate::samplers::Ddim;
    use crate::schedule::{Node, NoiseSchedule, VarianceExploding, VarianceLinear};

    fn two_steps_in_one(schedule: Arc<dyn NoiseSchedule>, target: GaussianMixture) -> (f64, f64) {
        let problem = Problem::new(schedule, Arc::new(target));
        let grid = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 20)
            .expect("grid");
        let (mut off, mut moved) = (0.0_f64, 0.0_f64);
        for nodes in grid.windows(3).step_by(2) {
            let start = problem.prior(&nodes[0], 50, &Noise::new(1));
            let teacher = pairs(&Ddim::default(), &problem, nodes, start).expect("teacher");
            let (from, to) = (nodes[0], nodes[2]);
            let mut x = vec![0.0; teacher.data.len()];
            progressive_target(&from, &to, &teacher.noise, &teacher.data, &mut x).expect("target");
            let mut predicted = vec![0.0; x.len()];
            Model::new(&problem).predict(
                Parameterisation::Data,
                &teacher.noise,
                &from,
                &mut predicted,
            );
            for (i, x) in x.iter().enumerate() {
                let eps = (teacher.noise[i] - from.alpha * x) / from.sigma;
                let one = to.alpha * x + to.sigma * eps;
                off = off.max((one - teacher.data[i]).abs() / teacher.noise[i].abs().max(1.0));
                moved = moved.max((x - predicted[i]).abs());
            }
        }
        (off, moved)
    }

    #[test]
    fn one_step_to_the_target_does_two_steps_of_the_teacher() {
        let schedules: [Arc<dyn NoiseSchedule>; 2] = [
            Arc::new(VarianceLinear::default()),
            Arc::new(VarianceExploding::default()),
        ];
        for schedule in schedules {
            for target in [
                GaussianMixture::single(&[1.0, -2.0], 0.5),
                GaussianMixture::three(),
            ] {
                let (off, moved) = two_steps_in_one(Arc::clone(&schedule), target);
                assert!(off < 1e-13, "{}: {off}", schedule.name());
                // The target is not what the teacher itself predicts.
                assert!(moved > 1e-3, "{}: {moved}", schedule.name());
            }
        }
    }

    /// N(m, s^2): the teacher is affine, x0 = m + g (z - alpha m) with g = alpha s^2/v, and the target
    /// follows by hand from two such steps.
    #[test]
    fn of_a_gaussian_teacher_the_target_has_its_closed_form() {
        let (m, s) = (1.5, 0.4);
        let schedule = VarianceLinear::default();
        let [t, mid, r] = [0.8, 0.6, 0.3].map(|t| schedule.node(t));
        // What a step does to z - alpha m.
        let factor = |a: &Node, b: &Node| {
            let g = a.alpha * s * s / (a.alpha * a.alpha * s * s + a.sigma * a.sigma);
            b.alpha * g + b.sigma / a.sigma * (1.0 - a.alpha * g)
        };
        let z = 0.7;
        let off = z - t.alpha * m;
        let end = r.alpha * m + factor(&t, &mid) * factor(&mid, &r) * off;
        let mut target = [0.0];
        progressive_target(&t, &r, &[z], &[end], &mut target).expect("target");
        let ratio = r.sigma / t.sigma;
        let g = (factor(&t, &mid) * factor(&mid, &r) - ratio) / (r.alpha - ratio * t.alpha);
        assert!((target[0] - (m + g * off)).abs() < 1e-13);
    }

    #[test]
    fn the_target_of_a_last_step_is_its_end() {
        let from = VarianceLinear::default().node(0.2);
        let mut target = [0.0; 2];
        progressive_target(&from, &Node::CLEAN, &[5.0, 1.0], &[0.3, -0.4], &mut target)
            .expect("target");
        assert_eq!(target, [0.3, -0.4]);
    }

    #[test]
    fn weighs_noisy_times_by_one() {
        let schedule = VarianceLinear::default();
        assert_eq!(truncated_snr_weight(&schedule.node(1.0)), 1.0);
        let clean = schedule.node(0.01);
        let snr = (2.0 * clean.lambda).exp();
        assert!((truncated_snr_weight(&clean) / snr - 1.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_to_lead_towards_noise() {
        let schedule = VarianceLinear::default();
        let (a, b) = (schedule.node(0.2), schedule.node(0.5));
        assert!(progressive_target(&a, &b, &[1.0], &[1.0], &mut [0.0]).is_err());
        assert!(progressive_target(&a, &a, &[1.0], &[1.0], &mut [0.0]).is_err());
        assert!(progressive_target(&b, &a, &[1.0], &[1.0], &mut []).is_err());
    }
}
