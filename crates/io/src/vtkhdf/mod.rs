//! Temporal VTKHDF.
mod history;
mod layout;
mod parts;
mod reader;
mod ring;
mod writer;

pub use reader::VtkHdfFile;
pub use writer::VtkHdfWriter;

/// Entries of a per-step column that are allocated together.
const COLUMN_CHUNK: usize = 128;

/// Version of the layout of `/pdesolve`; a reader refuses newer ones.
pub(crate) const FORMAT: u64 = 1;

/// What a file says about the run that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMeta {
    /// The effective case file, all overrides applied.
    pub case_text: String,
    /// Title of the case.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Version of the case file's schema.
    pub schema: u32,
}
