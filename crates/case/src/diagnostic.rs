//! What is said to a user about a case: what, where, what was expected, the nearest name, what
//! to try.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

/// A text that diagnostics point into: the case file, or one `--set` argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called in messages: the path of the file as it was given, or `--set`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text it stands in.
    pub source: Arc<Source>,
    /// Byte range in the text; `None` means the text as a whole.
    pub span: Option<Range<usize>>,
}

impl Place {
    /// A byte range of a text, cut at the end of its first line and at the end of the text.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let text = source.text.as_str();
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |length| start + length);
        Self {
            source: Arc::clone(source),
            span: Some(start..end.min(line_end)),
        }
    }

    /// A text as a whole.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            span: None,
        }
    }

    /// Line and column, both counted from 1, the column in characters.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        let before = &self.source.text[..self.span.as_ref()?.start];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count())
            + 1;
        Some((line, column))
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The case cannot be run.
    Error,
    /// The case can be run, but probably is not what was meant.
    Warning,
}

/// One thing said to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Code of the table in [`pdesolve_core::codes`].
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where; `None` where there is no text to point into.
    pub place: Option<Place>,
    /// What stands beside the caret.
    pub label: String,
    /// Facts that help to understand.
    pub notes: Vec<String>,
    /// What to try.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Says where, and what to write beside the caret (may be empty).
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = label.into();
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    fn group(&self) -> Group<'_> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut elements: Vec<Element<'_>> = Vec::new();
        match &self.place {
            Some(Place {
                source,
                span: Some(span),
            }) => {
                let mut caret = AnnotationKind::Primary.span(span.clone());
                if !self.label.is_empty() {
                    caret = caret.label(self.label.as_str());
                }
                elements.push(
                    Snippet::source(source.text.as_str())
                        .path(source.name.as_str())
                        .annotation(caret)
                        .into(),
                );
            }
            Some(Place { source, span: None }) => {
                elements.push(Origin::path(source.name.as_str()).into());
                if !self.label.is_empty() {
                    elements.push(Level::NOTE.message(self.label.as_str()).into());
                }
            }
            None => {}
        }
        let notes = self.notes.iter().map(|text| (Level::NOTE, text));
        let helps = self.helps.iter().map(|text| (Level::HELP, text));
        elements.extend(
            notes
                .chain(helps)
                .map(|(level, text)| level.message(wrap(text)).into()),
        );
        level
            .primary_title(self.message.as_str())
            .id(self.code)
            .elements(elements)
    }
}

/// Breaks a long note into lines.
fn wrap(text: &str) -> String {
    const WIDTH: usize = 88;
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Renderer::plain().render(&[self.group()]))
    }
}

/// All that is wrong with a case, in the order in which it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Those said so far.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of errors (not warnings).
    pub fn errors(&self) -> usize {
        self.iter()
            .filter(|d| d.severity == Severity::Error)
            .count()
    }

    /// Whether the case cannot be run.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// `value` where nothing said is an error.
    ///
    /// # Errors
    /// All that was said, otherwise.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok(value)
        }
    }

    /// Sorts by place: arguments after the file, each from top to bottom.
    pub(crate) fn sort(&mut self) {
        self.list.sort_by_key(|d| {
            let place = d.place.as_ref();
            (
                place.is_some_and(|p| p.source.name.starts_with("--")),
                place.and_then(|p| p.span.as_ref()).map(|span| span.start),
            )
        });
    }

    /// The text for a terminal, with colours.
    pub fn to_ansi(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let mut text = String::new();
        for diagnostic in &self.list {
            text.push_str(&renderer.render(&[diagnostic.group()]));
            text.push_str("\n\n");
        }
        text.push_str(&self.closing());
        text
    }

    /// The last lines: how many errors there are and where to read more.
    fn closing(&self) -> String {
        let mut codes: Vec<&str> = Vec::new();
        for diagnostic in &self.list {
            if !codes.contains(&diagnostic.code) {
                codes.push(diagnostic.code);
            }
        }
        let count = match (self.errors(), self.list.len()) {
            (0, 1) => "1 warning".to_owned(),
            (0, n) => format!("{n} warnings"),
            (1, _) => "1 error".to_owned(),
            (n, _) => format!("{n} errors"),
        };
        match codes.first() {
            Some(code) => format!("{count}; `pdesolve explain {code}` tells more"),
            None => count,
        }
    }
}

/// What `--set` arguments are called in messages.
pub(crate) const SET_NAME: &str = "--set";

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            list: vec![diagnostic],
        }
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.list.extend(diagnostics);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// Without colours, for files and pipes.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl std::error::Error for Diagnostics {}
