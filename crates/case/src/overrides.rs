//! `--set a.b=1`: changes to the tree of a case file, before anything is checked.
//!
//! The value is TOML; what is not TOML and does not look like a failed attempt at it (a quote,
//! bracket or brace at its head) is taken as a string, so that `solver.kind=etdrk2` and
//! `initial.u=sin(x)` need no quotes inside the shell's.

use std::sync::Arc;

use pdesolve_core::codes;

use crate::diagnostic::{Diagnostic, Place, SET_NAME, Source};
use crate::document::{Entry, Node, Value, parse_value};
use crate::key_path::{KeyPath, Step};

/// Applies one argument of `--set`.
///
/// # Errors
/// An argument that cannot be read, or that leads through something that is not a table or past
/// the end of a list. The schema is checked later, together with the file.
pub(crate) fn apply(root: &mut Node, argument: &str) -> Result<(), Box<Diagnostic>> {
    let source = Arc::new(Source {
        name: SET_NAME.to_owned(),
        text: argument.to_owned(),
    });
    let error = |message: &str| Diagnostic::error(codes::BAD_SET, message);
    let Some(equals) = argument.find('=') else {
        return Err(Box::new(
            error("`--set` wants a key and a value")
                .at(
                    Place::new(&source, argument.len()..argument.len()),
                    "expected `=` and a value",
                )
                .help("for instance `--set time.end=20` or `--set mesh.points[0]=512`"),
        ));
    };
    let path = KeyPath::parse(argument[..equals].trim_end()).map_err(|bad| {
        error("this is not the path of a key")
            .at(Place::new(&source, bad.span), bad.message)
            .help("for instance `--set time.end=20` or `--set mesh.points[0]=512`")
    })?;
    let node = value(&source, equals + 1)?;
    insert(root, &path, &source, node)
}

fn value(source: &Arc<Source>, after_equals: usize) -> Result<Node, Box<Diagnostic>> {
    let raw = &source.text[after_equals..];
    let text = raw.trim();
    let start = after_equals + (raw.len() - raw.trim_start().len());
    if text.is_empty() {
        return Err(Box::new(
            Diagnostic::error(codes::BAD_SET, "`--set` wants a value after `=`")
                .at(Place::new(source, start..start), "expected a value")
                .help("write `\"\"` for an empty string"),
        ));
    }
    match parse_value(source, start) {
        Ok(node) => Ok(node),
        Err(diagnostic) if text.starts_with(['"', '\'', '[', '{']) => Err(Box::new(Diagnostic {
            code: codes::BAD_SET,
            message: match diagnostic.message.strip_prefix("this is ") {
                Some(what) => format!("the value after `=` is {what}"),
                None => format!("the value after `=` cannot be used: {}", diagnostic.message),
            },
            ..*diagnostic
        })),
        Err(_) => Ok(Node {
            value: Value::String(text.to_owned()),
            place: Place::new(source, start..start + text.len()),
        }),
    }
}

fn insert(
    root: &mut Node,
    path: &KeyPath,
    source: &Arc<Source>,
    new: Node,
) -> Result<(), Box<Diagnostic>> {
    let error = |message: String| Diagnostic::error(codes::BAD_SET, message);
    let mut node = root;
    let mut so_far = String::new();
    for (step, span) in &path.steps {
        let place = Place::new(source, span.clone());
        match step {
            Step::Key(key) => {
                let found = node.value.describe();
                let Value::Table(entries) = &mut node.value else {
                    return Err(Box::new(
                        error(format!("`{so_far}` is {found}, not a table"))
                            .at(place, format!("so it holds no key `{key}`")),
                    ));
                };
                if !so_far.is_empty() {
                    so_far.push('.');
                }
                so_far.push_str(key);
                let i = entries
                    .iter()
                    .position(|entry| entry.key == *key)
                    .unwrap_or_else(|| {
                        entries.push(Entry {
                            key: key.clone(),
                            key_place: place.clone(),
                            node: Node {
                                value: Value::Table(Vec::new()),
                                place,
                            },
                        });
                        entries.len() - 1
                    });
                node = &mut entries[i].node;
            }
            Step::Index(i) => {
                let found = node.value.describe();
                let Value::List(items) = &mut node.value else {
                    return Err(Box::new(
                        error(format!("`{so_far}` is {found}, not a list"))
                            .at(place, "so it has no entries to set")
                            .help(format!("set it as a whole: `--set {so_far}=[..]`")),
                    ));
                };
                let n = items.len();
                if *i >= n {
                    let entries = match n {
                        0 => "is empty".to_owned(),
                        1 => "has 1 entry, number 0".to_owned(),
                        _ => format!("has {n} entries, numbers 0 to {}", n - 1),
                    };
                    return Err(Box::new(
                        error(format!("`{so_far}` {entries}"))
                            .at(place, format!("there is no entry {i}"))
                            .help(format!("set it as a whole: `--set {so_far}=[..]`")),
                    ));
                }
                so_far.push_str(&format!("[{i}]"));
                node = &mut items[*i];
            }
        }
    }
    *node = new;
    Ok(())
}
