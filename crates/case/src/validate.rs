//! Checks a tree against the schema and collects all that is wrong, not the first thing.
//!
//! The schema is the one that schemars derives from the types the case is deserialised into, so
//! that a key, its type, its bounds and its documentation are stated once, beside the field. A
//! string that stands where a number is wanted is evaluated as a constant expression, and the
//! number takes its place in the tree.

use pdesolve_core::codes;
use serde_json::Value as Json;

use crate::constants;
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::document::{Entry, Node, Value, place_in_string};
use crate::json_schema::{Kind, Shape, shapes};
use crate::names::{join, list, nearest, number};

/// Checks `node` against `schema`, a part of the schema `root`.
pub(crate) fn validate(root: &Json, node: &mut Node) -> Diagnostics {
    let mut walker = Walker {
        root,
        found: Diagnostics::default(),
    };
    walker.check(node, root, "");
    walker.found
}

struct Walker<'a> {
    root: &'a Json,
    found: Diagnostics,
}

/// What a table is called in messages.
fn table_name(path: &str) -> String {
    match path {
        "" => "the case".to_owned(),
        _ if path.contains(['.', '[']) => format!("`{path}`"),
        _ => format!("[{path}]"),
    }
}

fn join_path(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl<'a> Walker<'a> {
    fn check(&mut self, node: &mut Node, schema: &'a Json, path: &str) {
        let shapes = shapes(self.root, schema);
        if matches!(node.value, Value::Table(_)) {
            let tables: Vec<&Shape<'a>> =
                shapes.iter().filter(|s| s.kind() == Kind::Table).collect();
            if !tables.is_empty() {
                return self.check_table(node, &tables, path);
            }
        }
        if shapes.iter().any(|shape| shape.kind() == Kind::Any) {
            return;
        }
        let with = |kinds: &[Kind]| shapes.iter().find(|shape| kinds.contains(&shape.kind()));
        let numeric = with(&[Kind::Number, Kind::Integer]);
        match &node.value {
            Value::List(_) if with(&[Kind::List]).is_some() => {
                if let Some(shape) = with(&[Kind::List]) {
                    self.check_list(node, shape, path);
                }
            }
            Value::Boolean(_) if with(&[Kind::Boolean]).is_some() => {}
            Value::String(text) if with(&[Kind::Text]).is_some() => {
                let text = text.clone();
                self.check_text(node, &text, &shapes, path);
            }
            Value::String(text) => match numeric {
                Some(shape) => {
                    let text = text.clone();
                    if let Some(value) = self.constant(node, &text, shape) {
                        node.value = value;
                        self.check_bounds(node, shape, path);
                    }
                }
                None => self.wrong_type(node, &shapes, path),
            },
            Value::Integer(n) => match numeric {
                Some(shape) => {
                    if shape.kind() == Kind::Number {
                        node.value = Value::Float(*n as f64);
                    }
                    self.check_bounds(node, shape, path);
                }
                None => self.wrong_type(node, &shapes, path),
            },
            Value::Float(_) => match with(&[Kind::Number]) {
                Some(shape) => self.check_bounds(node, shape, path),
                None => self.wrong_type(node, &shapes, path),
            },
            _ => self.wrong_type(node, &shapes, path),
        }
    }

    /// A string where a number is wanted.
    fn constant(&mut self, node: &Node, text: &str, shape: &Shape<'_>) -> Option<Value> {
        match constants::evaluate(text) {
            Ok(x) if shape.kind() == Kind::Number => Some(Value::Float(x)),
            // 2^53: beyond it not every whole number is a float.
            Ok(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 => {
                Some(Value::Integer(x as i64))
            }
            Ok(x) => {
                let place = node.place.clone();
                self.found.push(
                    Diagnostic::error(codes::WRONG_TYPE, "a whole number is wanted here")
                        .at(place, format!("this is {}", number(x))),
                );
                None
            }
            Err(bad) => {
                let place = place_in_string(node, bad.span);
                let mut diagnostic = Diagnostic::error(
                    codes::BAD_CONSTANT,
                    format!("a number is wanted here, and \"{text}\" is not a constant expression"),
                )
                .at(place, bad.message);
                diagnostic.helps.extend(bad.help);
                if diagnostic.helps.is_empty() {
                    diagnostic =
                        diagnostic.help("write a number, or a constant expression: \"2*pi\"");
                }
                self.found.push(diagnostic);
                None
            }
        }
    }

    fn check_bounds(&mut self, node: &Node, shape: &Shape<'_>, path: &str) {
        let value = match node.value {
            Value::Integer(n) => n as f64,
            Value::Float(x) => x,
            _ => return,
        };
        let constants = shape.constants();
        if !constants.is_empty() {
            if !constants.iter().any(|c| c.as_f64() == Some(value)) {
                let allowed = join(constants.iter().map(ToString::to_string), "or");
                self.found.push(
                    Diagnostic::error(
                        codes::OUT_OF_RANGE,
                        format!("`{path}` is {}", number(value)),
                    )
                    .at(node.place.clone(), format!("expected {allowed}")),
                );
            }
            return;
        }
        let mut bounds = Vec::new();
        let mut outside = false;
        let mut bound = |keyword: &str, words: &str, bad: fn(f64, f64) -> bool| {
            // A whole number that may not be negative says so plainly.
            if let Some(limit) = shape.number(keyword) {
                outside |= bad(value, limit);
                bounds.push(format!("{words} {}", number(limit)));
            }
        };
        bound("minimum", "at least", |v, limit| v < limit);
        bound("exclusiveMinimum", "greater than", |v, limit| v <= limit);
        bound("maximum", "at most", |v, limit| v > limit);
        bound("exclusiveMaximum", "less than", |v, limit| v >= limit);
        if outside {
            let label = format!("must be {}", join(bounds, "and"));
            let mut diagnostic = Diagnostic::error(
                codes::OUT_OF_RANGE,
                format!("`{path}` is {}", number(value)),
            )
            .at(node.place.clone(), label);
            diagnostic.notes.extend(documentation(path, shape));
            self.found.push(diagnostic);
        }
    }

    fn check_text(&mut self, node: &Node, text: &str, shapes: &[Shape<'_>], path: &str) {
        let texts: Vec<&Shape<'_>> = shapes.iter().filter(|s| s.kind() == Kind::Text).collect();
        let free = texts.iter().any(|shape| shape.constants().is_empty());
        let names: Vec<&str> = texts
            .iter()
            .flat_map(|shape| shape.constants())
            .filter_map(Json::as_str)
            .collect();
        if free || names.contains(&text) {
            return;
        }
        self.unknown_name(&node.place, text, &names, path);
    }

    /// A name that is none of those allowed.
    fn unknown_name(&mut self, place: &Place, text: &str, names: &[&str], path: &str) {
        let what = match path.rsplit_once('.') {
            Some((table, "kind")) if !table.contains(['.', '[']) => format!("{table} kind"),
            _ => format!("value of `{path}`:"),
        };
        let near = nearest(text, names.iter().copied());
        let label = near.map_or("not a known name".to_owned(), |name| {
            format!("did you mean `{name}`?")
        });
        let mut diagnostic =
            Diagnostic::error(codes::UNKNOWN_NAME, format!("unknown {what} `{text}`"))
                .at(place.clone(), label)
                .note(format!(
                    "expected one of {}",
                    list(names.iter().copied()).replace(" and `", " or `")
                ));
        if path == "problem.kind" {
            diagnostic = diagnostic.help("`pdesolve list` shows all problems with their equations");
        }
        self.found.push(diagnostic);
    }

    fn check_list(&mut self, node: &mut Node, shape: &Shape<'a>, path: &str) {
        let Value::List(items) = &mut node.value else {
            return;
        };
        let n = items.len();
        let least = shape.number("minItems").map(|x| x as usize);
        let most = shape.number("maxItems").map(|x| x as usize);
        if least.is_some_and(|least| n < least) || most.is_some_and(|most| n > most) {
            let wanted = match (least, most) {
                (Some(a), Some(b)) if a == b => format!("exactly {a}"),
                (Some(a), Some(b)) => format!("{a} to {b}"),
                (Some(a), None) => format!("at least {a}"),
                (None, Some(b)) => format!("at most {b}"),
                (None, None) => String::new(),
            };
            let entries = match n {
                0 => "is empty".to_owned(),
                1 => "has 1 entry".to_owned(),
                _ => format!("has {n} entries"),
            };
            let mut diagnostic =
                Diagnostic::error(codes::LIST_LENGTH, format!("`{path}` {entries}"))
                    .at(node.place.clone(), format!("expected {wanted}"));
            diagnostic.notes.extend(documentation(path, shape));
            self.found.push(diagnostic);
        }
        let prefix = shape.get("prefixItems").and_then(Json::as_array);
        for (i, item) in items.iter_mut().enumerate() {
            let schema = prefix.and_then(|p| p.get(i)).or_else(|| shape.get("items"));
            if let Some(schema) = schema {
                self.check(item, schema, &format!("{path}[{i}]"));
            }
        }
    }

    fn check_table(&mut self, node: &mut Node, shapes: &[&Shape<'a>], path: &str) {
        if let [shape] = shapes {
            return self.check_keys(node, shape, path);
        }
        if let Some(tags) = shapes.iter().map(|s| s.tag()).collect::<Option<Vec<_>>>() {
            return self.check_tagged(node, shapes, &tags, path);
        }
        // Told apart by their keys: the form that knows most of those present is the one meant.
        let score = |shape: &Shape<'_>| {
            let known = shape.properties();
            let required = shape.required();
            let Value::Table(entries) = &node.value else {
                return 0;
            };
            entries
                .iter()
                .map(|entry| {
                    let key = entry.key.as_str();
                    usize::from(known.iter().any(|(k, _)| *k == key))
                        + usize::from(required.contains(&key))
                })
                .sum::<usize>()
        };
        let best = shapes.iter().rev().max_by_key(|shape| score(shape));
        if let Some(shape) = best {
            self.check_keys(node, shape, path);
        }
    }

    /// A table whose form is named by one of its keys, `kind`.
    fn check_tagged(
        &mut self,
        node: &mut Node,
        shapes: &[&Shape<'a>],
        tags: &[(&str, &str)],
        path: &str,
    ) {
        let key = tags[0].0;
        let names: Vec<&str> = tags.iter().map(|(_, name)| *name).collect();
        let Some(entry) = node.entry(key) else {
            let table = table_name(path);
            self.found.push(
                Diagnostic::error(codes::MISSING_KEY, format!("{table} lacks the key `{key}`"))
                    .at(node.place.clone(), format!("add `{key} = \"...\"`"))
                    .note(format!(
                        "expected one of {}",
                        list(names).replace(" and `", " or `")
                    )),
            );
            return;
        };
        let inner = join_path(path, key);
        let place = entry.node.place.clone();
        match &entry.node.value {
            Value::String(text) => match names.iter().position(|name| name == text) {
                Some(i) => self.check_keys(node, shapes[i], path),
                None => {
                    let text = text.clone();
                    self.unknown_name(&place, &text, &names, &inner);
                }
            },
            other => {
                let found = other.describe();
                self.found.push(
                    Diagnostic::error(codes::WRONG_TYPE, format!("`{inner}` is {found}"))
                        .at(place, "expected a name in quotes")
                        .note(format!(
                            "expected one of {}",
                            list(names).replace(" and `", " or `")
                        )),
                );
            }
        }
    }

    fn check_keys(&mut self, node: &mut Node, shape: &Shape<'a>, path: &str) {
        let place = node.place.clone();
        let Value::Table(entries) = &mut node.value else {
            return;
        };
        let properties = shape.properties();
        let mut missing: Vec<&str> = shape
            .required()
            .into_iter()
            .filter(|key| !entries.iter().any(|entry| entry.key == *key))
            .collect();
        for entry in entries.iter_mut() {
            let inner = join_path(path, &entry.key);
            let known = properties.iter().find(|(key, _)| *key == entry.key);
            match (known, shape.additional()) {
                (Some((_, schema)), _) => self.check(&mut entry.node, schema, &inner),
                (None, Some(schema)) => self.check(&mut entry.node, schema, &inner),
                (None, None) => {
                    // A misspelt key is said once: not again as the missing one.
                    if let Some(meant) = self.unknown_key(entry, shape, &missing, path) {
                        missing.retain(|key| *key != meant);
                    }
                }
            }
        }
        for key in missing {
            let schema = properties.iter().find(|(name, _)| *name == key);
            self.missing_key(&place, key, schema.map(|(_, schema)| *schema), path);
        }
    }

    /// Reports an unknown key and returns the one that was probably meant.
    fn unknown_key(
        &mut self,
        entry: &Entry,
        shape: &Shape<'a>,
        missing: &[&str],
        path: &str,
    ) -> Option<&'a str> {
        let keys: Vec<&str> = shape.properties().into_iter().map(|(key, _)| key).collect();
        let near = nearest(&entry.key, keys.iter().copied());
        let label = match near {
            Some(name) => format!("did you mean `{name}`?"),
            None => "not a key of this table".to_owned(),
        };
        let table = match shape.tag() {
            Some((key, value)) => format!("{} with {key} = \"{value}\"", table_name(path)),
            None => table_name(path),
        };
        let of = if path.is_empty() { "of" } else { "in" };
        let what = if matches!(entry.node.value, Value::Table(_)) && path.is_empty() {
            format!("unknown table [{}]", entry.key)
        } else {
            format!("unknown key `{}` {of} {table}", entry.key)
        };
        let mut diagnostic = Diagnostic::error(codes::UNKNOWN_KEY, what)
            .at(entry.key_place.clone(), label)
            .note(format!("valid keys are {}", list(keys.iter().copied())));
        if near.is_none() {
            diagnostic.helps.extend(
                self.home_of(&entry.key, path)
                    .map(|home| format!("`{}` is a key of {}: move it there", entry.key, home)),
            );
        }
        self.found.push(diagnostic);
        near.and_then(|name| keys.into_iter().find(|key| *key == name))
            .filter(|name| missing.contains(name))
    }

    /// The table of the case that has a key, for a key that stands in the wrong one.
    fn home_of(&self, key: &str, path: &str) -> Option<String> {
        let top = shapes(self.root, self.root);
        let [top] = top.as_slice() else {
            return None;
        };
        let tables = top.properties();
        if !path.is_empty() && tables.iter().any(|(name, _)| *name == key) {
            return Some("the case itself, above all tables".to_owned());
        }
        let has_key = |schema: &'a Json| {
            let forms = shapes(self.root, schema);
            forms
                .iter()
                .any(|form| form.properties().iter().any(|(name, _)| *name == key))
        };
        tables
            .iter()
            .find(|(name, schema)| *name != path && has_key(schema))
            .map(|(name, _)| format!("[{name}]"))
    }

    fn missing_key(&mut self, table: &Place, key: &str, schema: Option<&'a Json>, path: &str) {
        let forms = schema.map_or(Vec::new(), |schema| shapes(self.root, schema));
        let is_table = forms.iter().any(|form| form.kind() == Kind::Table)
            && forms.iter().all(|form| form.kind() == Kind::Table);
        let written = if is_table && path.is_empty() {
            format!("[{key}]")
        } else {
            let value = match forms.first().map(Shape::kind) {
                Some(Kind::Number) => "1.0",
                Some(Kind::Integer) => "1",
                Some(Kind::Text) => "\"...\"",
                Some(Kind::Boolean) => "true",
                Some(Kind::List) => "[...]",
                Some(Kind::Table) => "{ ... }",
                Some(Kind::Any) | None => "...",
            };
            format!("{key} = {value}")
        };
        let message = if is_table && path.is_empty() {
            format!("the case lacks the table [{key}]")
        } else {
            format!("{} lacks the key `{key}`", table_name(path))
        };
        // The case as a whole has no header to point to: a table is added at its end, a key
        // above all tables.
        let (place, label) = match &table.span {
            Some(_) => (table.clone(), format!("add `{written}`")),
            None if written.starts_with('[') => {
                let end = table.source.text.trim_end().len();
                let place = Place::new(&table.source, end..end);
                (place, format!("add `{written}` after this"))
            }
            None => {
                let place = Place::new(&table.source, 0..0);
                (place, format!("add `{written}` above all tables"))
            }
        };
        let mut diagnostic = Diagnostic::error(codes::MISSING_KEY, message).at(place, label);
        if let Some(text) = schema.and_then(|s| s.get("description")?.as_str()) {
            diagnostic = diagnostic.note(format!("`{key}`: {}", one_line(text)));
        }
        self.found.push(diagnostic);
    }

    fn wrong_type(&mut self, node: &Node, shapes: &[Shape<'_>], path: &str) {
        let mut kinds: Vec<Kind> = Vec::new();
        for shape in shapes {
            if !kinds.contains(&shape.kind()) {
                kinds.push(shape.kind());
            }
        }
        let expected = join(kinds.iter().map(|kind| kind.describe().to_owned()), "or");
        let message = format!("`{path}` is {}", node.value.describe());
        let mut diagnostic = Diagnostic::error(codes::WRONG_TYPE, message)
            .at(node.place.clone(), format!("expected {expected}"));
        if let [shape] = shapes {
            diagnostic.notes.extend(documentation(path, shape));
        }
        let single = kinds.first().filter(|_| kinds.len() == 1);
        let help = match (&node.value, single) {
            (Value::Float(x), Some(Kind::Integer)) if x.fract() == 0.0 => {
                Some(format!("write it without a point: {x:.0}"))
            }
            (Value::Integer(n), Some(Kind::List)) => {
                Some(format!("write [{n}]: one entry an axis"))
            }
            (Value::Float(x), Some(Kind::List)) => Some(format!("write [{x}]: one entry an axis")),
            (Value::String(text), Some(Kind::List)) => Some(format!("write [\"{text}\"]")),
            (Value::String(text), Some(Kind::Boolean))
                if ["true", "false"].contains(&text.to_lowercase().as_str()) =>
            {
                Some(format!("write {} without quotes", text.to_lowercase()))
            }
            (Value::Integer(_) | Value::Float(_) | Value::Boolean(_), Some(Kind::Text)) => {
                Some("write it in quotes".to_owned())
            }
            (_, Some(Kind::Table)) => Some(format!(
                "write a table: `[{path}]` on a line of its own, its keys below"
            )),
            _ => None,
        };
        diagnostic.helps.extend(help);
        self.found.push(diagnostic);
    }
}

/// What the schema says of a key, as a note.
fn documentation(path: &str, shape: &Shape<'_>) -> Option<String> {
    let key = path.rsplit('.').next().unwrap_or(path);
    let text = shape.get("description")?.as_str()?;
    Some(format!("`{key}`: {}", one_line(text)))
}

/// Documentation is wrapped in the source; a note is one line.
fn one_line(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or(text);
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}
