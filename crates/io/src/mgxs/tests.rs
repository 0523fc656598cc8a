use std::path::{Path, PathBuf};

use hdf5::{File, Group};
use ndarray::{ArrayView1, ArrayView2};

use super::*;
use crate::hdf;

fn numbers(group: &Group, name: &str, values: &[f64]) {
    group
        .new_dataset_builder()
        .with_data(ArrayView1::from(values))
        .create(name)
        .unwrap();
}

fn matrix(group: &Group, name: &str, rows: usize, values: &[f64]) {
    let shape = (rows, values.len() / rows);
    group
        .new_dataset_builder()
        .with_data(ArrayView2::from_shape(shape, values).unwrap())
        .create(name)
        .unwrap();
}

fn library(path: &Path, groups: i64, families: i64, bounds: &[f64]) -> File {
    hdf::silence();
    let file = File::create(path).unwrap();
    hdf::put_ascii::<4>(&file, "filetype", "mgxs").unwrap();
    hdf::put(&file, "version", &[1_i64, 0]).unwrap();
    hdf::put_scalar(&file, "energy_groups", groups).unwrap();
    hdf::put_scalar(&file, "delayed_groups", families).unwrap();
    hdf::put(&file, "group structure", bounds).unwrap();
    file
}

/// An entry of two groups with first-order scattering, and its group of data at 294 K.
fn entry(file: &File, name: &str) -> (Group, Group) {
    let entry = file.create_group(name).unwrap();
    hdf::put_ascii::<9>(&entry, "representation", "isotropic").unwrap();
    hdf::put_ascii::<8>(&entry, "scatter_format", "legendre").unwrap();
    hdf::put_ascii::<14>(&entry, "scatter_shape", "[G][G'][Order]").unwrap();
    hdf::put_scalar(&entry, "order", 1_i64).unwrap();
    let kts = entry.create_group("kTs").unwrap();
    let kt = kts.new_dataset::<f64>().create("294K").unwrap();
    kt.write_scalar(&(294.0 * 8.617_333_262e-5)).unwrap();
    let data = entry.create_group("294K").unwrap();
    numbers(&data, "total", &[1.0, 2.0]);
    numbers(&data, "absorption", &[0.25, 0.5]);
    let scatter = data.create_group("scatter_data").unwrap();
    // The fast group scatters to both, the slow one to itself.
    for (name, values) in [("g_min", [1_i64, 2]), ("g_max", [2, 2])] {
        scatter
            .new_dataset_builder()
            .with_data(&values)
            .create(name)
            .unwrap();
    }
    numbers(
        &scatter,
        "scatter_matrix",
        &[0.5, 0.125, 0.25, 0.0625, 1.5, -0.25],
    );
    (entry, data)
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mgxs.h5");
    (directory, path)
}

fn refused(path: &Path, parts: &[&str]) {
    let text = read(path).unwrap_err().to_string();
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn a_compressed_scattering_matrix_is_unfolded_with_its_moments() {
    let (_directory, path) = file();
    entry(&library(&path, 2, 0, &[1e-5, 0.625, 2e7]), "water");
    let library = read(&path).unwrap();
    assert_eq!(library.groups, 2);
    assert_eq!(library.energy_bounds, [2e7, 0.625, 1e-5]);
    assert_eq!(library.names().collect::<Vec<_>>(), ["water"]);
    let data = library.entry("water").unwrap().nearest(300.0).unwrap();
    assert!((data.temperature - 294.0).abs() < 1e-9);
    assert_eq!(data.total, [1.0, 2.0]);
    assert_eq!(data.absorption, [0.25, 0.5]);
    assert_eq!(data.scattering[0], [0.5, 0.25, 0.0, 1.5]);
    assert_eq!(data.scattering[1], [0.125, 0.0625, 0.0, -0.25]);
    assert_eq!(data.production, None);
    assert_eq!(data.fission, [0.0, 0.0]);
    assert!(data.inverse_velocity.is_empty());
}

#[test]
fn multiplicity_and_inverse_velocity_are_read() {
    let (_directory, path) = file();
    let (_, data) = entry(&library(&path, 2, 0, &[1e-5, 0.625, 2e7]), "lead");
    numbers(&data, "scatter_data/multiplicity_matrix", &[2.0, 1.0, 1.0]);
    numbers(&data, "inverse-velocity", &[1e-9, 4e-6]);
    drop(data);
    let library = read(&path).unwrap();
    let data = &library.entries[0].temperatures[0];
    assert_eq!(data.scattering[0], [1.0, 0.25, 0.0, 1.5]);
    assert_eq!(data.scattering[1], [0.25, 0.0625, 0.0, -0.25]);
    assert_eq!(data.inverse_velocity, [1e-9, 4e-6]);
}

#[test]
fn production_is_read_as_a_vector_and_as_a_matrix() {
    let (_directory, path) = file();
    let library = library(&path, 2, 0, &[1e-5, 0.625, 2e7]);
    let (_, vector) = entry(&library, "vector");
    numbers(&vector, "fission", &[0.1, 0.2]);
    numbers(&vector, "nu-fission", &[0.25, 0.5]);
    numbers(&vector, "chi", &[1.5, 0.5]);
    let (_, table) = entry(&library, "matrix");
    matrix(&table, "nu-fission", 2, &[0.75, 0.25, 2.0, 0.0]);
    drop((library, vector, table));
    let library = read(&path).unwrap();
    let production = |name: &str| {
        let data = &library.entry(name).unwrap().temperatures[0];
        data.production.clone().unwrap()
    };
    assert_eq!(production("vector").nu_fission, [0.25, 0.5]);
    assert_eq!(production("vector").spectrum, [0.75, 0.25, 0.75, 0.25]);
    assert_eq!(
        library.entry("vector").unwrap().temperatures[0].fission,
        [0.1, 0.2]
    );
    assert_eq!(production("matrix").nu_fission, [1.0, 2.0]);
    assert_eq!(production("matrix").spectrum, [0.75, 0.25, 1.0, 0.0]);
}

#[test]
fn delayed_particles_are_read_from_fractions_and_from_production_apart() {
    let (_directory, path) = file();
    let library = library(&path, 2, 2, &[1e-5, 0.625, 2e7]);
    for name in ["beta", "by group", "apart", "prompt and beta"] {
        let (_, data) = entry(&library, name);
        numbers(&data, "chi-prompt", &[1.0, 0.0]);
        numbers(&data, "decay-rate", &[0.125, 3.0]);
        match name {
            "apart" => {
                numbers(&data, "prompt-nu-fission", &[0.875, 1.75]);
                matrix(
                    &data,
                    "delayed-nu-fission",
                    2,
                    &[0.0625, 0.125, 0.0625, 0.125],
                );
                matrix(&data, "chi-delayed", 2, &[0.5, 0.5, 0.25, 0.75]);
            }
            "prompt and beta" => {
                numbers(&data, "prompt-nu-fission", &[0.875, 1.75]);
                numbers(&data, "beta", &[0.0625, 0.0625]);
                numbers(&data, "chi-delayed", &[0.5, 0.5]);
            }
            "beta" => {
                numbers(&data, "nu-fission", &[1.0, 2.0]);
                numbers(&data, "beta", &[0.0625, 0.0625]);
                numbers(&data, "chi-delayed", &[0.5, 0.5]);
            }
            _ => {
                numbers(&data, "nu-fission", &[1.0, 2.0]);
                matrix(&data, "beta", 2, &[0.0625, 0.125, 0.25, 0.5]);
            }
        }
    }
    drop(library);
    let library = read(&path).unwrap();
    let production = |name: &str| {
        let data = &library.entry(name).unwrap().temperatures[0];
        data.production.clone().unwrap()
    };
    for name in ["beta", "apart", "prompt and beta"] {
        let found = production(name);
        assert_eq!(found.nu_fission, [1.0, 2.0], "{name}");
        for family in &found.families {
            assert_eq!(family.fraction, [0.0625, 0.0625], "{name}");
        }
        assert_eq!(found.families[1].decay, 3.0);
        assert_eq!(found.families[0].spectrum, [0.5, 0.5]);
    }
    assert_eq!(production("apart").families[1].spectrum, [0.25, 0.75]);
    let found = production("by group");
    assert_eq!(found.families[1].fraction, [0.25, 0.5]);
    assert_eq!(found.families[1].spectrum, [1.0, 0.0]);
}

#[test]
fn the_nearest_temperature_is_taken() {
    let (_directory, path) = file();
    let library = library(&path, 2, 0, &[1e-5, 0.625, 2e7]);
    let (water, _) = entry(&library, "water");
    let kts = water.group("kTs").unwrap();
    let kt = kts.new_dataset::<f64>().create("600K").unwrap();
    kt.write_scalar(&(600.0 * 8.617_333_262e-5)).unwrap();
    let (_, hot) = entry(&library, "hot");
    numbers(&hot, "fission", &[0.5, 0.5]);
    library.relink("hot/294K", "water/600K").unwrap();
    library.unlink("hot").unwrap();
    drop((library, water, kts, kt, hot));
    let library = read(&path).unwrap();
    let water = library.entry("water").unwrap();
    assert_eq!(water.temperatures.len(), 2);
    for (wanted, found) in [(0.0, 294.0), (440.0, 294.0), (450.0, 600.0), (900.0, 600.0)] {
        let temperature = water.nearest(wanted).unwrap().temperature;
        assert!(
            (temperature - found).abs() < 1e-9,
            "{wanted}: {temperature}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let (_directory, path) = file();
    let new = || library(&path, 2, 0, &[1e-5, 0.625, 2e7]);
    let replace = |group: &Group, name: &str, values: &[f64]| {
        group.unlink(name).unwrap();
        numbers(group, name, values);
    };
    let reword = |group: &Group, name: &str, text: &str| {
        group.delete_attr(name).unwrap();
        hdf::put_ascii::<16>(group, name, text).unwrap();
    };

    reword(&entry(&new(), "m").0, "representation", "angle");
    refused(&path, &["m/representation", "`angle`", "`isotropic`"]);
    reword(&entry(&new(), "m").0, "scatter_format", "histogram");
    refused(&path, &["m/scatter_format", "`histogram`", "`legendre`"]);
    reword(&entry(&new(), "m").0, "scatter_shape", "[Order][G][G']");
    refused(&path, &["m/scatter_shape", "[G][G'][Order]"]);
    entry(&new(), "m").0.delete_attr("order").unwrap();
    refused(&path, &["m/order"]);
    entry(&new(), "m").1.unlink("absorption").unwrap();
    refused(&path, &["m/294K/absorption", "nothing", "2 numbers"]);
    replace(&entry(&new(), "m").1, "total", &[1.0, 2.0, 3.0]);
    refused(&path, &["m/294K/total", "[3]", "2 numbers"]);
    replace(&entry(&new(), "m").1, "total", &[1.0, f64::NAN]);
    refused(&path, &["m/294K/total", "NaN"]);
    replace(&entry(&new(), "m").1, "scatter_data/g_max", &[3.0, 2.0]);
    refused(&path, &["g_max", "from 1 to 2"]);
    replace(&entry(&new(), "m").1, "scatter_data/g_min", &[1.0, 0.0]);
    refused(&path, &["g_min", "from 1 to 2"]);
    replace(&entry(&new(), "m").1, "scatter_data/g_max", &[2.0, 1.0]);
    refused(&path, &["g_min", "no more than g_max"]);
    replace(
        &entry(&new(), "m").1,
        "scatter_data/scatter_matrix",
        &[1.0; 5],
    );
    refused(&path, &["scatter_matrix", "[5]", "6 numbers"]);
    numbers(&entry(&new(), "m").1, "nu-fission", &[1.0, 2.0]);
    refused(&path, &["m/294K/chi", "vector"]);
    {
        let other = library(&path, 2, 2, &[1e-5, 0.625, 2e7]);
        let (_, data) = entry(&other, "m");
        numbers(&data, "chi", &[1.0, 0.0]);
        numbers(&data, "prompt-nu-fission", &[1.0, 2.0]);
        numbers(&data, "beta", &[0.5, 0.5]);
    }
    refused(&path, &["m/294K/beta", "sum of 1", "less than 1"]);
    library(&path, 5001, 0, &[1e-5, 2e7]);
    refused(&path, &["energy_groups", "5001", "1 to 5000"]);
    {
        let (group, _) = entry(&new(), "m");
        group.delete_attr("order").unwrap();
        hdf::put(&group, "order", &[100_000_000_i64]).unwrap();
    }
    refused(&path, &["scatter_matrix", "order 100000000", "groups^2"]);
    entry(&new(), "m").0.unlink("294K").unwrap();
    refused(&path, &["no data"]);
    reword(&new(), "filetype", "statepoint");
    refused(&path, &["`statepoint`", "`mgxs`"]);
    new().delete_attr("filetype").unwrap();
    refused(&path, &["not a multigroup", "filetype"]);
    library(&path, 2, 0, &[1e-5, 2e7]);
    refused(&path, &["group structure", "3 rising"]);
    {
        let other = new();
        other.delete_attr("version").unwrap();
        hdf::put(&other, "version", &[2_i64, 0]).unwrap();
    }
    refused(&path, &["version 2"]);
    refused(Path::new("nowhere.h5"), &["no file"]);
}

#[test]
fn a_library_that_openmc_wrote_is_read() {
    // Made with openmc 0.16: two materials of C5G7 at 600 K with P1 moments a tenth of P0, a
    // multiplicity of 1.25 within group 1, speeds 1e8/g cm/s, and two families in MOX87.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openmc_mgxs.h5");
    let library = read(&path).unwrap();
    assert_eq!(library.groups, 7);
    assert_eq!(library.energy_bounds[..3], [2e7, 1e6, 5e5]);
    assert_eq!(library.names().collect::<Vec<_>>(), ["MOX87", "UO2"]);
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} {b}");
    let uo2 = &library.entry("UO2").unwrap().temperatures[0];
    assert!((uo2.temperature - 600.0).abs() < 1e-4);
    close(uo2.total[6], 0.564406);
    close(uo2.fission[6], 0.216004);
    close(uo2.inverse_velocity[2], 3e-8);
    assert_eq!(uo2.scattering.len(), 2);
    for (l, scale) in [1.0, 0.1].into_iter().enumerate() {
        let moment = &uo2.scattering[l];
        close(moment[0], scale * 1.25 * 0.127537);
        close(moment[3], scale * 5.5163e-9);
        close(moment[4 * 7 + 3], scale * 0.00012525);
        close(moment[5 * 7 + 6], scale * 0.016809);
        assert_eq!(moment[7], 0.0);
    }
    let production = uo2.production.as_ref().unwrap();
    close(production.nu_fission[0], 0.00721206 * 2.78145);
    let sum = 0.58791 + 0.41176 + 3.3906e-4 + 1.1761e-7;
    close(production.spectrum[3 * 7 + 1], 0.41176 / sum);
    assert!(production.families.is_empty());
    let mox = &library.entry("MOX87").unwrap().temperatures[0];
    let families = &mox.production.as_ref().unwrap().families;
    assert_eq!(families.len(), 2);
    assert_eq!(families[1].decay, 1.0);
    assert_eq!(families[1].fraction, [0.003; 7]);
    assert_eq!(families[0].spectrum, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}
