//! Particle balance by region and group.
//!
//! Integrated over a region and all directions, the transport equation of group g reads
//!
//! ```text
//! outflow + absorption + out-scatter = external + in-scatter + fission
//! ```
//!
//! with scattering within the group on neither side. The flows come from one more sweep with the
//! converged flux, the rest from the flux itself: where the flux has not converged, or a scheme
//! loses particles, the two do not fit and the residual says by how much.
//!
//! All terms are particles per second (and per unit of area in a slab, of height in a cylinder).

use serde::Serialize;

use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::stopping::largest;
use crate::sweep::BoundaryFlux;
use pdesolve_mesh::Side;

/// The terms of one region and group, or their sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BalanceTerms {
    /// Emitted by the external source.
    pub external: f64,
    /// Scattered in from other groups.
    pub in_scatter: f64,
    /// Fission particles, over k in an eigenvalue problem.
    pub fission: f64,
    /// Absorbed: collisions less all scattering out of them.
    pub absorption: f64,
    /// Scattered to other groups.
    pub out_scatter: f64,
    /// Net flow out through all edges of the region.
    pub outflow: f64,
}

impl BalanceTerms {
    /// Gains less losses.
    pub fn residual(&self) -> f64 {
        self.external + self.in_scatter + self.fission
            - self.absorption
            - self.out_scatter
            - self.outflow
    }

    fn add(&mut self, other: &Self) {
        self.external += other.external;
        self.in_scatter += other.in_scatter;
        self.fission += other.fission;
        self.absorption += other.absorption;
        self.out_scatter += other.out_scatter;
        self.outflow += other.outflow;
    }
}

/// What passes one end of the mesh in one group, over the whole surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BoundaryFlow {
    /// Out of the domain.
    pub out: f64,
    /// Into the domain.
    pub into: f64,
}

impl BoundaryFlow {
    /// Net flow out of the domain.
    pub fn net(&self) -> f64 {
        self.out - self.into
    }
}

/// The net flow between two regions that touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Interface {
    /// The edge.
    pub edge: usize,
    /// Its coordinate, cm.
    pub position: f64,
    /// Region below it.
    pub from: u32,
    /// Region above it.
    pub to: u32,
    /// Net flow from the one to the other over the whole surface: `[group]`.
    pub flow: Vec<f64>,
}

/// The balance table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Balance {
    /// `[region][group]`.
    pub regions: Vec<Vec<BalanceTerms>>,
    /// `[group]`, at the lower end. Nothing passes the centre of a sphere or cylinder.
    pub lower: Vec<BoundaryFlow>,
    /// `[group]`, at the upper end.
    pub upper: Vec<BoundaryFlow>,
    /// Interfaces between regions, from the lower end.
    pub interfaces: Vec<Interface>,
    /// All that is made: external source, fission, and what boundaries with a given flux let in.
    pub production: f64,
}

impl Balance {
    /// The table for a flux with the flows that belong to it.
    ///
    /// `fission_scale` is 1/k in an eigenvalue problem, 1 where fission is part of a fixed-source
    /// problem, 0 where it is left out. `currents` are the net currents `[group][edge]` and
    /// `boundary` the fluxes at the ends `[group]` of a sweep with this flux
    /// ([`FixedSource::final_sweep`]).
    pub fn compute(
        disc: &Discretization,
        source: &SourceTerms<'_>,
        fission_scale: f64,
        flux: &Moments,
        currents: &[Vec<f64>],
        boundary: &[BoundaryFlux],
    ) -> Self {
        let mesh = disc.mesh();
        let groups = disc.groups();
        let mut regions = vec![vec![BalanceTerms::default(); groups]; mesh.regions()];
        for to in 0..groups {
            for (cell, phi) in flux.averages(to).enumerate() {
                let terms = &mut regions[mesh.region[cell] as usize][to];
                let x = disc.material(cell);
                let (volume, factor) = (mesh.volume(cell), mesh.scattering_factor(cell));
                let scatter = |from: usize, to: usize| factor * x.scatter(0, from, to);
                let out: f64 = (0..groups)
                    .filter(|&g| g != to)
                    .map(|g| scatter(to, g))
                    .sum();
                terms.out_scatter += volume * phi * out;
                terms.absorption += volume * phi * (x.total[to] - scatter(to, to) - out);
                terms.external += volume * external(disc, source, to, cell);
                for from in 0..groups {
                    let phi = flux.group(from)[cell * flux.dofs()];
                    if from != to {
                        terms.in_scatter += volume * phi * scatter(from, to);
                    }
                    terms.fission += volume * phi * fission_scale * x.chi[to] * x.nu_fission[from];
                }
                terms.outflow += mesh.area(cell + 1) * currents[to][cell + 1]
                    - mesh.area(cell) * currents[to][cell];
            }
        }
        let ends = [Side::Lower, Side::Upper]
            .map(|side| boundary.iter().map(|b| flow(disc, side, b)).collect());
        let mut balance = Self {
            regions,
            interfaces: interfaces(disc, currents),
            production: 0.0,
            ..Self::default()
        };
        [balance.lower, balance.upper] = ends;
        let total = balance.total();
        balance.production = total.external + total.fission;
        for (end, condition) in [&balance.lower, &balance.upper]
            .into_iter()
            .zip(disc.boundaries())
        {
            if matches!(condition, Boundary::Incident(_)) {
                balance.production += end.iter().map(|f| f.into).sum::<f64>();
            }
        }
        balance
    }

    /// The table of a solved fixed-source problem; sweeps each group once more.
    pub fn of_fixed_source(
        solver: &mut FixedSource,
        disc: &Discretization,
        source: &SourceTerms<'_>,
        fission_scale: f64,
        flux: &Moments,
    ) -> Self {
        let (currents, boundary) = final_flows(solver, disc, source, flux);
        Self::compute(disc, source, fission_scale, flux, &currents, &boundary)
    }

    /// The table of a fundamental mode with multiplication factor `k`; sweeps each group once more.
    pub fn of_eigenvalue(
        solver: &mut FixedSource,
        disc: &Discretization,
        k: f64,
        flux: &Moments,
    ) -> Self {
        let fission = fission_density(disc, 1.0 / k, flux);
        let (currents, boundary) = final_flows(solver, disc, &SourceTerms::new(&fission), flux);
        let nothing = disc.zeros();
        let source = SourceTerms::new(&nothing);
        Self::compute(disc, &source, 1.0 / k, flux, &currents, &boundary)
    }

    /// Sum over all regions and groups. In- and out-scatter differ where scattering makes
    /// particles or loses them.
    pub fn total(&self) -> BalanceTerms {
        sum(self.regions.iter().flatten())
    }

    /// Sum over all groups of one region.
    pub fn region(&self, region: usize) -> BalanceTerms {
        sum(&self.regions[region])
    }

    /// Sum over all regions of one group.
    pub fn group(&self, group: usize) -> BalanceTerms {
        sum(self.regions.iter().map(|r| &r[group]))
    }

    /// Largest residual of any region and group, over the size of the whole production; absolute
    /// where nothing is produced. Not a number where a term is none.
    pub fn residual(&self) -> f64 {
        let scale = if self.production == 0.0 {
            1.0
        } else {
            self.production.abs()
        };
        largest((self.regions.iter().flatten()).map(|terms| terms.residual().abs() / scale))
    }
}

/// Source density chi_g `scale` sum_g' nu sigma_f,g' phi_g' of fission, isotropic.
pub fn fission_density(disc: &Discretization, scale: f64, flux: &Moments) -> Moments {
    let mut density = disc.zeros();
    let dofs = disc.dofs();
    for to in 0..disc.groups() {
        for from in 0..disc.groups() {
            let phi = flux.group(from);
            let density = density.group_mut(to);
            for cell in 0..disc.mesh().len() {
                let x = disc.material(cell);
                let production = scale * x.chi[to] * x.nu_fission[from];
                for i in cell * dofs..(cell + 1) * dofs {
                    density[i] += production * phi[i];
                }
            }
        }
    }
    density
}

/// Net currents `[group][edge]` and boundary fluxes `[group]` of a solved problem, from one more
/// sweep of each group.
pub fn final_flows(
    solver: &mut FixedSource,
    disc: &Discretization,
    source: &SourceTerms<'_>,
    flux: &Moments,
) -> (Vec<Vec<f64>>, Vec<BoundaryFlux>) {
    (0..disc.groups())
        .map(|g| {
            let mut current = vec![0.0; disc.mesh().edges.len()];
            let boundary = solver
                .final_sweep(disc, g, source, flux, None, Some(&mut current))
                .clone();
            (current, boundary)
        })
        .unzip()
}

fn sum<'a>(terms: impl IntoIterator<Item = &'a BalanceTerms>) -> BalanceTerms {
    let mut all = BalanceTerms::default();
    for t in terms {
        all.add(t);
    }
    all
}

/// Source density of one cell, all directions together.
fn external(disc: &Discretization, source: &SourceTerms<'_>, group: usize, cell: usize) -> f64 {
    let dofs = disc.dofs();
    let density = source.density.group(group)[cell * dofs];
    let Some(angular) = source.angular else {
        return density;
    };
    let n = disc.mesh().len() * dofs;
    let given = angular[group].iter().skip(cell * dofs).step_by(n);
    let weight = &disc.ordinates().weight;
    density + given.zip(weight).map(|(q, w)| w * q).sum::<f64>()
}

fn flow(disc: &Discretization, side: Side, boundary: &BoundaryFlux) -> BoundaryFlow {
    let (area, outward) = match side {
        Side::Lower => (disc.mesh().area(0), -1.0),
        Side::Upper => (disc.mesh().area(disc.mesh().len()), 1.0),
    };
    let o = disc.ordinates();
    let mut flow = BoundaryFlow::default();
    for ((mu, weight), psi) in o.mu.iter().zip(&o.weight).zip(boundary.at(side)) {
        let mu = outward * mu;
        if mu > 0.0 {
            flow.out += area * weight * mu * psi;
        } else {
            flow.into -= area * weight * mu * psi;
        }
    }
    flow
}

fn interfaces(disc: &Discretization, currents: &[Vec<f64>]) -> Vec<Interface> {
    let mesh = disc.mesh();
    (1..mesh.len())
        .filter(|&edge| mesh.region[edge - 1] != mesh.region[edge])
        .map(|edge| Interface {
            edge,
            position: mesh.edges[edge],
            from: mesh.region[edge - 1],
            to: mesh.region[edge],
            flow: currents.iter().map(|j| mesh.area(edge) * j[edge]).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
