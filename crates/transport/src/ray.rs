//! The angular flux at one point in one direction, whether or not it is one of the ordinates.
//!
//! Along the flight that arrives at x in direction mu, with s the distance back from there,
//!
//! ```text
//! psi(x, mu) = integral_0^L q(s) exp(-tau(s)) ds + psi_in exp(-tau(L))
//! tau(s) = integral_0^s sigma_t ds'
//! ```
//!
//! q is the emission density of a converged solution, psi_in what enters at the boundary where
//! the flight began. One step of exact flight after the solution smooths the error of the
//! ordinates: the values are as good as the scalar flux, and any direction may be asked for.
//!
//! 1. Follow the flight back, cell by cell. In a cell sigma_t is constant and q a polynomial of
//!    the distance, so the integral is exact, in void too.
//! 2. At a mirror go on in the mirrored direction, weighed with the albedo. Back at x and mu,
//!    with attenuation a and integral c, the flight repeats: psi = c/(1 - a).
//! 3. At any other end add what enters there.
//!
//! In sphere and cylinder a flight is a chord. It keeps its distance p from the centre, also at a
//! mirror, so that it is a slab whose cells have the length of the chord in each shell.
//!
//! Source: Bell and Glasstone, Nuclear Reactor Theory (1970), section 1.2 (the integral
//! equation). Bad at: emission with higher moments in curved geometry, which is refused.

use pdesolve_mesh::Side;

use crate::boundary::Boundary;
use crate::discretization::{Discretization, TransportError};
use crate::edits::cell_above;
use crate::fixed_source::SourceTerms;
use crate::flux::Moments;
use crate::mesh::Geometry;
use crate::quadrature::legendre;
use crate::sweep::BoundaryFlux;

/// Most Legendre coefficients in a cell.
const DOFS: usize = 4;

/// Emission density of `group`, factors included, `[moment][cell][dof]`: the given source,
/// scattering from all groups, and `fission_scale` times fission.
///
/// # Errors
/// [`TransportError::Unsupported`] for a source given ordinate by ordinate: it has no value
/// between them.
pub fn emission(
    disc: &Discretization,
    group: usize,
    source: &SourceTerms<'_>,
    fission_scale: f64,
    flux: &Moments,
) -> Result<Vec<f64>, TransportError> {
    if source.angular.is_some() {
        return Err(TransportError::Unsupported(
            "a source given for each ordinate has no value between them".to_owned(),
        ));
    }
    let mut all = vec![0.0; disc.group_len()];
    disc.add_density(source.density.group(group), &mut all);
    for from in 0..disc.groups() {
        disc.add_scattering(from, group, flux.group(from), &mut all);
        if fission_scale != 0.0 {
            disc.add_fission(from, group, fission_scale, flux.group(from), &mut all);
        }
    }
    Ok(all)
}

/// The angular flux of `group` at `x` in the direction with cosine `mu` to the x or radial axis
/// and, in a cylinder, `axial` to its axis (elsewhere not used).
///
/// `emission` is that of [`emission`], `boundary` the flux at the ends after a sweep with it.
///
/// # Errors
/// [`TransportError::Unsupported`] for a point outside the mesh, cosines that are none, a given
/// flux that differs from ordinate to ordinate where the flight enters, flight along a layer of
/// void, and emission with higher
/// moments in curved geometry.
pub fn angular_flux(
    disc: &Discretization,
    group: usize,
    emission: &[f64],
    boundary: &BoundaryFlux,
    x: f64,
    mu: f64,
    axial: f64,
) -> Result<f64, TransportError> {
    let unsupported = |text: String| Err(TransportError::Unsupported(text));
    let mesh = disc.mesh();
    let edges = &mesh.edges;
    if cell_above(edges, x).is_none() {
        return unsupported(format!("{x} is outside the mesh"));
    }
    let axial = match mesh.geometry {
        Geometry::Cylinder => axial,
        Geometry::Slab | Geometry::Sphere => 0.0,
    };
    if !(mu * mu + axial * axial <= 1.0 && axial.abs() < 1.0) {
        return unsupported(format!(
            "there is no direction with the cosines {mu} and {axial}"
        ));
    }
    let n = mesh.len() * disc.dofs();
    if mesh.geometry != Geometry::Slab && emission[n..].iter().any(|&e| e != 0.0) {
        return unsupported("rays in curved geometry need isotropic emission".to_owned());
    }
    let flight = Flight::new(disc, group, emission, x, mu, axial);
    if flight.speed == 0.0 {
        return flight.along_layers(x);
    }
    let (lower, upper) = (flight.nearest, edges[mesh.len()]);
    let mut track = Track::default();
    let mut back = if mu > 0.0 { Side::Lower } else { Side::Upper };
    let mut from = x;
    // Down and up at most once each before the flight is back where it began.
    for _ in 0..3 {
        let end = match back {
            Side::Lower => lower,
            Side::Upper => upper,
        };
        flight.follow(from, end, back, &mut track);
        // The point of a chord nearest to the centre is passed freely.
        let passes = back == Side::Lower && mesh.geometry != Geometry::Slab && !flight.meets_hole;
        let condition = &disc.boundaries()[back as usize];
        let mirror = match condition {
            _ if passes => Some(1.0),
            Boundary::Reflecting { albedo } => Some(*albedo),
            Boundary::Periodic => None,
            Boundary::Vacuum | Boundary::White { .. } | Boundary::Incident(_) => {
                let entering = entering(disc, boundary, back)?;
                return Ok(track.sum + track.attenuation * entering);
            }
        };
        if let Some(albedo) = mirror {
            track.attenuation *= albedo;
            from = end;
            back = match back {
                Side::Lower => Side::Upper,
                Side::Upper => Side::Lower,
            };
        } else {
            from = match back {
                Side::Lower => upper,
                Side::Upper => lower,
            };
        }
        if track.attenuation == 0.0 {
            return Ok(track.sum);
        }
        // On the last leg the flight comes by x in its first direction.
        let first = if mu > 0.0 { Side::Lower } else { Side::Upper };
        if back == first {
            flight.follow(from, x, back, &mut track);
            return Ok(track.sum / (1.0 - track.attenuation));
        }
    }
    unreachable!("two turns bring a flight back to its first direction")
}

/// What enters at a side, the same in all directions.
fn entering(
    disc: &Discretization,
    boundary: &BoundaryFlux,
    side: Side,
) -> Result<f64, TransportError> {
    let enters = |mu: f64| match side {
        Side::Lower => mu > 0.0,
        Side::Upper => mu < 0.0,
    };
    let mut values = (disc.ordinates().mu.iter())
        .zip(boundary.at(side))
        .filter(|(mu, _)| enters(**mu))
        .map(|(_, psi)| *psi);
    let first = values.next().unwrap_or(0.0);
    if values.any(|v| (v - first).abs() > 1e-12 * first.abs()) {
        return Err(TransportError::Unsupported(
            "a flux that enters with a value for each ordinate has none between them".to_owned(),
        ));
    }
    Ok(first)
}

/// What the flight has gathered so far.
struct Track {
    sum: f64,
    attenuation: f64,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            sum: 0.0,
            attenuation: 1.0,
        }
    }
}

impl Track {
    /// A stretch of `length` whose source is sum_n q_n v^n, v from 0 to 1 along it.
    fn add(&mut self, sigma: f64, length: f64, q: &[f64; DOFS]) {
        let tau = sigma * length;
        let moments = exponential_moments(tau);
        let integral: f64 = q.iter().zip(&moments).map(|(q, m)| q * m).sum();
        self.sum += self.attenuation * length * integral;
        self.attenuation *= (-tau).exp();
    }
}

/// integral_0^1 v^n exp(-a v) dv for n = 0..DOFS.
fn exponential_moments(a: f64) -> [f64; DOFS] {
    let mut moments = [0.0; DOFS];
    if a < 1.0 {
        // sum_k (-a)^k/(k! (n + k + 1)); 20 terms leave 1/20! of it.
        let mut term = 1.0;
        for k in 0..20 {
            for (n, m) in moments.iter_mut().enumerate() {
                *m += term / (n + k + 1) as f64;
            }
            term *= -a / (k + 1) as f64;
        }
    } else {
        let last = (-a).exp();
        moments[0] = (1.0 - last) / a;
        for n in 1..DOFS {
            moments[n] = (n as f64 * moments[n - 1] - last) / a;
        }
    }
    moments
}

/// A flight through the mesh.
struct Flight<'a> {
    disc: &'a Discretization,
    group: usize,
    emission: &'a [f64],
    /// Angular basis functions in the direction that goes back towards the lower and the upper
    /// end: `[side][moment]`.
    basis: [Vec<f64>; 2],
    /// Slab: |mu|. Cylinder: sine of the angle with the axis. Sphere: 1.
    speed: f64,
    /// Distance of a chord from the centre.
    chord: f64,
    /// Lowest coordinate on the flight.
    nearest: f64,
    /// Whether a chord meets the surface of a hole in the middle.
    meets_hole: bool,
}

impl<'a> Flight<'a> {
    fn new(
        disc: &'a Discretization,
        group: usize,
        emission: &'a [f64],
        x: f64,
        mu: f64,
        axial: f64,
    ) -> Self {
        let first = disc.mesh().edges[0];
        let slab = disc.mesh().geometry == Geometry::Slab;
        let sine = ((1.0 - axial) * (1.0 + axial)).sqrt();
        let cosine = mu / sine;
        let chord = if slab {
            0.0
        } else {
            x * ((1.0 - cosine) * (1.0 + cosine)).max(0.0).sqrt()
        };
        let meets_hole = !slab && first > 0.0 && chord < first;
        let basis = |mu: f64| {
            let order = &disc.ordinates().order;
            if slab {
                order.iter().map(|&l| legendre(l, mu)).collect()
            } else {
                vec![1.0]
            }
        };
        Self {
            disc,
            group,
            emission,
            basis: [basis(mu.abs()), basis(-mu.abs())],
            speed: if slab { mu.abs() } else { sine },
            chord,
            nearest: if slab || meets_hole { first } else { chord },
            meets_hole,
        }
    }

    /// Follows the flight back from one coordinate to another, all in one sense.
    fn follow(&self, from: f64, to: f64, back: Side, track: &mut Track) {
        let edges = &self.disc.mesh().edges;
        let cells = edges.len() - 1;
        let (low, high) = (from.min(to), from.max(to));
        let first = (edges.partition_point(|&e| e <= low)).saturating_sub(1);
        let last = edges.partition_point(|&e| e < high).min(cells);
        for step in 0..last.saturating_sub(first) {
            let cell = match back {
                Side::Lower => last - 1 - step,
                Side::Upper => first + step,
            };
            let (a, b) = (edges[cell].max(low), edges[cell + 1].min(high));
            let (start, end) = match back {
                Side::Lower => (b, a),
                Side::Upper => (a, b),
            };
            let length = self.distance(a, b);
            if length > 0.0 {
                let sigma = self.disc.material(cell).total[self.group];
                track.add(sigma, length, &self.source(cell, start, end, back));
            }
        }
    }

    /// A flight parallel to the layers of a slab, that never leaves x.
    fn along_layers(&self, x: f64) -> Result<f64, TransportError> {
        let mesh = self.disc.mesh();
        let cell = mesh.edges.partition_point(|&e| e <= x).min(mesh.len()) - 1;
        let sigma = self.disc.material(cell).total[self.group];
        if sigma == 0.0 {
            return Err(TransportError::Unsupported(
                "a flight along a layer of void has no beginning".to_owned(),
            ));
        }
        Ok(self.source(cell, x, x, Side::Lower)[0] / sigma)
    }

    /// Distance flown between two coordinates of one cell.
    fn distance(&self, a: f64, b: f64) -> f64 {
        if self.disc.mesh().geometry == Geometry::Slab {
            return (b - a) / self.speed;
        }
        let along = |r: f64| ((r - self.chord).max(0.0) * (r + self.chord)).sqrt();
        (along(b) - along(a)) / self.speed
    }

    /// Coefficients of v^n of the source, v from 0 at `start` to 1 at `end`.
    fn source(&self, cell: usize, start: f64, end: f64, back: Side) -> [f64; DOFS] {
        let mesh = self.disc.mesh();
        let dofs = self.disc.dofs();
        let n = mesh.len() * dofs;
        let mut s = [0.0; DOFS];
        for (m, basis) in self.basis[back as usize].iter().enumerate() {
            let emission = &self.emission[m * n + cell * dofs..][..dofs];
            for (s, e) in s.iter_mut().zip(emission) {
                *s += basis * e;
            }
        }
        // Powers of xi in place of Legendre polynomials.
        let c = [s[0] - 0.5 * s[2], s[1] - 1.5 * s[3], 1.5 * s[2], 2.5 * s[3]];
        // xi = x0 + dx v, by Horner's scheme.
        let half = 0.5 * mesh.width(cell);
        let x0 = (start - mesh.centre(cell)) / half;
        let dx = (end - start) / half;
        let mut q = [0.0; DOFS];
        for power in (0..DOFS).rev() {
            for k in (1..DOFS).rev() {
                q[k] = x0 * q[k] + dx * q[k - 1];
            }
            q[0] = x0 * q[0] + c[power];
        }
        q
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed_source::FixedSource;
    use crate::material::CrossSections;
    use crate::mesh::Mesh;
    use crate::ordinates::Ordinates;
    use crate::params::{DiscreteOrdinatesParams, Scheme};
    use crate::quadrature::{chebyshev_legendre, double_gauss};

    fn disc(
        mesh: Mesh,
        materials: Vec<CrossSections>,
        order: usize,
        scheme: Scheme,
        boundaries: [Boundary; 2],
    ) -> Discretization {
        let ordinates = match mesh.geometry {
            Geometry::Cylinder => Ordinates::cylinder(&chebyshev_legendre(8), order),
            Geometry::Slab | Geometry::Sphere => Ordinates::legendre(&double_gauss(16), order),
        };
        Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
    }

    fn nothing(disc: &Discretization) -> BoundaryFlux {
        BoundaryFlux {
            lower: vec![0.0; disc.ordinates().len()],
            upper: vec![0.0; disc.ordinates().len()],
        }
    }

    #[test]
    fn moments_of_the_exponential_agree_where_series_and_recursion_meet() {
        let below = exponential_moments(1.0 - 1e-15);
        let above = exponential_moments(1.0);
        for (a, b) in below.iter().zip(&above) {
            assert!((a - b).abs() < 1e-14, "{a} {b}");
        }
        assert_eq!(exponential_moments(0.0), [1.0, 0.5, 1.0 / 3.0, 0.25]);
    }

    #[test]
    fn flight_through_a_cubic_anisotropic_source_is_exact() {
        // Emission E_0(x) + mu E_1(x) with cubics on one cell, against Simpson's rule.
        let disc = disc(
            Mesh::uniform(Geometry::Slab, 0.0, 2.0, 1),
            vec![CrossSections::one_group(1.5, 0.0)],
            1,
            Scheme::DiscontinuousGalerkin3,
            [Boundary::Vacuum, Boundary::Vacuum],
        );
        let e = [1.0, 0.4, -0.3, 0.2, 0.5, -0.1, 0.7, 0.3];
        let density = |x: f64, mu: f64| -> f64 {
            let xi = x - 1.0;
            (0..4)
                .map(|d| (e[d] + mu * e[4 + d]) * legendre(d, xi))
                .sum()
        };
        for (x, mu) in [(1.3, 0.6_f64), (0.0, -0.9), (2.0, 0.05), (0.7, -0.2)] {
            let upstream = if mu > 0.0 { 0.0 } else { 2.0 };
            let length: f64 = (x - upstream) / mu;
            let n = 20_000;
            let ds = length / f64::from(n);
            let expected: f64 = (0..=n)
                .map(|i| {
                    let s = f64::from(i) * ds;
                    let w = match i {
                        0 => 1.0,
                        i if i == n => 1.0,
                        i if i % 2 == 1 => 4.0,
                        _ => 2.0,
                    };
                    w * ds / 3.0 * density(x - mu * s, mu) * (-1.5 * s).exp()
                })
                .sum();
            let psi = angular_flux(&disc, 0, &e, &nothing(&disc), x, mu, 0.0).unwrap();
            assert!((psi - expected).abs() < 1e-11, "{x} {mu}: {psi} {expected}");
        }
        let along = angular_flux(&disc, 0, &e, &nothing(&disc), 0.7, 0.0, 0.0).unwrap();
        assert!((along - density(0.7, 0.0) / 1.5).abs() < 1e-14);
    }

    #[test]
    fn mirrors_and_periodic_ends_close_the_flight() {
        for boundaries in [
            [Boundary::MIRROR, Boundary::MIRROR],
            [Boundary::Periodic, Boundary::Periodic],
        ] {
            let disc = disc(
                Mesh::uniform(Geometry::Slab, 0.0, 0.1, 3),
                vec![CrossSections::one_group(0.5, 0.0)],
                0,
                Scheme::DiamondDifference,
                boundaries,
            );
            for mu in [-1.0, -0.3, 0.01, 0.8] {
                let psi =
                    angular_flux(&disc, 0, &[1.0; 3], &nothing(&disc), 0.06, mu, 0.0).unwrap();
                assert!((psi - 2.0).abs() < 1e-12, "{mu}: {psi}");
            }
        }
        // A mirror that keeps a quarter: psi_in = 1/4 psi_out on the far side.
        let disc = disc(
            Mesh::uniform(Geometry::Slab, 0.0, 2.0, 4),
            vec![CrossSections::one_group(1.0, 0.0)],
            0,
            Scheme::DiamondDifference,
            [Boundary::Reflecting { albedo: 0.25 }, Boundary::Vacuum],
        );
        let psi = angular_flux(&disc, 0, &[1.0; 4], &nothing(&disc), 2.0, 0.5, 0.0).unwrap();
        let through = f64::exp(-4.0);
        let expected = (1.0 - through) * (1.0 + 0.25 * through);
        assert!((psi - expected).abs() < 1e-14, "{psi} {expected}");
    }

    #[test]
    fn chords_of_spheres_and_cylinders_have_the_right_length() {
        // Source and collisions in the outer shell only: 1 < r < 2 around void.
        let shell = vec![
            CrossSections::one_group(0.0, 0.0),
            CrossSections::one_group(0.7, 0.0),
        ];
        for (geometry, axial) in [
            (Geometry::Sphere, 0.0),
            (Geometry::Cylinder, 0.0),
            (Geometry::Cylinder, 0.6),
        ] {
            let emission = [0.0, 0.0, 1.0, 1.0, 1.0];
            let with = |end: Boundary| {
                disc(
                    Mesh::layers(geometry, 0.0, &[(1.0, 2, 0), (1.0, 3, 1)]),
                    shell.clone(),
                    0,
                    Scheme::DiamondDifference,
                    [Boundary::MIRROR, end],
                )
            };
            let sine = f64::sqrt(1.0 - axial * axial);
            // Chords at 0, half way into the void, and past it.
            for p in [0.0, 0.5, 1.5_f64] {
                let half = f64::sqrt(4.0 - p * p);
                let void = f64::sqrt((1.0 - p * p).max(0.0));
                let length = 2.0 * (half - void) / sine;
                let mu = sine * half / 2.0;
                let open = with(Boundary::Vacuum);
                let psi =
                    angular_flux(&open, 0, &emission, &nothing(&open), 2.0, mu, axial).unwrap();
                let expected = (1.0 - (-0.7 * length).exp()) / 0.7;
                assert!((psi - expected).abs() < 1e-13, "{p}: {psi} {expected}");
                let closed = with(Boundary::MIRROR);
                let psi =
                    angular_flux(&closed, 0, &emission, &nothing(&closed), 2.0, mu, axial).unwrap();
                assert!((psi - 1.0 / 0.7).abs() < 1e-12, "{p}: {psi}");
            }
            let open = with(Boundary::Vacuum);
            let centre =
                angular_flux(&open, 0, &emission, &nothing(&open), 0.0, sine, axial).unwrap();
            let expected = (1.0 - (-0.7 / sine).exp()) / 0.7;
            assert!((centre - expected).abs() < 1e-13);
        }
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        let disc = disc(
            Mesh::uniform(Geometry::Slab, 0.0, 1.0, 2),
            vec![CrossSections::one_group(0.0, 0.0)],
            0,
            Scheme::DiamondDifference,
            [Boundary::Vacuum, Boundary::Vacuum],
        );
        let mut boundary = nothing(&disc);
        let ask = |boundary: &BoundaryFlux, x: f64, mu: f64| {
            angular_flux(&disc, 0, &[0.0; 2], boundary, x, mu, 0.0).map_err(|e| e.to_string())
        };
        assert!(ask(&boundary, 1.5, 0.5).unwrap_err().contains("outside"));
        assert!(ask(&boundary, 0.5, 1.5).unwrap_err().contains("cosines"));
        assert!(ask(&boundary, 0.5, 0.0).unwrap_err().contains("void"));
        let last = boundary.lower.len() - 1;
        boundary.lower[last] = 1.0;
        assert!(ask(&boundary, 0.5, 0.5).unwrap_err().contains("ordinate"));
        assert_eq!(ask(&boundary, 0.5, -0.5), Ok(0.0));
    }

    /// Exit values psi(0, -mu) and psi(5, mu) of the slab of thickness 5 with scattering ratio
    /// exp(-x/s) and an isotropic flux of 1 entering at 0.
    fn garcia_siewert(s: f64, cells: usize, scheme: Scheme, mu: &[f64]) -> Vec<[f64; 2]> {
        let mut mesh = Mesh::uniform(Geometry::Slab, 0.0, 5.0, cells);
        if s.is_finite() {
            mesh.scattering_factor = (mesh.edges.windows(2))
                .map(|e| s * ((-e[0] / s).exp() - (-e[1] / s).exp()) / (e[1] - e[0]))
                .collect();
        }
        let quadrature = double_gauss(32);
        let disc = Discretization::new(
            mesh,
            vec![CrossSections::one_group(1.0, 1.0)],
            Ordinates::legendre(&quadrature, 0),
            scheme,
            [Boundary::Incident(vec![vec![1.0; 32]]), Boundary::Vacuum],
        )
        .unwrap();
        let params = DiscreteOrdinatesParams {
            tolerance: 1e-9,
            ..DiscreteOrdinatesParams::default()
        };
        let (density, mut flux) = (disc.zeros(), disc.zeros());
        let source = SourceTerms::new(&density);
        let mut solver = FixedSource::new(&disc, &params);
        assert!(solver.solve(&disc, &source, &mut flux).converged);
        let emission = emission(&disc, 0, &source, 0.0, &flux).unwrap();
        let boundary = solver.final_sweep(&disc, 0, &source, &flux, None, None);
        mu.iter()
            .map(|&mu| {
                [(0.0, -mu), (5.0, mu)]
                    .map(|(x, mu)| angular_flux(&disc, 0, &emission, boundary, x, mu, 0.0).unwrap())
            })
            .collect()
    }

    /// Columns: mu, then the two exit values for s = 1 and for s infinite.
    const GARCIA_SIEWERT: [[f64; 5]; 7] = [
        [0.05, 5.896639e-1, 6.074876e-6, 0.8977975, 0.1022025],
        [0.1, 5.311199e-1, 6.925156e-6, 0.8878361, 0.1121639],
        [0.3, 3.803062e-1, 1.623389e-5, 0.8522993, 0.1477007],
        [0.5, 2.960902e-1, 1.693725e-4, 0.8189957, 0.1810043],
        [0.7, 2.423895e-1, 1.512818e-3, 0.7864927, 0.2135073],
        [0.9, 2.051742e-1, 5.960356e-3, 0.7544962, 0.2455038],
        [1.0, 1.905464e-1, 9.771232e-3, 0.7387212, 0.2612788],
    ];

    #[test]
    fn a_slab_of_falling_scattering_reflects_and_transmits_as_garcia_and_siewert_found() {
        let mu = GARCIA_SIEWERT.map(|r| r[0]);
        for (s, cells, column, digits) in [(1.0, 4000, 1, 5e-6), (f64::INFINITY, 400, 3, 2e-6)] {
            let found = garcia_siewert(s, cells, Scheme::LinearDiscontinuous, &mu);
            for (row, exit) in GARCIA_SIEWERT.iter().zip(&found) {
                for (expected, psi) in row[column..].iter().zip(exit) {
                    let error = (psi / expected - 1.0).abs();
                    assert!(error < digits, "s {s}, mu {}: {psi} {expected}", row[0]);
                }
            }
        }
    }

    #[test]
    fn on_an_ordinate_the_ray_agrees_with_the_sweep() {
        // Two regions with scattering up to order 1, a mirror and a white boundary.
        let mut scatterer = CrossSections::one_group(1.0, 0.7);
        scatterer.scattering.push(vec![0.2]);
        let disc = disc(
            Mesh::layers(
                Geometry::Slab,
                0.0,
                &[(1.0, 200, 0), (0.5, 20, 1), (1.0, 200, 0)],
            ),
            vec![scatterer, CrossSections::one_group(0.0, 0.0)],
            1,
            Scheme::DiscontinuousGalerkin3,
            [Boundary::MIRROR, Boundary::White { albedo: 0.5 }],
        );
        let mut density = disc.zeros();
        let cells = disc.mesh().len();
        for cell in 0..cells / 2 {
            density.group_mut(0)[cell * 4] = 1.0;
        }
        let source = SourceTerms::new(&density);
        let params = DiscreteOrdinatesParams {
            tolerance: 1e-12,
            ..DiscreteOrdinatesParams::default()
        };
        let (mut solver, mut flux) = (FixedSource::new(&disc, &params), disc.zeros());
        assert!(solver.solve(&disc, &source, &mut flux).converged);
        let emission = emission(&disc, 0, &source, 0.0, &flux).unwrap();
        let boundary = solver
            .final_sweep(&disc, 0, &source, &flux, None, None)
            .clone();
        for (n, &mu) in disc.ordinates().mu.iter().enumerate() {
            for (x, psi) in [(0.0, boundary.lower[n]), (2.5, boundary.upper[n])] {
                let ray = angular_flux(&disc, 0, &emission, &boundary, x, mu, 0.0).unwrap();
                assert!((ray / psi - 1.0).abs() < 1e-8, "{x} {mu}: {ray} {psi}");
            }
        }
    }
}
