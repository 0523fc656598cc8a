//! Derivatives of pointwise terms along an axis, by the chain rule.

use std::f64::consts::{LN_10, PI};

use pdesolve_expr::{BinaryOp, Node, NodeKind};

use super::build::{add, call, div, is_zero, mul, neg, number, pow, value};
use super::operator::Operator;
use super::split::Splitter;

/// d/dx_axis of a tree over inputs, coordinates and time.
///
/// # Errors
/// The name of the function that has no derivative.
pub(super) fn derivative(
    node: &Node,
    axis: usize,
    splitter: &mut Splitter<'_>,
) -> Result<Node, String> {
    match &node.kind {
        NodeKind::Number(_) => Ok(number(0.0)),
        NodeKind::Name(name) => Ok(match splitter.input_of(name) {
            Some((field, operator)) => {
                splitter.input_tree(field, &Operator::along(axis).after(&operator))
            }
            None => number(f64::from(u8::from(name == ["x", "y", "z"][axis]))),
        }),
        NodeKind::Neg(operand) => Ok(neg(derivative(operand, axis, splitter)?)),
        NodeKind::Binary { op, left, right } => {
            let da = derivative(left, axis, splitter)?;
            let db = derivative(right, axis, splitter)?;
            binary(*op, left, right, da, db)
        }
        NodeKind::Call { name, args } => {
            // The condition of an `if` chooses a branch; the branches are differentiated.
            let slopes = args
                .iter()
                .enumerate()
                .map(|(i, argument)| match (name.as_str(), i) {
                    ("if", 0) => Ok(number(0.0)),
                    _ => derivative(argument, axis, splitter),
                })
                .collect::<Result<Vec<_>, _>>()?;
            function(name, args, slopes)
        }
    }
}

fn binary(op: BinaryOp, left: &Node, right: &Node, da: Node, db: Node) -> Result<Node, String> {
    let (a, b) = (left.clone(), right.clone());
    Ok(match op {
        BinaryOp::Add => add(da, db),
        BinaryOp::Sub => add(da, neg(db)),
        BinaryOp::Mul => add(mul(da, b), mul(a, db)),
        BinaryOp::Div => {
            let through_divisor = div(mul(a, db), pow(b.clone(), number(2.0)));
            add(div(da, b), neg(through_divisor))
        }
        BinaryOp::Pow => match value(right) {
            Some(n) => mul(number(n), mul(pow(a, number(n - 1.0)), da)),
            // a^b (b' log a + b a'/a)
            None => {
                let log = mul(db, call("log", vec![a.clone()]));
                let base = div(mul(b.clone(), da), a.clone());
                mul(pow(a, b), add(log, base))
            }
        },
        _ if is_zero(&da) && is_zero(&db) => number(0.0),
        _ => return Err("a comparison".to_owned()),
    })
}

fn function(name: &str, args: &[Node], slopes: Vec<Node>) -> Result<Node, String> {
    if slopes.iter().all(is_zero) {
        return Ok(number(0.0));
    }
    let arg = |i: usize| args[i].clone();
    let square = |node: Node| pow(node, number(2.0));
    let this = || call(name, args.to_vec());
    let slope = |i: usize| slopes[i].clone();
    let one = || number(1.0);
    // f'(a) of functions of one argument
    let rate = match name {
        "sin" => call("cos", vec![arg(0)]),
        "cos" => neg(call("sin", vec![arg(0)])),
        "tan" => add(one(), square(this())),
        "asin" => div(one(), call("sqrt", vec![add(one(), neg(square(arg(0))))])),
        "acos" => div(
            number(-1.0),
            call("sqrt", vec![add(one(), neg(square(arg(0))))]),
        ),
        "atan" => div(one(), add(one(), square(arg(0)))),
        "sinh" => call("cosh", vec![arg(0)]),
        "cosh" => call("sinh", vec![arg(0)]),
        "tanh" => add(one(), neg(square(this()))),
        "exp" => this(),
        "log" | "ln" => div(one(), arg(0)),
        "log10" => div(number(1.0 / LN_10), arg(0)),
        "sqrt" => div(number(0.5), this()),
        "cbrt" => div(number(1.0 / 3.0), square(this())),
        "abs" => call("sign", vec![arg(0)]),
        "erf" => mul(
            number(2.0 / PI.sqrt()),
            call("exp", vec![neg(square(arg(0)))]),
        ),
        "atan2" => {
            let turn = add(mul(arg(1), slope(0)), neg(mul(arg(0), slope(1))));
            return Ok(div(turn, add(square(arg(0)), square(arg(1)))));
        }
        "max" | "min" => {
            let op = if name == "max" {
                BinaryOp::Greater
            } else {
                BinaryOp::Less
            };
            let first = super::build::binary(op, arg(0), arg(1));
            return Ok(call("if", vec![first, slope(0), slope(1)]));
        }
        "if" => return Ok(call("if", vec![arg(0), slope(1), slope(2)])),
        other => return Err(other.to_owned()),
    };
    Ok(mul(rate, slope(0)))
}
