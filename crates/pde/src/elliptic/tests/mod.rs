//! Elliptic problems held against manufactured solutions, identities of the matrix, and balances.

mod coefficients;
mod implicit;
mod matrix;
mod orders;
mod singular;

use std::sync::Arc;

use pdesolve_core::{Control, Stationary};
use pdesolve_krylov::StoppingRule;
use pdesolve_mesh::{Axis, BOUNDARY_NAMES, Centring, Grid, Row, Stretching, difference_norms};

use super::*;
use crate::finite_volume::SpaceTime;

/// n cells along each of `dim` axes from 0 to 1, 1.2 and 0.9.
fn grid(dim: usize, n: usize, stretched: bool, periodic: bool) -> Grid {
    let axes = ['x', 'y', 'z'][..dim]
        .iter()
        .zip([1.0, 1.2, 0.9])
        .enumerate()
        .map(|(a, (&name, upper))| {
            let stretching = match (stretched, a) {
                (false, _) => Stretching::Uniform,
                (true, 1) => Stretching::Tanh { strength: 1.0 },
                (true, _) => Stretching::Geometric { ratio: 3.0 },
            };
            Axis::stretched_cells(name, 0.0, upper, n, periodic, &stretching).unwrap()
        })
        .collect();
    Grid::new(Centring::Cell, axes)
}

/// A smooth function with its derivatives: a product of one factor an axis.
fn factor(axis: usize, x: f64) -> [f64; 3] {
    match axis {
        0 => {
            let (s, c) = (1.9 * x + 0.3).sin_cos();
            [s, 1.9 * c, -3.61 * s]
        }
        1 => {
            let (s, c) = (1.4 * x - 0.2).sin_cos();
            [c, -1.4 * s, -1.96 * c]
        }
        _ => {
            let e = (0.7 * x).exp();
            [e, 0.7 * e, 0.49 * e]
        }
    }
}

/// u of the manufactured problems on `dim` axes.
fn exact(dim: usize, place: [f64; 3]) -> f64 {
    derivative(dim, place, [0; 3])
}

/// A derivative of u, so many times along each axis.
fn derivative(dim: usize, place: [f64; 3], times: [usize; 3]) -> f64 {
    (0..dim).map(|a| factor(a, place[a])[times[a]]).product()
}

fn first(dim: usize, place: [f64; 3], a: usize) -> f64 {
    let mut times = [0; 3];
    times[a] += 1;
    derivative(dim, place, times)
}

fn second(dim: usize, place: [f64; 3], a: usize, b: usize) -> f64 {
    let mut times = [0; 3];
    times[a] += 1;
    times[b] += 1;
    derivative(dim, place, times)
}

/// An equation with smooth coefficients: K_ab = base_ab (1 + wave sin(x + y + z)).
#[derive(Clone)]
struct Manufactured {
    dim: usize,
    base: [[f64; 3]; 3],
    wave: f64,
    velocity: Option<([f64; 3], AdvectionScheme)>,
    reaction: f64,
}

impl Manufactured {
    fn isotropic(dim: usize) -> Self {
        Self {
            dim,
            base: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            wave: 0.0,
            velocity: None,
            reaction: 0.0,
        }
    }

    fn tensor(dim: usize) -> Self {
        Self {
            base: [[2.0, 0.6, 0.3], [0.6, 1.0, -0.4], [0.3, -0.4, 1.5]],
            wave: 0.4,
            ..Self::isotropic(dim)
        }
    }

    fn phase(&self, place: [f64; 3]) -> f64 {
        place[..self.dim].iter().sum()
    }

    fn k(&self, a: usize, b: usize, place: [f64; 3]) -> f64 {
        self.base[a][b] * (1.0 + self.wave * self.phase(place).sin())
    }

    /// f = -div(K grad u) + div(c u) + r u, with c constant.
    fn source(&self, place: [f64; 3]) -> f64 {
        let mut f = self.reaction * exact(self.dim, place);
        for a in 0..self.dim {
            for b in 0..self.dim {
                let slope = self.base[a][b] * self.wave * self.phase(place).cos();
                f -= slope * first(self.dim, place, b)
                    + self.k(a, b, place) * second(self.dim, place, a, b);
            }
            if let Some((c, _)) = self.velocity {
                f += c[a] * first(self.dim, place, a);
            }
        }
        f
    }

    fn terms(&self) -> Terms {
        let entry = |a: usize, b: usize| -> PointFunction {
            let own = self.clone();
            Arc::new(move |_, place| own.k(a, b, place))
        };
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let tensor = if self.base[0][1] == 0.0 && self.wave == 0.0 {
            super::conductivity::Tensor::Isotropic(entry(0, 0))
        } else {
            super::conductivity::Tensor::Entries {
                diagonal: (0..self.dim).map(|a| entry(a, a)).collect(),
                mixed: pairs
                    .iter()
                    .filter(|(a, b)| *b < self.dim && self.base[*a][*b] != 0.0)
                    .map(|&(a, b)| (a, b, entry(a, b)))
                    .collect(),
            }
        };
        let mut terms = Terms::diffusion("conductivity", tensor);
        if self.reaction != 0.0 {
            let r = self.reaction;
            terms.reaction = Some(Arc::new(move |_, _| r));
            terms.indefinite = r < 0.0;
        }
        terms.velocity = self.velocity.map(|(c, scheme)| {
            let along = |a: usize| -> PointFunction { Arc::new(move |_, _| c[a]) };
            ((0..self.dim).map(along).collect(), scheme)
        });
        terms
    }

    /// The right condition of kind `kind(number of the boundary)` at every boundary.
    fn boundary(&self, kind: impl Fn(usize) -> Kind) -> EllipticBoundary {
        let mut boundary = EllipticBoundary::default();
        for (axis, names) in BOUNDARY_NAMES.iter().enumerate().take(self.dim) {
            for (side, outward) in [(0, -1.0), (1, 1.0)] {
                let (alpha, beta) = match kind(2 * axis + side) {
                    Kind::Dirichlet => (1.0, 0.0),
                    Kind::Neumann => (0.0, 1.0),
                    Kind::Robin => (1.5, 0.7),
                };
                let own = self.clone();
                let value: PointFunction = Arc::new(move |_, place| {
                    // Along the co-normal, over K_nn.
                    let normal: f64 = (0..own.dim)
                        .map(|b| own.k(axis, b, place) * first(own.dim, place, b))
                        .sum();
                    let slope = outward * normal / own.k(axis, axis, place);
                    alpha * exact(own.dim, place) + beta * slope
                });
                boundary.set(names[side], EllipticCondition::robin(alpha, beta, value));
            }
        }
        boundary
    }

    fn solve(&self, grid: &Grid, kind: impl Fn(usize) -> Kind) -> Steady {
        let own = self.clone();
        let source = rows(move |place| own.source(place));
        let mut problem = steady(&self.terms(), grid, &self.boundary(kind), Some(&source));
        solve(&mut problem);
        problem
    }

    /// Relative L2 and largest errors on n cells an axis.
    fn errors(&self, n: usize, stretched: bool, kind: impl Fn(usize) -> Kind) -> (f64, f64) {
        let grid = grid(self.dim, n, stretched, false);
        let problem = self.solve(&grid, kind);
        let wanted: Vec<f64> = (0..grid.len())
            .map(|cell| exact(self.dim, grid.position(cell)))
            .collect();
        difference_norms(&grid, problem.values(), &wanted)
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Dirichlet,
    Neumann,
    Robin,
}

/// A function of the place along grid lines.
fn rows(f: impl Fn([f64; 3]) -> f64 + Send + Sync + 'static) -> SpaceTime {
    Arc::new(move |row: Row<'_>, out: &mut [f64]| {
        for (out, &x) in out.iter_mut().zip(row.x) {
            *out = f([x, row.y, row.z]);
        }
    })
}

/// The automatic choice with another tolerance.
fn tolerance(relative: f64) -> LinearParams {
    LinearParams {
        stop: StoppingRule::relative(relative),
        ..LinearParams::default()
    }
}

fn constant(value: f64) -> PointFunction {
    Arc::new(move |_, _| value)
}

fn steady(
    terms: &Terms,
    grid: &Grid,
    boundary: &EllipticBoundary,
    source: Option<&SpaceTime>,
) -> Steady {
    let params = tolerance(1e-11);
    Steady::new(&Poisson {}, terms, grid, boundary, source, &params, 0)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn solve(problem: &mut Steady) {
    let outcome = problem.solve(&mut |_| Control::Continue).unwrap();
    assert!(outcome.converged, "{outcome:?}");
}

/// A quantity of a solved problem by its name.
fn quantity(problem: &mut Steady, name: &str) -> f64 {
    let place = problem.quantity_names().iter().position(|n| n == name);
    let mut values = Vec::new();
    problem.quantities(&mut values);
    values[place.unwrap_or_else(|| panic!("{name}"))]
}

/// The terms of a problem whose coefficients are all constant.
fn terms_of(problem: &dyn EllipticProblem, dim: usize) -> Terms {
    let mut compile = |_: &str, c: &Coefficient| c.constant().map(constant);
    problem.terms(dim, &mut compile).unwrap().unwrap()
}
