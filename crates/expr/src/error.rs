//! Errors that point into the text.

use std::ops::Range;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// One sentence without a final stop.
    pub message: String,
    /// Byte range in the text; on character boundaries, possibly empty at the end.
    pub span: Range<usize>,
    /// What to try.
    pub help: Option<String>,
}

impl ParseError {
    /// An error without a hint.
    pub fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            span,
            help: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The candidate most like `name`, if one is near enough to be what was meant.
///
/// Near is a Damerau-Levenshtein distance of at most a third of the letters, rounded up, without
/// regard to case. A name of one letter is near every other, so only its case may differ.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let allowed = match name.chars().count() {
        0 | 1 => 0,
        letters => letters.div_ceil(3),
    };
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
