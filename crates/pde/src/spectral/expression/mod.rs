//! Equations given as text: one right-hand side a field.
//!
//! ```text
//! du/dt = -dx(u^2/2) + nu*dxx(u) + a*sin(x)*cos(t)
//! ```
//!
//! Beside the functions of `pdesolve-expr`, a right-hand side may use the fields, parameters,
//! the coordinates x, y, z, the time t, and the operators `laplace`, `bilaplace` (laplace of
//! laplace), `grad2` (square of the gradient) and `d` followed by axes (`dx`, `dxxy`).
//!
//! # How it is split
//! 1. Parameters become numbers, sums are written out (`resolve`).
//! 2. Every term becomes a constant, a constant-coefficient operator A on a field, or an operator
//!    S on a nonlinear expression g (`split`). Operators pass through sums and constant factors,
//!    and products are multiplied out as far as constants go: u (1 - u) is u - u^2.
//! 3. A on the field of the equation itself is its stiff linear part L. A on another field, and
//!    fields inside g, become inputs: g is computed point by point from A u.
//! 4. Terms with the same g share one product, terms with the same S share one transform:
//!    `dx(u^2/2) + dy(u^2/2)` costs one.
//! 5. An operator on a nonlinear expression inside a product or function is expanded by the chain
//!    rule: v dx(u^2) is v (2 u dx(u)) (`derivative`). A step such as `floor` has no derivative
//!    there: an error says so.
//! 6. What depends on position alone is transformed once.
//!
//! Written out by hand, the built-in equations give the same numbers to rounding. Coordinates are
//! not periodic: `x*u` jumps at the end of the box, `sin(2*pi*x/L)*u` does not.

mod build;
mod derivative;
mod operator;
mod resolve;
mod split;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_expr::{Expr, Node, NodeKind, ParseError, Program, Scope, Scratch, Value};
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::operator::Operator;
use self::resolve::{Resolver, axes, is_derivative};
use self::split::{Split, Splitter};
use super::transform::MAX_OPERANDS;
use super::{Operand, SpectralEquation, Wavenumber};

const COORDINATES: [&str; 4] = ["x", "y", "z", "t"];

/// Operators offered in hints; longer derivatives are known too.
const OPERATORS: [&str; 12] = [
    "laplace",
    "bilaplace",
    "grad2",
    "dx",
    "dy",
    "dz",
    "dxx",
    "dxy",
    "dyy",
    "dzz",
    "dxxx",
    "dxxxx",
];

/// Equations as text, periodic spectral: the right-hand side du/dt of each field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpressionParams {
    /// Right-hand side of each field, for instance `u = "-dx(u^2/2) + nu*laplace(u)"`: an
    /// expression of the fields, the parameters, x, y, z, t, and the operators laplace, bilaplace,
    /// grad2, dx, dy, dz, dxx, dxy, and so on. Fields are ordered by name.
    #[schemars(extend("minProperties" = 1))]
    pub equations: BTreeMap<String, String>,
    /// Named constants, in the units the equation gives them; they hide those of the case's
    /// `[parameters]`. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, f64>,
}

/// A fault in one right-hand side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("right-hand side of `{field}`: {message}")]
pub struct ExpressionError {
    /// Field whose right-hand side is wrong; empty where there is none.
    pub field: String,
    /// Byte range in its text.
    pub span: Range<usize>,
    /// One sentence without a final stop.
    pub message: String,
    /// What to try.
    pub help: Option<String>,
}

impl ExpressionError {
    fn new(field: &str, error: ParseError) -> Self {
        Self {
            field: field.to_owned(),
            span: error.span,
            message: error.message,
            help: error.help,
        }
    }
}

/// A system of equations given as text, split for the spectral solver: see the module page.
#[derive(Clone, Debug)]
pub struct ExpressionEquation {
    fields: Vec<String>,
    dim: usize,
    /// L by field.
    linear: Vec<Operator>,
    inputs: Vec<(usize, Operator)>,
    outputs: Vec<(usize, Operator)>,
    /// All products, over x, y, z, t and the inputs.
    products: Program,
    /// Steady source by field, over x, y, z, t; `None` where it is zero.
    steady: Vec<Option<Program>>,
}

impl ExpressionEquation {
    /// Splits the right-hand sides, on a mesh with `dim` axes. `parameters` are the named
    /// constants of the case.
    ///
    /// # Errors
    /// Every fault of every right-hand side, with its place in the text.
    pub fn new(
        params: &ExpressionParams,
        parameters: &BTreeMap<String, f64>,
        dim: usize,
    ) -> Result<Self, Vec<ExpressionError>> {
        let mut constants = parameters.clone();
        constants.extend(params.parameters.clone());
        let fields: Vec<&str> = params.equations.keys().map(String::as_str).collect();
        let mut errors = check_names(&fields, &constants);
        let mut variables = fields.clone();
        variables.extend(COORDINATES.iter().filter(|name| !fields.contains(name)));

        let mut trees = Vec::new();
        for (field, text) in &params.equations {
            match tree(text, &variables, &constants, dim) {
                Ok(node) => trees.push((field.as_str(), node)),
                Err(faults) => errors.extend(
                    faults
                        .into_iter()
                        .map(|fault| ExpressionError::new(field, fault)),
                ),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut splitter = Splitter {
            fields: &fields,
            dim,
            inputs: Vec::new(),
        };
        let mut splits = Vec::new();
        for (field, node) in &trees {
            match splitter.split(node) {
                Ok(split) => splits.push(split),
                Err(fault) => errors.push(ExpressionError::new(field, fault)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Self::assemble(&mut splitter, splits).map_err(|(field, message)| {
            vec![ExpressionError {
                field: fields[field].to_owned(),
                span: 0..params.equations[fields[field]].len(),
                message,
                help: Some("write it with fewer distinct derivatives or terms".to_owned()),
            }]
        })
    }

    /// Gathers the split right-hand sides into inputs, products and outputs.
    ///
    /// # Errors
    /// Number of a field and a message, where the system is too large.
    fn assemble(splitter: &mut Splitter<'_>, splits: Vec<Split>) -> Result<Self, (usize, String)> {
        let mut equation = Self {
            fields: splitter.fields.iter().map(|f| (*f).to_owned()).collect(),
            dim: splitter.dim,
            linear: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            products: compile(&[], &[])?,
            steady: Vec::new(),
        };
        let mut products = Vec::new();
        for (field, mut split) in splits.into_iter().enumerate() {
            let own = split.linear.remove(&field).unwrap_or_default();
            equation.linear.push(own);
            for (other, operator) in std::mem::take(&mut split.linear) {
                let coupling = splitter.input_tree(other, &operator);
                split.rest.push((Operator::identity(), coupling));
            }
            let (terms, steady) = gather(split);
            for (operator, g) in terms {
                equation.outputs.push((field, operator));
                products.push(g);
            }
            let steady = steady.map(|g| compile(&[g], &[])).transpose();
            equation.steady.push(steady.map_err(|e| (field, e.1))?);
        }
        // Inputs that only derivatives passed through are not needed.
        let mut names = Vec::new();
        for (number, input) in splitter.inputs.iter().enumerate() {
            let name = format!("#{number}");
            let needed = |g: &Node| build::mentions(g, &|found| found == name);
            if products.iter().any(needed) {
                names.push(name);
                equation.inputs.push(input.clone());
            }
        }
        if names.len() > MAX_OPERANDS {
            let message = format!(
                "the equations need {} fields and derivatives at grid points, at most {MAX_OPERANDS} are possible",
                names.len()
            );
            return Err((0, message));
        }
        equation.products = compile(&products, &names)?;
        Ok(equation)
    }
}

/// Names that cannot be told apart.
fn check_names(fields: &[&str], constants: &BTreeMap<String, f64>) -> Vec<ExpressionError> {
    let fault =
        |field: &str, message: String| ExpressionError::new(field, ParseError::new(message, 0..0));
    let mut errors = Vec::new();
    if fields.is_empty() {
        errors.push(fault("", "no right-hand side is given".to_owned()));
    }
    for field in fields {
        let parsed = Expr::parse(field).map(|expr| expr.root().kind.clone());
        if COORDINATES.contains(field) {
            errors.push(fault(
                field,
                format!("a field cannot be named `{field}`: that is a coordinate"),
            ));
        } else if parsed != Ok(NodeKind::Name((*field).to_owned())) {
            errors.push(fault(
                field,
                format!("`{field}` is no name for a field: use letters, digits and _"),
            ));
        } else if constants.contains_key(*field) {
            errors.push(fault(
                field,
                format!("`{field}` is both a field and a parameter"),
            ));
        }
    }
    for name in constants
        .keys()
        .filter(|n| COORDINATES.contains(&n.as_str()))
    {
        let message = format!("a parameter cannot be named `{name}`: that is a coordinate");
        errors.push(fault(fields.first().unwrap_or(&""), message));
    }
    errors
}

/// Parses, checks and resolves one right-hand side.
fn tree(
    text: &str,
    variables: &[&str],
    parameters: &BTreeMap<String, f64>,
    dim: usize,
) -> Result<Node, Vec<ParseError>> {
    let expr = Expr::parse(text).map_err(|error| vec![error])?;
    let mut derivatives = Vec::new();
    gather_derivatives(expr.root(), &mut derivatives);
    let mut operators = OPERATORS.to_vec();
    operators.extend(derivatives);
    let scope = Scope {
        variables,
        parameters,
        operators: &operators,
    };
    let mut errors = scope.check(&expr);
    check_coordinates(expr.root(), dim, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut resolver = Resolver {
        variables,
        parameters,
        dim,
        indices: Vec::new(),
        nodes: 0,
    };
    resolver.resolve(expr.root()).map_err(|error| vec![error])
}

fn gather_derivatives<'n>(node: &'n Node, found: &mut Vec<&'n str>) {
    if let NodeKind::Call { name, .. } = &node.kind
        && is_derivative(name)
    {
        found.push(name);
    }
    for child in node.children() {
        gather_derivatives(child, found);
    }
}

fn check_coordinates(node: &Node, dim: usize, errors: &mut Vec<ParseError>) {
    if let NodeKind::Name(name) = &node.kind
        && COORDINATES[dim..3].contains(&name.as_str())
    {
        let message = format!("there is no `{name}`: the mesh has {}", axes(dim));
        errors.push(ParseError::new(message, node.span.clone()));
    }
    for child in node.children() {
        check_coordinates(child, dim, errors);
    }
}

/// Terms that share a product or a transform are joined; what depends on position alone is
/// returned apart.
fn gather(split: Split) -> (Vec<(Operator, Node)>, Option<Node>) {
    // The same g: add the operators.
    let mut by_product: Vec<(Operator, Node)> = Vec::new();
    for (operator, g) in split.rest {
        let (factor, g) = build::factored(g);
        let operator = operator.scaled(factor);
        match by_product.iter_mut().find(|(_, known)| *known == g) {
            Some((sum, _)) => sum.add(&operator),
            None => by_product.push((operator, g)),
        }
    }
    // The same operator: add the products.
    let mut steady = build::number(0.0);
    let mut terms: Vec<(Operator, Node)> = Vec::new();
    for (operator, g) in by_product.into_iter().filter(|(s, _)| !s.is_zero()) {
        let (factor, operator) = operator.normalised();
        let g = build::mul(build::number(factor), g);
        let varies = build::mentions(&g, &|name| name == "t" || name.starts_with('#'));
        if !varies && operator == Operator::identity() {
            steady = build::add(steady, g);
            continue;
        }
        match terms.iter_mut().find(|(known, _)| *known == operator) {
            Some((_, sum)) => *sum = build::add(sum.clone(), g),
            None => terms.push((operator, g)),
        }
    }
    steady = build::add(steady, build::number(split.constant));
    (terms, (!build::is_zero(&steady)).then_some(steady))
}

/// Compiles trees over x, y, z, t and inputs.
fn compile(nodes: &[Node], inputs: &[String]) -> Result<Program, (usize, String)> {
    let variables: Vec<&str> = COORDINATES
        .into_iter()
        .chain(inputs.iter().map(String::as_str))
        .collect();
    let nodes: Vec<&Node> = nodes.iter().collect();
    Program::compile_nodes(&nodes, &variables, &BTreeMap::new()).map_err(|e| (0, e.message))
}

thread_local! {
    /// Workspace of each thread: products are computed by several at once, without allocating.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl SpectralEquation for ExpressionEquation {
    fn fields(&self) -> Vec<FieldSpec> {
        self.fields.iter().map(FieldSpec::new).collect()
    }

    fn dimensions(&self) -> std::ops::RangeInclusive<usize> {
        self.dim..=self.dim
    }

    fn linear(&self, field: usize, k: Wavenumber) -> Complex64 {
        self.linear[field].at(k)
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        operands(&self.inputs)
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        operands(&self.outputs)
    }

    fn products(&self, row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        let mut values = [Value::Scalar(0.0); 4 + MAX_OPERANDS];
        values[0] = Value::Slice(row.x);
        values[1] = Value::Scalar(row.y);
        values[2] = Value::Scalar(row.z);
        values[3] = Value::Scalar(row.t);
        for (value, input) in values[4..].iter_mut().zip(inputs) {
            *value = Value::Slice(input);
        }
        let values = &values[..4 + inputs.len()];
        SCRATCH.with_borrow_mut(|scratch| self.products.evaluate_all(values, products, scratch));
    }

    fn steady_source(&self, field: usize, [x, y, z]: [f64; 3]) -> f64 {
        let source = self.steady[field].as_ref();
        source.map_or(0.0, |source| source.evaluate_scalar(&[x, y, z, 0.0]))
    }

    fn has_steady_source(&self) -> bool {
        self.steady.iter().any(Option::is_some)
    }
}

fn operands(list: &[(usize, Operator)]) -> Vec<Operand> {
    list.iter()
        .map(|(field, operator)| Operand::new(*field, operator.symbol()))
        .collect()
}
