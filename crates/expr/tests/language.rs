//! What expressions mean, checked against plain Rust.

use std::collections::BTreeMap;

use pdesolve_expr::{Expr, ParseError, Program, Scope, Scratch, Value, constant, functions};

fn compile(text: &str, variables: &[&str]) -> Result<Program, ParseError> {
    let parameters = BTreeMap::from([("a".to_owned(), 1.5), ("n".to_owned(), 3.0)]);
    Program::compile(&Expr::parse(text)?, variables, &parameters)
}

/// Value at x, y by both ways of evaluation, which must agree to the last bit.
fn value(text: &str, x: f64, y: f64) -> f64 {
    let program = compile(text, &["x", "y"]).unwrap();
    let scalar = program.evaluate_scalar(&[x, y]);
    let mut out = [0.0; 300];
    let values = [Value::Slice(&[x; 300]), Value::Scalar(y)];
    program.evaluate(&values, &mut out, &mut Scratch::default());
    for value in out {
        assert_eq!(value.to_bits(), scalar.to_bits(), "{text}");
    }
    scalar
}

#[test]
fn every_function_is_that_of_the_standard_library() {
    type Unary = fn(f64) -> f64;
    let unary: &[(&str, Unary)] = &[
        ("sin", f64::sin),
        ("cos", f64::cos),
        ("tan", f64::tan),
        ("asin", f64::asin),
        ("acos", f64::acos),
        ("atan", f64::atan),
        ("sinh", f64::sinh),
        ("cosh", f64::cosh),
        ("tanh", f64::tanh),
        ("exp", f64::exp),
        ("log", f64::ln),
        ("ln", f64::ln),
        ("log10", f64::log10),
        ("sqrt", f64::sqrt),
        ("cbrt", f64::cbrt),
        ("abs", f64::abs),
        ("floor", f64::floor),
        ("ceil", f64::ceil),
        ("sign", |x| if x == 0.0 { 0.0 } else { x.signum() }),
        ("heaviside", |x| if x >= 0.0 { 1.0 } else { 0.0 }),
    ];
    let points = [-2.5, -1.0, -0.3, 0.0, 0.2, 0.9, 1.0, 4.75];
    let mut tested = vec!["erf", "if"];
    for (name, function) in unary {
        tested.push(name);
        for x in points {
            let (found, expected) = (value(&format!("{name}(x)"), x, 0.0), function(x));
            let same = found == expected || found.is_nan() && expected.is_nan();
            assert!(same, "{name}({x}) = {found}, not {expected}");
        }
    }
    type Binary = fn(f64, f64) -> f64;
    let binary: &[(&str, Binary)] = &[
        ("max", f64::max),
        ("min", f64::min),
        ("atan2", f64::atan2),
        ("mod", |a, b| a - b * (a / b).floor()),
    ];
    for (name, function) in binary {
        tested.push(name);
        for x in points {
            for y in [-1.5, -0.2, 0.7, 2.0] {
                assert_eq!(
                    value(&format!("{name}(x, y)"), x, y),
                    function(x, y),
                    "{name}"
                );
            }
        }
    }
    // Abramowitz and Stegun, table 7.1.
    assert!((value("erf(x)", 0.5, 0.0) - 0.520_499_877_8).abs() < 1e-10);
    assert!((value("erf(x)", -2.0, 0.0) + 0.995_322_265_0).abs() < 1e-10);
    assert_eq!(value("if(x < y, x, 10*y)", 1.0, 2.0), 1.0);
    assert_eq!(value("if(x < y, x, 10*y)", 3.0, 2.0), 20.0);
    for function in functions::ALL {
        assert!(
            tested.contains(&function.name),
            "{} untested",
            function.name
        );
        assert!(function.usage.starts_with(function.name));
    }
}

#[test]
fn comparisons_give_one_or_zero() {
    for (text, expected) in [
        ("1 < 2", 1.0),
        ("2 < 1", 0.0),
        ("2 <= 2", 1.0),
        ("2 > 2", 0.0),
        ("2 >= 2", 1.0),
        ("(0 < 0.5)*(0.5 < 1)", 1.0),
    ] {
        assert_eq!(constant(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn constants_and_parameters_are_folded() {
    let program = compile("2*pi*a^2 + n", &["x"]).unwrap();
    assert!(program.is_constant() && program.operations() == 0);
    let expected = std::f64::consts::TAU * 2.25 + 3.0;
    assert_eq!(program.evaluate_scalar(&[0.0]), expected);
    assert_eq!(constant("e").unwrap(), std::f64::consts::E);
    // Names of the user hide constants.
    let program = compile("e + 1", &["e"]).unwrap();
    assert_eq!(program.evaluate_scalar(&[10.0]), 11.0);
}

#[test]
fn equal_subexpressions_are_computed_once() {
    let program = compile("sin(x*y) + sin(x*y)^2 + if(1 < 0, exp(x), 0)", &["x", "y"]).unwrap();
    // x*y, sin, its square, one sum; `+ 0` remains.
    assert_eq!(program.operations(), 5);
    let program = compile("y*2", &["x", "y"]).unwrap();
    assert!(!program.uses(0) && program.uses(1) && !program.is_constant());
}

#[test]
fn sums_run_over_integers_with_constant_bounds() {
    assert_eq!(constant("sum(i, 1, 10, i^2)").unwrap(), 385.0);
    assert_eq!(constant("sum(i, -2, 2, i)").unwrap(), 0.0);
    assert_eq!(constant("sum(i, 3, 1, i)").unwrap(), 0.0);
    assert_eq!(constant("sum(i, 1, 3, sum(j, 1, i, j))").unwrap(), 10.0);
    let direct: f64 = (1..=3)
        .map(|i| f64::from(i) * (f64::from(i) * 0.4).sin())
        .sum();
    assert!((value("sum(i, 1, n, i*sin(i*x))", 0.4, 0.0) - direct).abs() < 1e-15);
    for (text, span, message) in [
        (
            "sum(i, 1, 0.5, i)",
            10..13,
            "runs over integers, this bound is 0.5",
        ),
        (
            "sum(i, 1, x, i)",
            10..11,
            "bounds of a sum must be constants",
        ),
        ("sum(2, 1, 3, i)", 4..5, "begins with the name of its index"),
        ("sum(i, 1, 3)", 0..12, "`sum` takes 4 arguments, found 3"),
        ("sum(i, 1, 1e6, i)", 0..17, "a sum of 1000000 terms"),
        ("1 + i*sum(i, 1, 2, i)", 4..5, "unknown name `i`"),
    ] {
        let error = compile(text, &["x"]).unwrap_err();
        assert_eq!(error.span, span, "{text}: {error:?}");
        assert!(error.message.contains(message), "{text}: {error:?}");
    }
    let endless = "sum(i,1,9999,sum(j,1,9999,sum(k,1,9999,i*j*k)))";
    assert!(constant(endless).unwrap_err().message.contains("unroll"));
}

#[test]
fn unknown_names_are_told_with_the_nearest_known_one() {
    for (text, span, message, help) in [
        (
            "1 + viscosty",
            4..12,
            "unknown name `viscosty`",
            "did you mean `viscosity`?",
        ),
        (
            "cso(x)",
            0..3,
            "unknown function `cso`",
            "did you mean `cos`?",
        ),
        (
            "sqr(x)",
            0..3,
            "unknown function `sqr`",
            "did you mean `sqrt`?",
        ),
        (
            "laplce(u)",
            0..6,
            "unknown function `laplce`",
            "did you mean `laplace`?",
        ),
        ("Pi*x", 0..2, "unknown name `Pi`", "did you mean `pi`?"),
        (
            "sin + 1",
            0..3,
            "the function `sin` has no arguments",
            "write sin(x)",
        ),
        (
            "laplace*2",
            0..7,
            "the operator `laplace` has no argument",
            "laplace(u)",
        ),
        (
            "x(1 + u)",
            0..1,
            "unknown function `x`",
            "write `x*(...)` to multiply",
        ),
        (
            "atan2(x)",
            0..8,
            "`atan2` takes 2 arguments, found 1",
            "atan2(y, x)",
        ),
        (
            "2 + sin(x, u)",
            4..13,
            "`sin` takes 1 argument, found 2",
            "write sin(x)",
        ),
        (
            "q",
            0..1,
            "unknown name `q`",
            "known here: `x`, `u`, `viscosity`, `pi`, `e`",
        ),
    ] {
        let parameters = BTreeMap::from([("viscosity".to_owned(), 0.1)]);
        let scope = Scope {
            variables: &["x", "u"],
            parameters: &parameters,
            operators: &["laplace"],
        };
        let errors = scope.check(&Expr::parse(text).unwrap());
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(errors[0].span, span, "{text}: {errors:?}");
        assert_eq!(errors[0].message, message, "{text}");
        let found = errors[0].help.as_deref().unwrap_or_default();
        assert!(found.contains(help), "{text}: {found}");
    }
}

#[test]
fn all_faults_of_one_expression_come_at_once() {
    let expr = Expr::parse("foo + sin(1, 2) * max(bar)").unwrap();
    let scope = Scope {
        variables: &[],
        parameters: &BTreeMap::new(),
        operators: &[],
    };
    let spans: Vec<_> = scope.check(&expr).into_iter().map(|e| e.span).collect();
    assert_eq!(spans, [0..3, 6..15, 18..26, 22..25]);
}

/// A random expression as text, with its value at (x, y) computed while it is written.
fn random(state: &mut u64, depth: u32, x: f64, y: f64) -> (String, f64) {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let draw = (*state >> 33) % if depth == 0 { 3 } else { 14 };
    let mut operand = || random(state, depth.saturating_sub(1), x, y);
    match draw {
        0 => ("x".to_owned(), x),
        1 => ("y".to_owned(), y),
        2 => ("1.25".to_owned(), 1.25),
        3..=7 => {
            let ((left, a), (right, b)) = (operand(), operand());
            let (sign, value) = match draw {
                3 => ("+", a + b),
                4 => ("-", a - b),
                5 => ("*", a * b),
                6 => ("/", a / b),
                _ => ("<", if a < b { 1.0 } else { 0.0 }),
            };
            (format!("({left}) {sign} ({right})"), value)
        }
        8 => {
            let (text, a) = operand();
            (format!("-({text})"), -a)
        }
        9 => {
            let (text, a) = operand();
            (format!("sin({text})"), a.sin())
        }
        10 => {
            let (text, a) = operand();
            (format!("({text})^3"), a * a * a)
        }
        11 => {
            let (text, a) = operand();
            (format!("abs({text})^0.5"), a.abs().powf(0.5))
        }
        12 => {
            let ((left, a), (right, b)) = (operand(), operand());
            (format!("max({left}, {right})"), a.max(b))
        }
        _ => {
            let ((c, condition), (left, a), (right, b)) = (operand(), operand(), operand());
            let value = if condition != 0.0 { a } else { b };
            (format!("if({c}, {left}, {right})"), value)
        }
    }
}

#[test]
fn random_expressions_have_the_value_computed_beside_them() {
    let mut state = 20;
    let mut finite = 0;
    for _ in 0..3000 {
        let (text, expected) = random(&mut state, 5, 0.7, -1.3);
        let found = value(&text, 0.7, -1.3);
        if expected.is_finite() {
            finite += 1;
            let error = (found - expected).abs();
            assert!(
                error <= 1e-12 * (1.0 + expected.abs()),
                "{text}: {found}, not {expected}"
            );
        } else {
            assert!(!found.is_finite(), "{text}: {found}, not {expected}");
        }
    }
    assert!(
        finite > 2000,
        "only {finite} of 3000 expressions are finite"
    );
}

#[test]
fn several_outputs_share_their_operations() {
    let nodes: Vec<_> = ["u*v^2 + 1", "-u*v^2", "v^2"]
        .map(|text| Expr::parse(text).unwrap())
        .into();
    let roots: Vec<_> = nodes.iter().map(Expr::root).collect();
    let program = Program::compile_nodes(&roots, &["u", "v"], &BTreeMap::new()).unwrap();
    let u: Vec<f64> = (0..1000).map(f64::from).collect();
    let v: Vec<f64> = u.iter().map(|u| 0.5 * u - 3.0).collect();
    let (mut a, mut b, mut c) = (vec![0.0; 1000], vec![0.0; 1000], vec![0.0; 1000]);
    let values = [Value::Slice(&u), Value::Slice(&v)];
    let mut scratch = Scratch::default();
    program.evaluate_all(&values, &mut [&mut a, &mut b, &mut c], &mut scratch);
    for i in 0..1000 {
        assert_eq!(a[i], u[i] * (v[i] * v[i]) + 1.0);
        assert_eq!(b[i], -u[i] * (v[i] * v[i]));
        assert_eq!(c[i], v[i] * v[i]);
    }
}
