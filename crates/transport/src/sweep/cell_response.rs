//! What one cell does to what enters it, as matrices: for Fourier analysis and tests.
//!
//! In the direction of flight, with the Legendre coefficients s_d of the source and psi_d of the
//! flux:
//!
//! ```text
//! psi_out = edge_from_edge psi_in + sum_d edge_from_source_d s_d
//! psi_i = flux_from_edge_i psi_in + sum_d flux_from_source_id s_d
//! ```
//!
//! The numbers come out of the kernel that sweeps use, called with unit inputs.

use super::discontinuous_galerkin::DiscontinuousGalerkin;
use super::linear_characteristic::LinearCharacteristic;
use super::linear_discontinuous::{LinearDiscontinuous, LumpedLinearDiscontinuous};
use super::slab::{CellScheme, LANES};
use super::weighted_diamond as wd;
use crate::params::Scheme;

/// The linear map of one cell and ordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct CellResponse {
    /// Leaving edge flux per unit of entering edge flux.
    pub edge_from_edge: f64,
    /// Leaving edge flux per unit of a source coefficient: `[source dof]`.
    pub edge_from_source: Vec<f64>,
    /// Flux coefficients per unit of entering edge flux: `[flux dof]`.
    pub flux_from_edge: Vec<f64>,
    /// Flux coefficients per unit of a source coefficient: `[flux dof][source dof]`.
    pub flux_from_source: Vec<Vec<f64>>,
}

/// The response of a slab cell of width `h` (cm) and cross section `total` (1/cm) to an ordinate
/// of cosine `mu` > 0.
///
/// For the ordinate -mu mirror it: coefficients of odd order change sign. Diamond difference with
/// fix-up is not linear; its response is given where nothing is fixed up, that of diamond
/// difference.
pub fn cell_response(scheme: Scheme, total: f64, h: f64, mu: f64) -> CellResponse {
    match scheme {
        Scheme::Step => respond(wd::Step, total, h, mu),
        Scheme::DiamondDifference | Scheme::DiamondDifferenceFixup => {
            respond(wd::DiamondDifference, total, h, mu)
        }
        Scheme::StepCharacteristic => respond(wd::StepCharacteristic, total, h, mu),
        Scheme::LinearDiscontinuous => respond(LinearDiscontinuous, total, h, mu),
        Scheme::LumpedLinearDiscontinuous => respond(LumpedLinearDiscontinuous, total, h, mu),
        Scheme::LinearCharacteristic => respond(LinearCharacteristic, total, h, mu),
        Scheme::DiscontinuousGalerkin2 => respond::<3, _>(DiscontinuousGalerkin, total, h, mu),
        Scheme::DiscontinuousGalerkin3 => respond::<4, _>(DiscontinuousGalerkin, total, h, mu),
    }
}

/// The first lane carries a unit entering flux, or a unit source.
fn respond<const D: usize, S: CellScheme<D>>(
    scheme: S,
    total: f64,
    h: f64,
    mu: f64,
) -> CellResponse {
    let run = |inside: f64, source: [f64; D]| {
        let mut edge = [inside; LANES];
        let mut psi = [[0.0; LANES]; D];
        let source = source.map(|s| [s; LANES]);
        scheme.solve(total, h, &[mu; LANES], &source, &mut edge, &mut psi);
        (edge[0], psi.map(|p| p[0]))
    };
    let (edge_from_edge, flux_from_edge) = run(1.0, [0.0; D]);
    let columns: Vec<(f64, [f64; D])> = (0..D)
        .map(|d| run(0.0, std::array::from_fn(|i| f64::from(u8::from(i == d)))))
        .collect();
    CellResponse {
        edge_from_edge,
        edge_from_source: columns.iter().map(|c| c.0).collect(),
        flux_from_edge: flux_from_edge.to_vec(),
        flux_from_source: (0..D)
            .map(|i| columns.iter().map(|c| c.1[i]).collect())
            .collect(),
    }
}
