//! The claim of the method: no thickness of the cells and no scattering ratio makes it unstable.

use super::measure;
use crate::params::{Acceleration, Scheme};
use crate::quadrature::gauss_legendre;

/// The infinite-order limit of rho/c at c = 1 (Adams and Larsen 2002, section II).
const BOUND: f64 = 0.2247;

#[test]
fn measured_spectral_radius_stays_below_0_2247c_from_thin_to_thick_cells() {
    let rule = gauss_legendre(16);
    for scheme in [Scheme::DiamondDifference, Scheme::LinearDiscontinuous] {
        for exponent in -3..=3 {
            let tau = 10_f64.powi(exponent);
            for c in [0.5, 0.9, 0.99, 0.9999, 1.0] {
                let rho = measure(scheme, &rule, Acceleration::Consistent, tau, c, 60);
                assert!(rho <= BOUND * c, "{scheme:?}, tau = {tau}, c = {c}: {rho}");
                if scheme == Scheme::DiamondDifference && c < 1.0 {
                    assert!(
                        rho > 0.1 * c,
                        "{tau}, {c}: {rho} is too good to be measured"
                    );
                }
            }
        }
    }
}
