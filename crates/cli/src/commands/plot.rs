//! `pdesolve plot`: pictures of an output file.

use std::path::{Path, PathBuf};

use pdesolve::case::pictures::{
    PictureError, check_times, default_plots, draw, draw_histories, picture_path,
};
use pdesolve::case::plots::{PlotKind, PlotParams};
use pdesolve::case::schema::Case;
use pdesolve::case::{Diagnostic, Diagnostics, file_fault};
use pdesolve::core::codes;
use pdesolve::io::{IoError, VtkHdfFile};

use crate::args;
use crate::terminal::{Exit, refuse, say};

pub(crate) fn plot(args: &args::Plot) -> Exit {
    if !args.others.is_empty() {
        return compare(args);
    }
    let file = match open(&args.file) {
        Ok(file) => file,
        Err(diagnostic) => return refuse(*diagnostic),
    };
    let mut plots = default_plots(&file);
    let named = (!args.name.is_empty()).then_some(args::PictureKind::History);
    if let Some(kind) = args.kind.or(named) {
        plots.truncate(1);
        if let Some(plot) = plots.first_mut() {
            plot.kind = kind.into();
        }
    }
    for plot in &mut plots {
        plot.field.clone_from(&args.field);
        if !args.time.is_empty() {
            plot.times = Some(args.time.clone());
        }
        if !args.name.is_empty() {
            plot.names = Some(args.name.clone());
        }
        plot.log = args.log;
    }
    for (number, plot) in plots.iter().enumerate() {
        if let Err(error) = check_times(&file, plot) {
            return refuse(fault(&error));
        }
        let path = match (&args.output, number) {
            (Some(path), 0) => path.clone(),
            _ => picture_path(&args.file, number),
        };
        if let Err(error) = draw(&file, plot, &path) {
            return refuse(fault(&error));
        }
        say(&format!("Wrote {}", path.display()));
    }
    Exit::Done
}

fn open(path: &Path) -> Result<VtkHdfFile, Box<Diagnostic>> {
    VtkHdfFile::open(path).map_err(|error| {
        Box::new(match error {
            IoError::IsDirectory { path } => Diagnostic::error(
                codes::NOT_OUR_FILE,
                format!("`{}` is a folder, not an output file", path.display()),
            )
            .help("give one of its files: `pdesolve plot FOLDER/NAME.vtkhdf`"),
            error => file_fault(&error),
        })
    })
}

/// Histories of several files in one picture.
fn compare(args: &args::Plot) -> Exit {
    let [name] = args.name.as_slice() else {
        return refuse(
            Diagnostic::error(
                codes::NO_SUCH_OUTPUT,
                "several files are compared by the history of one quantity",
            )
            .help("name it: `--name residual`"),
        );
    };
    let mut files = Vec::new();
    for path in std::iter::once(&args.file).chain(&args.others) {
        match open(path) {
            Ok(file) => files.push(file),
            Err(diagnostic) => return refuse(*diagnostic),
        }
    }
    let path = match &args.output {
        Some(path) => path.clone(),
        None => picture_path(&args.file, 0),
    };
    if let Err(error) = draw_histories(&files, name, args.log, &path) {
        return refuse(fault(&error));
    }
    say(&format!("Wrote {}", path.display()));
    Exit::Done
}

/// Draws the pictures that a case asks for, and returns their paths.
pub(crate) fn draw_all(case: &Case, output: &Path) -> Result<Vec<PathBuf>, Diagnostics> {
    if case.plot.is_empty() {
        return Ok(Vec::new());
    }
    let file = VtkHdfFile::open(output).map_err(|error| Diagnostics::from(file_fault(&error)))?;
    let draw_one = |(number, plot): (usize, &PlotParams)| {
        let path = picture_path(output, number);
        draw(&file, plot, &path)
            .map_err(|error| Diagnostics::from(fault(&error)))
            .map(|()| path)
    };
    case.plot.iter().enumerate().map(draw_one).collect()
}

fn fault(error: &PictureError) -> Diagnostic {
    match error {
        PictureError::Io(error) => file_fault(error),
        other => Diagnostic::error(codes::NOT_OUR_FILE, other.to_string()),
    }
}

impl From<args::PictureKind> for PlotKind {
    fn from(kind: args::PictureKind) -> Self {
        match kind {
            args::PictureKind::Lines => Self::Lines,
            args::PictureKind::SpaceTime => Self::SpaceTime,
            args::PictureKind::Map => Self::Map,
            args::PictureKind::History => Self::History,
            args::PictureKind::Trajectories => Self::Trajectories,
        }
    }
}
