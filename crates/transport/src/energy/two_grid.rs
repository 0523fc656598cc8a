//! Two-grid acceleration of upscatter: the error has one spectrum, and diffuses.
//!
//! After one Gauss-Seidel iteration the error obeys the transport equation with the source
//!
//! ```text
//! R_g = sum_(g' > g) S_g'g (phi_g'^(l+1/2) - phi_g'^l)
//! ```
//!
//! Its slowest part has the spectrum xi of the dominant eigenvector of the infinite medium,
//!
//! ```text
//! (T - S_L - S_D)^-1 S_U xi = rho xi,   sum_g xi_g = 1,
//! ```
//!
//! and varies slowly in space. Put in as xi_g e(x) and summed over the groups it solves one
//! diffusion equation,
//!
//! ```text
//! -div <D> grad e + <sigma_a> e = sum_g R_g
//! <D> = sum_g xi_g / (3 sigma_t,g),   <sigma_a> = sum_g (sigma_t,g xi_g - sum_g' S_g'g xi_g')
//! phi_g = phi_g + xi_g e.
//! ```
//!
//! The diffusion problem is that of the acceleration within a group ([`low_order`]), for a material
//! with the collapsed cross sections. The correction of a cell uses the spectrum of its material;
//! materials without upscatter take the mean of the others.
//!
//! Bad at: media in which the spectrum changes within a mean free path.
//!
//! Source: Adams and Morel, Nucl. Sci. Eng. 115 (1993) 253.

use std::ops::Range;

use crate::discretization::Discretization;
use crate::dsa::{LowOrder, low_order};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::params::Acceleration;

/// The one-group problem for the error of an iteration over the groups.
pub struct TwoGrid {
    block: Range<usize>,
    /// Spectrum of each material: `[material][group of the block]`.
    spectrum: Vec<Vec<f64>>,
    /// The problem with the collapsed cross sections.
    collapsed: Discretization,
    low_order: Box<dyn LowOrder>,
    change: Vec<f64>,
    correction: Vec<f64>,
}

impl TwoGrid {
    /// The one-group problem of the groups `block`; `None` where there is no diffusion problem for
    /// the scheme, or the scattering varies within a material.
    pub fn new(
        disc: &Discretization,
        block: Range<usize>,
        acceleration: Acceleration,
    ) -> Option<Self> {
        if !disc.mesh().scattering_factor.is_empty() {
            return None;
        }
        let spectrum = spectra(disc, &block);
        let materials: Vec<CrossSections> = (disc.materials().iter().zip(&spectrum))
            .map(|(m, xi)| collapse(m, xi, &block))
            .collect();
        let boundaries = disc.without_incident().boundaries().clone();
        let collapsed = Discretization::new(
            disc.mesh().clone(),
            materials,
            disc.ordinates().clone(),
            disc.scheme(),
            boundaries,
        )
        .ok()?;
        let acceleration = match acceleration {
            Acceleration::None => Acceleration::Consistent,
            a => a,
        };
        let low_order = low_order(&collapsed, 0, acceleration, &collapsed.totals(0))?;
        Some(Self {
            block,
            spectrum,
            low_order,
            change: vec![0.0; collapsed.group_len()],
            correction: vec![0.0; collapsed.group_len()],
            collapsed,
        })
    }

    /// flux += xi e after an iteration that began with `before`, the moments of the groups of the
    /// block.
    pub fn correct(&mut self, disc: &Discretization, before: &[f64], flux: &mut Moments) {
        let groups = self.block.len();
        let dofs = disc.dofs();
        let n = disc.group_len();
        self.change.fill(0.0);
        self.correction.fill(0.0);
        for (cell, sum) in self.change[..disc.mesh().len() * dofs]
            .chunks_exact_mut(dofs)
            .enumerate()
        {
            let m = disc.material(cell);
            let in_group = self.collapsed.material(cell).scatter(0, 0, 0);
            if in_group == 0.0 {
                continue;
            }
            for from in 0..groups {
                let g = self.block.start + from;
                let up: f64 = (self.block.start..g).map(|to| m.scatter(0, g, to)).sum();
                if up == 0.0 {
                    continue;
                }
                // The low-order problem multiplies by its own scattering.
                let up = up / in_group;
                let new = &flux.group(g)[cell * dofs..];
                let old = &before[from * n + cell * dofs..];
                for (d, sum) in sum.iter_mut().enumerate() {
                    *sum += up * (new[d] - old[d]);
                }
            }
        }
        self.low_order
            .correct(&self.collapsed, &self.change, &mut self.correction);
        let moments = disc.ordinates().moments();
        let cells = disc.mesh().len();
        for from in 0..groups {
            let values = flux.group_mut(self.block.start + from);
            for m in 0..moments {
                for cell in 0..cells {
                    let xi = self.spectrum[disc.mesh().material[cell] as usize][from];
                    let at = (m * cells + cell) * dofs;
                    for (phi, e) in values[at..at + dofs].iter_mut().zip(&self.correction[at..]) {
                        *phi += xi * e;
                    }
                }
            }
        }
    }
}

/// One group with the mean diffusion coefficient and the mean absorption of a spectrum.
fn collapse(m: &CrossSections, xi: &[f64], block: &Range<usize>) -> CrossSections {
    let (mut diffusion, mut absorption) = (0.0, 0.0);
    for (x, g) in xi.iter().zip(block.clone()) {
        // A group outside the spectrum does not diffuse, through a void neither.
        if *x == 0.0 {
            continue;
        }
        let out: f64 = block.clone().map(|to| m.scatter(0, g, to)).sum();
        absorption += x * (m.total[g] - out);
        diffusion += x / (3.0 * m.total[g]);
    }
    let total = 1.0 / (3.0 * diffusion);
    CrossSections::one_group(total, total - absorption)
}

/// The spectrum of each material; see the module.
fn spectra(disc: &Discretization, block: &Range<usize>) -> Vec<Vec<f64>> {
    let found: Vec<Option<Vec<f64>>> = (disc.materials().iter())
        .map(|m| spectrum(m, block).map(|(_, xi)| xi))
        .collect();
    let mut used = vec![false; found.len()];
    for &material in &disc.mesh().material {
        used[material as usize] = true;
    }
    let present =
        || (found.iter().zip(&used)).filter_map(|(xi, used)| xi.as_ref().filter(|_| *used));
    let count = present().count();
    let mut mean = vec![0.0; block.len()];
    for xi in present() {
        for (mean, x) in mean.iter_mut().zip(xi) {
            *mean += x / count as f64;
        }
    }
    if count == 0 {
        mean.fill(1.0 / block.len() as f64);
    }
    found
        .into_iter()
        .map(|xi| xi.unwrap_or_else(|| mean.clone()))
        .collect()
}

/// Dominant eigenvalue and eigenvector of (T - S_L - S_D)^-1 S_U, by power iteration: the ratio by
/// which Gauss-Seidel reduces the error in an infinite medium, and the spectrum of that error.
/// `None` without upscatter, or where a group of the material only scatters within itself.
pub fn spectrum(m: &CrossSections, block: &Range<usize>) -> Option<(f64, Vec<f64>)> {
    let n = block.len();
    let sigma = |from: usize, to: usize| m.scatter(0, block.start + from, block.start + to);
    let mut xi = vec![1.0 / n as f64; n];
    let mut next = vec![0.0; n];
    let mut rho = 0.0;
    for _ in 0..10_000 {
        for g in 0..n {
            let down: f64 = (0..g).map(|from| sigma(from, g) * next[from]).sum();
            let up: f64 = (g + 1..n).map(|from| sigma(from, g) * xi[from]).sum();
            let removal = m.total[block.start + g] - sigma(g, g);
            next[g] = if down + up == 0.0 {
                0.0
            } else {
                (down + up) / removal
            };
        }
        let sum: f64 = next.iter().sum();
        if !sum.is_finite() || sum <= 0.0 {
            return None;
        }
        let mut moved: f64 = 0.0;
        for (x, y) in xi.iter_mut().zip(&next) {
            moved = moved.max((y / sum - *x).abs());
            *x = y / sum;
        }
        rho = sum;
        if moved < 1e-10 {
            break;
        }
    }
    Some((rho, xi))
}
