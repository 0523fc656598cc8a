//! Numbers read off a flux: reaction rates, averages over regions, values at points.
//!
//! Nothing here knows how the flux was found: all is integrals of its expansion, exact for the
//! Legendre coefficients it is given in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::discretization::Discretization;
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::quadrature::legendre;

/// A reaction whose rate is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    for (cell, &region) in mesh.region.iter().enumerate() {
        let volume = mesh.volume(cell);
        for (group, rate) in all[region as usize].iter_mut().enumerate() {
            let phi = flux.group(group)[cell * flux.dofs()];
            *rate += volume * weight(cell, group) * phi;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::Boundary;
    use crate::mesh::{Geometry, Mesh};
    use crate::ordinates::Ordinates;
    use crate::params::Scheme;
    use crate::quadrature::gauss_legendre;

    fn disc(mesh: Mesh, scheme: Scheme) -> Discretization {
        let x = CrossSections {
            total: vec![1.0, 2.0],
            scattering: vec![vec![0.5, 0.2, 0.1, 0.9]],
            nu_fission: vec![0.25, 0.5],
            fission: vec![0.1, 0.2],
            chi: vec![1.0, 0.0],
            ..CrossSections::default()
        };
        Discretization::new(
            mesh,
            vec![x],
            Ordinates::legendre(&gauss_legendre(4), 0),
            scheme,
            [Boundary::MIRROR, Boundary::Vacuum],
        )
        .unwrap()
    }

    #[test]
    fn rates_are_cross_sections_times_flux_times_volume() {
        let mut mesh = Mesh::layers(Geometry::Sphere, 0.0, &[(1.0, 4, 0), (1.0, 3, 0)]);
        mesh.scattering_factor = vec![1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5];
        let disc = disc(mesh, Scheme::DiamondDifference);
        let mut flux = disc.zeros();
        flux.group_mut(0).fill(2.0);
        flux.group_mut(1).fill(3.0);
        let volumes = region_volumes(&disc);
        let sphere = 4.0 / 3.0 * std::f64::consts::PI;
        assert!((volumes[0] - sphere).abs() < 1e-12);
        assert!((volumes[1] - 7.0 * sphere).abs() < 1e-12);
        for (reaction, expected) in [
            (Reaction::Total, [[2.0, 6.0], [2.0, 6.0]]),
            (Reaction::Scattering, [[1.4, 3.0], [0.7, 1.5]]),
            (Reaction::Absorption, [[0.6, 3.0], [1.3, 4.5]]),
            (Reaction::Fission, [[0.2, 0.6], [0.2, 0.6]]),
            (Reaction::NuFission, [[0.5, 1.5], [0.5, 1.5]]),
        ] {
            let rates = reaction_rates(&disc, &flux, reaction);
            for region in 0..2 {
                for g in 0..2 {
                    let density = rates[region][g] / volumes[region];
                    assert!(
                        (density - expected[region][g]).abs() < 1e-12,
                        "{reaction:?}"
                    );
                }
            }
        }
        let response = response_rates(&disc, &flux, &[vec![1.0, 0.0]]);
        assert!((response[1][0] - 2.0 * volumes[1]).abs() < 1e-12 && response[1][1] == 0.0);
        for (region, average) in region_averages(&disc, &flux).iter().enumerate() {
            assert!((average[0] - 2.0).abs() < 1e-13, "{region}");
            assert!((average[1] - 3.0).abs() < 1e-13, "{region}");
        }
    }

    #[test]
    fn the_flux_at_a_point_is_its_expansion() {
        // x^3 on two cells: coefficients of P_0..P_3 of ((1 + xi)/2)^3 and ((3 + xi)/2)^3.
        let disc = disc(
            Mesh::uniform(Geometry::Slab, 0.0, 2.0, 2),
            Scheme::DiscontinuousGalerkin3,
        );
        let mut flux = disc.zeros();
        flux.group_mut(1)
            .copy_from_slice(&[0.25, 0.45, 0.25, 0.05, 3.75, 3.45, 0.75, 0.05]);
        for x in [0.0, 0.3, 1.0, 1.4, 2.0] {
            let phi = flux_at(&disc, &flux, 1, 0, x).unwrap();
            assert!((phi - x * x * x).abs() < 1e-14, "{x}: {phi}");
        }
        flux.group_mut(1)[0] += 1.0;
        assert_eq!(flux_at(&disc, &flux, 1, 0, 1.0).unwrap(), 1.5);
        assert_eq!(flux_at(&disc, &flux, 1, 0, 2.5), None);
        assert_eq!(flux_at(&disc, &flux, 1, 0, -1e-9), None);
        assert_eq!(flux_at(&disc, &flux, 1, 0, f64::NAN), None);
    }

    #[test]
    fn the_current_at_a_point_keeps_the_balance_of_its_cell() {
        // A source of 1 in a sphere without collisions: J = r/3.
        let disc = disc(
            Mesh::uniform(Geometry::Sphere, 0.0, 3.0, 3),
            Scheme::DiamondDifference,
        );
        let current: Vec<f64> = disc.mesh().edges.iter().map(|r| r / 3.0).collect();
        for r in [0.5, 1.0, 1.7, 3.0] {
            let j = current_at(&disc, &current, r).unwrap();
            assert!((j - r / 3.0).abs() < 1e-14, "{r}: {j}");
        }
        assert_eq!(current_at(&disc, &current, 0.0), Some(0.0));
        assert_eq!(current_at(&disc, &current, 3.1), None);
    }
}
