//! Draws what a `[[plot]]` table asks for, from the output file of a run.

use std::path::{Path, PathBuf};

use pdesolve_io::plot::{
    Band, Curve, Frame, Labels, Scale, colour_map, history, lines_and_dots, lines_over, quantity,
    space_time,
};
use pdesolve_io::{IoError, VtkHdfFile};

use pdesolve_transport::Geometry;

use crate::names;
use crate::plots::{PlotKind, PlotParams};
use crate::results::ITERATION;
use crate::run::beside;
use crate::schema::{Case, is_absent};

/// Frames drawn as curves where the table names no times.
const CURVES: usize = 6;
/// Rows of a space-time map; more frames than this are thinned.
const ROWS: usize = 1000;

/// A picture that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read, or the picture not written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The kind does not fit the field.
    #[error("{kind} needs a field in {needed}, but the mesh has {found} axes")]
    Dimension {
        /// Kind of the picture.
        kind: &'static str,
        /// What it needs.
        needed: &'static str,
        /// Axes of the mesh.
        found: usize,
    },
    /// A field or a history column that is not there.
    #[error("{path} holds no {what} `{name}`; {help}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// `field` or `history of`.
        what: &'static str,
        /// Name asked for.
        name: String,
        /// The nearest, or all that there are.
        help: String,
    },
    /// A time that the run has not reached, or that lies before it.
    #[error("{path} has frames from t = {first} to {last}, none near t = {time}")]
    Time {
        /// The file.
        path: PathBuf,
        /// Time asked for.
        time: f64,
        /// Time of the first frame.
        first: f64,
        /// Time of the last frame.
        last: f64,
    },
    /// A plane that is not given by two fields.
    #[error(
        "a picture of trajectories is drawn in the plane of two fields, and there are {found}; name two with `names`"
    )]
    Plane {
        /// Fields named, or there.
        found: usize,
    },
    /// The file holds no frame yet.
    #[error("{0} holds no frame")]
    Empty(PathBuf),
}

/// The picture that suits a file whose case asks for none.
pub fn default_plots(file: &VtkHdfFile) -> Vec<PlotParams> {
    let kind = match (file.grid().dim(), file.times().len()) {
        _ if points_of(file) && file.fields().len() > 1 => PlotKind::Trajectories,
        (1, 0..=12) => PlotKind::Lines,
        (1, _) => PlotKind::SpaceTime,
        _ => PlotKind::Map,
    };
    vec![PlotParams {
        kind,
        field: None,
        times: None,
        names: None,
        log: false,
    }]
}

/// File names of the pictures of a run: `<stem>.png` for the first, `<stem>_2.png` and so on.
pub fn picture_path(output: &Path, number: usize) -> PathBuf {
    match number {
        0 => beside(output, ".png"),
        n => beside(output, &format!("_{}.png", n + 1)),
    }
}

/// Refuses times outside the run. A `[[plot]]` table may name them, for the case may be run to an
/// earlier end: it gets the nearest frame, labelled with its time.
///
/// # Errors
/// [`PictureError::Time`] for the first such time.
pub fn check_times(file: &VtkHdfFile, params: &PlotParams) -> Result<(), PictureError> {
    let (Some(&first), Some(&last)) = (file.times().first(), file.times().last()) else {
        return Err(PictureError::Empty(file.path().to_owned()));
    };
    let grain = 1e-9 * first.abs().max(last.abs());
    let outside = |t: &&f64| !(**t >= first - grain && **t <= last + grain);
    match params.times.iter().flatten().find(outside) {
        Some(&time) => Err(PictureError::Time {
            path: file.path().to_owned(),
            time,
            first,
            last,
        }),
        None => Ok(()),
    }
}

/// Draws one picture of `file` into `path` (`.png` or `.svg`).
///
/// # Errors
/// [`PictureError`]; no picture is then written.
pub fn draw(file: &VtkHdfFile, params: &PlotParams, path: &Path) -> Result<(), PictureError> {
    if file.times().is_empty() {
        return Err(PictureError::Empty(file.path().to_owned()));
    }
    match params.kind {
        PlotKind::Lines => draw_lines(file, params, path),
        PlotKind::SpaceTime => draw_space_time(file, params, path),
        PlotKind::Map => draw_map(file, params, path),
        PlotKind::History => draw_history(file, params, path),
        PlotKind::Trajectories => draw_trajectories(file, params, path),
    }
}

fn missing(file: &VtkHdfFile, what: &'static str, name: &str, valid: &[String]) -> PictureError {
    let valid = || valid.iter().map(String::as_str);
    PictureError::Missing {
        path: file.path().to_owned(),
        what,
        name: name.to_owned(),
        help: match names::nearest(name, valid()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", names::list(valid())),
        },
    }
}

/// Name and units of the field drawn.
fn field(file: &VtkHdfFile, params: &PlotParams) -> Result<(String, String), PictureError> {
    let fields = file.fields();
    let found = match &params.field {
        None => fields.first(),
        Some(name) => fields.iter().find(|spec| spec.name == *name),
    };
    found
        .map(|spec| (spec.name.clone(), spec.units.clone()))
        .ok_or_else(|| {
            let valid: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
            missing(file, "field", params.field.as_deref().unwrap_or(""), &valid)
        })
}

/// The frames nearest to the times asked for, or `default` frames spread over the run.
fn steps(file: &VtkHdfFile, params: &PlotParams, default: usize) -> Vec<usize> {
    let times = file.times();
    let last = times.len() - 1;
    let mut steps: Vec<usize> = match &params.times {
        Some(wanted) => wanted
            .iter()
            .map(|t| {
                let distance = |&k: &usize| (times[k] - t).abs();
                (0..=last)
                    .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                    .unwrap_or(last)
            })
            .collect(),
        None if default == 1 => vec![last],
        None => (0..default)
            .map(|i| (i * last + (default - 1) / 2) / (default - 1))
            .collect(),
    };
    steps.dedup();
    steps
}

/// What a frame is called: its time, or nothing where the problem has none.
fn frame_label(file: &VtkHdfFile, step: usize) -> Result<String, PictureError> {
    if is_steady(file)? {
        return Ok(String::new());
    }
    let t = file.times()[step];
    if case_of(file).is_some_and(|case| case.problem.sampling().is_some()) {
        return Ok(format!("step {t}"));
    }
    Ok(format!("t = {}", (t * 1e9).round() / 1e9))
}

/// Whether the file is that of a problem without time.
fn is_steady(file: &VtkHdfFile) -> Result<bool, PictureError> {
    let (columns, _) = file.history()?;
    Ok(columns.first().is_some_and(|name| name == ITERATION))
}

fn need_one_axis(file: &VtkHdfFile, kind: &'static str) -> Result<(), PictureError> {
    match file.grid().dim() {
        1 => Ok(()),
        found => Err(PictureError::Dimension {
            kind,
            needed: "one dimension",
            found,
        }),
    }
}

fn draw_lines(file: &VtkHdfFile, params: &PlotParams, path: &Path) -> Result<(), PictureError> {
    need_one_axis(file, "`lines`")?;
    let (name, units) = field(file, params)?;
    let axis = &file.grid().axes()[0];
    let transport = transport_of(file);
    let mut curves = Vec::new();
    for step in steps(file, params, CURVES) {
        let values = file.read(&name, step)?;
        let label = frame_label(file, step)?;
        let (x, y) = if transport.is_some() {
            stairs(axis.faces(), &values)
        } else {
            (axis.samples().to_vec(), values)
        };
        curves.push(Curve { label, x, y });
    }
    let labels = Labels {
        title: file.meta().title.clone(),
        x: match transport.as_ref().and_then(|case| case.problem.transport()) {
            None => "x".to_owned(),
            Some((problem, _)) if problem.geometry == Geometry::Slab => quantity("x", "cm"),
            Some(_) => quantity("r", "cm"),
        },
        y: quantity(&name, &units),
        value: String::new(),
    };
    Ok(lines_over(path, &labels, &curves, &bands(file))?)
}

/// The case of a file.
fn case_of(file: &VtkHdfFile) -> Option<Case> {
    toml::from_str::<Case>(&file.meta().case_text).ok()
}

/// The case of a file, where it is one of transport.
fn transport_of(file: &VtkHdfFile) -> Option<Case> {
    case_of(file).filter(|case| case.problem.transport().is_some())
}

/// Whether the file holds sampled points.
fn points_of(file: &VtkHdfFile) -> bool {
    case_of(file).is_some_and(|case| case.problem.sampling().is_some() && is_absent(&case.mesh))
}

/// Samples whose ways are drawn, at most.
const WAYS: usize = 200;

fn draw_trajectories(
    file: &VtkHdfFile,
    params: &PlotParams,
    path: &Path,
) -> Result<(), PictureError> {
    let fields: Vec<String> = file.fields().iter().map(|f| f.name.clone()).collect();
    let wanted = match &params.names {
        Some(names) => names.clone(),
        None => fields.iter().take(2).cloned().collect(),
    };
    let missing_name = wanted.iter().find(|name| !fields.contains(name));
    if let Some(name) = missing_name {
        return Err(missing(file, "field", name, &fields));
    }
    let [first, second] = &wanted[..] else {
        return Err(PictureError::Plane {
            found: wanted.len(),
        });
    };
    let count = file.grid().len().min(WAYS);
    let mut ways = vec![Curve::default(); count];
    for step in 0..file.times().len() {
        let (x, y) = (file.read(first, step)?, file.read(second, step)?);
        for (way, (x, y)) in ways.iter_mut().zip(x.iter().zip(&y)) {
            way.x.push(*x);
            way.y.push(*y);
        }
    }
    let last = |values: &Vec<f64>| values.last().copied().into_iter().collect();
    let ends: Vec<Curve> = (ways.iter())
        .map(|way| Curve {
            label: String::new(),
            x: last(&way.x),
            y: last(&way.y),
        })
        .collect();
    let labels = Labels {
        title: file.meta().title.clone(),
        x: first.clone(),
        y: second.clone(),
        value: String::new(),
    };
    Ok(lines_and_dots(
        path,
        &labels,
        &ways,
        &ends,
        Scale::Linear,
        Scale::Linear,
    )?)
}

/// Averages over cells as what they are: constant from face to face.
fn stairs(faces: &[f64], values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let x = faces.windows(2).flat_map(|pair| [pair[0], pair[1]]);
    let y = values.iter().flat_map(|&value| [value, value]);
    (x.collect(), y.collect())
}

/// The regions of a transport problem, shaded by material; none in other problems.
fn bands(file: &VtkHdfFile) -> Vec<Band> {
    let Some(case) = transport_of(file) else {
        return Vec::new();
    };
    let Some((problem, _)) = case.problem.transport() else {
        return Vec::new();
    };
    let faces = file.grid().axes()[0].faces();
    let mut materials: Vec<&str> = Vec::new();
    let mut bands = Vec::new();
    for region in &problem.regions {
        let shade = (materials.iter().position(|m| *m == region.material)).unwrap_or_else(|| {
            materials.push(&region.material);
            materials.len() - 1
        });
        bands.push(Band {
            from: region.from.unwrap_or(faces[0]),
            to: region.to.unwrap_or(faces[faces.len() - 1]),
            label: region.material.clone(),
            shade,
        });
    }
    bands
}

fn draw_space_time(
    file: &VtkHdfFile,
    params: &PlotParams,
    path: &Path,
) -> Result<(), PictureError> {
    need_one_axis(file, "`space_time`")?;
    let (name, units) = field(file, params)?;
    let stride = file.times().len().div_ceil(ROWS);
    let mut times = Vec::new();
    let mut values = Vec::new();
    for step in (0..file.times().len()).step_by(stride) {
        times.push(file.times()[step]);
        values.push(file.read(&name, step)?);
    }
    let labels = Labels {
        title: file.meta().title.clone(),
        x: "x".to_owned(),
        y: "t".to_owned(),
        value: quantity(&name, &units),
    };
    let x = file.grid().axes()[0].samples();
    Ok(space_time(path, &labels, x, &times, &values)?)
}

fn draw_map(file: &VtkHdfFile, params: &PlotParams, path: &Path) -> Result<(), PictureError> {
    let grid = file.grid();
    if grid.dim() < 2 {
        return Err(PictureError::Dimension {
            kind: "`map`",
            needed: "two or three dimensions",
            found: grid.dim(),
        });
    }
    let (name, units) = field(file, params)?;
    let (x, y) = (grid.axes()[0].samples(), grid.axes()[1].samples());
    let plane = x.len() * y.len();
    let middle = grid.axes().get(2).map_or(0, |z| z.len() / 2) * plane;
    let mut shown = Vec::new();
    for step in steps(file, params, 1) {
        let values = file.read(&name, step)?;
        shown.push((
            frame_label(file, step)?,
            values[middle..middle + plane].to_vec(),
        ));
    }
    let frames: Vec<Frame<'_>> = shown
        .iter()
        .map(|(title, values)| Frame {
            title: title.clone(),
            values,
        })
        .collect();
    let labels = Labels {
        title: file.meta().title.clone(),
        x: "x".to_owned(),
        y: "y".to_owned(),
        value: quantity(&name, &units),
    };
    Ok(colour_map(path, &labels, x, y, &frames)?)
}

/// Draws one history of each of several files, as curves in one picture; the labels are the names
/// of the files.
///
/// # Errors
/// [`PictureError`]; no picture is then written.
pub fn draw_histories(
    files: &[VtkHdfFile],
    name: &str,
    log: bool,
    path: &Path,
) -> Result<(), PictureError> {
    let mut curves = Vec::new();
    let mut axis = "t".to_owned();
    for file in files {
        let (columns, rows) = file.history()?;
        let column = (columns.iter().position(|c| c == name))
            .ok_or_else(|| missing(file, "history of", name, &columns))?;
        if columns.first().is_some_and(|first| first == ITERATION) {
            axis = ITERATION.to_owned();
        }
        let stem = file.path().file_stem().unwrap_or_default();
        curves.push(Curve {
            label: stem.to_string_lossy().into_owned(),
            x: rows.iter().map(|row| row[0]).collect(),
            y: rows.iter().map(|row| row[column]).collect(),
        });
    }
    let labels = Labels {
        title: files
            .first()
            .map_or(String::new(), |file| file.meta().title.clone()),
        x: axis,
        y: name.to_owned(),
        value: String::new(),
    };
    Ok(history(path, &labels, &curves, scale(log))?)
}

fn scale(log: bool) -> Scale {
    if log { Scale::Log } else { Scale::Linear }
}

fn draw_history(file: &VtkHdfFile, params: &PlotParams, path: &Path) -> Result<(), PictureError> {
    let (columns, rows) = file.history()?;
    let wanted = match &params.names {
        Some(names) => names.clone(),
        None => {
            let first = if is_steady(file)? { 1 } else { 3 };
            columns.iter().skip(first).take(1).cloned().collect()
        }
    };
    let t: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let mut curves = Vec::new();
    for name in &wanted {
        let column = columns
            .iter()
            .position(|c| c == name)
            .ok_or_else(|| missing(file, "history of", name, &columns))?;
        curves.push(Curve {
            label: name.clone(),
            x: t.clone(),
            y: rows.iter().map(|row| row[column]).collect(),
        });
    }
    let labels = Labels {
        title: file.meta().title.clone(),
        x: match columns.first() {
            Some(name) if name == ITERATION => ITERATION.to_owned(),
            _ => "t".to_owned(),
        },
        y: if wanted.len() == 1 {
            wanted[0].clone()
        } else {
            String::new()
        },
        value: String::new(),
    };
    Ok(history(path, &labels, &curves, scale(params.log))?)
}
