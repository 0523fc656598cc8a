//! What enters at the ends of the mesh.
//!
//! Where something is given at one end at least, the sweep begins there, and what enters at the
//! other end follows from what has left: one sweep is exact. Where both ends send something back
//! (or the slab is periodic), the fluxes e that enter at the first end come back after a round
//! trip as T e + r, with r from the source. The matrix T, as large as the number of ordinates
//! that enter at one end, is measured once by sweeps without source; a sweep that starts from
//! e = 0 gives r, and e = (I - T)^-1 r is exact.

use faer::Mat;
use faer::linalg::solvers::{PartialPivLu, Solve};
use pdesolve_mesh::Side;

use super::half::{HalfSweep, Target, enters};
use super::{BoundaryFlux, Sweep, SweepSource};
use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::mesh::Geometry;

/// How the entering fluxes are found.
pub(super) enum Closure {
    /// One pass, beginning at this end.
    Direct { first: Side },
    /// A round trip that begins and ends with the ordinates `entering` at this end.
    Coupled {
        first: Side,
        entering: Vec<usize>,
        lu: PartialPivLu<f64>,
    },
    /// Each half comes back to where it began, 1/(1 - transmission) of each ordinate.
    Periodic { gain: Vec<f64> },
}

impl Closure {
    pub(super) fn new(disc: &Discretization, total: &[f64], half: &mut dyn HalfSweep) -> Self {
        let [lower, upper] = disc.boundaries();
        let curved = disc.mesh().geometry != Geometry::Slab;
        let count = disc.ordinates().len();
        let emission = vec![0.0; disc.group_len()];
        let source = SweepSource {
            emission: &emission,
            angular: None,
        };
        let mut flux = vec![0.0; disc.group_len()];
        let mut boundary = BoundaryFlux::zeros(count);
        if *lower == Boundary::Periodic {
            let mut gain = vec![0.0; count];
            for side in [Side::Lower, Side::Upper] {
                let mut target = Target {
                    flux: &mut flux,
                    angular: None,
                    current: None,
                };
                half.half(
                    disc,
                    total,
                    side,
                    &source,
                    &vec![1.0; count],
                    &mut gain,
                    &mut target,
                );
            }
            let gain = gain.iter().map(|t| 1.0 / (1.0 - t)).collect();
            return Self::Periodic { gain };
        }
        // In curved geometry the inward half comes first, whatever is given.
        if upper.is_given() {
            return Self::Direct { first: Side::Upper };
        }
        if lower.is_given() && !curved {
            return Self::Direct { first: Side::Lower };
        }
        let first = Side::Upper;
        let entering: Vec<usize> = (0..count)
            .filter(|&n| enters(disc.ordinates().mu[n], first))
            .collect();
        let mut round_trip = Mat::<f64>::zeros(entering.len(), entering.len());
        for (j, &n) in entering.iter().enumerate() {
            boundary.at_mut(first).fill(0.0);
            boundary.at_mut(first)[n] = 1.0;
            let mut out = Sweep {
                flux: &mut flux,
                angular: None,
                current: None,
            };
            pass(
                disc,
                None,
                total,
                first,
                &source,
                half,
                &mut boundary,
                &mut out,
            );
            let mut back = vec![0.0; count];
            enter(disc, None, first, &boundary, &mut back);
            for (i, &m) in entering.iter().enumerate() {
                round_trip[(i, j)] = f64::from(u8::from(i == j)) - back[m];
            }
        }
        Self::Coupled {
            first,
            entering,
            lu: round_trip.partial_piv_lu(),
        }
    }

    /// Sweeps over all cells and ordinates that one call takes.
    pub(super) fn sweeps(&self) -> usize {
        match self {
            Self::Direct { .. } => 1,
            Self::Coupled { .. } | Self::Periodic { .. } => 2,
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn sweep(
        &self,
        disc: &Discretization,
        group: usize,
        total: &[f64],
        source: &SweepSource<'_>,
        half: &mut dyn HalfSweep,
        boundary: &mut BoundaryFlux,
        out: &mut Sweep<'_>,
    ) {
        match self {
            Self::Direct { first } => {
                enter_given(disc, group, *first, boundary);
                pass(
                    disc,
                    Some(group),
                    total,
                    *first,
                    source,
                    half,
                    boundary,
                    out,
                );
            }
            Self::Coupled {
                first,
                entering,
                lu,
            } => {
                boundary.at_mut(*first).fill(0.0);
                pass(
                    disc,
                    Some(group),
                    total,
                    *first,
                    source,
                    half,
                    boundary,
                    out,
                );
                let mut back = vec![0.0; disc.ordinates().len()];
                enter(disc, Some(group), *first, boundary, &mut back);
                let r = Mat::from_fn(entering.len(), 1, |i, _| back[entering[i]]);
                let e = lu.solve(&r);
                for (i, &n) in entering.iter().enumerate() {
                    boundary.at_mut(*first)[n] = e[(i, 0)];
                }
                pass(
                    disc,
                    Some(group),
                    total,
                    *first,
                    source,
                    half,
                    boundary,
                    out,
                );
            }
            Self::Periodic { gain } => {
                let count = gain.len();
                let mut entering = vec![0.0; count];
                for round in 0..2 {
                    clear(out);
                    let mut leaving = vec![0.0; count];
                    for side in [Side::Lower, Side::Upper] {
                        half.half(
                            disc,
                            total,
                            side,
                            source,
                            &entering,
                            &mut leaving,
                            &mut target(out),
                        );
                    }
                    if round == 0 {
                        for ((e, g), r) in entering.iter_mut().zip(gain).zip(&leaving) {
                            *e = g * r;
                        }
                    }
                }
                boundary.lower.copy_from_slice(&entering);
                boundary.upper.copy_from_slice(&entering);
            }
        }
    }
}

fn clear(out: &mut Sweep<'_>) {
    out.flux.fill(0.0);
    if let Some(current) = out.current.as_deref_mut() {
        current.fill(0.0);
    }
}

fn target<'a>(out: &'a mut Sweep<'_>) -> Target<'a> {
    Target {
        flux: out.flux,
        angular: out.angular.as_deref_mut(),
        current: out.current.as_deref_mut(),
    }
}

fn opposite(side: Side) -> Side {
    match side {
        Side::Lower => Side::Upper,
        Side::Upper => Side::Lower,
    }
}

/// Both halves, from what `boundary` says enters at `first`. Without a group nothing is given at
/// the ends.
#[allow(clippy::too_many_arguments)]
fn pass(
    disc: &Discretization,
    group: Option<usize>,
    total: &[f64],
    first: Side,
    source: &SweepSource<'_>,
    half: &mut dyn HalfSweep,
    boundary: &mut BoundaryFlux,
    out: &mut Sweep<'_>,
) {
    clear(out);
    let second = opposite(first);
    for side in [first, second] {
        let mut entering = boundary.at(side).to_vec();
        if side == second {
            enter(disc, group, side, boundary, &mut entering);
            let mu = &disc.ordinates().mu;
            for (n, e) in entering
                .iter()
                .enumerate()
                .filter(|(n, _)| enters(mu[*n], side))
            {
                boundary.at_mut(side)[n] = *e;
            }
        }
        let leaving = boundary.at_mut(opposite(side));
        half.half(
            disc,
            total,
            side,
            source,
            &entering,
            leaving,
            &mut target(out),
        );
    }
}

fn enter_given(disc: &Discretization, group: usize, side: Side, boundary: &mut BoundaryFlux) {
    let mut entering = vec![0.0; disc.ordinates().len()];
    enter(disc, Some(group), side, boundary, &mut entering);
    let mu = &disc.ordinates().mu;
    for (n, e) in entering
        .iter()
        .enumerate()
        .filter(|(n, _)| enters(mu[*n], side))
    {
        boundary.at_mut(side)[n] = *e;
    }
}

/// What enters at `side`, from what leaves there.
fn enter(
    disc: &Discretization,
    group: Option<usize>,
    side: Side,
    boundary: &BoundaryFlux,
    entering: &mut [f64],
) {
    let o = disc.ordinates();
    let at = boundary.at(side);
    let mine = (0..o.len()).filter(|&n| enters(o.mu[n], side));
    match &disc.boundaries()[side as usize] {
        Boundary::Vacuum | Boundary::Periodic => mine.for_each(|n| entering[n] = 0.0),
        Boundary::Incident(given) => {
            mine.for_each(|n| entering[n] = group.map_or(0.0, |group| given[group][n]));
        }
        Boundary::Reflecting { albedo } => {
            mine.for_each(|n| entering[n] = albedo * at[o.mirror[n]])
        }
        Boundary::White { albedo } => {
            let leaving: f64 = (0..o.len())
                .filter(|&n| !enters(o.mu[n], side))
                .map(|n| o.weight[n] * o.mu[n].abs() * at[n])
                .sum();
            let back = albedo * leaving / o.half_range(1);
            mine.for_each(|n| entering[n] = back);
        }
    }
}
