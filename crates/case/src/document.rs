//! A case file as a tree in which each value remembers where it stands.

use std::ops::Range;
use std::sync::Arc;

use pdesolve_core::codes;
use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Source};
use crate::key_path::{KeyPath, Step};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value.
    pub(crate) value: Value,
    /// Where it stands; for a table with a header, the header.
    pub(crate) place: Place,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// Dates have no use in a case; kept as text for messages.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One `key = value` of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, with an article, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::String(text) if text.chars().count() <= 24 => format!("the string \"{text}\""),
            Self::String(_) => "a string".to_owned(),
            Self::Integer(n) => format!("the number {n}"),
            Self::Float(x) => format!("the number {x}"),
            Self::Boolean(b) => format!("`{b}`"),
            Self::Date(text) => format!("the date {text}"),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

impl Node {
    /// The entry of a table.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Follows a path as far as the document goes; the flag tells whether it goes all the way.
    pub(crate) fn follow(&self, path: &KeyPath) -> (&Node, bool) {
        let mut node = self;
        for (step, _) in &path.steps {
            let next = match (step, &node.value) {
                (Step::Key(key), _) => node.entry(key).map(|entry| &entry.node),
                (Step::Index(i), Value::List(items)) => items.get(*i),
                (Step::Index(_), _) => None,
            };
            match next {
                Some(next) => node = next,
                None => return (node, false),
            }
        }
        (node, true)
    }

    /// The tree without its places. Integers beyond 64 bits and dates do not occur.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::String(text) | Value::Date(text) => Json::from(text.as_str()),
            Value::Integer(n) => Json::from(*n),
            Value::Float(x) => Json::from(*x),
            Value::Boolean(b) => Json::from(*b),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Table(entries) => Json::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Parses a whole file.
///
/// # Errors
/// The syntax errors, up to the first few: after an unclosed quote all else looks wrong.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    const SHOWN: usize = 3;
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        let mut diagnostics = Diagnostics::default();
        let value = table_from(table.get_ref(), source, 0, &mut diagnostics);
        return diagnostics.into_result(Node {
            value,
            place: Place::whole(source),
        });
    }
    let mut diagnostics = Diagnostics::default();
    let mut last_line = 0;
    for error in &errors {
        let diagnostic = syntax_error(source, 0, error);
        let line = diagnostic
            .place
            .as_ref()
            .and_then(Place::line_column)
            .map_or(0, |(line, _)| line);
        // A second error on the same line is nearly always the first one's echo.
        if line != last_line && diagnostics.errors() < SHOWN {
            diagnostics.push(diagnostic);
        }
        last_line = line;
    }
    Err(diagnostics)
}

/// Parses the one value that bytes `range` of a text hold.
pub(crate) fn parse_value(
    source: &Arc<Source>,
    range: Range<usize>,
) -> Result<Node, Box<Diagnostic>> {
    let offset = range.start;
    let value = DeValue::parse(&source.text[range])
        .map_err(|error| Box::new(syntax_error(source, offset, &error)))?;
    let mut diagnostics = Diagnostics::default();
    let node = node_from(
        value.get_ref(),
        value.span(),
        source,
        offset,
        &mut diagnostics,
    );
    match diagnostics.into_iter().next() {
        Some(diagnostic) => Err(Box::new(diagnostic)),
        None => Ok(node),
    }
}

fn syntax_error(source: &Arc<Source>, offset: usize, error: &toml::de::Error) -> Diagnostic {
    let message = error.message();
    let (what, expected) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (message, None),
    };
    let label = match expected {
        Some("literal string") => "expected text in quotes".to_owned(),
        Some(expected) => format!("expected {expected}"),
        None => String::new(),
    };
    let label_ends_in_quote = label.ends_with("`\"`") || label.ends_with("`'`");
    let span = error
        .span()
        .map_or(source.text.len()..source.text.len(), |span| {
            offset + span.start..offset + span.end
        });
    let mut diagnostic = Diagnostic::error(codes::SYNTAX, format!("not valid TOML: {what}"))
        .at(Place::new(source, span.clone()), label);
    let text = &source.text;
    let rest = text[..text.len().min(span.end)]
        .rsplit('\n')
        .next()
        .unwrap_or_default();
    if what.contains("must be quoted") {
        diagnostic = diagnostic.help("text stands in quotes: `kind = \"burgers\"`");
    } else if what.contains("string") && label_ends_in_quote {
        diagnostic = diagnostic.help(
            "text ends with the quote it began with, on the same line; \"\"\" holds several lines",
        );
    } else if what.contains("duplicate key") {
        diagnostic = diagnostic
            .help("each key, and each `[table]`, may stand only once: remove or rename one");
    } else if rest.contains('=') && rest.contains('^') {
        diagnostic = diagnostic.help("an expression stands in quotes: `upper = [\"2^3\"]`");
    }
    diagnostic
}

fn node_from(
    value: &DeValue<'_>,
    span: Range<usize>,
    source: &Arc<Source>,
    offset: usize,
    diagnostics: &mut Diagnostics,
) -> Node {
    let place = Place::new(source, offset + span.start..offset + span.end);
    let value = match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(n) => match i64::from_str_radix(&n.as_str().replace('_', ""), n.radix()) {
            Ok(n) => Value::Integer(n),
            Err(_) => {
                diagnostics.push(
                    Diagnostic::error(codes::OUT_OF_RANGE, "this number is too large")
                        .at(place.clone(), "does not fit into 64 bits"),
                );
                Value::Integer(i64::MAX)
            }
        },
        DeValue::Float(x) => match x.as_str().replace('_', "").parse::<f64>() {
            Ok(x) if x.is_finite() => Value::Float(x),
            _ => {
                diagnostics.push(
                    Diagnostic::error(codes::OUT_OF_RANGE, "this number is not finite")
                        .at(
                            place.clone(),
                            "a finite number is wanted everywhere in a case",
                        )
                        .help("leave the key out to take its default"),
                );
                Value::Float(f64::MAX)
            }
        },
        DeValue::Boolean(b) => Value::Boolean(*b),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| node_from(item.get_ref(), item.span(), source, offset, diagnostics))
                .collect(),
        ),
        DeValue::Table(table) => table_from(table, source, offset, diagnostics),
    };
    Node { value, place }
}

fn table_from(
    table: &DeTable<'_>,
    source: &Arc<Source>,
    offset: usize,
    diagnostics: &mut Diagnostics,
) -> Value {
    let entries = table.iter().map(|(key, value)| {
        let key_span = offset + key.span().start..offset + key.span().end;
        // Tables made by dotted keys (`mesh.points = ..`) have no text of their own.
        let span = if value.span().is_empty() {
            key.span()
        } else {
            value.span()
        };
        Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(source, key_span),
            node: node_from(value.get_ref(), span, source, offset, diagnostics),
        }
    });
    Value::Table(entries.collect())
}

/// The place of bytes `span` of a string's content, past its quotes and escapes.
pub(crate) fn place_in_string(node: &Node, span: Range<usize>) -> Place {
    let (Value::String(text), Some(outer)) = (&node.value, &node.place.span) else {
        return node.place.clone();
    };
    let source = &node.place.source;
    let raw = &source.text[outer.clone()];
    // The clipped span of a string over several lines: find its whole raw text again.
    let start = outer.start;
    if raw == text {
        return Place::new(source, start + span.start..start + span.end);
    }
    let raw = &source.text[start..];
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let Some(quote) = quotes.into_iter().find(|quote| raw.starts_with(quote)) else {
        return node.place.clone();
    };
    let mut at = quote.len();
    if quote.len() == 3 {
        at += newline_length(&raw[at..]);
    }
    let escapes = quote.starts_with('"');
    let locate = |target: usize, from: (usize, usize)| -> Option<(usize, usize)> {
        let (mut decoded, mut at) = from;
        while decoded < target {
            let rest = &raw[at..];
            let (taken, given) = if escapes && rest.starts_with('\\') {
                escape_lengths(rest)?
            } else {
                let c = rest.chars().next()?;
                (c.len_utf8(), c.len_utf8())
            };
            at += taken;
            decoded += given;
        }
        Some((decoded, at))
    };
    let begin = locate(span.start, (0, at));
    let end = begin.and_then(|begin| locate(span.end, begin));
    match (begin, end) {
        (Some((_, begin)), Some((_, end))) => Place::new(source, start + begin..start + end),
        _ => node.place.clone(),
    }
}

fn newline_length(text: &str) -> usize {
    if text.starts_with("\r\n") {
        2
    } else {
        usize::from(text.starts_with('\n'))
    }
}

/// Bytes that an escape takes in the file, and bytes that it stands for.
fn escape_lengths(text: &str) -> Option<(usize, usize)> {
    let code = |digits: usize| {
        let hex = text.get(2..2 + digits)?;
        let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
        Some((2 + digits, c.len_utf8()))
    };
    match text[1..].chars().next()? {
        'x' => code(2),
        'u' => code(4),
        'U' => code(8),
        // A backslash at the end of a line swallows white space up to the next word.
        c if c.is_whitespace() => Some((text.len() - text[1..].trim_start().len(), 0)),
        c => Some((1 + c.len_utf8(), 1)),
    }
}
