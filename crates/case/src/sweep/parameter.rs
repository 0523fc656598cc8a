//! The keys that are varied, and their values.

use std::ops::Range;
use std::sync::Arc;

use pdesolve_core::codes;

use super::{Parameter, bad_sweep};
use crate::constants;
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::document::{Node, Value};
use crate::overrides;
use crate::overrides::Change;

/// A key that is varied twice.
pub(super) fn twice(parameters: &[Parameter]) -> Vec<Diagnostic> {
    let repeated = parameters
        .iter()
        .enumerate()
        .filter(|(i, p)| parameters[..*i].iter().any(|before| before.key == p.key));
    repeated
        .map(|(_, p)| {
            bad_sweep(&format!("`{}` is varied twice", p.key)).help("list all its values once")
        })
        .collect()
}

/// A key of `[sweep]` with its values.
pub(super) fn from_entry(
    key: &str,
    place: &Place,
    node: &Node,
) -> Result<Parameter, Box<Diagnostic>> {
    let Value::List(nodes) = &node.value else {
        return Err(Box::new(
            bad_sweep(&format!("`{key}` has no list of values")).at(node.place.clone(), ""),
        ));
    };
    if nodes.is_empty() {
        return Err(Box::new(
            bad_sweep(&format!("`{key}` has no values"))
                .at(node.place.clone(), "expected at least one"),
        ));
    }
    let changes: Result<Vec<Change>, _> = nodes
        .iter()
        .map(|node| Change::from_entry(key, place, node.clone()))
        .collect();
    Ok(parameter(key, changes?))
}

/// `KEY=V1,V2,...`
pub(super) fn from_argument(argument: &str) -> Result<Parameter, Box<Diagnostic>> {
    const EXAMPLE: &str =
        "for instance `--vary time.end=1,2,4` or `--vary 'solver.scheme=etdrk2,etdrk4'`";
    let source = Arc::new(Source {
        name: "--vary".to_owned(),
        text: argument.to_owned(),
    });
    let Some(equals) = argument.find('=') else {
        let end = argument.len();
        return Err(Box::new(
            Diagnostic::error(codes::BAD_SET, "`--vary` wants a key and its values")
                .at(
                    Place::new(&source, end..end),
                    "expected `=` and values, with commas between them",
                )
                .help(EXAMPLE),
        ));
    };
    let key = argument[..equals].trim_end();
    let path = overrides::parse_path(key, &source, 0)?;
    let changes: Result<Vec<Change>, _> = split(argument, equals + 1)
        .into_iter()
        .map(|range| {
            Ok(Change {
                path: path.clone(),
                source: Arc::clone(&source),
                offset: 0,
                value: overrides::value(&source, range)?,
            })
        })
        .collect();
    changes
        .map(|changes| parameter(key, changes))
        .map_err(|fault: Box<Diagnostic>| Box::new(fault.help(EXAMPLE)))
}

/// Ranges between the commas of `text` from `start` on that stand in no bracket and no quotes.
pub(super) fn split(text: &str, start: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut depth, mut quote, mut from) = (0usize, None, start);
    for (i, c) in text[start..].char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                ranges.push(from..start + i);
                from = start + i + 1;
            }
            (None, _) => {}
        }
    }
    ranges.push(from..text.len());
    ranges
}

/// Names in a list with commas, such as `--report` takes: those in brackets do not part.
pub fn split_names(text: &str) -> Vec<String> {
    let ranges = split(text, 0).into_iter();
    ranges.map(|range| text[range].trim().to_owned()).collect()
}

pub(super) fn parameter(key: &str, changes: Vec<Change>) -> Parameter {
    Parameter {
        key: key.to_owned(),
        name: key.to_owned(),
        values: changes.iter().map(|c| shown(&c.value.value)).collect(),
        numbers: changes.iter().map(|c| number(&c.value.value)).collect(),
        changes,
    }
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Date(text) => text.clone(),
        Value::Integer(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(entries) => {
            let text = |e: &crate::document::Entry| format!("{} = {}", e.key, shown(&e.node.value));
            let entries: Vec<String> = entries.iter().map(text).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// The number that a value stands for along an axis: a list of one axis is its entry.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::String(text) => constants::evaluate(text).ok(),
        Value::List(items) => match &items[..] {
            [one] => number(&one.value),
            _ => None,
        },
        Value::Boolean(_) | Value::Date(_) | Value::Table(_) => None,
    }
}
