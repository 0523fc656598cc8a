//! `pdesolve fourier`: spectral radii over cell thickness and scattering ratio.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::Ordering;

use pdesolve::case::fourier::{Point, Study};
use pdesolve::case::{Diagnostic, file_fault};
use pdesolve::core::codes;
use pdesolve::io::plot;

use crate::args;
use crate::commands::use_threads;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, refuse, say, tell};

pub(crate) fn fourier(args: &args::Fourier) -> Exit {
    let study = Study::new(
        &args.scheme,
        &args.quadrature,
        args.order,
        &args.acceleration,
        args.constant,
        &args.ratio,
        (args.from, args.to, args.points),
        args.measure,
    );
    let study = match study {
        Ok(study) => study,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    if let Some(Err(error)) = args.plot.as_ref().map(|path| plot::check_place(path)) {
        complain(&file_fault(&error).into());
        return Exit::BadInput;
    }
    let mut csv = match args.csv.as_ref().map(File::create).transpose() {
        Ok(csv) => csv,
        Err(error) => {
            return refuse(Diagnostic::error(
                codes::CANNOT_WRITE,
                format!("cannot write the table: {error}"),
            ));
        }
    };
    use_threads(args.threads);
    let interrupt = interrupt_flag();
    say(&format!(
        "{:>10}  {:>12}  {:>12}  {:>12}  {:>12}",
        "c", "thickness", "predicted", "measured", "wave number"
    ));
    let mut failed = None;
    let mut write = |csv: &mut Option<File>, line: String| {
        if let Some(file) = csv
            && let Err(error) = writeln!(file, "{line}")
        {
            failed = Some(error);
        }
    };
    write(
        &mut csv,
        "ratio,thickness,predicted,measured,wave_number".to_owned(),
    );
    let radii = study.run(&interrupt, &mut |point: &Point| {
        let measured = point.measured.map_or(String::new(), |m| format!("{m:.6}"));
        say(&format!(
            "{:>10}  {:>12.4e}  {:>12.6}  {measured:>12}  {:>12.4e}",
            point.ratio, point.thickness, point.predicted, point.wave_number
        ));
        let measured = point.measured.map_or(String::new(), |m| format!("{m}"));
        write(
            &mut csv,
            format!(
                "{},{},{},{measured},{}",
                point.ratio, point.thickness, point.predicted, point.wave_number
            ),
        );
    });
    if let Some(error) = failed {
        return refuse(Diagnostic::error(
            codes::CANNOT_WRITE,
            format!("cannot write the table: {error}"),
        ));
    }
    if let Some(path) = &args.plot {
        if let Err(error) = study.draw(&radii, path) {
            complain(&file_fault(&error).into());
            return Exit::Failed;
        }
        say(&format!("Drew {}", path.display()));
    }
    let worst = radii
        .iter()
        .max_by(|a, b| a.predicted.total_cmp(&b.predicted));
    if let Some(worst) = worst {
        say(&format!(
            "Largest: {:.6} at c = {}, thickness {:.4e}",
            worst.predicted, worst.ratio, worst.thickness
        ));
    }
    if interrupt.load(Ordering::Relaxed) {
        tell("Interrupted");
        return Exit::Interrupted;
    }
    Exit::Done
}
