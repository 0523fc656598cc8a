//! Second pass: a right-hand side as constant + linear operators on fields + operators on
//! nonlinear terms.

use std::collections::BTreeMap;

use pdesolve_expr::{BinaryOp, Node, NodeKind, ParseError};

use super::build::{add, binary, call, div, is_zero, mul, name, number, pow};
use super::derivative::derivative;
use super::operator::Operator;

/// Largest power of a sum that is multiplied out to find its linear part.
const MAX_EXPANDED_POWER: f64 = 6.0;

/// constant + sum_f A_f u_f + sum_q S_q g_q.
#[derive(Clone, Debug, Default)]
pub(super) struct Split {
    pub(super) constant: f64,
    /// A_f by field.
    pub(super) linear: BTreeMap<usize, Operator>,
    /// S_q and g_q, a tree over inputs `#i`, coordinates and time.
    pub(super) rest: Vec<(Operator, Node)>,
}

impl Split {
    fn constant(value: f64) -> Self {
        Self {
            constant: value,
            ..Self::default()
        }
    }

    fn pointwise(node: Node) -> Self {
        if let NodeKind::Number(value) = node.kind {
            return Self::constant(value);
        }
        Self {
            rest: vec![(Operator::identity(), node)],
            ..Self::default()
        }
    }

    fn is_constant(&self) -> bool {
        self.linear.is_empty() && self.rest.is_empty()
    }

    fn plus(mut self, other: Self) -> Self {
        self.constant += other.constant;
        for (field, operator) in other.linear {
            self.linear.entry(field).or_default().add(&operator);
        }
        self.linear.retain(|_, operator| !operator.is_zero());
        self.rest.extend(other.rest);
        self
    }

    /// Each operator replaced by `change` of it.
    fn map(self, change: impl Fn(&Operator) -> Operator) -> Self {
        let identity = change(&Operator::identity());
        let linear = self.linear.into_iter().map(|(f, a)| (f, change(&a)));
        let rest = self.rest.into_iter().map(|(s, g)| (change(&s), g));
        Self {
            constant: self.constant * identity.identity_part(),
            linear: linear.filter(|(_, a)| !a.is_zero()).collect(),
            rest: rest.filter(|(s, _)| !s.is_zero()).collect(),
        }
    }

    fn scaled(self, factor: f64) -> Self {
        self.map(|operator| operator.scaled(factor))
    }

    fn without_constant(&self) -> Self {
        Self {
            constant: 0.0,
            ..self.clone()
        }
    }
}

/// Splits the right-hand sides of one system; the inputs that its nonlinear terms need gather
/// here.
pub(super) struct Splitter<'a> {
    pub(super) fields: &'a [&'a str],
    pub(super) dim: usize,
    /// Field and operator of each input `#i`.
    pub(super) inputs: Vec<(usize, Operator)>,
}

impl Splitter<'_> {
    pub(super) fn split(&mut self, node: &Node) -> Result<Split, ParseError> {
        match &node.kind {
            NodeKind::Number(value) => Ok(Split::constant(*value)),
            NodeKind::Name(name) => Ok(self.name(name)),
            NodeKind::Neg(operand) => Ok(self.split(operand)?.scaled(-1.0)),
            NodeKind::Binary { op, left, right } => self.binary(*op, left, right, node),
            NodeKind::Call { name, args } => match (name.as_str(), args.as_slice()) {
                ("grad2", [argument]) => {
                    let split = self.split(argument)?;
                    let mut sum = number(0.0);
                    for axis in 0..self.dim {
                        let slope = split.clone().map(|a| Operator::along(axis).after(a));
                        let slope = self.pointwise(slope, argument)?;
                        sum = add(sum, pow(slope, number(2.0)));
                    }
                    Ok(Split::pointwise(sum))
                }
                (operator, [argument]) => match Operator::named(operator, self.dim) {
                    Some(operator) => Ok(self.split(argument)?.map(|a| operator.after(a))),
                    None => self.function(name, args),
                },
                _ => self.function(name, args),
            },
        }
    }

    fn name(&self, text: &str) -> Split {
        match self.fields.iter().position(|field| *field == text) {
            Some(field) => Split {
                linear: BTreeMap::from([(field, Operator::identity())]),
                ..Split::default()
            },
            None => Split::pointwise(name(text)),
        }
    }

    fn function(&mut self, name: &str, args: &[Node]) -> Result<Split, ParseError> {
        let args = args
            .iter()
            .map(|argument| self.value(argument))
            .collect::<Result<_, _>>()?;
        Ok(Split::pointwise(call(name, args)))
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: &Node,
        right: &Node,
        node: &Node,
    ) -> Result<Split, ParseError> {
        let (a, b) = (self.split(left)?, self.split(right)?);
        match op {
            BinaryOp::Add => Ok(a.plus(b)),
            BinaryOp::Sub => Ok(a.plus(b.scaled(-1.0))),
            BinaryOp::Mul => self.product(a, left, b, right),
            BinaryOp::Div if b.is_constant() && b.constant == 0.0 => {
                Err(ParseError::new("division by zero", node.span.clone()))
            }
            BinaryOp::Div if b.is_constant() => Ok(a.scaled(1.0 / b.constant)),
            BinaryOp::Pow if b.is_constant() => self.power(a, b.constant, left),
            _ => {
                let (a, b) = (self.pointwise(a, left)?, self.pointwise(b, right)?);
                Ok(Split::pointwise(match op {
                    BinaryOp::Div => div(a, b),
                    _ => binary(op, a, b),
                }))
            }
        }
    }

    /// Constants are multiplied out, so that the linear part of u (1 - u) is found; the rest
    /// stays a product.
    fn product(
        &mut self,
        a: Split,
        left: &Node,
        b: Split,
        right: &Node,
    ) -> Result<Split, ParseError> {
        if a.is_constant() {
            return Ok(b.scaled(a.constant));
        }
        if b.is_constant() {
            return Ok(a.scaled(b.constant));
        }
        let (a_rest, b_rest) = (a.without_constant(), b.without_constant());
        let sum = Split::constant(a.constant * b.constant)
            .plus(b_rest.clone().scaled(a.constant))
            .plus(a_rest.clone().scaled(b.constant));
        let product = mul(
            self.pointwise(a_rest, left)?,
            self.pointwise(b_rest, right)?,
        );
        Ok(sum.plus(Split::pointwise(product)))
    }

    fn power(&mut self, base: Split, exponent: f64, node: &Node) -> Result<Split, ParseError> {
        let whole = exponent.fract() == 0.0;
        if exponent == 0.0 {
            Ok(Split::constant(1.0))
        } else if exponent == 1.0 {
            Ok(base)
        } else if base.constant != 0.0 && whole && (2.0..=MAX_EXPANDED_POWER).contains(&exponent) {
            let mut power = base.clone();
            for _ in 1..exponent as u32 {
                power = self.product(power, node, base.clone(), node)?;
            }
            Ok(power)
        } else {
            let base = self.pointwise(base, node)?;
            Ok(Split::pointwise(pow(base, number(exponent))))
        }
    }

    /// The value of a term at a point, as a tree over inputs.
    fn value(&mut self, node: &Node) -> Result<Node, ParseError> {
        let split = self.split(node)?;
        self.pointwise(split, node)
    }

    /// The value of a split term at a point: fields and their derivatives become inputs,
    /// derivatives of nonlinear terms are taken by the chain rule. `node` is where errors point.
    pub(super) fn pointwise(&mut self, split: Split, node: &Node) -> Result<Node, ParseError> {
        let mut sum = number(0.0);
        for (field, operator) in &split.linear {
            sum = add(sum, self.input_tree(*field, operator));
        }
        for (operator, g) in &split.rest {
            for (orders, c) in operator.terms() {
                let mut g = g.clone();
                for (axis, order) in orders.into_iter().enumerate() {
                    for _ in 0..order {
                        g = derivative(&g, axis, self).map_err(|function| {
                            ParseError::new(
                                format!("the derivative of `{function}` inside a product is not known"),
                                node.span.clone(),
                            )
                            .with_help(
                                "an operator on such a term may stand alone, multiplied by constants only",
                            )
                        })?;
                    }
                }
                if !is_zero(&g) {
                    sum = add(sum, mul(number(c), g));
                }
            }
        }
        Ok(add(sum, number(split.constant)))
    }

    /// A linear operator on a field as a tree over inputs: the field itself and its derivatives
    /// are kept apart, since the field is often an input already.
    pub(super) fn input_tree(&mut self, field: usize, operator: &Operator) -> Node {
        let mut sum = number(0.0);
        let value = operator.identity_part();
        if value != 0.0 {
            let input = self.input(field, Operator::identity());
            sum = mul(number(value), input);
        }
        let slopes = operator.derivative_part();
        if !slopes.is_zero() {
            let (factor, slopes) = slopes.normalised();
            sum = add(sum, mul(number(factor), self.input(field, slopes)));
        }
        sum
    }

    fn input(&mut self, field: usize, operator: Operator) -> Node {
        let wanted = (field, operator);
        let number = match self.inputs.iter().position(|input| *input == wanted) {
            Some(number) => number,
            None => {
                self.inputs.push(wanted);
                self.inputs.len() - 1
            }
        };
        name(format!("#{number}"))
    }

    /// Field and operator of the input that a name stands for.
    pub(super) fn input_of(&self, name: &str) -> Option<(usize, Operator)> {
        let number = name.strip_prefix('#')?.parse::<usize>().ok()?;
        self.inputs.get(number).cloned()
    }
}
