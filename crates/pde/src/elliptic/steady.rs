//! A steady elliptic problem: set-up checks, one solve, what is told of the solution.

use pdesolve_core::{
    Control, FieldSpec, Iterate, Outcome, RestoreError, SolveFault, State, Stationary,
};
use pdesolve_krylov::vector;
use pdesolve_mesh::{Grid, Norms, deterministic_sum};

use super::assemble::Discretisation;
use super::boundary::EllipticBoundary;
use super::error::EllipticError;
use super::problem::{EllipticProblem, Terms};
use super::solve::{LinearParams, LinearSolver, MatrixTraits};
use crate::finite_volume::{SpaceTime, cell_averages_of_rows};

/// Gauss points an axis for the averages of f: of order 4, beyond that of the scheme.
const QUADRATURE: usize = 2;

/// An elliptic problem on a grid, and its current iterate.
pub struct Steady {
    discretisation: Discretisation,
    solver: LinearSolver,
    field: FieldSpec,
    /// Names of what is written beside the solution.
    conductivity: Option<&'static str>,
    flux: Option<&'static str>,
    u: Vec<f64>,
    source: Vec<f64>,
    data: Vec<f64>,
    rhs: Vec<f64>,
    /// What f and the boundary fluxes do not cancel, over their size; taken out of f.
    incompatibility: f64,
    iterations: usize,
    relative_residual: f64,
}

/// Averages of f over the cells.
///
/// # Errors
/// The first cell in which they are not finite.
pub(super) fn source_averages(
    source: Option<&SpaceTime>,
    grid: &Grid,
    t: f64,
) -> Result<Vec<f64>, EllipticError> {
    let averages = match source {
        None => vec![0.0; grid.len()],
        Some(f) => cell_averages_of_rows(grid, QUADRATURE, t, |row, out| f(row, out)),
    };
    match vector::first_not_finite(&averages) {
        None => Ok(averages),
        Some(cell) => Err(EllipticError::Source {
            place: grid.position(cell)[..grid.dim()].to_vec(),
            value: averages[cell],
        }),
    }
}

impl Steady {
    /// Sets up the problem with these terms, f and boundary conditions on a grid of cells; the first
    /// guess is 0. `seed` is that of random coefficients.
    ///
    /// # Errors
    /// All that is wrong, not only the first thing.
    pub fn new(
        problem: &dyn EllipticProblem,
        terms: &Terms,
        grid: &Grid,
        boundary: &EllipticBoundary,
        source: Option<&SpaceTime>,
        params: &LinearParams,
        seed: u64,
    ) -> Result<Self, Vec<EllipticError>> {
        let discretisation = Discretisation::new(terms, grid, boundary, seed)?;
        let mut source = source_averages(source, grid, 0.0).map_err(|error| vec![error])?;
        let traits = MatrixTraits {
            symmetric: discretisation.is_symmetric(),
            indefinite: discretisation.is_indefinite(),
            singular: discretisation.is_singular(),
        };
        let solver =
            LinearSolver::new(discretisation.matrix(), traits, params).map_err(|fault| {
                vec![EllipticError::Solver {
                    reason: fault.reason,
                }]
            })?;
        let data = discretisation.boundary_data(0.0);
        let mut rhs = discretisation.rhs(&source, &data);
        let mut incompatibility = 0.0;
        if discretisation.is_singular() {
            // A solution exists only if the right-hand side sums to 0; the rest is taken out of f.
            let volumes = &discretisation.geometry.volumes;
            let size = deterministic_sum(rhs.len(), |i| rhs[i].abs());
            let excess = deterministic_sum(rhs.len(), |i| rhs[i]);
            let mean = excess / deterministic_sum(volumes.len(), |i| volumes[i]);
            for (f, v) in source.iter_mut().zip(&mut rhs).zip(volumes) {
                let (f, b) = f;
                *f -= mean;
                *b -= mean * v;
            }
            incompatibility = if size > 0.0 { excess.abs() / size } else { 0.0 };
        }
        let varies = discretisation.tensor.isotropic().is_some();
        Ok(Self {
            solver,
            field: problem.field(),
            conductivity: terms.written_conductivity.filter(|_| varies),
            flux: terms.written_flux,
            u: vec![0.0; grid.len()],
            source,
            data,
            rhs,
            incompatibility,
            iterations: 0,
            relative_residual: 1.0,
            discretisation,
        })
    }

    /// Sets the first guess, one value a cell, x fastest.
    ///
    /// # Panics
    /// Unless `values` has one value a cell.
    pub fn set_field(&mut self, values: &[f64]) {
        self.u.copy_from_slice(values);
    }

    /// The current iterate, one value a cell, x fastest.
    pub fn values(&self) -> &[f64] {
        &self.u
    }

    /// The discretised equation.
    pub fn discretisation(&self) -> &Discretisation {
        &self.discretisation
    }

    /// The tested residual norm of the last solve: entry k after k iterations.
    pub fn history(&self) -> &[f64] {
        self.solver.history()
    }

    /// What f and the boundary fluxes of a problem without Dirichlet and Robin boundary do not
    /// cancel, over the sum of their sizes.
    pub fn incompatibility(&self) -> f64 {
        self.incompatibility
    }
}

impl Stationary for Steady {
    fn fields(&self) -> Vec<FieldSpec> {
        let mut fields = vec![self.field.clone()];
        fields.extend(self.conductivity.map(FieldSpec::new));
        if let Some(flux) = self.flux {
            let axes = self.discretisation.grid.axes().iter();
            fields.extend(axes.map(|axis| FieldSpec::new(format!("{flux}_{}", axis.name()))));
        }
        fields
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let before = 1 + usize::from(self.conductivity.is_some());
        match (field, self.discretisation.tensor.isotropic()) {
            (0, _) => out.copy_from_slice(&self.u),
            (1, Some(k)) if self.conductivity.is_some() => out.copy_from_slice(k),
            _ => self
                .discretisation
                .velocity(field - before, &self.u, &self.data, out),
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names = vec![
            "integral",
            "l2",
            "min",
            "max",
            "boundary_flux",
            "source",
            "balance",
            "cell_balance",
        ];
        if self.discretisation.is_singular() {
            names.push("incompatibility");
        }
        let mut names: Vec<String> = names
            .iter()
            .map(|name| format!("{name}({})", self.field.name))
            .collect();
        names.push("iterations".to_owned());
        names.push("relative_residual".to_owned());
        names
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let norms = Norms::of(&self.discretisation.grid, &self.u);
        let balance = self
            .discretisation
            .balance(&self.u, &self.source, &self.data);
        out.extend([
            norms.integral,
            norms.l2,
            norms.min,
            norms.max,
            balance.outflow,
            balance.source,
            balance.source - balance.outflow,
            balance.worst_cell,
        ]);
        if self.discretisation.is_singular() {
            out.push(self.incompatibility);
        }
        out.extend([self.iterations as f64, self.relative_residual]);
    }

    fn solve(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Outcome, SolveFault> {
        let null_space = self.discretisation.null_space();
        let matrix = self.discretisation.matrix();
        let report = self.solver.solve(
            matrix,
            null_space.as_ref(),
            &self.rhs,
            &mut self.u,
            observer,
        )?;
        if self.discretisation.is_singular() {
            let volume = self.discretisation.grid.volume();
            let mean = Norms::of(&self.discretisation.grid, &self.u).integral / volume;
            self.u.iter_mut().for_each(|u| *u -= mean);
        }
        self.iterations = report.iterations;
        self.relative_residual = report.true_relative_residual;
        Ok(self.solver.outcome(&report))
    }

    fn save(&self, state: &mut State) {
        state.put(&self.field.name, &self.u);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let u = state.get(&self.field.name, self.u.len())?;
        self.u.copy_from_slice(u);
        Ok(())
    }
}
