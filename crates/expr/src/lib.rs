//! Mathematical expressions as text: parsed once, evaluated over slices.
//!
//! ```
//! use std::collections::BTreeMap;
//! use pdesolve_expr::{Expr, Program, Scratch, Value};
//!
//! let expr = Expr::parse("a*sin(x)^2 + if(x > t, 1, 0)")?;
//! let parameters = BTreeMap::from([("a".to_owned(), 3.0)]);
//! let program = Program::compile(&expr, &["x", "t"], &parameters)?;
//! let x = [0.0, 1.0, 2.0];
//! let mut out = [0.0; 3];
//! program.evaluate(&[Value::Slice(&x), Value::Scalar(1.5)], &mut out, &mut Scratch::default());
//! assert_eq!(out[2], 3.0 * 2f64.sin().powi(2) + 1.0);
//! # Ok::<(), pdesolve_expr::ParseError>(())
//! ```
//!
//! # The language
//! Numbers (`2`, `.5`, `1.5e-3`), names, the constants `pi` and `e`, parentheses, and from loose to
//! tight: comparisons `< > <= >=` (1 where true, 0 where false; not chained), `+ -`, `* /`, the
//! signs `-x +x`, and `^`, which is right-associative: `-x^2` is `-(x^2)` and `2^3^2` is `2^(3^2)`.
//! The functions stand in [`functions`]. `sum(i, 1, 5, sin(i*x)/i)` adds a term for each
//! integer; the bounds are constants. A variable or parameter named like a constant hides it.
//!
//! # How it works
//! [`Expr::parse`] turns the text into a tree whose nodes know their byte range in it.
//! [`Program::compile`] resolves the names, folds constants, computes equal subexpressions once
//! and lists the operations, which [`Program::evaluate`] runs over chunks of the columns that stay
//! in the first-level cache. What depends on scalars alone is computed once a call.

mod ast;
mod check;
mod compile;
mod error;
pub mod functions;
mod kernel;
mod parse;
mod program;

pub use ast::{BinaryOp, Expr, Node, NodeKind};
pub use check::Scope;
pub use error::{ParseError, nearest};
pub use program::{Program, Scratch, Value};

/// Value of a constant expression such as `2*pi`, allowed wherever a case file wants a number.
///
/// # Errors
/// [`ParseError`] where the text does not parse, or names something that is not a constant.
pub fn constant(text: &str) -> Result<f64, ParseError> {
    let expr = Expr::parse(text)?;
    let program = Program::compile(&expr, &[], &std::collections::BTreeMap::new())?;
    Ok(program.evaluate_scalar(&[]))
}
