//! Measured orders of convergence.

use super::*;

/// Cells an axis of two successive meshes. Upwind advection needs fine ones: the part of second order
/// of its error hides the order of the other.
fn meshes(dim: usize, upwind: bool) -> (usize, usize) {
    match (dim, upwind) {
        (1, false) => (40, 80),
        (2, false) => (24, 48),
        (_, false) => (12, 24),
        (1, true) => (80, 160),
        (_, true) => (48, 96),
    }
}

/// Orders in the L2 and maximum norms between two meshes.
fn orders(
    problem: &Manufactured,
    stretched: bool,
    kind: impl Fn(usize) -> Kind + Copy,
) -> (f64, f64) {
    let upwind = (problem.velocity).is_some_and(|(_, s)| s == AdvectionScheme::Upwind);
    let (coarse, fine) = meshes(problem.dim, upwind);
    let (l2, largest) = problem.errors(coarse, stretched, kind);
    let (l2_fine, largest_fine) = problem.errors(fine, stretched, kind);
    ((l2 / l2_fine).log2(), (largest / largest_fine).log2())
}

#[track_caller]
fn at_least(order: f64, problem: &Manufactured, kind: impl Fn(usize) -> Kind + Copy) {
    for stretched in [false, true] {
        let (l2, largest) = orders(problem, stretched, kind);
        assert!(
            l2 >= order && largest >= order - 0.2,
            "{}-D, stretched: {stretched}: orders {l2:.3} in L2, {largest:.3} at most",
            problem.dim
        );
    }
}

fn mixed(boundary: usize) -> Kind {
    [Kind::Dirichlet, Kind::Robin, Kind::Neumann][boundary % 3]
}

#[test]
fn poisson_is_of_order_two_with_dirichlet_values() {
    for dim in 1..=3 {
        at_least(1.9, &Manufactured::isotropic(dim), |_| Kind::Dirichlet);
    }
}

#[test]
fn poisson_is_of_order_two_with_all_kinds_of_conditions() {
    for dim in 1..=3 {
        at_least(1.9, &Manufactured::isotropic(dim), mixed);
        at_least(1.9, &Manufactured::isotropic(dim), |_| Kind::Robin);
    }
}

#[test]
fn diffusion_with_varying_coefficients_and_reaction_is_of_order_two() {
    for dim in 1..=3 {
        let problem = Manufactured {
            base: [[2.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]],
            wave: 0.5,
            reaction: 3.0,
            ..Manufactured::isotropic(dim)
        };
        at_least(1.9, &problem, mixed);
    }
}

#[test]
fn a_full_tensor_is_of_order_two_with_dirichlet_and_neumann_conditions() {
    for dim in 2..=3 {
        let problem = Manufactured::tensor(dim);
        at_least(1.9, &problem, |_| Kind::Dirichlet);
        at_least(1.85, &problem, |i| {
            if i % 3 == 1 {
                Kind::Neumann
            } else {
                Kind::Dirichlet
            }
        });
    }
}

#[test]
fn transport_is_of_order_two_central_and_one_upwind() {
    for dim in 1..=3 {
        let with = |speed: f64, scheme| Manufactured {
            wave: 0.3,
            velocity: Some(([2.0 * speed, -speed, 1.5 * speed], scheme)),
            ..Manufactured::isotropic(dim)
        };
        at_least(1.9, &with(1.0, AdvectionScheme::Central), mixed);
        if dim == 3 {
            continue;
        }
        let upwind = with(2.0, AdvectionScheme::Upwind);
        at_least(0.9, &upwind, |_| Kind::Dirichlet);
        let (l2, _) = orders(&upwind, false, |_| Kind::Dirichlet);
        assert!(l2 < 1.3, "upwind is of order one only: {l2}");
    }
}

#[test]
fn helmholtz_beyond_the_lowest_eigenvalue_is_of_order_two() {
    for dim in 1..=3 {
        // The lowest eigenvalues of -laplace here are 9.9, 16.7 and 28.9.
        let problem = Manufactured {
            reaction: -36.0,
            ..Manufactured::isotropic(dim)
        };
        at_least(1.9, &problem, |_| Kind::Dirichlet);
    }
}
