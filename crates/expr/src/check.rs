//! Names and numbers of arguments: all faults of an expression at once.

use std::collections::BTreeMap;

use crate::ast::{Expr, Node, NodeKind};
use crate::error::{ParseError, nearest};
use crate::functions::{self, SUM_USAGE};

/// The names an expression may use beside functions and constants.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Variables.
    pub variables: &'a [&'a str],
    /// Parameters and their values.
    pub parameters: &'a BTreeMap<String, f64>,
    /// Operators of one argument, such as `laplace`, which the caller gives a meaning.
    pub operators: &'a [&'a str],
}

impl Scope<'_> {
    /// All unknown names and wrong numbers of arguments of an expression, from left to right.
    pub fn check(&self, expr: &Expr) -> Vec<ParseError> {
        let mut errors = Vec::new();
        self.visit(expr.root(), &mut Vec::new(), &mut errors);
        errors.sort_by_key(|error| error.span.start);
        errors
    }

    pub(crate) fn visit<'n>(
        &self,
        node: &'n Node,
        indices: &mut Vec<&'n str>,
        errors: &mut Vec<ParseError>,
    ) {
        match &node.kind {
            NodeKind::Name(name) => errors.extend(self.check_name(name, indices, node)),
            NodeKind::Call { name, args } if name == "sum" => {
                let [index, first, last, term] = args.as_slice() else {
                    errors.push(wrong_count("sum", SUM_USAGE, 4, args.len(), node));
                    return;
                };
                self.visit(first, indices, errors);
                self.visit(last, indices, errors);
                match &index.kind {
                    NodeKind::Name(name) => {
                        indices.push(name);
                        self.visit(term, indices, errors);
                        indices.pop();
                    }
                    _ => errors.push(
                        ParseError::new(
                            "a sum begins with the name of its index",
                            index.span.clone(),
                        )
                        .with_help(format!("write {SUM_USAGE}")),
                    ),
                }
            }
            NodeKind::Call { name, args } => {
                if let Some(function) = functions::find(name) {
                    if function.arity != args.len() {
                        let (usage, arity) = (function.usage, function.arity);
                        errors.push(wrong_count(name, usage, arity, args.len(), node));
                    }
                } else if self.operators.contains(&name.as_str()) {
                    if args.len() != 1 {
                        let usage = format!("{name}(u)");
                        errors.push(wrong_count(name, &usage, 1, args.len(), node));
                    }
                } else {
                    errors.push(self.unknown_function(name, node));
                }
                for argument in args {
                    self.visit(argument, indices, errors);
                }
            }
            _ => {
                for child in node.children() {
                    self.visit(child, indices, errors);
                }
            }
        }
    }

    fn check_name(&self, name: &str, indices: &[&str], node: &Node) -> Option<ParseError> {
        let known = self.variables.contains(&name)
            || indices.contains(&name)
            || self.parameters.contains_key(name)
            || functions::find_constant(name).is_some();
        if known {
            return None;
        }
        let span = node.span.clone();
        if let Some(function) = functions::find(name) {
            let message = format!("the function `{name}` has no arguments");
            return Some(
                ParseError::new(message, span).with_help(format!("write {}", function.usage)),
            );
        }
        if self.operators.contains(&name) {
            let message = format!("the operator `{name}` has no argument");
            return Some(ParseError::new(message, span).with_help(format!("write {name}(u)")));
        }
        let error = ParseError::new(format!("unknown name `{name}`"), span);
        let names = indices
            .iter()
            .chain(self.variables)
            .copied()
            .chain(self.parameters.keys().map(String::as_str))
            .chain(functions::CONSTANTS.iter().map(|(name, _)| *name));
        let functions = functions::ALL.iter().map(|function| function.name);
        let callable = functions.chain(self.operators.iter().copied());
        Some(match nearest(name, names.clone().chain(callable)) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                error.with_help(format!("known here: {}", names.join(", ")))
            }
        })
    }

    fn unknown_function(&self, name: &str, node: &Node) -> ParseError {
        let error = ParseError::new(format!("unknown function `{name}`"), node.name_span());
        if self.variables.contains(&name)
            || self.parameters.contains_key(name)
            || functions::find_constant(name).is_some()
        {
            return error.with_help(format!(
                "`{name}` is a value: write `{name}*(...)` to multiply"
            ));
        }
        let functions = functions::ALL.iter().map(|function| function.name);
        let callable = functions
            .chain(["sum"])
            .chain(self.operators.iter().copied());
        match nearest(name, callable.clone()) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<_> = callable.collect();
                error.with_help(format!("functions: {}", names.join(", ")))
            }
        }
    }
}

fn wrong_count(name: &str, usage: &str, wanted: usize, found: usize, node: &Node) -> ParseError {
    let plural = if wanted == 1 { "" } else { "s" };
    ParseError::new(
        format!("`{name}` takes {wanted} argument{plural}, found {found}"),
        node.span.clone(),
    )
    .with_help(format!("write {usage}"))
}
