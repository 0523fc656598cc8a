//! Conditions at the two ends.

use pdesolve_expr::{Expr, Program};
use pdesolve_mesh::{BOUNDARY_NAMES, Grid, Side};
use pdesolve_transport::{Boundary as Condition, Geometry, Ordinates, TransportParams};

use crate::finding::Finding;
use crate::names::suggest;
use crate::schema::{Boundary, Case, Value};

/// A given angular flux at one end.
#[derive(Clone)]
pub(super) struct Incident {
    pub(super) side: Side,
    /// Of mu and t.
    angular_flux: Program,
    spectrum: Vec<f64>,
}

pub(super) fn boundaries(
    case: &Case,
    problem: &TransportParams,
    grid: &Grid,
    groups: usize,
    findings: &mut Vec<Finding>,
) -> ([Condition; 2], Vec<Incident>) {
    let mut conditions = [Condition::Vacuum, Condition::Vacuum];
    let mut incident = Vec::new();
    let axis = &grid.axes()[0];
    let names = BOUNDARY_NAMES[0];
    let centre = problem.geometry != Geometry::Slab && axis.faces()[0] == 0.0;
    if axis.is_periodic() {
        if problem.geometry == Geometry::Slab {
            for name in case.boundary.keys() {
                findings.push(
                    Finding::new(
                        "E0309",
                        format!("boundary.{name}"),
                        "the slab is periodic, so it has no boundary",
                    )
                    .help("`mesh.periodic = [false]` gives it two"),
                );
            }
            return ([Condition::Periodic, Condition::Periodic], incident);
        }
        findings.push(
            Finding::new("E0309", "mesh.periodic", "a radius is not periodic")
                .help("write `periodic = [false]`"),
        );
        return (conditions, incident);
    }
    for name in case
        .boundary
        .keys()
        .filter(|name| !names.contains(&name.as_str()))
    {
        findings.push(
            Finding::new(
                "E0309",
                format!("boundary.{name}"),
                format!("there is no boundary `{name}`"),
            )
            .help(suggest(name, &names.map(str::to_owned))),
        );
    }
    for (side, name) in [Side::Lower, Side::Upper].into_iter().zip(names) {
        let is_centre = centre && side == Side::Lower;
        let Some(boundary) = case.boundary.get(name) else {
            if is_centre {
                conditions[0] = Condition::MIRROR;
            } else {
                findings.push(
                    Finding::new(
                        "E0309",
                        "boundary",
                        format!("the boundary `{name}` has no condition"),
                    )
                    .help(format!(
                        "add `{name} = {{ kind = \"vacuum\" }}`, or reflecting, white, incident"
                    )),
                );
            }
            continue;
        };
        let path = format!("boundary.{name}");
        if is_centre {
            findings.push(
                Finding::new(
                    "E0309",
                    path,
                    "the mesh begins at the centre r = 0, which is no boundary",
                )
                .help(format!("leave `{name}` out")),
            );
            continue;
        }
        conditions[side as usize] = match boundary {
            Boundary::Vacuum => Condition::Vacuum,
            Boundary::Reflecting { albedo } => Condition::Reflecting { albedo: *albedo },
            Boundary::White { albedo } => Condition::White { albedo: *albedo },
            Boundary::Incident {
                angular_flux,
                spectrum,
            } => {
                match incident_flux(case, angular_flux, spectrum.as_deref(), &path, groups, side) {
                    Ok(given) => incident.push(given),
                    Err(fault) => findings.push(fault),
                }
                Condition::Vacuum
            }
            other => {
                findings.push(Finding::new(
                    "E0309",
                    format!("{path}.kind"),
                    format!(
                        "`{}` is a condition for {}; transport takes vacuum, reflecting, white or incident",
                        other.kind(),
                        other.belongs_to()
                    ),
                ));
                Condition::Vacuum
            }
        };
    }
    (conditions, incident)
}

fn incident_flux(
    case: &Case,
    angular_flux: &Value,
    spectrum: Option<&[f64]>,
    path: &str,
    groups: usize,
    side: Side,
) -> Result<Incident, Finding> {
    if let Some(found) = spectrum.map(<[f64]>::len).filter(|&n| n != groups) {
        return Err(Finding::new(
            "E0309",
            format!("{path}.spectrum"),
            format!("the spectrum has {found} groups, the materials have {groups}"),
        ));
    }
    let text = match angular_flux {
        Value::Constant(value) => format!("{value:?}"),
        Value::Expression(text) => text.clone(),
    };
    let path = format!("{path}.angular_flux");
    let program = Expr::parse(&text)
        .and_then(|expr| Program::compile(&expr, &["mu", "t"], &case.parameters))
        .map_err(|error| {
            let finding = Finding::new("E0301", &path, error.message).span(error.span);
            match error.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        })?;
    if case.problem.is_steady() && program.uses(1) {
        return Err(Finding::new(
            "E0302",
            path,
            "the expression uses `t`, but this problem has no time",
        ));
    }
    let mut first = vec![0.0; groups];
    first[0] = 1.0;
    Ok(Incident {
        side,
        angular_flux: program,
        spectrum: spectrum.map_or(first, <[f64]>::to_vec),
    })
}

impl Incident {
    /// What is wrong with the flux at a time: it must be finite and not negative.
    pub(super) fn fault(&self, t: f64, ordinates: &Ordinates) -> Option<Finding> {
        let name = BOUNDARY_NAMES[0][self.side as usize];
        let enters = |mu: f64| (mu > 0.0) == (self.side == Side::Lower);
        let fault = |key: &str, text: String| {
            Some(Finding::new(
                "E0309",
                format!("boundary.{name}.{key}"),
                text,
            ))
        };
        if let Some(s) = self.spectrum.iter().find(|s| !s.is_finite() || **s < 0.0) {
            return fault(
                "spectrum",
                format!("the spectrum holds {s}; it must not be negative"),
            );
        }
        for &mu in ordinates.mu.iter().filter(|&&mu| enters(mu)) {
            let psi = self.angular_flux.evaluate_scalar(&[mu, t]);
            if !psi.is_finite() || psi < 0.0 {
                return fault(
                    "angular_flux",
                    format!(
                        "the angular flux is {psi} at mu = {mu:.6}; it must be finite and not negative"
                    ),
                );
            }
        }
        None
    }

    pub(super) fn at(&self, t: f64, ordinates: &Ordinates) -> Condition {
        let mut psi = vec![vec![0.0; ordinates.len()]; self.spectrum.len()];
        self.fill(t, &ordinates.mu, &mut psi);
        Condition::Incident(psi)
    }

    /// The angular flux at a time: `[group][ordinate]`.
    pub(super) fn fill(&self, t: f64, mu: &[f64], psi: &mut [Vec<f64>]) {
        for (psi, factor) in psi.iter_mut().zip(&self.spectrum) {
            for (psi, &mu) in psi.iter_mut().zip(mu) {
                *psi = factor * self.angular_flux.evaluate_scalar(&[mu, t]);
            }
        }
    }
}
