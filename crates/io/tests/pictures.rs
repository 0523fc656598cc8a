//! Pictures are drawn for good data and refused, with the reason, for data that show nothing.

use pdesolve_io::IoError;
use pdesolve_io::plot::{self, Curve, Frame, Labels, Scale, Study};

fn labels() -> Labels {
    Labels {
        title: "A title".to_owned(),
        x: "x [m]".to_owned(),
        y: "u [m/s]".to_owned(),
        value: "u [m/s]".to_owned(),
    }
}

fn curve(y: &[f64]) -> Curve {
    Curve {
        label: "curve".to_owned(),
        x: (0..y.len()).map(|i| i as f64).collect(),
        y: y.to_vec(),
    }
}

#[test]
fn every_picture_is_written_as_png_and_as_svg() {
    let directory = tempfile::tempdir().unwrap();
    let (x, values) = ([0.0, 1.0, 2.0], [1.0, -2.0, 3.0, 4.0, 5.0, 6.0]);
    let frame = || Frame {
        title: "t = 0".to_owned(),
        values: &values,
    };
    let study = Study {
        label: "method".to_owned(),
        step: vec![0.1, 0.05],
        error: vec![1e-2, 2.5e-3],
        expected_order: Some(2.0),
    };
    for (extension, magic) in [("png", &b"\x89PNG"[..]), ("svg", &b"<svg"[..])] {
        let at = |name: &str| directory.path().join(format!("{name}.{extension}"));
        plot::lines(&at("lines"), &labels(), &[curve(&[0.0, 2.0, 1.0])]).unwrap();
        plot::history(
            &at("history"),
            &labels(),
            &[curve(&[1.0, 0.0, 1e-9])],
            Scale::Log,
        )
        .unwrap();
        plot::convergence(&at("convergence"), &labels(), std::slice::from_ref(&study)).unwrap();
        let rows = [values[..3].to_vec(), values[3..].to_vec()];
        plot::space_time(&at("space_time"), &labels(), &x, &[0.0, 0.5], &rows).unwrap();
        plot::colour_map(&at("map"), &labels(), &x, &[0.0, 1.0], &[frame(), frame()]).unwrap();
        for name in ["lines", "history", "convergence", "space_time", "map"] {
            let bytes = std::fs::read(at(name)).unwrap();
            assert!(bytes.starts_with(magic), "{name}.{extension}");
        }
    }
    let svg = std::fs::read_to_string(directory.path().join("convergence.svg")).unwrap();
    assert!(
        svg.contains("fitted 2.00"),
        "the fitted order stands in the legend"
    );
    assert!(
        svg.contains("order 2"),
        "the expected order stands in the legend"
    );
    assert!(svg.contains("A title"));
}

#[test]
fn values_that_are_not_numbers_leave_gaps() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gap.svg");
    let with_gap = curve(&[0.0, 1.0, f64::NAN, 1.0, 0.0]);
    plot::lines(&path, &labels(), &[with_gap]).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        svg.matches("stroke=\"#0072B2\"").count(),
        3,
        "two pieces and the legend"
    );
}

#[test]
fn constant_fields_and_single_samples_can_be_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    plot::lines(&at("a.png"), &labels(), &[curve(&[5.0, 5.0])]).unwrap();
    plot::lines(&at("b.png"), &labels(), &[curve(&[0.0])]).unwrap();
    plot::space_time(&at("c.png"), &labels(), &[0.0], &[0.0], &[vec![0.0]]).unwrap();
    let long = Labels {
        title: "A very long title that would not fit above any picture ".repeat(5),
        ..labels()
    };
    plot::lines(&at("d.png"), &long, &[curve(&[1e300, -1e300])]).unwrap();
    plot::lines(&at("e.png"), &labels(), &[curve(&[1e-300, 2e-300])]).unwrap();
}

#[test]
fn pictures_that_cannot_be_drawn_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let good = [curve(&[0.0, 1.0])];
    let error = plot::lines(&at("a.pdf"), &labels(), &good).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the file name must end in .png or .svg, not .pdf"),
        "{error}"
    );
    let error = plot::lines(&at("a"), &labels(), &good).unwrap_err();
    assert!(error.to_string().ends_with("not nothing"), "{error}");
    let error = plot::lines(&at("no/a.png"), &labels(), &good).unwrap_err();
    assert!(matches!(error, IoError::NoDirectory { .. }), "{error}");
    let error = plot::lines(&at("a.png"), &labels(), &[curve(&[f64::NAN])]).unwrap_err();
    assert!(error.to_string().ends_with("no finite value"), "{error}");
    let error = plot::history(&at("a.png"), &labels(), &[curve(&[-1.0])], Scale::Log).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no positive value for the logarithmic axis"),
        "{error}"
    );
    let error = plot::space_time(&at("a.png"), &labels(), &[0.0, 1.0], &[0.0], &[vec![1.0]]);
    assert!(matches!(
        error,
        Err(IoError::Count {
            found: 1,
            expected: 2,
            ..
        })
    ));
    let error = plot::colour_map(&at("a.png"), &labels(), &[0.0, 1.0], &[0.0], &[]).unwrap_err();
    assert!(matches!(error, IoError::Plot { .. }), "{error}");
    assert!(!at("a.png").exists(), "nothing was written");
}
