//! `--set a.b=1`: changes to the tree of a case file, before anything is checked.
//!
//! The value is TOML; what is not TOML and does not look like a failed attempt at it (a quote,
//! bracket or brace at its head) is taken as a string, so that `solver.kind=etdrk2` and
//! `initial.u=sin(x)` need no quotes inside the shell's.

use std::ops::Range;
use std::sync::Arc;

use pdesolve_core::codes;

use crate::diagnostic::{Diagnostic, Place, SET_NAME, Source};
use crate::document::{Entry, Node, Value, parse_value};
use crate::key_path::{KeyPath, Step};

/// A change of one value of a case, with the places of its key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The key.
    pub(crate) path: KeyPath,
    /// The text that the key stands in: an argument, or the case itself.
    pub(crate) source: Arc<Source>,
    /// Where in that text the key begins.
    pub(crate) offset: usize,
    /// The value.
    pub(crate) value: Node,
}

impl Change {
    /// A change that an entry of a table of the case asks for: its key is a path.
    ///
    /// # Errors
    /// A key that is no path.
    pub(crate) fn from_entry(
        key: &str,
        place: &Place,
        value: Node,
    ) -> Result<Self, Box<Diagnostic>> {
        let source = Arc::clone(&place.source);
        let start = place.span.as_ref().map_or(0, |span| span.start);
        let quoted = source.text[start..].starts_with(['"', '\'']);
        let offset = start + usize::from(quoted);
        let path = parse_path(key, &source, offset)?;
        Ok(Self {
            path,
            source,
            offset,
            value,
        })
    }

    /// Makes the change.
    ///
    /// # Errors
    /// A key that leads through something that is not a table, or past the end of a list.
    pub(crate) fn apply(&self, root: &mut Node) -> Result<(), Box<Diagnostic>> {
        insert(
            root,
            &self.path,
            (&self.source, self.offset),
            self.value.clone(),
        )
    }
}

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
    let Some(equals) = argument.find('=') else {
        return Err(Box::new(
            bad_set("`--set` wants a key and a value")
                .at(
                    Place::new(&source, argument.len()..argument.len()),
                    "expected `=` and a value",
                )
                .help("for instance `--set time.end=20` or `--set mesh.points[0]=512`"),
        ));
    };
    let path = parse_path(argument[..equals].trim_end(), &source, 0)?;
    let node = value(&source, equals + 1..argument.len())?;
    insert(root, &path, (&source, 0), node)
}

fn bad_set(message: &str) -> Diagnostic {
    Diagnostic::error(codes::BAD_SET, message)
}

/// Reads a key that begins at byte `offset` of `source`.
pub(crate) fn parse_path(
    key: &str,
    source: &Arc<Source>,
    offset: usize,
) -> Result<KeyPath, Box<Diagnostic>> {
    KeyPath::parse(key).map_err(|bad| {
        let set = if source.name == SET_NAME {
            "--set "
        } else {
            ""
        };
        let span = bad.span.start + offset..bad.span.end + offset;
        Box::new(
            bad_set("this is not the path of a key")
                .at(Place::new(source, span), bad.message)
                .help(format!(
                    "for instance `{set}time.end=20` or `{set}mesh.points[0]=512`"
                )),
        )
    })
}

/// The value that bytes `range` of an argument hold.
pub(crate) fn value(source: &Arc<Source>, range: Range<usize>) -> Result<Node, Box<Diagnostic>> {
    let raw = &source.text[range.clone()];
    let text = raw.trim();
    let start = range.start + (raw.len() - raw.trim_start().len());
    if text.is_empty() {
        return Err(Box::new(
            bad_set(&format!("`{}` wants a value after `=`", source.name))
                .at(Place::new(source, start..start), "expected a value")
                .help("write `\"\"` for an empty string"),
        ));
    }
    match parse_value(source, start..start + text.len()) {
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
    (source, offset): (&Arc<Source>, usize),
    new: Node,
) -> Result<(), Box<Diagnostic>> {
    let error = |message: String| Diagnostic::error(codes::BAD_SET, message);
    let mut node = root;
    let mut so_far = String::new();
    for (step, span) in &path.steps {
        let place = Place::new(source, offset + span.start..offset + span.end);
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
                            .help(as_a_whole(&so_far, source)),
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
                            .help(as_a_whole(&so_far, source)),
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

fn as_a_whole(key: &str, source: &Source) -> String {
    let argument = source.name.starts_with("--");
    let set = if argument {
        format!("{} {key}=[..]", source.name)
    } else {
        format!("\"{key}\" = [..]")
    };
    format!("set it as a whole: `{set}`")
}
