//! A fault in the meaning of a case, tied to a key.

use std::ops::Range;

/// Something wrong with the value at a key, found after the file as such was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Error code, for `pdesolve explain`.
    pub code: &'static str,
    /// Where: a key path such as `mesh.points[1]`.
    pub path: String,
    /// Bytes inside the string at that key, for expressions.
    pub span: Option<Range<usize>>,
    /// What was found and what was expected.
    pub message: String,
    /// What to try.
    pub help: Option<String>,
}

impl Finding {
    /// A fault at a key.
    pub fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            path: path.into(),
            span: None,
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the place inside the string.
    #[must_use]
    pub fn span(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }
}
