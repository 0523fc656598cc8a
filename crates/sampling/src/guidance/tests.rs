//! Guidance against closed forms.

use std::sync::Arc;

use super::{
    ClassifierFree, DataConsistency, DynamicThreshold, GuidanceParams, GuidanceWeight,
    LinearEnergy, QuadraticEnergy, StaticThreshold,
};
use crate::analytic::{GaussianMixture, Target};
use crate::grid::{FinalStep, GridParams};
use crate::model::Model;
use crate::parameterisation::Parameterisation;
use crate::problem::{OwnedCondition, Problem};
use crate::samplers::Ddim;
use crate::samplers::tests::{STARTS, distance, end};
use crate::schedule::{Node, NoiseSchedule, VarianceExploding, VarianceLinear};

/// A problem guided by `params`.
fn guided(target: GaussianMixture, params: &[GuidanceParams]) -> Problem {
    let target = target.checked().expect("a mixture");
    let unknowns = target.means[0].len();
    let mut problem = Problem::new(Arc::new(VarianceLinear::default()), Arc::new(target));
    problem.guidance = (params.iter())
        .map(|params| params.build(unknowns).expect("a guidance"))
        .collect();
    problem
}

/// What the model of `problem` predicts for the data at `x`.
fn predicted(problem: &Problem, node: &Node, x: &[f64]) -> Vec<f64> {
    let mut data = vec![0.0; x.len()];
    Model::new(problem).predict(Parameterisation::Data, x, node, &mut data);
    data
}

fn nodes() -> Vec<Node> {
    let preserving = VarianceLinear::default();
    let exploding = VarianceExploding::default();
    let mut nodes: Vec<Node> = [0.01, 0.2, 0.7].map(|t| preserving.node(t)).to_vec();
    nodes.extend([0.05, 1.0, 9.0].map(|t| exploding.node(t)));
    nodes
}

fn weight(weight: GuidanceWeight) -> GuidanceParams {
    GuidanceParams::ClassifierFree(ClassifierFree { weight })
}

/// Two Gaussians of equal weight and deviation: conditioned on the first, the guided score is that
/// of its closed form, r being the share of the second at x.
#[test]
fn classifier_free_guidance_meets_its_closed_form_on_two_gaussians_in_both_conventions() {
    let (s, w) = (0.5_f64, 3.0);
    let pair = || GaussianMixture {
        weights: vec![0.5, 0.5],
        means: vec![vec![1.0], vec![-1.0]],
        deviations: vec![s, s],
        parameterisation: Parameterisation::Noise,
    };
    for convention in [
        GuidanceWeight::FromUnconditional(w),
        GuidanceWeight::BeyondConditional(w - 1.0),
    ] {
        let mut problem = guided(pair(), &[weight(convention)]);
        problem.condition = OwnedCondition::Class(0);
        for node in nodes() {
            let v = (node.alpha * s).powi(2) + node.sigma.powi(2);
            for x in [-1.3, -0.2, 0.4, 2.0] {
                let gain = node.alpha * s * s / v;
                let conditional = 1.0 + gain * (x - node.alpha);
                // The components differ by 2 in their means, and so in their predictions by
                // 2 (1 - gain alpha).
                let r = 1.0 / (1.0 + (2.0 * node.alpha * x / v).exp());
                let free = conditional - r * 2.0 * (1.0 - gain * node.alpha);
                let wanted = w * conditional + (1.0 - w) * free;
                let found = predicted(&problem, &node, &[x])[0];
                assert!(
                    (found - wanted).abs() < 1e-11,
                    "{node:?} {x}: {found} {wanted}"
                );
            }
        }
    }
}

#[test]
fn classifier_free_guidance_of_weight_one_is_the_conditional_model_and_counts_two_calls() {
    let mut plain = guided(GaussianMixture::three(), &[]);
    plain.condition = OwnedCondition::Class(1);
    let mut guided = guided(
        GaussianMixture::three(),
        &[weight(GuidanceWeight::FromUnconditional(1.0))],
    );
    guided.condition = OwnedCondition::Class(1);
    let node = nodes()[1];
    let (a, b) = (
        predicted(&plain, &node, &STARTS),
        predicted(&guided, &node, &STARTS),
    );
    assert!(distance(&a, &b) < 1e-14);
    let mut model = Model::new(&guided);
    let mut out = [0.0; 8];
    model.predict(Parameterisation::Data, &STARTS, &node, &mut out);
    assert_eq!(model.evaluations(), 2);
}

/// N(m, d^2) tilted by exp(-c x) is N(m - d^2 c, d^2), at every noise.
#[test]
fn a_linear_energy_tilts_a_gaussian_exactly() {
    let (m, c, d) = ([1.0, -2.0], [0.7, 0.3], 0.6);
    let guided = guided(
        GaussianMixture::single(&m, d),
        &[GuidanceParams::LinearEnergy(LinearEnergy {
            slope: c.to_vec(),
            scale: 1.5,
            deviation: d,
        })],
    );
    let mean = [m[0] - 1.5 * d * d * c[0], m[1] - 1.5 * d * d * c[1]];
    let tilted = self::guided(GaussianMixture::single(&mean, d), &[]);
    for node in nodes() {
        let off = distance(
            &predicted(&guided, &node, &STARTS),
            &predicted(&tilted, &node, &STARTS),
        );
        assert!(off < 1e-12, "{node:?}: {off:e}");
    }
}

/// N(m, d^2) times exp(-k (x - c)^2/2) is the Gaussian of variance 1/(1/d^2 + k), at every noise.
#[test]
fn a_quadratic_energy_gives_the_product_of_two_gaussians_exactly() {
    let (m, c, d, k) = ([1.0, -2.0], [0.5, 0.5], 0.6_f64, 4.0);
    let guided = guided(
        GaussianMixture::single(&m, d),
        &[GuidanceParams::QuadraticEnergy(QuadraticEnergy {
            centre: c.to_vec(),
            stiffness: k,
            scale: 1.0,
            deviation: d,
        })],
    );
    let variance = 1.0 / (1.0 / (d * d) + k);
    let mean = [0, 1].map(|i| variance * (m[i] / (d * d) + k * c[i]));
    let product = self::guided(GaussianMixture::single(&mean, variance.sqrt()), &[]);
    for node in nodes() {
        let off = distance(
            &predicted(&guided, &node, &STARTS),
            &predicted(&product, &node, &STARTS),
        );
        assert!(off < 1e-12, "{node:?}: {off:e}");
    }
}

/// A sampler does not notice that a Gaussian is guided rather than another one: the ends obey the
/// exact flow of the product.
#[test]
fn samples_under_a_quadratic_energy_follow_the_flow_of_the_product() {
    let energy = QuadraticEnergy {
        centre: vec![0.5, 0.5],
        stiffness: 4.0,
        scale: 1.0,
        deviation: 0.6,
    };
    let problem = guided(
        GaussianMixture::single(&[1.0, -2.0], 0.6),
        &[GuidanceParams::QuadraticEnergy(energy)],
    );
    let variance: f64 = 1.0 / (1.0 / 0.36 + 4.0);
    let mean = [1.0, -2.0].map(|m| variance * (m / 0.36 + 4.0 * 0.5));
    let product = GaussianMixture::single(&mean, variance.sqrt());
    let grid = GridParams::lambda();
    let ends = grid.nodes(problem.schedule.as_ref(), 1).expect("grid");
    let mut exact = STARTS.to_vec();
    assert!(product.flow(&ends[0], &ends[1], &mut exact));
    let error = |steps| distance(&end(&Ddim::default(), &problem, &grid, steps), &exact);
    let order = f64::log2(error(320) / error(640));
    assert!((order - 1.0).abs() < 0.1, "{order}");
    assert!(error(640) < 5e-3, "{}", error(640));
}

#[test]
fn observed_unknowns_are_returned_and_independent_ones_do_not_notice() {
    let target = || GaussianMixture::single(&[1.0, -2.0], 0.6);
    let observed = GuidanceParams::DataConsistency(DataConsistency {
        entries: vec![1],
        values: vec![0.25],
    });
    let grid = GridParams {
        final_step: FinalStep::Zero,
        ..GridParams::lambda()
    };
    let free = end(&Ddim::default(), &guided(target(), &[]), &grid, 20);
    let held = end(&Ddim::default(), &guided(target(), &[observed]), &grid, 20);
    for (held, free) in held.chunks(2).zip(free.chunks(2)) {
        assert!((held[0] - free[0]).abs() < 1e-13);
        assert!((held[1] - 0.25).abs() < 1e-13, "{}", held[1]);
    }
}

/// One point of data is predicted whatever the batch is.
#[test]
fn thresholds_clip_and_scale_as_their_formulas_say() {
    let point = || GaussianMixture::single(&[0.5, -1.0, 2.0, 4.0, -3.0], 0.0);
    let node = nodes()[1];
    let x = [0.1; 5];
    let clipped = GuidanceParams::StaticThreshold(StaticThreshold { bound: 1.5 });
    let found = predicted(&guided(point(), &[clipped]), &node, &x);
    assert!(
        distance(&found, &[0.5, -1.0, 1.5, 1.5, -1.5]) < 1e-13,
        "{found:?}"
    );
    // Sizes in order: 0.5, 1, 2, 3, 4; the quantile 0.6 stands at place 2.4, which is 2.4.
    let dynamic = |bound| {
        GuidanceParams::DynamicThreshold(DynamicThreshold {
            bound,
            quantile: 0.6,
        })
    };
    let found = predicted(&guided(point(), &[dynamic(1.2)]), &node, &x);
    assert!(
        distance(&found, &[0.25, -0.5, 1.0, 1.2, -1.2]) < 1e-13,
        "{found:?}"
    );
    let found = predicted(&guided(point(), &[dynamic(5.0)]), &node, &x);
    assert!(
        distance(&found, &[0.5, -1.0, 2.0, 4.0, -3.0]) < 1e-13,
        "{found:?}"
    );
}

#[test]
fn guidance_out_of_range_is_refused_with_its_key() {
    let refused = |params: GuidanceParams, key: &str| {
        let error = params.build(2).err().expect("refused").to_string();
        assert!(error.starts_with(&format!("`{key}`")), "{error}");
    };
    refused(
        weight(GuidanceWeight::FromUnconditional(f64::NAN)),
        "weight",
    );
    let quadratic = QuadraticEnergy {
        centre: vec![0.0; 2],
        stiffness: 1.0,
        scale: 1.0,
        deviation: 1.0,
    };
    for (changed, key) in [
        (
            QuadraticEnergy {
                centre: vec![0.0],
                ..quadratic.clone()
            },
            "centre",
        ),
        (
            QuadraticEnergy {
                stiffness: -1.0,
                ..quadratic.clone()
            },
            "stiffness",
        ),
        (
            QuadraticEnergy {
                scale: f64::INFINITY,
                ..quadratic.clone()
            },
            "scale",
        ),
        (
            QuadraticEnergy {
                deviation: 0.0,
                ..quadratic.clone()
            },
            "deviation",
        ),
    ] {
        refused(GuidanceParams::QuadraticEnergy(changed), key);
    }
    for (entries, values, key) in [
        (vec![2], vec![1.0], "entries"),
        (vec![1, 1], vec![1.0, 1.0], "entries"),
        (vec![1], vec![], "values"),
    ] {
        refused(
            GuidanceParams::DataConsistency(DataConsistency { entries, values }),
            key,
        );
    }
    refused(
        GuidanceParams::StaticThreshold(StaticThreshold { bound: 0.0 }),
        "bound",
    );
    let dynamic = DynamicThreshold {
        bound: 1.0,
        quantile: 1.5,
    };
    refused(GuidanceParams::DynamicThreshold(dynamic), "quantile");
}

#[test]
fn a_case_file_names_guidance_by_kind_and_misspelt_keys_are_refused() {
    let read = |text: &str| serde_json::from_str::<GuidanceParams>(text);
    let found = read(r#"{"kind": "classifier_free", "weight": {"beyond_conditional": 2.0}}"#);
    assert_eq!(
        found.expect("reads"),
        weight(GuidanceWeight::BeyondConditional(2.0))
    );
    assert!(read(r#"{"kind": "static_threshold", "bund": 2.0}"#).is_err());
}
