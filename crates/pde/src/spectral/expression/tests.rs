//! Right-hand sides as text against built-in equations and analytic derivatives.

use std::collections::BTreeMap;
use std::sync::Arc;

use pdesolve_core::Simulation;
use pdesolve_mesh::Grid;

use super::*;
use crate::TimeParams;
use crate::spectral::equations::reference::{Reference, Waves};
use crate::spectral::equations::{
    AllenCahn, Burgers, CahnHilliard, FisherKpp, GrayScott, Kdv, KsForm, KuramotoSivashinsky,
    SwiftHohenberg,
};
use crate::spectral::{Spectral, SpectralParams};

fn try_build(
    equations: &[(&str, &str)],
    dim: usize,
) -> Result<ExpressionEquation, Vec<ExpressionError>> {
    let params = ExpressionParams {
        equations: equations
            .iter()
            .map(|(field, text)| ((*field).to_owned(), (*text).to_owned()))
            .collect(),
        parameters: BTreeMap::from([("nu".to_owned(), 0.07)]),
    };
    let case = BTreeMap::from([("r".to_owned(), 0.4), ("nu".to_owned(), 99.0)]);
    ExpressionEquation::new(&params, &case, dim)
}

fn build(equations: &[(&str, &str)], dim: usize) -> ExpressionEquation {
    try_build(equations, dim).unwrap()
}

fn wavenumbers(dim: usize) -> impl Iterator<Item = Wavenumber> {
    (-3..4).map(move |n| {
        let k = |axis: usize, c: f64| if axis < dim { c * f64::from(n) } else { 0.0 };
        Wavenumber {
            x: k(0, 1.0),
            y: k(1, -2.0),
            z: k(2, 0.5),
        }
    })
}

/// The same linear part, number of transforms and right-hand side, to rounding.
fn assert_same(text: &ExpressionEquation, builtin: &dyn SpectralEquation, dim: usize) {
    let count = builtin.fields().len();
    assert_eq!(text.fields(), builtin.fields());
    for field in 0..count {
        for k in wavenumbers(dim) {
            let (a, b) = (text.linear(field, k), builtin.linear(field, k));
            assert!((a - b).norm() <= 1e-13 * (1.0 + b.norm()), "{a} not {b}");
        }
    }
    assert_eq!(text.inputs(dim).len(), builtin.inputs(dim).len());
    assert_eq!(text.outputs(dim).len(), builtin.outputs(dim).len());
    let grid = Reference::new(dim, 12);
    let fields: Vec<_> = (0..count).map(|f| Waves::generic(dim, f as u32)).collect();
    let (a, b) = (
        grid.rhs(text, &fields, 0.3),
        grid.rhs(builtin, &fields, 0.3),
    );
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} not {b}");
    }
}

#[test]
fn burgers_written_out_is_the_built_in_one() {
    let builtin = Burgers { viscosity: 0.07 };
    assert_same(&build(&[("u", "-dx(u^2/2) + nu*dxx(u)")], 1), &builtin, 1);
    let text = "-(dx(u^2/2) + dy(u^2)/2) + laplace(u)*nu";
    assert_same(&build(&[("u", text)], 2), &builtin, 2);
    let text = "-sum(i, 1, 2, dx(u^2)/4) - dy(0.5*u*u) - dz(u*u/2) + nu*(dxx(u)+dyy(u)+dzz(u))";
    assert_same(&build(&[("u", text)], 3), &builtin, 3);
}

#[test]
fn kuramoto_sivashinsky_written_out_is_the_built_in_one() {
    let mut builtin = KuramotoSivashinsky {
        form: KsForm::Conservative,
        viscosity: 0.07,
    };
    let text = "-dx(u^2/2) - dxx(u) - nu*dxxxx(u)";
    assert_same(&build(&[("u", text)], 1), &builtin, 1);
    builtin.form = KsForm::GradientNorm;
    for dim in 1..=3 {
        let text = "-grad2(u)/2 - laplace(u + nu*laplace(u))";
        assert_same(&build(&[("u", text)], dim), &builtin, dim);
    }
}

#[test]
fn gray_scott_written_out_is_the_built_in_one() {
    let equations = [
        ("u", "2e-5*laplace(u) - u*v^2 + f*(1 - u)"),
        ("v", "1e-5*laplace(v) + u*v^2 - (f + k)*v"),
    ]
    .map(|(field, text)| (field, text.replace('f', "0.04").replace("0.04 + k", "0.1")));
    let equations = equations.each_ref().map(|(f, text)| (*f, text.as_str()));
    for dim in 1..=2 {
        assert_same(&build(&equations, dim), &GrayScott::default(), dim);
    }
}

#[test]
fn linear_parts_are_found_inside_products_powers_and_operators() {
    let kdv = Kdv {
        hyper_viscosity: 0.07,
        ..Kdv::default()
    };
    let text = "dx(3*u^2 - dxx(u)) - nu*bilaplace(u)";
    assert_same(&build(&[("u", text)], 1), &kdv, 1);
    let fisher = FisherKpp {
        diffusivity: 0.07,
        rate: 0.4,
    };
    let text = "r*u*(1 - u) + laplace(nu*u)";
    assert_same(&build(&[("u", text)], 2), &fisher, 2);
    let allen_cahn = AllenCahn {
        diffusivity: 0.07,
        rate: 0.4,
    };
    let text = "u*r*(1 + u)*(1 - u) + nu*laplace(u)";
    assert_same(&build(&[("u", text)], 1), &allen_cahn, 1);
    let cahn_hilliard = CahnHilliard {
        mobility: 0.4,
        gamma: 0.07,
    };
    let text = "r*laplace(u^3 - u - nu*laplace(u))";
    assert_same(&build(&[("u", text)], 2), &cahn_hilliard, 2);
    let swift_hohenberg = SwiftHohenberg {
        growth: 0.4,
        ..SwiftHohenberg::default()
    };
    let text = "r*u - (u + 2*laplace(u) + bilaplace(u)) + u^2 - u^3";
    assert_same(&build(&[("u", text)], 2), &swift_hohenberg, 2);
    // (u - 1)^2 = u^2 - 2 u + 1
    let square = build(&[("u", "(u - 1)^2")], 1);
    assert_eq!(square.linear(0, Wavenumber::default()).re, -2.0);
    assert_eq!(square.steady_source(0, [0.0; 3]), 1.0);
}

/// One field against a function of it, in two dimensions at t = 0.3.
fn assert_rhs(text: &str, exact: impl Fn(&Waves, [f64; 3]) -> f64) {
    let equation = build(&[("u", text)], 2);
    let grid = Reference::new(2, 16);
    let u = Waves::generic(2, 0);
    let rates = grid.rhs(&equation, std::slice::from_ref(&u), 0.3);
    for (i, rate) in rates[0].iter().enumerate() {
        let expected = exact(&u, grid.position(i));
        let error = (rate - expected).abs();
        assert!(
            error < 1e-11 * (1.0 + expected.abs()),
            "{text}: {rate} not {expected}"
        );
    }
}

#[test]
fn derivatives_of_terms_inside_products_follow_the_chain_rule() {
    assert_rhs("u*dx(u^2)", |u, x| 2.0 * u.at(x).powi(2) * u.along(0, 1, x));
    assert_rhs("sin(u)*dy(u*dx(u))", |u, x| {
        let (u_x, u_y) = (u.along(0, 1, x), u.along(1, 1, x));
        u.at(x).sin() * (u_y * u_x + u.at(x) * u.d([1, 1, 0], x))
    });
    assert_rhs("u*laplace(u^2)", |u, x| {
        u.at(x) * (2.0 * u.at(x) * u.laplace(x) + 2.0 * u.grad2(x))
    });
    assert_rhs("u*dx(sin(x)*u + t*y)", |u, x| {
        u.at(x) * (x[0].cos() * u.at(x) + x[0].sin() * u.along(0, 1, x))
    });
    assert_rhs("grad2(u^2)", |u, x| 4.0 * u.at(x).powi(2) * u.grad2(x));
}

#[test]
fn the_chain_rule_knows_every_smooth_function() {
    for text in [
        "sin(v)",
        "cos(v)",
        "tan(v)",
        "asin(v/4)",
        "acos(v/4)",
        "atan(v)",
        "sinh(v)",
        "cosh(v)",
        "tanh(v)",
        "exp(v)",
        "log(v+4)",
        "ln(v+4)",
        "log10(v+4)",
        "sqrt(v+4)",
        "cbrt(v+4)",
        "abs(v)",
        "erf(v)",
        "atan2(v, 2+v^2)",
        "max(v, 0.2)",
        "min(v, 1-v)",
        "if(x < 3, v, v^2)",
        "v^-2",
        "(v+4)^v",
        "v/(4+v)",
        "-v^3 + 2",
        "(v+4)^0.5",
    ] {
        let equation = build(&[("v", &format!("x*dx({text})"))], 1);
        let value = build(&[("v", &format!("x + ({text})"))], 1);
        let at = |equation: &ExpressionEquation, x: f64| {
            // v = 0.8 + 0.5 sin(x), its derivatives by wavenumber of the input.
            let inputs: Vec<f64> = equation
                .inputs
                .iter()
                .map(|(_, operator)| match operator.terms().next() {
                    Some(([1, 0, 0], c)) => c * 0.5 * x.cos(),
                    _ => 0.8 + 0.5 * x.sin(),
                })
                .collect();
            let inputs: Vec<[f64; 1]> = inputs.into_iter().map(|v| [v]).collect();
            let inputs: Vec<&[f64]> = inputs.iter().map(|v| v.as_slice()).collect();
            let mut out = vec![[0.0]; equation.outputs.len()];
            let mut outs: Vec<&mut [f64]> = out.iter_mut().map(|o| o.as_mut_slice()).collect();
            let row = Row {
                t: 0.0,
                x: &[x],
                y: 0.0,
                z: 0.0,
            };
            equation.products(row, &inputs, &mut outs);
            let steady = equation.steady_source(0, [x, 0.0, 0.0]);
            out.iter().map(|o| o[0]).sum::<f64>() + steady
        };
        for x in [0.4, 1.9, 4.1] {
            let h = 1e-4;
            let slope = |h: f64| ((at(&value, x + h) - at(&value, x - h)) / (2.0 * h)) - 1.0;
            let expected = x * (4.0 * slope(h) - slope(2.0 * h)) / 3.0;
            let found = at(&equation, x);
            let error = (found - expected).abs();
            assert!(
                error < 1e-9 * (1.0 + expected.abs()),
                "{text}: {found} not {expected}"
            );
        }
    }
}

#[test]
fn time_and_position_stand_in_products_and_steady_sources() {
    assert_rhs("nu*laplace(u) + sin(x)*cos(t) + cos(2*y)", |u, x| {
        0.07 * u.laplace(x) + x[0].sin() * 0.3f64.cos() + (2.0 * x[1]).cos()
    });
    let equation = build(&[("u", "laplace(u) + sin(x) + 3")], 1);
    assert!(equation.outputs(1).is_empty() && equation.has_steady_source());
    assert_eq!(
        equation.steady_source(0, [0.5, 0.0, 0.0]),
        0.5f64.sin() + 3.0
    );
    assert_rhs("dx(sin(x)*u) + laplace(2)", |u, x| {
        x[0].cos() * u.at(x) + x[0].sin() * u.along(0, 1, x)
    });
}

#[test]
fn linear_terms_of_other_fields_are_coupled_point_by_point() {
    let equation = build(&[("u", "dxx(v) + 2*v - u"), ("v", "dx(u)")], 1);
    let k = Wavenumber {
        x: 2.0,
        ..Default::default()
    };
    assert_eq!(equation.linear(0, k), Complex64::new(-1.0, 0.0));
    assert_eq!(equation.linear(1, k), Complex64::new(0.0, 0.0));
    let grid = Reference::new(1, 12);
    let (u, v) = (Waves::generic(1, 0), Waves::generic(1, 1));
    let rates = grid.rhs(&equation, &[u.clone(), v.clone()], 0.0);
    for (i, (rate_u, rate_v)) in rates[0].iter().zip(&rates[1]).enumerate() {
        let x = grid.position(i);
        let exact = v.along(0, 2, x) + 2.0 * v.at(x) - u.at(x);
        assert!((rate_u - exact).abs() < 1e-12);
        assert!((rate_v - u.along(0, 1, x)).abs() < 1e-12);
    }
}

#[test]
fn every_fault_is_told_with_its_place() {
    let errors = try_build(
        &[
            ("u", "laplce(u) + w + dy(u)"),
            ("v", "u +"),
            ("w2", "y*w2 + sin(1, 2)"),
        ],
        1,
    )
    .unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|e| (e.field.as_str(), e.span.clone(), e.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("u", 0..6, "unknown function `laplce`"),
            ("u", 12..13, "unknown name `w`"),
            (
                "v",
                3..3,
                "the expression ends where a number, a name or `(` is expected"
            ),
            ("w2", 7..16, "`sin` takes 1 argument, found 2"),
            ("w2", 0..1, "there is no `y`: the mesh has x only"),
        ]
    );
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `laplace`?"));
    for (text, span, message) in [
        (
            "u + dy(u)",
            4..6,
            "`dy` needs a y axis, the mesh has x only",
        ),
        (
            "u*dx(floor(u))",
            2..14,
            "the derivative of `floor` inside a product",
        ),
        ("u/0", 0..3, "division by zero"),
        (
            "sum(i, 1, u, u)",
            10..11,
            "the bounds of a sum must be constants",
        ),
        ("laplace", 0..7, "the operator `laplace` has no argument"),
        (
            "laplace(u, u)",
            0..13,
            "`laplace` takes 1 argument, found 2",
        ),
    ] {
        let errors = try_build(&[("u", text)], 1).unwrap_err();
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(errors[0].span, span, "{text}");
        assert!(errors[0].message.contains(message), "{text}: {errors:?}");
    }
}

#[test]
fn names_that_cannot_be_told_apart_are_refused() {
    for (field, message) in [
        ("x", "that is a coordinate"),
        ("nu", "both a field and a parameter"),
        ("2u", "no name for a field"),
    ] {
        let errors = try_build(&[(field, "1")], 1).unwrap_err();
        assert!(errors[0].message.contains(message), "{errors:?}");
    }
    assert!(
        try_build(&[], 1).unwrap_err()[0]
            .message
            .contains("no right-hand side")
    );
}

/// Largest difference after `steps` steps from the same start, relative to the largest value.
fn difference_after(
    text: &[(&str, &str)],
    builtin: impl SpectralEquation + 'static,
    grid: &Grid,
    (step, steps): (f64, usize),
) -> f64 {
    let run = |equation: Arc<dyn SpectralEquation>| {
        let count = equation.fields().len();
        let time = TimeParams::fixed(step * steps as f64, step);
        let params = SpectralParams::default();
        let mut sim = Spectral::new(equation, grid, &params, &time, 1).unwrap();
        let length = grid.axes()[0].length();
        for field in 0..count {
            let u = Waves::generic(grid.dim(), field as u32);
            let scaled = |x: [f64; 3]| u.at(x.map(|x| x * std::f64::consts::TAU / length));
            let values: Vec<f64> = (0..grid.len()).map(|i| scaled(grid.position(i))).collect();
            sim.set_field(0, field, &values);
        }
        for _ in 0..steps {
            sim.advance(time.end).unwrap();
        }
        let mut all = Vec::new();
        for field in 0..count {
            let mut values = vec![0.0; grid.len()];
            sim.sample(field, &mut values);
            all.extend(values);
        }
        all
    };
    let a = run(Arc::new(build(text, grid.dim())));
    let b = run(Arc::new(builtin));
    let largest = b.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    assert!(largest > 0.1 && largest.is_finite());
    let difference = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
    difference.fold(0.0, f64::max) / largest
}

#[test]
fn runs_of_written_out_equations_are_those_of_built_in_ones_to_1e_12() {
    let ks = |form| KuramotoSivashinsky {
        form,
        viscosity: 0.9,
    };
    let line = |length| Grid::periodic_box(1, 128, length);
    let square = Grid::periodic_box(2, 48, 2.5);
    let gray_scott = [
        ("u", "2e-5*laplace(u) - u*v^2 + 0.04*(1 - u)"),
        ("v", "1e-5*laplace(v) + u*v^2 - (0.04 + 0.06)*v"),
    ];
    let conservative = [("u", "-dx(u^2/2) - dxx(u) - 0.9*dxxxx(u)")];
    let gradient = [("u", "-grad2(u)/2 - laplace(u) - 0.9*bilaplace(u)")];
    let burgers = [("u", "-dx(u^2/2) + nu*dxx(u)")];
    for (name, difference) in [
        (
            "burgers",
            difference_after(
                &burgers,
                Burgers { viscosity: 0.07 },
                &line(std::f64::consts::TAU),
                (0.01, 200),
            ),
        ),
        (
            "ks conservative",
            difference_after(
                &conservative,
                ks(KsForm::Conservative),
                &line(64.0),
                (0.05, 200),
            ),
        ),
        (
            "ks gradient norm",
            difference_after(
                &gradient,
                ks(KsForm::GradientNorm),
                &line(64.0),
                (0.05, 200),
            ),
        ),
        (
            "gray-scott",
            difference_after(&gray_scott, GrayScott::default(), &square, (0.5, 100)),
        ),
    ] {
        assert!(difference < 1e-12, "{name}: {difference:.2e}");
    }
}
