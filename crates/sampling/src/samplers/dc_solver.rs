//! DC-Solver: UniPC whose newest prediction is replaced by one at a shifted time.
//!
//! A multistep method asks the model at the predicted x_t, not at the corrected one, and few steps
//! leave its predictions behind the flow. The dynamic compensation makes up for it by one number, the
//! ratio rho_i of step i. With p the Lagrange polynomial in t through the K + 1 newest predictions,
//!
//! ```text
//! m_0 <- p(t_0 + (rho_i - 1) (t_0 - t_1))
//! ```
//!
//! t_0 is the time of the newest prediction and t_1 that before it: rho = 1 changes nothing, rho > 1
//! extrapolates along the path. One step:
//!
//! 1. where there are K + 1 predictions and rho_i is not 1, replace the newest for good: later steps
//!    use the replaced one as well;
//! 2. a step of UniPC.
//!
//! [`DcSolver::fit`] finds the ratios one step after another: the one whose step ends nearest to a
//! reference flow at the next node, in the mean square, by golden-section search. The search asks the
//! model only where a step has a corrector. The ratios belong to one model, one guidance and one grid.
//!
//! Order: it claims none. A ratio other than 1 moves a prediction by O(h), and a list kept while the
//! grid is refined would allow no more than order 1. It is a method for 5 to 10 steps: on the mixture
//! of three Gaussians, on 256 starts not fitted on, the ratios lower the error of 5, 6, 7 and 8 steps
//! to 0.91, 0.50, 0.34 and 0.55 of that of UniPC.
//!
//! Bad at: grids and models it was not fitted for, starts unlike those it was fitted on, and fine
//! grids, where there is nothing to make up for.
//!
//! Source: Zhao, Wang, Zhou and Lu, DC-Solver (2024).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Presets;
use super::unipc::{Steps as UniPcSteps, UniPc, UniPcVariant};
use crate::error::SamplingError;
use crate::exponential::{Form, add};
use crate::noise::Noise;
use crate::problem::Problem;
use crate::reference::reference_flow;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// Highest degree of the interpolation.
const HIGHEST: usize = 3;

/// Ratios between which [`DcSolver::fit`] searches.
const BRACKET: (f64, f64) = (0.0, 2.0);

/// DC-Solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DcSolver {
    /// Order p of the predictor of UniPC. Default: 3.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// Weight of a single difference of predictions in UniPC. Default: bh2.
    pub variant: UniPcVariant,
    /// What is taken to be smooth. Default: data.
    pub form: Form,
    /// Whether the order falls to 1 towards the last step. Default: true, as published.
    pub lower_order_final: bool,
    /// Degree K of the interpolation in time. Default: 2.
    #[schemars(range(min = 1, max = 3))]
    pub dc_order: usize,
    /// The ratio of each step, the first first; 1 where the list has ended. The first K have no
    /// effect. Default: none, which is UniPC.
    pub ratios: Vec<f64>,
}

impl Default for DcSolver {
    fn default() -> Self {
        Self {
            order: 3,
            variant: UniPcVariant::Bh2,
            form: Form::Data,
            lower_order_final: true,
            dc_order: 2,
            ratios: Vec::new(),
        }
    }
}

impl DcSolver {
    /// UniPC of the same parameters: what ratios of 1 give.
    pub fn unipc(&self) -> UniPc {
        UniPc {
            order: self.order,
            variant: self.variant,
            form: self.form,
            corrector: true,
            lower_order_final: self.lower_order_final,
        }
    }

    /// These parameters with the ratios of every step of `grid` that bring the batch `x`
    /// (`[sample][unknown]`, at the first node) nearest to the exact flow of the model, step by step.
    ///
    /// The mean square is taken over the whole batch: give as many starts as describe the model. A
    /// ratio is changed only where that lowers it.
    ///
    /// # Errors
    /// As [`Sampler::start`], [`Trajectory::advance`] and [`reference_flow`].
    pub fn fit(&self, problem: &Problem, grid: &[Node], x: &[f64]) -> Result<Self, SamplingError> {
        let steps = grid.len().saturating_sub(1);
        let mut fitted = Self {
            ratios: vec![1.0; steps],
            ..self.clone()
        };
        let mut steps_taken = fitted.steps(problem, grid, x.to_vec())?;
        let mut reference = x.to_vec();
        for step in 0..steps {
            reference_flow(problem, &grid[step], &grid[step + 1], &mut reference)?;
            let mut before = State::default();
            steps_taken.save(&mut before);
            let mut try_ratio = |ratio: f64| -> Result<f64, SamplingError> {
                (steps_taken.restore(&before)).expect("a state of the same trajectory");
                steps_taken.params.ratios[step] = ratio;
                steps_taken.advance()?;
                Ok(distance_squared(steps_taken.batch(), &reference))
            };
            let unchanged = try_ratio(1.0)?;
            if step >= self.dc_order {
                let (ratio, off) = golden_section(BRACKET, &mut try_ratio)?;
                fitted.ratios[step] = if off < unchanged { ratio } else { 1.0 };
                try_ratio(fitted.ratios[step])?;
            }
        }
        Ok(fitted)
    }

    fn steps(&self, problem: &Problem, grid: &[Node], x: Vec<f64>) -> Result<Steps, SamplingError> {
        if !(1..=HIGHEST).contains(&self.dc_order) {
            return Err(SamplingError::parameter(
                "dc_order",
                format!("it is {}, and lies between 1 and {HIGHEST}", self.dc_order),
            ));
        }
        if let Some(ratio) = self.ratios.iter().find(|ratio| !ratio.is_finite()) {
            return Err(SamplingError::parameter(
                "ratios",
                format!("one is {ratio}; each is a finite number, 1 where nothing is changed"),
            ));
        }
        let steps = grid.len().saturating_sub(1);
        if self.ratios.len() > steps {
            return Err(SamplingError::parameter(
                "ratios",
                format!(
                    "{} are given, and the grid has {steps} steps; the ratios belong to the grid they were fitted on",
                    self.ratios.len()
                ),
            ));
        }
        let inner = self.unipc().steps(problem, grid, x, self.dc_order + 1)?;
        let length = inner.walk.x.len();
        Ok(Steps {
            params: self.clone(),
            inner,
            mixed: vec![0.0; length],
        })
    }
}

/// A place between the ends of the bracket where `f` has a minimum, to 1e-4 of the bracket, and the
/// value there. Of several minima it finds one.
fn golden_section(
    (mut a, mut b): (f64, f64),
    f: &mut dyn FnMut(f64) -> Result<f64, SamplingError>,
) -> Result<(f64, f64), SamplingError> {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let narrow = 1e-4 * (b - a);
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut at_c, mut at_d) = (f(c)?, f(d)?);
    while b - a > narrow {
        if at_c < at_d {
            (b, d, at_d) = (d, c, at_c);
            c = b - golden * (b - a);
            at_c = f(c)?;
        } else {
            (a, c, at_c) = (c, d, at_d);
            d = a + golden * (b - a);
            at_d = f(d)?;
        }
    }
    Ok(if at_c < at_d { (c, at_c) } else { (d, at_d) })
}

fn distance_squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

impl Presets for DcSolver {
    fn presets() -> Vec<(&'static str, Self)> {
        // Not fitted: the list shows the method with a ratio that has an effect.
        vec![(
            "dc_solver",
            Self {
                ratios: vec![1.0, 1.0, 1.0, 1.05, 1.05],
                ..Self::default()
            },
        )]
    }
}

impl Sampler for DcSolver {
    fn name(&self) -> String {
        format!("DC-Solver-{} on UniPC-{}", self.dc_order, self.order)
    }

    fn properties(&self) -> Properties {
        Properties {
            order: None,
            arrays: 3 + (self.order + 1).max(self.dc_order + 1),
            ..self.unipc().properties()
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        Ok(Box::new(self.steps(problem, grid, x)?))
    }
}

struct Steps {
    params: DcSolver,
    inner: UniPcSteps,
    /// The prediction at the shifted time.
    mixed: Vec<f64>,
}

impl Steps {
    /// Replaces the newest prediction by the interpolated one.
    fn compensate(&mut self) {
        let ratio = (self.params.ratios.get(self.inner.walk.position)).map_or(1.0, |ratio| *ratio);
        let points = self.params.dc_order + 1;
        let history = &mut self.inner.history;
        if ratio == 1.0 || history.len() < points {
            return;
        }
        let (t0, t1) = (history.node(0).t, history.node(1).t);
        let t = t0 + (ratio - 1.0) * (t0 - t1);
        self.mixed.fill(0.0);
        for i in 0..points {
            let mut weight = 1.0;
            for j in (0..points).filter(|&j| j != i) {
                let (ti, tj) = (history.node(i).t, history.node(j).t);
                weight *= (t - tj) / (ti - tj);
            }
            add(&mut self.mixed, history.values(i), weight);
        }
        history.values_mut(0).copy_from_slice(&self.mixed);
    }
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        self.compensate();
        self.inner.advance()
    }

    fn finished(&self) -> bool {
        self.inner.finished()
    }

    fn node(&self) -> Node {
        self.inner.node()
    }

    fn batch(&self) -> &[f64] {
        self.inner.batch()
    }

    fn steps(&self) -> usize {
        self.inner.steps()
    }

    fn evaluations(&self) -> u64 {
        self.inner.evaluations()
    }

    fn save(&self, state: &mut State) {
        self.inner.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.inner.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use pdesolve_core::Control;

    use super::{DcSolver, distance_squared, golden_section};
    use crate::grid::GridParams;
    use crate::noise::Noise;
    use crate::reference::reference_flow;
    use crate::sampler::{Sampler, Trajectory, sample};
    use crate::samplers::tests::{STARTS, end, three_gaussians};
    use crate::samplers::{UniPc, UniPcVariant};

    #[test]
    fn ratios_of_one_are_unipc_bit_for_bit() {
        let problem = three_gaussians();
        for order in 1..=3 {
            for variant in [UniPcVariant::Bh1, UniPcVariant::Bh2, UniPcVariant::Varying] {
                let dc = DcSolver {
                    order,
                    variant,
                    ratios: vec![1.0; 9],
                    ..DcSolver::default()
                };
                let unipc = UniPc {
                    order,
                    variant,
                    lower_order_final: true,
                    ..UniPc::default()
                };
                let grid = GridParams::lambda();
                assert_eq!(
                    end(&dc, &problem, &grid, 9),
                    end(&unipc, &problem, &grid, 9)
                );
                // Before there are K + 1 = 3 predictions a ratio has no effect, from then on it has.
                for (ratios, same) in [(vec![0.5, 1.5], true), (vec![1.0, 1.0, 1.5], false)] {
                    let shifted = DcSolver {
                        ratios,
                        ..dc.clone()
                    };
                    let x = end(&shifted, &problem, &grid, 9);
                    assert_eq!(x == end(&unipc, &problem, &grid, 9), same);
                }
            }
        }
    }

    #[test]
    fn golden_section_finds_the_minimum() {
        let (at, value) =
            golden_section((0.0, 2.0), &mut |r| Ok((r - 1.37).powi(2) + 4.0)).expect("");
        assert!((at - 1.37).abs() < 2e-4 && (value - 4.0).abs() < 1e-7);
    }

    #[test]
    fn fitted_ratios_lower_the_error_on_starts_they_were_not_fitted_on() {
        let problem = three_gaussians();
        // Error with the ratios over that without, at most; measured on the held-out starts: 0.91,
        // 0.50, 0.34, 0.55.
        for (steps, at_most) in [(5, 0.95), (6, 0.6), (7, 0.5), (8, 0.6)] {
            let nodes = GridParams::lambda()
                .nodes(problem.schedule.as_ref(), steps)
                .expect("grid");
            let starts = problem.prior(&nodes[0], 64, &Noise::new(1));
            let fitted = (DcSolver::default().fit(&problem, &nodes, &starts)).expect("a fit");
            assert_eq!(fitted.ratios[..2], [1.0, 1.0]);
            for x in [
                problem.prior(&nodes[0], 256, &Noise::new(2)),
                STARTS.to_vec(),
            ] {
                let mut exact = x.clone();
                reference_flow(&problem, &nodes[0], &nodes[steps], &mut exact).expect("a flow");
                let off = |sampler: &dyn Sampler| {
                    let mut watch = |_: &dyn Trajectory| Control::Continue;
                    let noise = Noise::new(1);
                    let report = sample(sampler, &problem, &nodes, x.clone(), noise, &mut watch);
                    let end = report.expect("an end").x;
                    (distance_squared(&end, &exact) / end.len() as f64).sqrt()
                };
                let (without, with) = (off(&fitted.unipc()), off(&fitted));
                assert!(with < at_most * without, "{steps}: {with} and {without}");
            }
        }
    }

    #[test]
    fn refuses_ratios_of_another_grid() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda().nodes(problem.schedule.as_ref(), 4)).expect("grid");
        for (params, word) in [
            (
                DcSolver {
                    ratios: vec![1.0; 5],
                    ..DcSolver::default()
                },
                "4 steps",
            ),
            (
                DcSolver {
                    ratios: vec![f64::NAN],
                    ..DcSolver::default()
                },
                "NaN",
            ),
            (
                DcSolver {
                    dc_order: 4,
                    ..DcSolver::default()
                },
                "dc_order",
            ),
        ] {
            let refused = params.start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
            let text = refused.err().expect("refused").to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
