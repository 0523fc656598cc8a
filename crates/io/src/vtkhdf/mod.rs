//! Temporal VTKHDF: one HDF5 file a run, which ParaView >= 5.12 (VTK >= 9.3) opens as it is.
//!
//! `docs/file-format.md` has the tables of all groups, datasets and shapes. In short:
//! ```text
//! /VTKHDF                  ImageData where all axes are uniform, else UnstructuredGrid
//!   PointData/<field>      [time][z][y][x] (axes the grid lacks left out), or flat over time
//!   CellData/<field>       instead of PointData for cell-centred grids
//!   Steps                  link to one of /pdesolve/steps/<i>: NSteps, Values, offsets
//! /pdesolve                case text, title, version, seed, schema, field names
//!   axes/<x>, <x>_faces    the grid, from which the reader builds an equal one
//!   history/<quantity>     columns over time; `rows` of them are complete
//!   summary                closing numbers as attributes
//!   steps/<i>              the lists of steps, used in turn
//! ```
//!
//! # What holds at any moment
//! Whoever opens the file while it grows, or after `kill -9`, finds a valid file with every step
//! that `NSteps` counts. The format takes care of it in five places:
//!
//! 1. The superblock has version 2. Version 3 keeps a mark "open for writing" that a kill leaves set
//!    and that makes readers refuse the file.
//! 2. Chunks are indexed by extensible arrays (HDF5 1.10), in which appending moves no entry. The
//!    B-trees of older formats split their nodes.
//! 3. Metadata lie in pages of 4 KiB and do not cross them: the system writes a page whole or not
//!    at all. Per-step columns are not compressed: a compressed chunk that grows moves.
//! 4. The file is kept longer than its superblock says (`VtkHdfWriter::reserve`).
//! 5. The list of steps changes in one write (`ring`).
//!
//! Checked by replaying the system calls of a writer one by one (`tests/vtk/replay.py`) and by
//! killing one 40 times (`tests/kill.rs`). The writer keeps the file open and takes no lock: a frame of
//! 256 points costs 0.2 to 0.7 ms, and readers are not shut out.
//!
//! What it is bad at: a power failure (frames are not synced to the disk, only
//! [`finish`](VtkHdfWriter::finish) does that), and many frames a second under VTK 9.7.2 (see
//! `docs/file-format.md`).

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
