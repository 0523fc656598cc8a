//! Numbers read off a flux: reaction rates, averages over regions, values at points.
//!
//! Nothing here knows how the flux was found: all is integrals of its expansion, exact for the
//! Legendre coefficients it is given in.

use crate::discretization::Discretization;
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::quadrature::legendre;

/// A reaction whose rate is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// All collisions.
    Total,
    /// Collisions less all scattering out of them.
    Absorption,
    /// Scattering, to all groups.
    Scattering,
    /// Fissions.
    Fission,
    /// Particles from fission.
    NuFission,
}

impl Reaction {
    /// Its cross section in a material whose scattering is multiplied with `factor`, 1/cm.
    pub fn cross_section(self, x: &CrossSections, group: usize, factor: f64) -> f64 {
        let scattering = || -> f64 {
            let out = (0..x.groups()).map(|to| x.scatter(0, group, to));
            factor * out.sum::<f64>()
        };
        match self {
            Self::Total => x.total[group],
            Self::Absorption => x.total[group] - scattering(),
            Self::Scattering => scattering(),
            Self::Fission => x.fission[group],
            Self::NuFission => x.nu_fission[group],
        }
    }
}

/// Rates of a reaction, `[region][group]`, particles per second (and per unit of area in a slab,
/// of height in a cylinder).
pub fn reaction_rates(disc: &Discretization, flux: &Moments, reaction: Reaction) -> Vec<Vec<f64>> {
    integrate(disc, flux, |cell, group| {
        let factor = disc.mesh().scattering_factor(cell);
        reaction.cross_section(disc.material(cell), group, factor)
    })
}

/// Rates of a reaction with the cross section `response[material][group]` of the caller, 1/cm:
/// a detector, or a response function. `[region][group]`.
pub fn response_rates(
    disc: &Discretization,
    flux: &Moments,
    response: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    integrate(disc, flux, |cell, group| {
        response[disc.mesh().material[cell] as usize][group]
    })
}

/// Volume of each region.
pub fn region_volumes(disc: &Discretization) -> Vec<f64> {
    let mesh = disc.mesh();
    let mut volumes = vec![0.0; mesh.regions()];
    for (cell, &region) in mesh.region.iter().enumerate() {
        volumes[region as usize] += mesh.volume(cell);
    }
    volumes
}

/// Mean scalar flux of each region: `[region][group]`.
pub fn region_averages(disc: &Discretization, flux: &Moments) -> Vec<Vec<f64>> {
    let mut averages = integrate(disc, flux, |_, _| 1.0);
    for (region, volume) in averages.iter_mut().zip(region_volumes(disc)) {
        for phi in region {
            *phi /= volume;
        }
    }
    averages
}

/// Integral of weight(cell, group) phi: `[region][group]`.
fn integrate(
    disc: &Discretization,
    flux: &Moments,
    weight: impl Fn(usize, usize) -> f64,
) -> Vec<Vec<f64>> {
    let mesh = disc.mesh();
    let mut all = vec![vec![0.0; flux.groups()]; mesh.regions()];
    for group in 0..flux.groups() {
        for (cell, phi) in flux.averages(group).enumerate() {
            all[mesh.region[cell] as usize][group] += mesh.volume(cell) * weight(cell, group) * phi;
        }
    }
    all
}

/// Moment `moment` of the flux of `group` at a point: the expansion in its cell; at an edge the
/// mean of both sides. `None` outside the mesh.
pub fn flux_at(
    disc: &Discretization,
    flux: &Moments,
    group: usize,
    moment: usize,
    x: f64,
) -> Option<f64> {
    let mesh = disc.mesh();
    let (dofs, cells) = (flux.dofs(), mesh.len());
    let values = &flux.group(group)[moment * cells * dofs..][..cells * dofs];
    let inside = |cell: usize| {
        let xi = (x - mesh.centre(cell)) / (0.5 * mesh.width(cell));
        (values[cell * dofs..][..dofs].iter().enumerate())
            .map(|(d, v)| v * legendre(d, xi.clamp(-1.0, 1.0)))
            .sum::<f64>()
    };
    let above = cell_above(&mesh.edges, x)?;
    if above < cells && (x > mesh.edges[above] || above == 0) {
        Some(inside(above))
    } else if above == cells {
        Some(inside(cells - 1))
    } else {
        Some(0.5 * (inside(above - 1) + inside(above)))
    }
}

/// Net current at a point, from those at the edges, `[edge]`: between two edges the flow area
/// times current is linear in the volume, as the balance of the cell average has it. `None`
/// outside the mesh.
pub fn current_at(disc: &Discretization, current: &[f64], x: f64) -> Option<f64> {
    let mesh = disc.mesh();
    let cell = cell_above(&mesh.edges, x)?.min(mesh.len() - 1);
    let (lower, upper) = (mesh.edges[cell], mesh.edges[cell + 1]);
    if x == lower {
        return Some(current[cell]);
    }
    if x == upper {
        return Some(current[cell + 1]);
    }
    let part = mesh.geometry.volume(lower, x) / mesh.volume(cell);
    let flow = (1.0 - part) * mesh.area(cell) * current[cell]
        + part * mesh.area(cell + 1) * current[cell + 1];
    Some(flow / mesh.geometry.area(x))
}

/// The cell whose lower edge is the last at or below `x`; the number of cells at the upper end.
pub(crate) fn cell_above(edges: &[f64], x: f64) -> Option<usize> {
    if !(x >= edges[0] && x <= edges[edges.len() - 1]) {
        return None;
    }
    Some(edges.partition_point(|&e| e <= x) - 1)
}
