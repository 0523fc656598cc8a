//! Small trees, simplified while they are built. Their spans are empty: they stand for no text,
//! and equal trees compare equal.

use pdesolve_expr::{BinaryOp, Node, NodeKind};

fn node(kind: NodeKind) -> Node {
    Node::new(kind, 0..0)
}

pub(super) fn number(value: f64) -> Node {
    node(NodeKind::Number(value))
}

pub(super) fn name(name: impl Into<String>) -> Node {
    node(NodeKind::Name(name.into()))
}

pub(super) fn value(node: &Node) -> Option<f64> {
    match node.kind {
        NodeKind::Number(value) => Some(value),
        _ => None,
    }
}

pub(super) fn is_zero(node: &Node) -> bool {
    value(node) == Some(0.0)
}

pub(super) fn binary(op: BinaryOp, left: Node, right: Node) -> Node {
    let (left, right) = (Box::new(left), Box::new(right));
    node(NodeKind::Binary { op, left, right })
}

pub(super) fn call(name: &str, args: Vec<Node>) -> Node {
    let name = name.to_owned();
    node(NodeKind::Call { name, args })
}

pub(super) fn add(left: Node, right: Node) -> Node {
    match (value(&left), value(&right)) {
        (Some(a), Some(b)) => number(a + b),
        (Some(0.0), _) => right,
        (_, Some(0.0)) => left,
        _ => binary(BinaryOp::Add, left, right),
    }
}

pub(super) fn neg(operand: Node) -> Node {
    match value(&operand) {
        Some(a) => number(-a),
        None => node(NodeKind::Neg(Box::new(operand))),
    }
}

pub(super) fn mul(left: Node, right: Node) -> Node {
    match (value(&left), value(&right)) {
        (Some(a), Some(b)) => number(a * b),
        (Some(0.0), _) | (_, Some(0.0)) => number(0.0),
        (Some(1.0), _) => right,
        (_, Some(1.0)) => left,
        (Some(-1.0), _) => neg(right),
        (_, Some(-1.0)) => neg(left),
        _ => {
            // Powers are gathered: u*u and u^2 are one product.
            let ((a, m), (b, n)) = (base_and_power(&left), base_and_power(&right));
            if a == b && m > 0.0 && n > 0.0 {
                pow(a.clone(), number(m + n))
            } else {
                binary(BinaryOp::Mul, left, right)
            }
        }
    }
}

/// b and n of b^n with n a number; n = 1 for everything else.
fn base_and_power(node: &Node) -> (&Node, f64) {
    match &node.kind {
        NodeKind::Binary {
            op: BinaryOp::Pow,
            left,
            right,
        } => value(right).map_or((node, 1.0), |power| (left, power)),
        _ => (node, 1.0),
    }
}

pub(super) fn div(left: Node, right: Node) -> Node {
    match (value(&left), value(&right)) {
        (Some(0.0), _) => number(0.0),
        (_, Some(1.0)) => left,
        _ => binary(BinaryOp::Div, left, right),
    }
}

pub(super) fn pow(base: Node, exponent: Node) -> Node {
    match value(&exponent) {
        Some(1.0) => base,
        Some(0.0) => number(1.0),
        _ => binary(BinaryOp::Pow, base, exponent),
    }
}

/// A constant and a tree whose product is `node`.
pub(super) fn factored(node: Node) -> (f64, Node) {
    match node.kind {
        NodeKind::Number(value) => (value, number(1.0)),
        NodeKind::Neg(operand) => {
            let (factor, rest) = factored(*operand);
            (-factor, rest)
        }
        NodeKind::Binary {
            op: BinaryOp::Mul,
            left,
            right,
        } => {
            let ((a, left), (b, right)) = (factored(*left), factored(*right));
            (a * b, mul(left, right))
        }
        NodeKind::Binary {
            op: BinaryOp::Div,
            left,
            right,
        } => {
            let (a, left) = factored(*left);
            match value(&right) {
                Some(divisor) if divisor != 0.0 => (a / divisor, left),
                _ => (a, div(left, *right)),
            }
        }
        kind => (1.0, self::node(kind)),
    }
}

/// Whether any name in the tree satisfies the predicate.
pub(super) fn mentions(node: &Node, predicate: &dyn Fn(&str) -> bool) -> bool {
    match &node.kind {
        NodeKind::Name(name) => predicate(name),
        _ => node
            .children()
            .into_iter()
            .any(|child| mentions(child, predicate)),
    }
}
