//! Spectral radii over cell thickness and scattering ratio: predicted by Fourier analysis, and
//! measured with the solver.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use pdesolve_core::codes;
use pdesolve_io::IoError;
use pdesolve_io::plot::{Curve, Labels, Scale, lines_and_dots};
use pdesolve_transport::fourier;
use pdesolve_transport::params::{Acceleration, QuadratureKind, Scheme};
use pdesolve_transport::quadrature::{Quadrature, double_gauss, gauss_legendre, lobatto};
use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json_schema::names_of;
use crate::names::{list, nearest};

/// What is studied.
#[derive(Clone, Debug)]
pub struct Study {
    /// How a cell is solved.
    pub scheme: Scheme,
    /// Family of the quadrature.
    pub quadrature: QuadratureKind,
    /// Its order N.
    pub order: usize,
    /// What accelerates source iteration.
    pub acceleration: Acceleration,
    /// Scattering ratios.
    pub ratios: Vec<f64>,
    /// Thicknesses of the cell in mean free paths.
    pub thicknesses: Vec<f64>,
    /// Iterations with which each radius is measured; 0 leaves it out.
    pub iterations: usize,
}

/// One spectral radius.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Scattering ratio c.
    pub ratio: f64,
    /// Thickness of the cell in mean free paths.
    pub thickness: f64,
    /// Spectral radius that Fourier analysis predicts.
    pub predicted: f64,
    /// Wave number of the slowest error in units of sigma_t.
    pub wave_number: f64,
    /// Measured spectral radius; `None` where none was asked for.
    pub measured: Option<f64>,
}

impl Study {
    /// Reads the names; thicknesses are `count` values from `from` to `to`, evenly in their
    /// logarithm.
    ///
    /// # Errors
    /// A diagnostic for a name that is not known and a number that makes no sense.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        scheme: &str,
        quadrature: &str,
        order: usize,
        acceleration: &str,
        constant: f64,
        ratios: &[f64],
        thickness: (f64, f64, usize),
        iterations: usize,
    ) -> Result<Self, Diagnostics> {
        let quadrature: QuadratureKind = read("--quadrature", quadrature, &SLAB_QUADRATURES)?;
        let acceleration = match acceleration {
            "none" => Acceleration::None,
            "consistent" => Acceleration::Consistent,
            "interior_penalty" => Acceleration::InteriorPenalty { constant },
            other => {
                return Err(unknown(
                    "--acceleration",
                    other,
                    &["none", "consistent", "interior_penalty"],
                )
                .into());
            }
        };
        let bad = |text: String| Diagnostics::from(Diagnostic::error(codes::OUT_OF_RANGE, text));
        if order < 2 || order % 2 == 1 || order > 1024 {
            return Err(bad(format!(
                "--order {order}: the order of a quadrature is an even number from 2 to 1024"
            )));
        }
        if !(constant.is_finite() && constant > 0.0) {
            return Err(bad(format!(
                "--constant {constant}: the penalty constant is positive"
            )));
        }
        if let Some(c) = ratios.iter().find(|c| !(0.0..=1.0).contains(*c)) {
            return Err(bad(format!(
                "--ratio {c}: a scattering ratio lies between 0 and 1"
            )));
        }
        let (from, to, count) = thickness;
        if !(from > 0.0 && to.is_finite() && to >= from && (1..=10_000).contains(&count)) {
            return Err(bad(format!(
                "{count} thicknesses from {from} to {to}: they are positive, increase, and are at most 10000"
            )));
        }
        let scheme: Scheme = read("--scheme", scheme, &names_of::<Scheme>())?;
        if scheme == Scheme::DiamondDifferenceFixup {
            let text = "a fix-up is not linear: errors have no spectral radius";
            return Err(Diagnostic::error(codes::SOLVER_MISMATCH, text)
                .help("take `--scheme diamond_difference`, which it is where nothing is mended")
                .into());
        }
        let step = (to / from).ln() / (count.max(2) - 1) as f64;
        Ok(Self {
            scheme,
            quadrature,
            order,
            acceleration,
            ratios: ratios.to_vec(),
            thicknesses: (0..count).map(|i| from * (step * i as f64).exp()).collect(),
            iterations,
        })
    }

    fn rule(&self) -> Quadrature {
        match self.quadrature {
            QuadratureKind::GaussLegendre => gauss_legendre(self.order),
            QuadratureKind::Lobatto => lobatto(self.order),
            _ => double_gauss(self.order),
        }
    }

    /// Computes all radii, ratio by ratio; `each` hears of one after the other. `interrupt` set
    /// from outside ends it early.
    pub fn run(&self, interrupt: &AtomicBool, each: &mut dyn FnMut(&Point)) -> Vec<Point> {
        let rule = self.rule();
        let mut done = Vec::new();
        for &ratio in &self.ratios {
            for &thickness in &self.thicknesses {
                if interrupt.load(Ordering::Relaxed) {
                    return done;
                }
                let radius = fourier::spectral_radius(
                    self.scheme,
                    &rule,
                    self.acceleration,
                    thickness,
                    ratio,
                );
                let measured = (self.iterations > 0).then(|| {
                    fourier::measure(
                        self.scheme,
                        &rule,
                        self.acceleration,
                        thickness,
                        ratio,
                        self.iterations,
                    )
                });
                let point = Point {
                    ratio,
                    thickness,
                    predicted: radius.rho,
                    wave_number: radius.lambda,
                    measured,
                };
                each(&point);
                done.push(point);
            }
        }
        done
    }

    /// Draws the radii over the thickness: lines as predicted, and as measured.
    ///
    /// # Errors
    /// [`IoError`] where the picture cannot be written.
    pub fn draw(&self, radii: &[Point], path: &Path) -> Result<(), IoError> {
        let curve = |ratio: f64, label: String, value: fn(&Point) -> f64| {
            let of = || radii.iter().filter(move |p| p.ratio == ratio);
            Curve {
                label,
                x: of().map(|p| p.thickness).collect(),
                y: of().map(value).collect(),
            }
        };
        let predicted: Vec<Curve> = (self.ratios.iter())
            .map(|&c| curve(c, format!("c = {c}, predicted"), |p| p.predicted))
            .collect();
        let measured: Vec<Curve> = (self.ratios.iter().filter(|_| self.iterations > 0))
            .map(|&c| {
                curve(c, format!("c = {c}, measured"), |p| {
                    p.measured.unwrap_or(f64::NAN)
                })
            })
            .collect();
        let labels = Labels {
            title: "Spectral radius of the iteration within a group".to_owned(),
            x: "cell thickness [mean free paths]".to_owned(),
            y: "spectral radius".to_owned(),
            ..Labels::default()
        };
        lines_and_dots(
            path,
            &labels,
            &predicted,
            &measured,
            Scale::Log,
            Scale::Linear,
        )
    }
}

const SLAB_QUADRATURES: [&str; 3] = ["double_gauss", "gauss_legendre", "lobatto"];

fn read<T: DeserializeOwned>(
    option: &str,
    name: &str,
    valid: &[impl AsRef<str>],
) -> Result<T, Diagnostics> {
    let valid: Vec<&str> = valid.iter().map(AsRef::as_ref).collect();
    if !valid.contains(&name) {
        return Err(unknown(option, name, &valid).into());
    }
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| unknown(option, name, &valid).into())
}

fn unknown(option: &str, found: &str, valid: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        codes::UNKNOWN_NAME,
        format!("`{option} {found}` is not known"),
    );
    match nearest(found, valid.iter().copied()) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("valid: {}", list(valid.iter().copied()))),
    }
}
