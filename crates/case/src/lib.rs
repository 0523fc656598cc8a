//! Case files: schema, checks, registry of problems, run driver, converge and verify.

mod constants;
mod diagnostic;
mod document;
mod json_schema;
mod key_path;
mod load;
pub mod names;
mod overrides;
pub mod progress;
mod validate;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Source};
pub use load::{Loaded, load_as, load_text, toml_files};
