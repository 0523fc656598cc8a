//! Emission densities: scattering and fission sources from flux moments.
//!
//! Emission densities have the layout of one group of flux moments, `[moment][cell][dof]`, and
//! already carry the factor of [`Ordinates::factor`](crate::Ordinates): the angular source of
//! ordinate n is sum_m basis_mn S_m.

use crate::discretization::Discretization;

impl Discretization {
    /// source += scattering from group `from` to group `to`.
    pub fn add_scattering(&self, from: usize, to: usize, flux: &[f64], source: &mut [f64]) {
        let n = self.mesh().len() * self.dofs();
        let ordinates = self.ordinates();
        for (m, (flux, source)) in flux
            .chunks_exact(n)
            .zip(source.chunks_exact_mut(n))
            .enumerate()
        {
            let sigma: Vec<f64> = (self.materials().iter())
                .map(|x| ordinates.factor[m] * x.scatter(ordinates.order[m], from, to))
                .collect();
            if sigma.iter().any(|&s| s != 0.0) {
                self.add_scaled(&sigma, true, flux, source);
            }
        }
    }

    /// source += `scale` times the fission source into group `to` that the flux of group `from`
    /// makes.
    pub fn add_fission(
        &self,
        from: usize,
        to: usize,
        scale: f64,
        flux: &[f64],
        source: &mut [f64],
    ) {
        let n = self.mesh().len() * self.dofs();
        let factor = scale * self.ordinates().factor[0];
        let sigma: Vec<f64> = (self.materials().iter())
            .map(|x| factor * x.chi[to] * x.nu_fission[from])
            .collect();
        if sigma.iter().any(|&s| s != 0.0) {
            self.add_scaled(&sigma, false, &flux[..n], &mut source[..n]);
        }
    }

    /// source += a source density given by its moments, as the physics has it (an isotropic
    /// source of q particles per cm^3 and s is q in moment 0).
    pub fn add_density(&self, density: &[f64], source: &mut [f64]) {
        let n = self.mesh().len() * self.dofs();
        for ((density, source), factor) in (density.chunks_exact(n))
            .zip(source.chunks_exact_mut(n))
            .zip(&self.ordinates().factor)
        {
            for (s, q) in source.iter_mut().zip(density) {
                *s += factor * q;
            }
        }
    }

    /// y += sigma of the cell's material times x, for one moment.
    fn add_scaled(&self, sigma: &[f64], scattering: bool, x: &[f64], y: &mut [f64]) {
        let dofs = self.dofs();
        let mesh = self.mesh();
        let scaled = scattering && !mesh.scattering_factor.is_empty();
        for (cell, (x, y)) in x
            .chunks_exact(dofs)
            .zip(y.chunks_exact_mut(dofs))
            .enumerate()
        {
            let mut s = sigma[mesh.material[cell] as usize];
            if scaled {
                s *= mesh.scattering_factor[cell];
            }
            for (y, x) in y.iter_mut().zip(x) {
                *y += s * x;
            }
        }
    }
}
