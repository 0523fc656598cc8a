use std::collections::BTreeMap;

use super::*;

fn library(text: &str) -> BTreeMap<String, CrossSections> {
    let library: LibraryParams = toml::from_str(text).unwrap();
    library.build().unwrap()
}

fn c5g7() -> BTreeMap<String, CrossSections> {
    library(include_str!("../../../../data/cross_sections/c5g7.toml"))
}

fn sood(groups: usize) -> BTreeMap<String, CrossSections> {
    library(match groups {
        1 => include_str!("../../../../data/cross_sections/sood_one_group.toml"),
        2 => include_str!("../../../../data/cross_sections/sood_two_group.toml"),
        3 => include_str!("../../../../data/cross_sections/urr3.toml"),
        _ => include_str!("../../../../data/cross_sections/urr6.toml"),
    })
}

fn material(text: &str) -> MaterialParams {
    toml::from_str(text).unwrap()
}

/// `(key, message)` of each fault.
fn faults(text: &str, groups: Option<usize>) -> Vec<(String, String)> {
    material(text)
        .build("m", groups)
        .unwrap_err()
        .into_iter()
        .map(|e| {
            assert_eq!(e.material, "m");
            (e.key, e.message)
        })
        .collect()
}

fn only_fault(text: &str, groups: Option<usize>, key: &str, part: &str) {
    let found = faults(text, groups);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!(found[0].0, key, "{text}: {found:?}");
    assert!(found[0].1.contains(part), "{text}: {found:?}");
}

#[test]
fn c5g7_materials_have_their_infinite_multiplication() {
    let all = c5g7();
    assert_eq!(all.len(), 7);
    for (name, k) in [
        ("UO2", 0.738_214_76),
        ("MOX43", 0.839_334_28),
        ("MOX70", 1.038_903_85),
        ("MOX87", 1.147_587_76),
    ] {
        let found = infinite_medium_k(&all[name]).0;
        assert!((found - k).abs() < 1e-8, "{name}: {found}");
    }
    let phi = infinite_medium_k(&all["UO2"]).1;
    for (g, ratio) in [
        (1, 14.523_373),
        (2, 0.805_893),
        (3, 0.021_214),
        (4, 0.002_930),
    ] {
        assert!(
            (phi[g] / phi[0] - ratio).abs() < 1e-6,
            "group {g}: {}",
            phi[g] / phi[0]
        );
    }
}

#[test]
fn c5g7_materials_absorb_no_less_than_nothing_and_at_least_what_fissions() {
    for (name, x) in c5g7() {
        assert_eq!(x.excess(), None, "{name}");
        assert!(x.negative_scattering().is_empty(), "{name}");
        for g in 0..7 {
            // The totals are printed with six digits.
            assert!(x.absorption(g) - x.fission[g] > -1e-6, "{name}, group {g}");
        }
        let sum: f64 = x.chi.iter().sum();
        let expected = if x.is_fissile() { 1.0 } else { 0.0 };
        assert!((sum - expected).abs() < 1e-5, "{name}: {sum}");
    }
}

#[test]
fn the_criticality_set_has_its_infinite_multiplication() {
    let (one, two) = (sood(1), sood(2));
    for (name, k, digits) in [
        ("PUa", 2.612_903, 1e-6),
        ("PUb", 2.290_323, 1e-6),
        ("Ua", 2.25, 1e-12),
        ("Ub", 2.330_917, 1e-6),
        ("Uc", 2.256_090, 1e-6),
        ("Ud", 2.232_665, 1e-6),
        ("UD2O", 1.133_333, 1e-6),
        // Printed as 2.1806667; 2.5 x 0.06922744 / 0.079365 is this.
        ("Ue", 2.180_666_54, 1e-8),
    ] {
        let found = infinite_medium_k(&one[name]).0;
        assert!((found - k).abs() < digits, "{name}: {found}");
    }
    for (name, k, ratio) in [
        ("PU-2-0", 2.683_767_5, 1.480_978),
        ("U-2-0", 2.216_349_4, 2.105_410),
        ("UAL-2-0", 2.662_437_0, 0.320_005),
        ("URRa-2-0", 1.631_451_5, 0.382_452),
        ("URRb-2-0", 1.365_821_4, 1.0 / 1.173_679),
    ] {
        let (found, phi) = infinite_medium_k(&two[name]);
        assert!((found - k).abs() < 1e-7, "{name}: {found}");
        assert!(
            (phi[1] / phi[0] - ratio).abs() < 1e-6,
            "{name}: {}",
            phi[1] / phi[0]
        );
    }
    let d2o = infinite_medium_k(&two["U-D2O-2-0"]).0;
    assert!((d2o - 1.000_221).abs() < 1e-6, "{d2o}");
    for groups in [3, 6] {
        let (k, phi) = infinite_medium_k(&sood(groups)[&format!("URR-{groups}-0")]);
        assert!((k - 1.6).abs() < 1e-12, "{k}");
        for (g, ratio) in [(0, 1.0), (1, 0.48), (2, 0.15)] {
            assert!((phi[g] / phi[0] - ratio).abs() < 1e-12);
            if groups == 6 {
                assert!((phi[5 - g] / phi[0] - ratio).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn the_block_of_fuel_in_water_is_read_with_its_legendre_moments() {
    let all = library(include_str!("../../../../data/cross_sections/qblock.toml"));
    assert_eq!(all["fuel"].order(), 1);
    assert_eq!(all["water"].order(), 2);
    assert_eq!(all["water"].scatter(1, 0, 1), 8.738667e-3);
    assert_eq!(all["water"].scatter(2, 1, 0), 7.867899e-4);
    assert_eq!(all["water"].scatter(3, 1, 0), 0.0);
}

#[test]
fn one_group_may_be_plain_numbers_or_lists_of_one() {
    let plain = material("total = 1\nscattering = 0.5\nfission = 0.2\nnu = 2.5\nvelocity = 3");
    let lists = material(
        "total = [1.0]\nscattering = [[0.5]]\nfission = [0.2]\nnu = [2.5]\nvelocity = [3]",
    );
    let x = plain.build("m", None).unwrap();
    assert_eq!(x, lists.build("m", Some(1)).unwrap());
    assert_eq!((x.nu_fission[0], x.chi[0], x.velocity[0]), (0.5, 1.0, 3.0));
    let ratio = material("total = 4.0\nscattering_ratio = 0.25")
        .build("m", None)
        .unwrap();
    assert_eq!(ratio.scattering[0], [1.0]);
}

#[test]
fn total_follows_from_absorption_and_all_scattering_out() {
    let x = material("absorption = [0.1, 0.2]\nscattering = [[1.0, 0.5], [0.0, 2.0]]")
        .build("m", None)
        .unwrap();
    assert_eq!(x.total, [1.6, 2.2]);
    assert!((x.absorption(0) - 0.1).abs() < 1e-15);
}

#[test]
fn a_family_of_precursors_takes_the_spectrum_of_the_material() {
    let x = material(
        "total = [1.0, 1.0]\nnu_fission = [0.1, 0.2]\nchi = [0.75, 0.25]\n\
         delayed = [{ decay = 0.1, fraction = 0.003 }, { decay = 1.0, fraction = 0.004, chi = [0, 1] }]",
    )
    .build("m", None)
    .unwrap();
    assert_eq!(x.delayed[0].chi, [0.75, 0.25]);
    assert_eq!(x.delayed[1].chi, [0.0, 1.0]);
}

#[test]
fn every_fault_is_named_where_it_is() {
    only_fault("scattering = 0.5", None, "total", "missing");
    only_fault("", None, "total", "missing");
    only_fault("total = -1.0", None, "total", "negative");
    only_fault("total = [1.0, -2.0]", None, "total[1]", "negative");
    only_fault("total = nan", None, "total", "finite");
    only_fault("total = 1.0", Some(2), "total", "2 groups");
    only_fault("total = 1.0\nabsorption = 0.5", None, "absorption", "both");
    only_fault(
        "total = 1.0\nnu_fission = -0.1",
        None,
        "nu_fission",
        "negative",
    );
    only_fault("total = 1.0\nfission = 0.1", None, "fission", "nu");
    only_fault("total = 1.0\nnu = 2.0", None, "nu", "fission");
    only_fault(
        "total = 1.0\nnu = 2.0\nfission = 0.1\nnu_fission = 0.2",
        None,
        "nu",
        "all given",
    );
    only_fault("total = 1.0\nvelocity = 0.0", None, "velocity", "positive");
    only_fault("total = 1.0\nvelocity = -3.0", None, "velocity", "negative");
    only_fault(
        "total = [1.0, 1.0]\nscattering = [[0.5, inf], [0.0, 0.5]]",
        None,
        "scattering[0][1]",
        "finite",
    );
    only_fault(
        "total = [1.0, 1.0]\nscattering = [[0.5, 0.1]]",
        None,
        "scattering",
        "rows is 1",
    );
    only_fault(
        "total = [1.0, 1.0]\nscattering = [[0.5, 0.1], [0.5]]",
        None,
        "scattering[1]",
        "values is 1",
    );
    only_fault(
        "total = [1.0, 1.0]\nanisotropic = [[[0.5, 0.1], [0.0, 0.1]], 0.1]",
        None,
        "anisotropic[1]",
        "rows is 1",
    );
    only_fault(
        "total = [1.0, 1.0]\nnu_fission = [1.0, 1.0]\nchi = [0.5, 0.25]",
        None,
        "chi",
        "0.75",
    );
    only_fault(
        "total = [1.0, 1.0]\nscattering_ratio = 0.5",
        None,
        "scattering_ratio",
        "one group",
    );
    only_fault(
        "total = 1.0\nscattering_ratio = -0.5",
        None,
        "scattering_ratio",
        "0 or more",
    );
    only_fault(
        "total = 1.0\nnu_fission = 1.0\ndelayed = [{ decay = 0.0, fraction = 0.1 }]",
        None,
        "delayed[0].decay",
        "positive",
    );
    only_fault(
        "total = 1.0\nnu_fission = 1.0\ndelayed = [{ decay = 1.0, fraction = 1.5 }]",
        None,
        "delayed[0].fraction",
        "between",
    );
    only_fault(
        "total = 1.0\nnu_fission = 1.0\n\
         delayed = [{ decay = 1.0, fraction = 0.6 }, { decay = 2.0, fraction = 0.6 }]",
        None,
        "delayed",
        "1.2",
    );
}

#[test]
fn all_faults_are_reported_at_once() {
    let found = faults("total = -1.0\nvelocity = 0.0\nscattering = nan", None);
    let keys: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(keys, ["scattering", "total", "velocity"]);
}

#[test]
fn scattering_above_total_and_below_zero_is_told_not_refused() {
    let x = material("total = [1.0, 2.0]\nscattering = [[1.0, 0.5], [0.0, -0.25]]")
        .build("m", None)
        .unwrap();
    assert_eq!(x.excess(), Some((0, 0.5)));
    assert_eq!(x.negative_scattering(), [(1, 1)]);
    assert_eq!(CrossSections::one_group(0.0, 0.0).excess(), None);
    assert_eq!(CrossSections::one_group(0.3, 0.1 + 0.2).excess(), None);
}

#[test]
fn a_library_of_another_format_version_or_bounds_is_refused() {
    let text = "format = \"pdesolve-cross-sections\"\nversion = 1\ngroups = 2\n\
                energy_bounds = [2e7, 1.0, 1e-5]\n[materials.m]\ntotal = [1.0, 1.0]";
    assert_eq!(library(text).len(), 1);
    for (from, to, key) in [
        ("version = 1", "version = 2", "version"),
        ("pdesolve-cross-sections", "other", "format"),
        ("2e7, 1.0, 1e-5", "2e7, 1e-5", "energy_bounds"),
        ("2e7, 1.0, 1e-5", "2e7, 1e-5, 1.0", "energy_bounds[2]"),
    ] {
        let other: LibraryParams = toml::from_str(&text.replace(from, to)).unwrap();
        let errors = other.build().unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].key, key);
    }
}

#[test]
fn tables_of_one_spectrum_are_taken_as_they_are() {
    let uo2 = &c5g7()["UO2"];
    let spectrum = uo2.chi.repeat(7);
    let (fraction, chi) = (vec![0.25; 7], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let mut tables = FissionTables {
        nu_fission: &uo2.nu_fission,
        spectrum: &spectrum,
        families: Vec::new(),
    };
    assert!(tables.is_separable());
    let convert = |tables: &FissionTables<'_>, prompt: bool| {
        let speed = vec![0.5; 7];
        let all = (&uo2.total, &uo2.scattering, &uo2.fission);
        MaterialParams::from_tables(all.0, all.1, all.2, Some(tables), &speed, prompt)
            .build("m", Some(7))
            .unwrap()
    };
    let x = convert(&tables, false);
    assert_eq!(x.total, uo2.total);
    assert_eq!(x.scattering, uo2.scattering);
    assert_eq!((&x.nu_fission, &x.fission), (&uo2.nu_fission, &uo2.fission));
    assert_eq!(x.velocity, [2.0; 7]);
    assert!((infinite_medium_k(&x).0 - 0.738_214_76).abs() < 1e-8);
    tables.families.push(FamilyTables {
        decay: 0.1,
        fraction: &fraction,
        spectrum: &chi,
    });
    for prompt in [true, false] {
        let x = convert(&tables, prompt);
        assert!((x.delayed[0].fraction - 0.25).abs() < 1e-15);
        let delayed = if prompt { 0.0 } else { 0.25 };
        for ((found, prompt), late) in x.chi.iter().zip(&uo2.chi).zip(&chi) {
            let expected = (1.0 - delayed) * prompt + delayed * late;
            assert!((found - expected).abs() < 1e-14);
        }
    }
}

#[test]
fn a_fission_matrix_is_condensed_without_changing_k() {
    // Two groups, F = [[0.2, 0.1], [0.9, 0.3]] from (row) to (column). k of A^-1 F^T, A of two
    // rows, from the characteristic polynomial by hand:
    // A = [[0.5, 0], [-0.3, 0.4]] acts on (phi_1, phi_2); M = A^-1 F^T.
    let material = CrossSections {
        total: vec![1.0, 1.4],
        scattering: vec![vec![0.5, 0.3, 0.0, 1.0]],
        ..CrossSections::default()
    };
    let f = [[0.2, 0.1], [0.9, 0.3]];
    let column = |from: usize| infinite_medium_flux(&material, &f[from]);
    let (a, b) = (column(0), column(1));
    let (trace, det) = (a[0] + b[1], a[0] * b[1] - a[1] * b[0]);
    let k = 0.5 * (trace + (trace * trace - 4.0 * det).sqrt());
    let tables = FissionTables {
        nu_fission: &[0.1 + 0.2, 1.2],
        spectrum: &[2.0 / 3.0, 1.0 / 3.0, 0.75, 0.25],
        families: Vec::new(),
    };
    assert!(!tables.is_separable());
    let (total, scattering) = (&material.total, &material.scattering);
    let x = MaterialParams::from_tables(total, scattering, &[0.0; 2], Some(&tables), &[], false)
        .build("m", None)
        .unwrap();
    let found = infinite_medium_k(&x).0;
    assert!((found - k).abs() < 1e-13, "{found} {k}");
}
