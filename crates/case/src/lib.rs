//! Case files: schema, checks, registry of problems, run driver, converge and verify.

mod constants;
pub mod converge;
mod describe;
mod diagnostic;
mod document;
mod elliptic;
pub mod expect;
mod failure;
mod finding;
mod fingerprint;
mod function;
mod json_schema;
mod key_path;
mod library;
pub mod linsolve;
mod load;
pub mod measure;
pub mod names;
mod overrides;
pub mod pictures;
pub mod plots;
pub mod prepare;
pub mod progress;
pub mod registry;
mod results;
pub mod run;
mod run_steady;
pub mod schema;
mod transport;
mod validate;
pub mod verify;

pub use describe::{KeyDoc, KindDoc, json_schema, kinds};
pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity, Source};
pub use failure::file_fault;
pub use finding::Finding;
pub use load::{Loaded, LoadedCase, load, load_as, load_text, toml_files};
