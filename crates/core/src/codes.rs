//! The error codes that users see, each with its explanation.

/// One kind of error a user can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, for instance `E0102`.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means, why it matters and what to do, in a few sentences with an example.
    pub explanation: &'static str,
}

/// All codes, in order of their id.
pub const ALL: &[Code] = &[];

/// Finds a code by its id, without regard to case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id))
}
