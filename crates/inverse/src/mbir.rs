//! DiffusionMBIR: a model of slices as the prior of a volume, held together across the slices.
//!
//! ```text
//! for each step sigma -> sigma' of the grid (alpha = 1), D = sigma^2 - sigma'^2:
//!   predictor   x = x + D score(x, sigma) + sqrt(D) z         every slice for itself
//!   corrector   x = x + e score(x, sigma') + sqrt(2 e) z,     e = 2 (r |z|/|score|)^2
//!   data and total variation, towards min over x of |A x - y|^2/2 + l |Dz x|_1:
//!     b = A^T y + rho Dz^T (d - u)
//!     x = K conjugate gradient steps on (A^T A + rho Dz^T Dz) x = b, begun at x
//!     d = shrink(Dz x + u, l/rho)
//!     u = u + Dz x - d
//! ```
//!
//! (Dz x)_k = x_(k+1) - x_k between slices, the last followed by the first. d and u are kept from
//! step to step, so that one pass of the alternating directions (ADMM) a step is enough. |z| and
//! |score| are the norms over one slice, averaged over the volume. The last step, to no noise, adds
//! none and has no corrector.
//!
//! Published code asks for the score of the corrector at sigma; here it is asked at sigma', the
//! noise that x then has, as Song et al. (2021) write it.
//!
//! rho and l count in units of A^T A: with A larger by c, both c^2 times as large do the same. The
//! defaults are those published for tomography, where A^T A is in the hundreds or more. Where rho is
//! not well below the norm of A^T A, a pass puts back the differences of slices as they were a step
//! before, with their noise, and nothing is reconstructed: take rho = 0.1, l = 0.001 for sensors.
//!
//! The model has to know slices alone, and A acts in each slice. The conjugate gradients follow the
//! data as they are: sigma_y is nowhere. The result is one volume without any calibrated spread.
//!
//! Sources: Chung, Ryu, McCann, Klasky and Ye (2023), "Solving 3D inverse problems using pre-trained
//! 2D diffusion models". Predictor and corrector: Song et al. (2021). ADMM: Boyd et al. (2011).

use std::sync::Mutex;

use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::{AdjointOperator, Identity, LinearOperator, Solver, StoppingRule};
use pdesolve_sampling::{Model, Node, Noise, Parameterisation, Problem, SamplingError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::InverseError;

/// Diffusion in slices with total variation across them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionMbir {
    /// Size r of the corrector's step, as a signal-to-noise ratio; 0 for none. Default: 0.16.
    #[schemars(range(min = 0))]
    pub corrector_ratio: f64,
    /// Corrector steps after each predictor. Default: 1.
    #[schemars(range(max = 255))]
    pub corrector_steps: usize,
    /// Total variation, data and shrinkage.
    pub variation: SliceVariation,
    /// Ends with x + A^T (y - A x)/(A^T A 1), which brings x nearer to the data. Default: false.
    pub final_consistency: bool,
}

impl Default for DiffusionMbir {
    fn default() -> Self {
        Self {
            corrector_ratio: 0.16,
            corrector_steps: 1,
            variation: SliceVariation::default(),
            final_consistency: false,
        }
    }
}

/// min over x of |A x - y|^2/2 + l |Dz x|_1 by alternating directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SliceVariation {
    /// Weight l of the total variation, in units of A^T A. Default: 0.04.
    #[schemars(range(min = 0))]
    pub lambda: f64,
    /// Weight rho of the constraint d = Dz x, well below the norm of A^T A. Default: 10.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub rho: f64,
    /// Conjugate gradient steps K in a pass. Default: 1.
    #[schemars(range(min = 1))]
    pub cg_steps: usize,
    /// Passes in a step. Default: 1.
    #[schemars(range(min = 1))]
    pub passes: usize,
}

impl Default for SliceVariation {
    fn default() -> Self {
        Self {
            lambda: 0.04,
            rho: 10.0,
            cg_steps: 1,
            passes: 1,
        }
    }
}

/// Residual at which the conjugate gradients stop.
const CG_TOLERANCE: f64 = 1e-10;

/// out = Dz x for slices of `n` unknowns: the next slice less this one, periodic.
pub fn slice_difference(n: usize, x: &[f64], out: &mut [f64]) {
    let next = x[n..].iter().chain(&x[..n]);
    for ((out, x), next) in out.iter_mut().zip(x).zip(next) {
        *out = next - x;
    }
}

/// out = Dz^T x: the slice before less this one, periodic.
pub fn slice_difference_adjoint(n: usize, x: &[f64], out: &mut [f64]) {
    let last = x.len() - n;
    let before = x[last..].iter().chain(&x[..last]);
    for ((out, x), before) in out.iter_mut().zip(x).zip(before) {
        *out = before - x;
    }
}

/// A^T A + rho Dz^T Dz on a volume, A acting in each slice.
struct Coupled<'a, A: ?Sized> {
    operator: &'a A,
    rho: f64,
    slices: usize,
    /// A x of one slice, and Dz x. A lock that nobody contends for.
    scratch: Mutex<(Vec<f64>, Vec<f64>)>,
}

impl<A: AdjointOperator<f64> + ?Sized> LinearOperator<f64> for Coupled<'_, A> {
    fn nrows(&self) -> usize {
        self.slices * self.operator.ncols()
    }

    fn ncols(&self) -> usize {
        self.nrows()
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let n = self.operator.ncols();
        let mut scratch = self.scratch.lock().unwrap_or_else(|e| e.into_inner());
        let (seen, difference) = &mut *scratch;
        slice_difference(n, x, difference);
        slice_difference_adjoint(n, difference, y);
        // Dz is no longer needed: its place takes A^T A x of one slice.
        let back = &mut difference[..n];
        for (x, y) in x.chunks(n).zip(y.chunks_mut(n)) {
            self.operator.apply(x, seen);
            self.operator.apply_adjoint(seen, back);
            for (y, back) in y.iter_mut().zip(back.iter()) {
                *y = back + self.rho * *y;
            }
        }
    }
}

/// The alternating directions with what they keep between steps.
struct Splitting<'a, A: ?Sized> {
    params: &'a SliceVariation,
    matrix: Coupled<'a, A>,
    solver: Solver<f64, Cg<f64>>,
    /// A^T y
    backprojected: Vec<f64>,
    /// d, the differences after shrinkage
    d: Vec<f64>,
    /// u, the scaled multipliers
    u: Vec<f64>,
    difference: Vec<f64>,
    b: Vec<f64>,
}

impl<'a, A: AdjointOperator<f64> + ?Sized> Splitting<'a, A> {
    fn new(params: &'a SliceVariation, operator: &'a A, y: &[f64], slices: usize) -> Self {
        let (m, n) = (operator.nrows(), operator.ncols());
        let length = slices * n;
        let mut backprojected = vec![0.0; length];
        for (y, x) in y.chunks(m).zip(backprojected.chunks_mut(n)) {
            operator.apply_adjoint(y, x);
        }
        let rule = StoppingRule {
            relative_tolerance: 0.0,
            absolute_tolerance: CG_TOLERANCE,
            max_iterations: params.cg_steps,
            ..StoppingRule::default()
        };
        Self {
            params,
            matrix: Coupled {
                operator,
                rho: params.rho,
                slices,
                scratch: Mutex::new((vec![0.0; m], vec![0.0; length])),
            },
            solver: Solver::with_rule(Cg::default(), rule),
            backprojected,
            d: vec![0.0; length],
            u: vec![0.0; length],
            difference: vec![0.0; length],
            b: vec![0.0; length],
        }
    }

    fn pass(&mut self, x: &mut [f64]) -> Result<(), InverseError> {
        let n = self.matrix.operator.ncols();
        let threshold = self.params.lambda / self.params.rho;
        for ((w, d), u) in self.difference.iter_mut().zip(&self.d).zip(&self.u) {
            *w = d - u;
        }
        slice_difference_adjoint(n, &self.difference, &mut self.b);
        for (b, from_data) in self.b.iter_mut().zip(&self.backprojected) {
            *b = from_data + self.params.rho * *b;
        }
        self.solver.solve(&self.matrix, &mut Identity, &self.b, x)?;
        slice_difference(n, x, &mut self.difference);
        for ((u, d), difference) in self.u.iter_mut().zip(&mut self.d).zip(&self.difference) {
            let w = difference + *u;
            *d = w - w.clamp(-threshold, threshold);
            *u = w - *d;
        }
        Ok(())
    }
}

impl SliceVariation {
    /// Takes the volume `x` (`[slice][unknown]`) `passes` passes towards the minimum, for the data
    /// `y` (`[slice][datum]`), from d = u = 0 and without any model.
    ///
    /// # Errors
    /// [`InverseError`] where a parameter makes no sense or sizes do not fit.
    pub fn minimise<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        y: &[f64],
        mut x: Vec<f64>,
    ) -> Result<Vec<f64>, InverseError> {
        let slices = self.check(operator, y, &x)?;
        let mut splitting = Splitting::new(self, operator, y, slices);
        for _ in 0..self.passes {
            splitting.pass(&mut x)?;
        }
        Ok(x)
    }

    /// The number of slices.
    fn check<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        y: &[f64],
        x: &[f64],
    ) -> Result<usize, InverseError> {
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            let reason = format!("it is {}, and must not be negative", self.lambda);
            return Err(InverseError::parameter("lambda", reason));
        }
        if !(self.rho.is_finite() && self.rho > 0.0) {
            let reason = format!("it is {}, and must be positive", self.rho);
            return Err(InverseError::parameter("rho", reason));
        }
        if self.cg_steps == 0 || self.passes == 0 {
            let reason = "there are none; take at least 1 of each";
            return Err(InverseError::parameter("cg_steps, passes", reason));
        }
        let (m, n) = (operator.nrows(), operator.ncols());
        if n == 0 || x.is_empty() || !x.len().is_multiple_of(n) {
            let reason = format!("{} numbers are no slices of {n} unknowns", x.len());
            return Err(InverseError::parameter("x", reason));
        }
        let slices = x.len() / n;
        InverseError::length("y", y.len(), slices * m)?;
        Ok(slices)
    }
}

impl DiffusionMbir {
    /// Takes the volume `x` (`[slice][unknown]`), noisy as at the first node of `grid`, to the last
    /// node, given the data `y` (`[slice][datum]`), A acting in each slice.
    ///
    /// # Errors
    /// [`InverseError`] where a parameter makes no sense, sizes do not fit, a node has alpha other
    /// than 1, or a number overflows.
    pub fn reconstruct<A: AdjointOperator<f64> + ?Sized>(
        &self,
        problem: &Problem,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        mut x: Vec<f64>,
        noise: Noise,
    ) -> Result<Vec<f64>, InverseError> {
        let n = problem.unknowns();
        InverseError::length("operator", operator.ncols(), n)?;
        let slices = self.variation.check(operator, y, &x)?;
        self.check(problem, grid)?;
        let mut splitting = Splitting::new(&self.variation, operator, y, slices);
        let mut model = Model::new(problem);
        let (mut score, mut draw) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        for (step, ends) in grid.windows(2).enumerate() {
            let (from, to) = (ends[0], ends[1]);
            let lost = from.sigma * from.sigma - to.sigma * to.sigma;
            let fresh = if to.is_clean() { 0.0 } else { lost.sqrt() };
            model.predict(Parameterisation::Score, &x, &from, &mut score);
            noise.normal(Noise::key(step, 0), n, &mut draw);
            for ((x, score), z) in x.iter_mut().zip(&score).zip(&draw) {
                *x += lost * score + fresh * z;
            }
            let corrector_steps = if to.is_clean() || self.corrector_ratio == 0.0 {
                0
            } else {
                self.corrector_steps
            };
            for corrector in 1..=corrector_steps {
                model.predict(Parameterisation::Score, &x, &to, &mut score);
                noise.normal(Noise::key(step, corrector), n, &mut draw);
                let ratio = self.corrector_ratio * mean_norm(n, &draw) / mean_norm(n, &score);
                let e = 2.0 * ratio * ratio;
                let fresh = (2.0 * e).sqrt();
                for ((x, score), z) in x.iter_mut().zip(&score).zip(&draw) {
                    *x += e * score + fresh * z;
                }
            }
            // Before the conjugate gradients, which refuse what is not finite with less to say.
            model.check_finite(&x, step + 1, &to)?;
            for _ in 0..self.variation.passes {
                splitting.pass(&mut x)?;
            }
            model.check_finite(&x, step + 1, &to)?;
        }
        if self.final_consistency {
            step_to_data(operator, y, &mut x);
        }
        Ok(x)
    }

    fn check(&self, problem: &Problem, grid: &[Node]) -> Result<(), InverseError> {
        if !(self.corrector_ratio.is_finite() && self.corrector_ratio >= 0.0) {
            let reason = format!("it is {}, and must not be negative", self.corrector_ratio);
            return Err(InverseError::parameter("corrector_ratio", reason));
        }
        if self.corrector_steps > 255 {
            let reason = format!("there are {}, and 255 at most", self.corrector_steps);
            return Err(InverseError::parameter("corrector_steps", reason));
        }
        if let Some(node) = grid.iter().find(|node| node.alpha != 1.0) {
            return Err(SamplingError::grid(format!(
                "alpha = 1 at every node, and it is {} at t = {} of the schedule `{}`; take `edm` or `ve_sqrt`",
                node.alpha,
                node.t,
                problem.schedule.name()
            ))
            .into());
        }
        let falls = |pair: &[Node]| pair[0].sigma > pair[1].sigma && pair[1].sigma >= 0.0;
        if grid.len() < 2 || !grid.windows(2).all(falls) {
            return Err(SamplingError::grid(
                "it has at least one step, and the noise falls from node to node",
            )
            .into());
        }
        Ok(())
    }
}

/// Norm of a slice, averaged over the volume.
fn mean_norm(n: usize, x: &[f64]) -> f64 {
    let norm = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>().sqrt();
    x.chunks(n).map(norm).sum::<f64>() / (x.len() / n) as f64
}

/// x = x + A^T (y - A x)/(A^T A 1), slice by slice; what A does not see stays.
fn step_to_data<A: AdjointOperator<f64> + ?Sized>(operator: &A, y: &[f64], x: &mut [f64]) {
    let (m, n) = (operator.nrows(), operator.ncols());
    let (mut seen, mut back, mut size) = (vec![0.0; m], vec![0.0; n], vec![0.0; n]);
    operator.apply(&vec![1.0; n], &mut seen);
    operator.apply_adjoint(&seen, &mut size);
    for (x, y) in x.chunks_mut(n).zip(y.chunks(m)) {
        operator.residual(y, x, &mut seen);
        operator.apply_adjoint(&seen, &mut back);
        for ((x, back), size) in x.iter_mut().zip(&back).zip(&size) {
            if *size != 0.0 {
                *x += back / size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pdesolve_krylov::methods::Cg;
    use pdesolve_krylov::{AdjointOperator, Identity, LinearOperator, Solver, StoppingRule};
    use pdesolve_sampling::analytic::GaussianProcessParams;
    use pdesolve_sampling::schedule::VarianceExploding;
    use pdesolve_sampling::{
        FinalStep, GridKind, GridParams, Node, Noise, Problem, ScheduleParams,
    };

    use super::{
        DiffusionMbir, SliceVariation, Splitting, slice_difference, slice_difference_adjoint,
    };
    use crate::normal::Normal;
    use crate::operators::{DenseMatrix, Mask};

    #[test]
    fn the_difference_of_slices_and_its_adjoint_satisfy_their_definition() {
        let (mut x, mut y) = (vec![0.0; 60], vec![0.0; 60]);
        Noise::new(1).normal(0, 60, &mut x);
        Noise::new(2).normal(0, 60, &mut y);
        let (mut dx, mut dty) = (vec![0.0; 60], vec![0.0; 60]);
        slice_difference(12, &x, &mut dx);
        slice_difference_adjoint(12, &y, &mut dty);
        assert!(dx[0] == x[12] - x[0] && dx[59] == x[11] - x[59]);
        let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
        let (left, right) = (dot(&dx, &y), dot(&x, &dty));
        assert!(
            (left - right).abs() < 1e-14 * dot(&dx, &dx),
            "{left} {right}"
        );
    }

    fn matrix(rows: usize, columns: usize) -> DenseMatrix {
        let mut entries = vec![0.0; rows * columns];
        Noise::new(3).normal(0, entries.len(), &mut entries);
        let rows: Vec<Vec<f64>> = entries.chunks(columns).map(<[f64]>::to_vec).collect();
        DenseMatrix::new(&rows).unwrap()
    }

    #[test]
    fn a_volume_constant_across_slices_goes_as_if_slices_were_not_coupled() {
        let a = matrix(9, 6);
        let y: Vec<f64> = (0..9).map(|i| f64::from(i).sin()).collect();
        let start: Vec<f64> = (0..6).map(|i| f64::from(i).cos()).collect();
        let params = SliceVariation::default();
        let (volume_y, mut volume) = (y.repeat(5), start.repeat(5));
        let mut splitting = Splitting::new(&params, &a, &volume_y, 5);
        // One slice, without the term of rho.
        let (mut slice, mut b) = (start, vec![0.0; 6]);
        a.apply_adjoint(&y, &mut b);
        let rule = StoppingRule {
            relative_tolerance: 0.0,
            max_iterations: 1,
            ..StoppingRule::default()
        };
        let mut solver = Solver::with_rule(Cg::default(), rule);
        let normal = Normal::new(&a, 0.0, 1.0);
        for pass in 0..20 {
            let before = slice.clone();
            splitting.pass(&mut volume).unwrap();
            solver
                .solve(&normal, &mut Identity, &b, &mut slice)
                .unwrap();
            assert_ne!(before, slice);
            for (i, v) in volume.iter().enumerate() {
                assert!((v - slice[i % 6]).abs() < 1e-12, "pass {pass}, {i}");
            }
            assert!(
                splitting
                    .d
                    .iter()
                    .chain(&splitting.u)
                    .all(|v| v.abs() < 1e-12)
            );
        }
    }

    #[test]
    fn a_step_across_slices_sinks_by_twice_the_weight_over_its_length() {
        // Four slices of 1 and six of 0: both edges of a plateau of length L pull it by 2 l/L.
        let identity = Mask::new(1, vec![0]).unwrap();
        let y: Vec<f64> = (0..10).map(|k| if k < 4 { 1.0 } else { 0.0 }).collect();
        let params = SliceVariation {
            lambda: 0.3,
            rho: 1.0,
            cg_steps: 10,
            passes: 2000,
        };
        let x = params.minimise(&identity, &y, vec![0.0; 10]).unwrap();
        for (k, x) in x.iter().enumerate() {
            let exact = if k < 4 { 1.0 - 0.15 } else { 0.1 };
            assert!((x - exact).abs() < 1e-9, "{k}: {x}");
        }
    }

    /// The same minimum by another way: gradient steps on the multipliers p of |p| <= l, with
    /// x = (A^T A)^-1 (A^T y - Dz^T p), for slices of two unknowns.
    fn by_multipliers(a: &DenseMatrix, y: &[f64], slices: usize, lambda: f64) -> Vec<f64> {
        let (mut columns, m) = ([vec![0.0; 3], vec![0.0; 3]], 3);
        a.apply(&[1.0, 0.0], &mut columns[0]);
        a.apply(&[0.0, 1.0], &mut columns[1]);
        let dot =
            |i: usize, j: usize| -> f64 { (0..m).map(|k| columns[i][k] * columns[j][k]).sum() };
        let (p, q, r) = (dot(0, 0), dot(0, 1), dot(1, 1));
        let determinant = p * r - q * q;
        // ||Dz||^2 <= 4, and the least eigenvalue of A^T A is at least determinant/trace.
        let step = determinant / (p + r) / 4.0;
        let mut multipliers = vec![0.0; 2 * slices];
        let (mut x, mut w) = (multipliers.clone(), multipliers.clone());
        for _ in 0..200_000 {
            slice_difference_adjoint(2, &multipliers, &mut w);
            for k in 0..slices {
                let mut b = [0.0; 2];
                a.apply_adjoint(&y[k * m..(k + 1) * m], &mut b);
                let (b0, b1) = (b[0] - w[2 * k], b[1] - w[2 * k + 1]);
                x[2 * k] = (r * b0 - q * b1) / determinant;
                x[2 * k + 1] = (p * b1 - q * b0) / determinant;
            }
            slice_difference(2, &x, &mut w);
            for (p, w) in multipliers.iter_mut().zip(&w) {
                *p = (*p + step * w).clamp(-lambda, lambda);
            }
        }
        x
    }

    #[test]
    fn without_a_model_it_converges_to_the_minimum_found_by_multipliers() {
        let (a, slices) = (matrix(3, 2), 12);
        let mut y = vec![0.0; 3 * slices];
        Noise::new(4).normal(0, y.len(), &mut y);
        let lambda = 0.6;
        let exact = by_multipliers(&a, &y, slices, lambda);
        let params = SliceVariation {
            lambda,
            rho: 1.0,
            cg_steps: 50,
            passes: 4000,
        };
        let found = params.minimise(&a, &y, vec![0.0; 2 * slices]).unwrap();
        let worst = found.iter().zip(&exact).map(|(f, e)| (f - e).abs());
        let worst = worst.fold(0.0, f64::max);
        let mut jumps = vec![0.0; 2 * slices];
        slice_difference(2, &exact, &mut jumps);
        let flat = jumps.iter().filter(|j| j.abs() < 1e-7).count();
        assert!(worst < 1e-6, "{worst}");
        assert!(flat > 2 && flat < jumps.len() - 2, "{flat}");
        // As published, one conjugate gradient step a pass: slower, to the same place.
        let single = SliceVariation {
            cg_steps: 1,
            passes: 20_000,
            ..params
        };
        let found = single.minimise(&a, &y, vec![0.0; 2 * slices]).unwrap();
        let close = found.iter().zip(&exact).all(|(f, e)| (f - e).abs() < 1e-6);
        assert!(close);
    }

    fn slices_of_a_process() -> (Problem, Vec<Node>, Mask) {
        let prior = GaussianProcessParams::unit_spaced(32, 4.0, 1.0, 1e-3);
        let schedule = ScheduleParams::Edm(VarianceExploding {
            sigma_min: 0.01,
            sigma_max: 20.0,
        });
        let problem = Problem::new(schedule.build().unwrap(), Arc::new(prior.build().unwrap()));
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Lambda)
        };
        let nodes = grid.nodes(problem.schedule.as_ref(), 300).unwrap();
        let sensors = vec![1, 3, 6, 8, 11, 14, 16, 19, 22, 24, 27, 30];
        (problem, nodes, Mask::new(32, sensors).unwrap())
    }

    /// Error of the volume relative to the truth, the mean over three seeds.
    fn error_of_volume(params: &DiffusionMbir) -> f64 {
        const SLICES: usize = 8;
        let (problem, nodes, mask) = slices_of_a_process();
        // Turns once while z goes round.
        let truth: Vec<f64> = (0..SLICES * 32)
            .map(|i| {
                let angle = (i / 32) as f64 * std::f64::consts::TAU / SLICES as f64;
                (0.3 * (i % 32) as f64 + 0.3 * angle.sin()).sin()
            })
            .collect();
        let mut y = vec![0.0; SLICES * 12];
        for (x, y) in truth.chunks(32).zip(y.chunks_mut(12)) {
            mask.apply(x, y);
        }
        let size: f64 = truth.iter().map(|t| t * t).sum();
        let error = |seed: u64| {
            let noise = Noise::new(seed);
            let x = problem.prior(&nodes[0], SLICES, &noise);
            let found = params
                .reconstruct(&problem, &mask, &y, &nodes, x, noise)
                .unwrap();
            let off: f64 = found.iter().zip(&truth).map(|(f, t)| (f - t).powi(2)).sum();
            (off / size).sqrt()
        };
        (1..=3).map(error).sum::<f64>() / 3.0
    }

    fn with(rho: f64, lambda: f64) -> DiffusionMbir {
        let mut params = DiffusionMbir::default();
        params.variation.rho = rho;
        params.variation.lambda = lambda;
        params
    }

    #[test]
    fn fills_in_between_sensors_and_better_with_coupled_slices() {
        let coupled = error_of_volume(&with(0.1, 1e-3));
        let apart = error_of_volume(&with(1e-9, 0.0));
        assert!(coupled < 0.9 * apart && apart < 0.12, "{coupled} {apart}");
    }

    #[test]
    fn a_coupling_larger_than_the_operator_keeps_the_noise_between_slices() {
        // Sensors have A^T A of norm 1: rho = 10 suits operators whose norm is in the hundreds.
        let error = error_of_volume(&DiffusionMbir::default());
        assert!(error > 1.0, "{error}");
    }

    #[test]
    fn the_last_step_meets_the_data_of_sensors() {
        let (problem, nodes, mask) = slices_of_a_process();
        let params = DiffusionMbir {
            final_consistency: true,
            ..DiffusionMbir::default()
        };
        let y: Vec<f64> = (0..36).map(|i| f64::from(i).sin()).collect();
        let noise = Noise::new(1);
        let x = problem.prior(&nodes[200], 3, &noise);
        let x = params
            .reconstruct(&problem, &mask, &y, &nodes[200..], x, noise)
            .unwrap();
        let mut seen = vec![0.0; 12];
        for (x, y) in x.chunks(32).zip(y.chunks(12)) {
            mask.apply(x, &mut seen);
            assert!(seen.iter().zip(y).all(|(s, y)| (s - y).abs() < 1e-14));
        }
    }

    #[test]
    fn bad_parameters_and_grids_are_refused() {
        let (problem, nodes, mask) = slices_of_a_process();
        let refused = |change: &dyn Fn(&mut DiffusionMbir), y: usize, grid: &[Node]| {
            let mut params = DiffusionMbir::default();
            change(&mut params);
            let (x, y) = (vec![1.0; 64], vec![0.0; y]);
            params
                .reconstruct(&problem, &mask, &y, grid, x, Noise::new(1))
                .is_err()
        };
        assert!(!refused(&|_| (), 24, &nodes[290..]));
        assert!(refused(&|p| p.variation.rho = 0.0, 24, &nodes[290..]));
        assert!(refused(&|p| p.variation.lambda = -1.0, 24, &nodes[290..]));
        assert!(refused(&|p| p.variation.cg_steps = 0, 24, &nodes[290..]));
        assert!(refused(
            &|p| p.corrector_ratio = f64::NAN,
            24,
            &nodes[290..]
        ));
        assert!(refused(&|p| p.corrector_steps = 256, 24, &nodes[290..]));
        assert!(refused(&|_| (), 23, &nodes[290..]));
        assert!(refused(&|_| (), 24, &nodes[300..]));
        let shrunk = Node {
            alpha: 0.9,
            ..nodes[290]
        };
        assert!(refused(&|_| (), 24, &[shrunk, Node::CLEAN]));
    }
}
