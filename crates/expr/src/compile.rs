//! From trees to operations: names resolved, constants folded, equal subexpressions shared, sums
//! unrolled.

use std::collections::{BTreeMap, HashMap};

use crate::ast::{BinaryOp, Node, NodeKind};
use crate::error::ParseError;
use crate::functions;
use crate::kernel::{Code, scalar};

/// Bounds on sums, so that a slip such as 1e9 for 9 is told, not computed.
const MAX_TERMS: f64 = 10_000.0;
const MAX_VISITS: usize = 1_000_000;

/// Largest integer power that is multiplied out.
const MAX_MULTIPLIED_POWER: f64 = 16.0;

/// Where an operand comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Constant(f64),
    Variable(usize),
    Operation(usize),
}

impl Source {
    /// Compared by bits, so that -0 and 0 stay apart.
    fn key(self) -> (u8, u64) {
        match self {
            Self::Constant(value) => (0, value.to_bits()),
            Self::Variable(number) => (1, number as u64),
            Self::Operation(number) => (2, number as u64),
        }
    }

    fn constant(self) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }
}

/// Number and operands of an operation, by which equal ones are found.
type Key = (Code, [(u8, u64); 3]);

/// Turns trees into operations.
pub(crate) struct Compiler<'a> {
    variables: &'a [&'a str],
    parameters: &'a BTreeMap<String, f64>,
    /// Indices of the enclosing sums, innermost last.
    indices: Vec<(String, f64)>,
    pub(crate) operations: Vec<(Code, [Source; 3])>,
    known: HashMap<Key, usize>,
    visits: usize,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(variables: &'a [&'a str], parameters: &'a BTreeMap<String, f64>) -> Self {
        Self {
            variables,
            parameters,
            indices: Vec::new(),
            operations: Vec::new(),
            known: HashMap::new(),
            visits: 0,
        }
    }

    pub(crate) fn node(&mut self, node: &Node) -> Result<Source, ParseError> {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            let message = format!("the sums unroll to more than {MAX_VISITS} terms");
            return Err(ParseError::new(message, node.span.clone()));
        }
        match &node.kind {
            NodeKind::Number(value) => Ok(Source::Constant(*value)),
            NodeKind::Name(name) => self.name(name, node),
            NodeKind::Neg(operand) => {
                let operand = self.node(operand)?;
                Ok(self.emit(Code::Neg, &[operand]))
            }
            NodeKind::Binary { op, left, right } => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                Ok(self.binary(*op, left, right))
            }
            NodeKind::Call { name, args } if name == "sum" => self.sum(args, node),
            NodeKind::Call { name, args } => {
                let Some(function) = functions::find(name) else {
                    let message = format!("unknown function `{name}`");
                    return Err(ParseError::new(message, node.name_span()));
                };
                let args = args
                    .iter()
                    .map(|argument| self.node(argument))
                    .collect::<Result<Vec<_>, _>>()?;
                // A condition known now takes its branch now.
                if let (Code::Select, Some(Source::Constant(condition))) =
                    (function.code, args.first())
                {
                    return Ok(if *condition != 0.0 { args[1] } else { args[2] });
                }
                Ok(self.emit(function.code, &args))
            }
        }
    }

    fn name(&self, name: &str, node: &Node) -> Result<Source, ParseError> {
        if let Some((_, value)) = self.indices.iter().rev().find(|(index, _)| index == name) {
            Ok(Source::Constant(*value))
        } else if let Some(number) = self.variables.iter().position(|v| *v == name) {
            Ok(Source::Variable(number))
        } else if let Some(value) = self.parameters.get(name) {
            Ok(Source::Constant(*value))
        } else if let Some(value) = functions::find_constant(name) {
            Ok(Source::Constant(value))
        } else {
            let message = format!("unknown name `{name}`");
            Err(ParseError::new(message, node.span.clone()))
        }
    }

    fn binary(&mut self, op: BinaryOp, left: Source, right: Source) -> Source {
        let code = match op {
            BinaryOp::Add => Code::Add,
            BinaryOp::Sub => Code::Sub,
            BinaryOp::Mul => Code::Mul,
            BinaryOp::Div => Code::Div,
            BinaryOp::Pow => Code::Pow,
            BinaryOp::Less => Code::Less,
            BinaryOp::LessEqual => Code::LessEqual,
            BinaryOp::Greater => Code::Greater,
            BinaryOp::GreaterEqual => Code::GreaterEqual,
        };
        match (op, left.constant(), right.constant()) {
            (BinaryOp::Mul, Some(1.0), _) => right,
            (BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow, _, Some(1.0)) => left,
            // Dividing by a power of two is exactly multiplying by its inverse, and slower.
            (BinaryOp::Div, None, Some(divisor)) if is_power_of_two(divisor) => {
                self.emit(Code::Mul, &[left, Source::Constant(1.0 / divisor)])
            }
            (BinaryOp::Pow, None, Some(power))
                if power.fract() == 0.0 && power.abs() <= MAX_MULTIPLIED_POWER =>
            {
                self.power(left, power)
            }
            _ => self.emit(code, &[left, right]),
        }
    }

    /// Integer powers by repeated squaring: several times faster than `powf`.
    fn power(&mut self, base: Source, power: f64) -> Source {
        if power < 0.0 {
            let positive = self.power(base, -power);
            return self.emit(Code::Div, &[Source::Constant(1.0), positive]);
        }
        let mut exponent = power as u32;
        let (mut square, mut result) = (base, None);
        while exponent > 0 {
            if exponent % 2 == 1 {
                result = Some(match result {
                    None => square,
                    Some(partial) => self.emit(Code::Mul, &[partial, square]),
                });
            }
            exponent /= 2;
            if exponent > 0 {
                square = self.emit(Code::Mul, &[square, square]);
            }
        }
        result.unwrap_or(Source::Constant(1.0))
    }

    fn sum(&mut self, args: &[Node], node: &Node) -> Result<Source, ParseError> {
        let [index, first, last, term] = args else {
            let message = "`sum` takes 4 arguments";
            return Err(ParseError::new(message, node.span.clone()));
        };
        let NodeKind::Name(name) = &index.kind else {
            let message = "a sum begins with the name of its index";
            return Err(ParseError::new(message, index.span.clone()));
        };
        let from = self.bound(first)?;
        let to = self.bound(last)?;
        if to - from >= MAX_TERMS {
            return Err(ParseError::new(
                format!("a sum of {} terms: at most {MAX_TERMS}", to - from + 1.0),
                node.span.clone(),
            ));
        }
        let mut total = Source::Constant(0.0);
        let mut i = from;
        while i <= to {
            self.indices.push((name.clone(), i));
            let value = self.node(term);
            self.indices.pop();
            let value = value?;
            total = if i == from {
                value
            } else {
                self.emit(Code::Add, &[total, value])
            };
            i += 1.0;
        }
        Ok(total)
    }

    /// An integer known at compile time.
    fn bound(&mut self, node: &Node) -> Result<f64, ParseError> {
        match self.node(node)? {
            Source::Constant(value) if value.fract() == 0.0 && value.abs() < 1e9 => Ok(value),
            Source::Constant(value) => Err(ParseError::new(
                format!("a sum runs over integers, this bound is {value}"),
                node.span.clone(),
            )),
            _ => Err(
                ParseError::new("the bounds of a sum must be constants", node.span.clone())
                    .with_help("use numbers and parameters only"),
            ),
        }
    }

    fn emit(&mut self, code: Code, args: &[Source]) -> Source {
        let mut sources = [Source::Constant(0.0); 3];
        sources[..args.len()].copy_from_slice(args);
        if let [Some(a), Some(b), Some(c)] = sources.map(Source::constant) {
            return Source::Constant(scalar(code, [a, b, c]));
        }
        let key = (code, sources.map(Source::key));
        let next = self.operations.len();
        let number = *self.known.entry(key).or_insert(next);
        if number == next {
            self.operations.push((code, sources));
        }
        Source::Operation(number)
    }
}

fn is_power_of_two(value: f64) -> bool {
    value.is_normal() && value.to_bits().trailing_zeros() >= 52 && (1.0 / value).is_normal()
}
