//! `pdesolve schema`: the JSON Schema of case files.

use pdesolve::case::json_schema;
use pdesolve::case::schema::Case;

use crate::terminal::{Exit, say};

pub(crate) fn schema() -> Exit {
    say(&format!("{:#}", json_schema::<Case>()));
    Exit::Done
}
