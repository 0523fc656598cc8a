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
mod tests;
