//! The command line: one table makes parsing, help and completions.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Solves partial differential equations described in case files.
#[derive(Debug, Parser)]
#[command(
    name = "pdesolve",
    version,
    after_help = "First steps:\n  pdesolve run cases/burgers.toml\n  pdesolve new mine && pdesolve run mine.toml\n\nExit codes: 0 done, 1 ran but failed, 2 bad input, 130 interrupted with the state saved."
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a case
    Run(Run),
    /// Check cases without running them
    Check(Check),
    /// Write a commented case to start from
    New(New),
    /// List problems, solvers, and the cases below `cases/`
    List,
    /// Show the equation and the parameters of a problem or solver
    Show(Show),
    /// Draw an output file as PNG or SVG
    Plot(Plot),
    /// Refine step or mesh and hold the observed order against the expected one
    Converge(Converge),
    /// Run a case for every combination of some of its values
    Sweep(Sweep),
    /// Run cases and hold their results against their `[[expect]]` tables
    Verify(Verify),
    /// Sample a distribution from noise to data, or compare samplers on it
    Sample(Sample),
    /// Solve a linear system from a Matrix Market or HDF5 file
    Linsolve(Linsolve),
    /// Spectral radii of transport iterations over cell thickness, predicted and measured
    Fourier(Fourier),
    /// Print the JSON Schema of case files, for editors
    Schema,
    /// Explain an error code
    Explain(Explain),
    /// Print completions for a shell
    Completions(Completions),
}

/// A number of threads: beyond some thousand the system has no more, and the program would hang.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("expected a whole number from 1 to 1024".to_owned()),
    }
}

/// `pdesolve run`
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The case file
    pub(crate) case: PathBuf,
    /// Change a value of the case, for instance `--set time.end=20`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Continue from the checkpoint beside the output file, if there is one
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Output file, or a folder for it [default: CASE.vtkhdf in this folder]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Threads to use [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Start afresh even where an unfinished run, or a foreign file, is lost by it
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the effective case, defaults filled in, and stop
    #[arg(long)]
    pub(crate) print_config: bool,
    /// How much to say
    #[command(flatten)]
    pub(crate) voice: Voice,
}

/// How much to say, and how.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Voice {
    /// Say nothing but errors
    #[arg(long, short, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Say more: settings before the run, every frame as it is written
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Progress and summary as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `pdesolve check`
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The case files
    #[arg(required = true)]
    pub(crate) cases: Vec<PathBuf>,
    /// Change a value of all these cases
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// `pdesolve new`
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Name of the case: NAME.toml is written, and nothing is overwritten
    pub(crate) name: PathBuf,
    /// The problem, one of `pdesolve list`
    #[arg(long, default_value = "burgers")]
    pub(crate) kind: String,
}

/// `pdesolve show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// A problem or solver of `pdesolve list`
    pub(crate) kind: String,
}

/// `pdesolve plot`
#[derive(Debug, clap::Args)]
pub(crate) struct Plot {
    /// An output file of `pdesolve run`
    pub(crate) file: PathBuf,
    /// More output files, whose histories are drawn into one picture with that of the first; give
    /// the quantity with `--name`
    pub(crate) others: Vec<PathBuf>,
    /// Kind of picture [default: what suits the file]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<PictureKind>,
    /// Field to draw [default: the first]
    #[arg(long)]
    pub(crate) field: Option<String>,
    /// Time to draw; may be given several times
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) time: Vec<f64>,
    /// Quantity to draw, with `--kind history`; may be given several times
    #[arg(long)]
    pub(crate) name: Vec<String>,
    /// Logarithmic value axis, with `--kind history`
    #[arg(long)]
    pub(crate) log: bool,
    /// The picture, .png or .svg [default: FILE.png beside the file]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

/// Kinds of pictures.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum PictureKind {
    /// A 1-D field as curves, one a time
    Lines,
    /// A 1-D field over x and t, as colours
    SpaceTime,
    /// A 2-D field as colours
    Map,
    /// Quantities over time
    History,
    /// The ways of sampled points in the plane of two fields
    Trajectories,
}

/// `pdesolve converge`
#[derive(Debug, clap::Args)]
pub(crate) struct Converge {
    /// A case file with a `[converge]` table
    pub(crate) case: PathBuf,
    /// Change a value of the case
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// The result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw error against step or mesh width into this file, .png or .svg
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

/// `pdesolve sweep`
#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    /// The case file
    pub(crate) case: PathBuf,
    /// Vary a value of the case; several keys make all combinations, the last varying fastest
    /// [default: those of the table [sweep]]
    #[arg(long, value_name = "KEY=V1,V2,...")]
    pub(crate) vary: Vec<String>,
    /// Quantities to report, columns of the history and `seconds` [default: those monitored]
    #[arg(long, value_name = "NAME,...")]
    pub(crate) report: Vec<String>,
    /// Write the table into this file as comma-separated values, each row as soon as it is known
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Draw the table into this file, .png or .svg: a curve for each combination of the keys that
    /// are not along the axis
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Key along the horizontal axis [default: the first whose values are numbers]
    #[arg(long, value_name = "KEY")]
    pub(crate) x: Option<String>,
    /// Logarithmic horizontal axis
    #[arg(long)]
    pub(crate) log_x: bool,
    /// Logarithmic vertical axis
    #[arg(long)]
    pub(crate) log_y: bool,
    /// Change a value of the case at all points
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Keep the output files in this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Threads to use [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Each point as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `pdesolve verify`
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The case files [default: all in `cases/`]
    pub(crate) cases: Vec<PathBuf>,
    /// Check also the expectations that take long
    #[arg(long)]
    pub(crate) long: bool,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Keep the output files in this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
}

/// `pdesolve sample`
#[derive(Debug, clap::Args)]
pub(crate) struct Sample {
    /// A case file of the kind `sampling`
    pub(crate) case: PathBuf,
    /// Change a value of the case, for instance `--set solver.steps=10`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Instead of the sampler of the case, hold several against the exact flow, each in several
    /// numbers of steps [default list: all]
    #[arg(long, value_name = "NAME,...", num_args = 0..=1, default_missing_value = "", value_delimiter = ',')]
    pub(crate) compare: Option<Vec<String>>,
    /// Numbers of steps, with `--compare`
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = [5, 10, 20, 40, 80, 160])]
    pub(crate) steps: Vec<usize>,
    /// Write the table of `--compare` into this file as comma-separated values
    #[arg(long, value_name = "FILE", requires = "compare")]
    pub(crate) csv: Option<PathBuf>,
    /// Draw error over evaluations into this file, .png or .svg, with `--compare`
    #[arg(long, value_name = "FILE", requires = "compare")]
    pub(crate) plot: Option<PathBuf>,
    /// Continue from the checkpoint beside the output file, if there is one
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Output file, or a folder for it [default: CASE.vtkhdf in this folder]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Threads to use [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Start afresh even where an unfinished run, or a foreign file, is lost by it
    #[arg(long)]
    pub(crate) force: bool,
    /// How much to say
    #[command(flatten)]
    pub(crate) voice: Voice,
}

/// `pdesolve fourier`
#[derive(Debug, clap::Args)]
pub(crate) struct Fourier {
    /// How a cell is solved: step, diamond_difference, linear_discontinuous, ...
    #[arg(long, default_value = "linear_discontinuous")]
    pub(crate) scheme: String,
    /// Family of the quadrature: double_gauss, gauss_legendre or lobatto
    #[arg(long, default_value = "gauss_legendre")]
    pub(crate) quadrature: String,
    /// Order N of the quadrature
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) order: usize,
    /// none, consistent or interior_penalty
    #[arg(long, default_value = "consistent")]
    pub(crate) acceleration: String,
    /// Penalty constant C of interior_penalty
    #[arg(long, value_name = "C", default_value_t = 2.0)]
    pub(crate) constant: f64,
    /// Scattering ratios
    #[arg(long, value_name = "C,...", value_delimiter = ',', default_values_t = [0.5, 0.9, 0.99, 0.9999, 1.0])]
    pub(crate) ratio: Vec<f64>,
    /// Thinnest cell, mean free paths
    #[arg(long, default_value_t = 1e-3)]
    pub(crate) from: f64,
    /// Thickest cell, mean free paths
    #[arg(long, default_value_t = 1e3)]
    pub(crate) to: f64,
    /// Number of thicknesses, evenly in the logarithm
    #[arg(long, value_name = "N", default_value_t = 25)]
    pub(crate) points: usize,
    /// Measure each radius with the solver as well, in so many iterations (60 settle it to
    /// about two percent, more for thick cells without absorption)
    #[arg(long, value_name = "ITERATIONS", default_value_t = 0)]
    pub(crate) measure: usize,
    /// Write the table into this file as comma-separated values
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Draw the radii into this file, .png or .svg
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

/// `pdesolve linsolve`
#[derive(Debug, clap::Args)]
pub(crate) struct Linsolve {
    /// The matrix: Matrix Market (.mtx, .mtx.gz), or HDF5 with `indptr`, `indices`, `data`
    pub(crate) matrix: PathBuf,
    /// The right-hand side: a file, or a seed for noise [default: `b` of the HDF5 file, else seed 0]
    #[arg(long, value_name = "FILE|SEED")]
    pub(crate) rhs: Option<String>,
    /// The method: auto, cg, minres, gmres, bicgstab, ...
    #[arg(long, default_value = "auto")]
    pub(crate) method: String,
    /// The preconditioner: auto, none, jacobi, ic0, ilut, amg, ...
    #[arg(long, visible_alias = "preconditioner", default_value = "auto")]
    pub(crate) pc: String,
    /// Relative tolerance on the residual
    #[arg(long, value_name = "TOLERANCE", allow_negative_numbers = true)]
    pub(crate) rtol: Option<f64>,
    /// Most iterations
    #[arg(long, value_name = "N")]
    pub(crate) max_iterations: Option<usize>,
    /// Change an option of the solver, for instance `--set restart=50`, `--set amg.theta=0.08`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Solve by several pairs and print a table: `--compare cg+ic0,cg+amg` [default list: what
    /// suits the matrix]
    #[arg(long, value_name = "METHOD+PC,...", num_args = 0..=1, default_missing_value = "")]
    pub(crate) compare: Option<String>,
    /// Group of the matrix in an HDF5 file that holds several
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Where x and the residual history go, .h5 or .mtx [default: NAME.solution.h5 in this folder]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// The residual plot, .png or .svg [default: NAME.residuals.png in this folder]
    #[arg(long, value_name = "PATH")]
    pub(crate) plot: Option<PathBuf>,
    /// Threads to use [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Overwrite files that are not solutions of an earlier call
    #[arg(long)]
    pub(crate) force: bool,
    /// How much to say
    #[command(flatten)]
    pub(crate) voice: Voice,
}

/// `pdesolve explain`
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A code such as E0201; without one, all codes are listed
    pub(crate) code: Option<String>,
}

/// `pdesolve completions`
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
