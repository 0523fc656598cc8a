//! Paths to values: `mesh.points[0]`, `expect[1].tolerance`.

use std::ops::Range;

/// A path, each step with its byte range in the text it was written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath {
    pub(crate) steps: Vec<(Step, Range<usize>)>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathError {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

impl KeyPath {
    /// Reads a path: names of letters, digits, `_` and `-` (or in double quotes) joined by
    /// dots, and list entries in brackets, counted from 0.
    pub(crate) fn parse(text: &str) -> Result<Self, PathError> {
        let fail = |message: &str, span: Range<usize>| {
            Err(PathError {
                message: message.to_owned(),
                span,
            })
        };
        let mut steps = Vec::new();
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let length = if let Some(quoted) = rest.strip_prefix('"') {
                match quoted.find('"') {
                    Some(end) => end + 2,
                    None => return fail("this quote is not closed", at..text.len()),
                }
            } else {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
                    .unwrap_or(rest.len())
            };
            if length == 0 {
                let end = rest.chars().next().map_or(at, |c| at + c.len_utf8());
                return fail("a key is expected here", at..end);
            }
            let key = rest[..length].trim_matches('"').to_owned();
            steps.push((Step::Key(key), at..at + length));
            at += length;
            while let Some(rest) = text[at..].strip_prefix('[') {
                let Some(end) = rest.find(']') else {
                    return fail("this bracket is not closed", at..text.len());
                };
                let span = at + 1..at + 1 + end;
                match rest[..end].trim().parse() {
                    Ok(index) => steps.push((Step::Index(index), span)),
                    Err(_) => return fail("the number of a list entry is expected here", span),
                }
                at += end + 2;
            }
            match text[at..].chars().next() {
                None => return Ok(Self { steps }),
                Some('.') => at += 1,
                Some(c) => return fail("a dot is expected here", at..at + c.len_utf8()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_tables_and_lists() {
        let path = KeyPath::parse("expect[1].\"at x\".b").unwrap();
        let steps: Vec<Step> = path.steps.into_iter().map(|(step, _)| step).collect();
        let key = |text: &str| Step::Key(text.to_owned());
        assert_eq!(
            steps,
            [key("expect"), Step::Index(1), key("at x"), key("b")]
        );
    }

    #[test]
    fn broken_paths_say_where() {
        assert_eq!(KeyPath::parse("mesh..points").unwrap_err().span, 5..6);
        assert_eq!(KeyPath::parse("mesh.points[x]").unwrap_err().span, 12..13);
        assert_eq!(KeyPath::parse("").unwrap_err().span, 0..0);
        assert_eq!(KeyPath::parse("a b").unwrap_err().span, 1..2);
    }
}
