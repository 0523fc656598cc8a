//! The objects of a new file, all of them made before anything is written into them.

use hdf5::plist::group_create::LinkPhaseChange;
use hdf5::{Attribute, Dataset, File, Group, SimpleExtents};
use ndarray::{ArrayView1, ArrayView2};
use pdesolve_core::FieldSpec;
use pdesolve_mesh::{Centring, Grid};

use super::layout::{Image, Kind, Layout, Mesh};
use super::ring::Ring;
use super::{COLUMN_CHUNK, FORMAT, RunMeta};
use crate::hdf;

/// A per-step column that always holds the same number (the mesh does not change).
#[derive(Debug)]
pub(super) struct Column {
    pub(super) dataset: Dataset,
    pub(super) value: i64,
    /// VTK wants some of them with a second axis of length 1.
    pub(super) two_axes: bool,
}

/// The objects of a new file.
pub(super) struct Parts {
    pub(super) data: Vec<Dataset>,
    pub(super) offsets: Vec<Dataset>,
    pub(super) constant: Vec<Column>,
    pub(super) ring: Ring,
    pub(super) history: Group,
    pub(super) n_rows: Attribute,
}

impl Parts {
    pub(super) fn new(
        file: &File,
        grid: &Grid,
        fields: &[FieldSpec],
        meta: &RunMeta,
        layout: &Layout,
    ) -> hdf5::Result<Self> {
        // Links in one block of the group's header, however many: the switch of `Ring` rewrites it.
        let compact = LinkPhaseChange {
            max_compact: 64,
            min_dense: 0,
        };
        let vtk = file
            .create_group_builder()
            .with_gcpl(|p| p.link_phase_change(compact))
            .create("VTKHDF")?;
        hdf::put(&vtk, "Version", &[2i64, 0])?;
        match layout.kind {
            Kind::Image => put_image(&vtk, grid)?,
            Kind::Unstructured => put_mesh(&vtk, grid)?,
        }
        let data_group = vtk.create_group(layout.group)?;
        let ours = file.create_group("pdesolve")?;
        let (ring, steps) = Ring::new(file, &vtk, &ours)?;
        let offset_group = steps.create_group(&format!("{}Offsets", layout.group))?;
        let mut data = Vec::with_capacity(fields.len());
        let mut offsets = Vec::with_capacity(fields.len());
        for field in fields {
            let mut extents = SimpleExtents::fixed(layout.shape(0)).to_vec();
            extents[0] = (0..).into();
            let dataset = data_group
                .new_dataset::<f64>()
                .shape(SimpleExtents::new(extents))
                .chunk(layout.chunk.clone())
                .shuffle()
                .deflate(4)
                .create(field.name.as_str())?;
            hdf::put_text(&dataset, "units", &field.units)?;
            data.push(dataset);
            offsets.push(hdf::column::<i64>(
                &offset_group,
                &field.name,
                COLUMN_CHUNK,
            )?);
        }
        let constant = match layout.kind {
            Kind::Image => Vec::new(),
            Kind::Unstructured => part_columns(&steps)?,
        };
        ring.share(file)?;
        let (history, n_rows) = put_meta(&ours, grid, fields, meta)?;
        Ok(Self {
            data,
            offsets,
            constant,
            ring,
            history,
            n_rows,
        })
    }
}

fn put_image(vtk: &Group, grid: &Grid) -> hdf5::Result<()> {
    let image = Image::of(grid);
    let [nx, ny, nz] = image.cells;
    hdf::put_ascii::<9>(vtk, "Type", "ImageData")?;
    hdf::put(vtk, "WholeExtent", &[0i64, nx, 0, ny, 0, nz])?;
    hdf::put(vtk, "Origin", &image.origin)?;
    hdf::put(vtk, "Spacing", &image.spacing)?;
    hdf::put(
        vtk,
        "Direction",
        &[1.0f64, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
    )
}

fn put_mesh(vtk: &Group, grid: &Grid) -> hdf5::Result<()> {
    let mesh = Mesh::of(grid);
    let cells = mesh.offsets.len() - 1;
    hdf::put_ascii::<16>(vtk, "Type", "UnstructuredGrid")?;
    for (name, n) in [
        ("NumberOfPoints", mesh.points.len()),
        ("NumberOfCells", cells),
        ("NumberOfConnectivityIds", mesh.connectivity.len()),
    ] {
        vtk.new_dataset_builder()
            .with_data(ArrayView1::from(&[n as i64]))
            .create(name)?;
    }
    let flat: Vec<f64> = mesh.points.iter().flatten().copied().collect();
    vtk.new_dataset_builder()
        .with_data(ArrayView2::from_shape((mesh.points.len(), 3), &flat)?)
        .create("Points")?;
    vtk.new_dataset_builder()
        .with_data(ArrayView1::from(&mesh.connectivity))
        .create("Connectivity")?;
    vtk.new_dataset_builder()
        .with_data(ArrayView1::from(&mesh.offsets))
        .create("Offsets")?;
    vtk.new_dataset_builder()
        .with_data(ArrayView1::from(&vec![mesh.cell_type; cells]))
        .create("Types")
        .map(drop)
}

/// The columns by which every step refers to the one mesh and its one part.
fn part_columns(steps: &Group) -> hdf5::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for (name, value) in [
        ("PartOffsets", 0),
        ("NumberOfParts", 1),
        ("PointOffsets", 0),
    ] {
        columns.push(Column {
            dataset: hdf::column::<i64>(steps, name, COLUMN_CHUNK)?,
            value,
            two_axes: false,
        });
    }
    for name in ["CellOffsets", "ConnectivityIdOffsets"] {
        let dataset = steps
            .new_dataset::<i64>()
            .shape(SimpleExtents::new([(0..).into(), hdf5::Extent::fixed(1)]))
            .chunk(vec![COLUMN_CHUNK, 1])
            .create(name)?;
        columns.push(Column {
            dataset,
            value: 0,
            two_axes: true,
        });
    }
    Ok(columns)
}

/// What `/pdesolve` says about the run; returns its history group with the count of rows.
fn put_meta(
    ours: &Group,
    grid: &Grid,
    fields: &[FieldSpec],
    meta: &RunMeta,
) -> hdf5::Result<(Group, Attribute)> {
    hdf::put_scalar(ours, "format", FORMAT)?;
    hdf::put_scalar(ours, "schema", u64::from(meta.schema))?;
    hdf::put_scalar(ours, "seed", meta.seed)?;
    hdf::put_text(ours, "version", &meta.version)?;
    hdf::put_text(ours, "title", &meta.title)?;
    // Attributes are limited to 64 KiB, datasets are not.
    ours.new_dataset::<hdf5::types::VarLenUnicode>()
        .create("case")?
        .write_scalar(&hdf::unicode(&meta.case_text)?)?;
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    ours.new_dataset_builder()
        .with_data(&hdf::unicodes(&names)?)
        .create("fields")?;
    let axes = ours.create_group("axes")?;
    hdf::put_text(
        &axes,
        "centring",
        match grid.centring() {
            Centring::Point => "point",
            Centring::Cell => "cell",
        },
    )?;
    for axis in grid.axes() {
        let name = axis.name().to_string();
        let samples = axes
            .new_dataset_builder()
            .with_data(ArrayView1::from(axis.samples()))
            .create(name.as_str())?;
        let lower = match grid.centring() {
            Centring::Point => axis.samples()[0],
            Centring::Cell => axis.faces()[0],
        };
        hdf::put_scalar(&samples, "periodic", axis.is_periodic())?;
        hdf::put_scalar(&samples, "uniform", axis.is_uniform())?;
        hdf::put_scalar(&samples, "lower", lower)?;
        hdf::put_scalar(&samples, "upper", lower + axis.length())?;
        axes.new_dataset_builder()
            .with_data(ArrayView1::from(axis.faces()))
            .create(format!("{name}_faces").as_str())?;
    }
    ours.create_group("summary")?;
    let history = ours.create_group("history")?;
    let n_rows = hdf::put_scalar(&history, "rows", 0u64)?;
    Ok((history, n_rows))
}
