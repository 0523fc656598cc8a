//! One cycle through the levels, from a zero guess.
//!
//! ```text
//! x = S b,  more sweeps           relax
//! b_c = R (b - A x)               restrict the residual
//! x_c = cycle(b_c)                V: once.  W: x_c = x_c + cycle(b_c - A_c x_c)
//! x = x + P x_c                   correct
//! x = x + S^T (b - A x)           relax
//! ```
//!
//! With as many sweeps after as before, in reverse order, the cycle is a symmetric map for symmetric
//! A.

use super::hierarchy::{Coarsest, CoarsestSolve, Hierarchy, Level};
use super::params::Cycle;
use crate::csr::kernels;
use crate::operator::LinearOperator;
use crate::scalar::Real;
use crate::vector;

impl<T: Real> Hierarchy<T> {
    /// The right-hand side of the finest level.
    pub(crate) fn rhs(&mut self) -> &mut [T] {
        match self.levels.first_mut() {
            Some(level) => &mut level.b,
            None => &mut self.coarsest.b,
        }
    }

    /// The result of [`Hierarchy::run`].
    pub(crate) fn solution(&self) -> &[T] {
        match self.levels.first() {
            Some(level) => &level.x,
            None => &self.coarsest.x,
        }
    }

    /// One cycle for the right-hand side in [`Hierarchy::rhs`].
    pub(crate) fn run(&mut self) {
        descend(
            &mut self.levels,
            &mut self.coarsest,
            self.cycle,
            self.sweeps,
        );
    }
}

fn descend<T: Real>(
    levels: &mut [Level<T>],
    coarsest: &mut Coarsest<T>,
    cycle: Cycle,
    sweeps: usize,
) {
    let Some((level, coarser)) = levels.split_first_mut() else {
        return coarsest.run();
    };
    let Level {
        a,
        p,
        r,
        smoother,
        x,
        b,
        work,
        ..
    } = level;
    smoother.first(a, b, x, work);
    for _ in 1..sweeps {
        smoother.before(a, b, x, work);
    }
    a.residual(b, x, work);
    r.apply(work, next_rhs(coarser, coarsest));
    descend(coarser, coarsest, cycle, sweeps);
    if cycle == Cycle::W && !coarser.is_empty() {
        let own = &mut coarser[0];
        vector::copy(&own.x, &mut own.kept);
        own.a.residual(&own.b, &own.x, &mut own.work);
        std::mem::swap(&mut own.b, &mut own.work);
        descend(coarser, coarsest, cycle, sweeps);
        let own = &mut coarser[0];
        vector::axpy(T::one(), &own.kept, &mut own.x);
    }
    let correction = match coarser.first() {
        Some(own) => &own.x,
        None => &coarsest.x,
    };
    vector::for_blocks(x, &|start, x: &mut [T]| {
        kernels::update_rows(p, correction, start, x, |_, x, sum| x + sum);
    });
    for _ in 0..sweeps {
        smoother.after(a, b, x, work);
    }
}

fn next_rhs<'l, T>(coarser: &'l mut [Level<T>], coarsest: &'l mut Coarsest<T>) -> &'l mut [T] {
    match coarser.first_mut() {
        Some(level) => &mut level.b,
        None => &mut coarsest.b,
    }
}

impl<T: Real> Coarsest<T> {
    fn run(&mut self) {
        match &self.solve {
            CoarsestSolve::Inverse(inverse) => inverse.solve(&self.b, &mut self.x),
            CoarsestSolve::Relaxation(smoother) => {
                smoother.first(&self.a, &self.b, &mut self.x, &mut self.work);
                smoother.after(&self.a, &self.b, &mut self.x, &mut self.work);
            }
        }
    }
}
