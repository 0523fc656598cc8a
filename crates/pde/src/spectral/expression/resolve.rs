//! First pass: parameters and constants become numbers, sums are written out, what is constant
//! is computed.

use std::collections::BTreeMap;

use pdesolve_expr::{BinaryOp, Node, NodeKind, ParseError, Program, functions};

use super::operator::Operator;

/// Bounds on what sums may grow to.
const MAX_TERMS: f64 = 200.0;
const MAX_NODES: usize = 100_000;

pub(super) struct Resolver<'a> {
    /// Fields and coordinates: the names that stay.
    pub(super) variables: &'a [&'a str],
    pub(super) parameters: &'a BTreeMap<String, f64>,
    pub(super) dim: usize,
    pub(super) indices: Vec<(String, f64)>,
    pub(super) nodes: usize,
}

impl Resolver<'_> {
    /// The tree with fields, coordinates, functions and operators only; spans are kept.
    pub(super) fn resolve(&mut self, node: &Node) -> Result<Node, ParseError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the sums write out to more than {MAX_NODES} terms");
            return Err(ParseError::new(message, node.span.clone()));
        }
        let kind = match &node.kind {
            NodeKind::Number(value) => NodeKind::Number(*value),
            NodeKind::Name(name) => self.name(name),
            NodeKind::Neg(operand) => NodeKind::Neg(Box::new(self.resolve(operand)?)),
            NodeKind::Binary { op, left, right } => NodeKind::Binary {
                op: *op,
                left: Box::new(self.resolve(left)?),
                right: Box::new(self.resolve(right)?),
            },
            NodeKind::Call { name, args } if name == "sum" => return self.sum(args, node),
            NodeKind::Call { name, args } => {
                self.check_axes(name, node)?;
                let args = args
                    .iter()
                    .map(|argument| self.resolve(argument))
                    .collect::<Result<Vec<_>, _>>()?;
                NodeKind::Call {
                    name: name.clone(),
                    args,
                }
            }
        };
        Ok(fold(Node::new(kind, node.span.clone())))
    }

    fn name(&self, name: &str) -> NodeKind {
        let index = self.indices.iter().rev().find(|(index, _)| index == name);
        match index {
            Some((_, value)) => NodeKind::Number(*value),
            None if self.variables.contains(&name) => NodeKind::Name(name.to_owned()),
            None => {
                let parameter = self.parameters.get(name).copied();
                match parameter.or_else(|| functions::find_constant(name)) {
                    Some(value) => NodeKind::Number(value),
                    None => NodeKind::Name(name.to_owned()),
                }
            }
        }
    }

    fn check_axes(&self, name: &str, node: &Node) -> Result<(), ParseError> {
        let missing = ["x", "y", "z"].into_iter().skip(self.dim);
        let lacking = missing.into_iter().find(|axis| name.contains(axis));
        match (lacking, is_derivative(name)) {
            (Some(axis), true) => Err(ParseError::new(
                format!(
                    "`{name}` needs a {axis} axis, the mesh has {}",
                    axes(self.dim)
                ),
                node.name_span(),
            )),
            _ => Ok(()),
        }
    }

    fn sum(&mut self, args: &[Node], node: &Node) -> Result<Node, ParseError> {
        let [index, first, last, term] = args else {
            let message = "`sum` takes 4 arguments";
            return Err(ParseError::new(message, node.span.clone()));
        };
        let NodeKind::Name(name) = &index.kind else {
            let message = "a sum begins with the name of its index";
            return Err(ParseError::new(message, index.span.clone()));
        };
        let (from, to) = (self.bound(first)?, self.bound(last)?);
        if to - from >= MAX_TERMS {
            let terms = to - from + 1.0;
            return Err(ParseError::new(
                format!("a sum of {terms} terms: at most {MAX_TERMS}"),
                node.span.clone(),
            ));
        }
        let mut total = Node::new(NodeKind::Number(0.0), node.span.clone());
        let mut i = from;
        while i <= to {
            self.indices.push((name.clone(), i));
            let value = self.resolve(term);
            self.indices.pop();
            let (left, right) = (Box::new(total), Box::new(value?));
            let op = BinaryOp::Add;
            let kind = NodeKind::Binary { op, left, right };
            total = fold(Node::new(kind, node.span.clone()));
            i += 1.0;
        }
        Ok(total)
    }

    fn bound(&mut self, node: &Node) -> Result<f64, ParseError> {
        match self.resolve(node)?.kind {
            NodeKind::Number(value) if value.fract() == 0.0 && value.abs() < 1e9 => Ok(value),
            NodeKind::Number(value) => Err(ParseError::new(
                format!("a sum runs over integers, this bound is {value}"),
                node.span.clone(),
            )),
            _ => Err(
                ParseError::new("the bounds of a sum must be constants", node.span.clone())
                    .with_help("use numbers and parameters only"),
            ),
        }
    }
}

/// `d` and letters of axes.
pub(super) fn is_derivative(name: &str) -> bool {
    name.starts_with('d') && Operator::named(name, 3).is_some()
}

pub(super) fn axes(dim: usize) -> &'static str {
    ["x only", "x and y", "x, y and z"][dim.clamp(1, 3) - 1]
}

/// Computes a node whose operands are all numbers. An operator on a number has no value as a
/// program and is left to the splitter, which knows it is zero.
fn fold(node: Node) -> Node {
    let children = node.children();
    let constant = !children.is_empty()
        && children
            .iter()
            .all(|child| matches!(child.kind, NodeKind::Number(_)));
    if !constant {
        return node;
    }
    match Program::compile_nodes(&[&node], &[], &BTreeMap::new()) {
        Ok(program) => {
            let value = program.evaluate_scalar(&[]);
            Node::new(NodeKind::Number(value), node.span)
        }
        Err(_) => node,
    }
}
