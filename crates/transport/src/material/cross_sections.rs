//! Multigroup cross sections of one material, as the solvers use them.

/// Multigroup cross sections; groups are numbered from the fastest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossSections {
    /// Total cross section sigma_t, 1/cm: `[group]`.
    pub total: Vec<f64>,
    /// Legendre moments of the scattering cross section, 1/cm: `[l][from * groups + to]`. The
    /// scattering source is sum_l (2 l + 1)/W P_l(mu) sigma_l phi_l: no factor 2 l + 1 in here.
    pub scattering: Vec<Vec<f64>>,
    /// Production cross section nu sigma_f, prompt and delayed, 1/cm: `[group]`.
    pub nu_fission: Vec<f64>,
    /// Fission cross section sigma_f, 1/cm: `[group]`; for edits.
    pub fission: Vec<f64>,
    /// Spectrum of fission particles, sum 1: `[group]`. In a problem in time that of the prompt
    /// ones.
    pub chi: Vec<f64>,
    /// Speed, cm/s: `[group]`; empty where it is not given.
    pub velocity: Vec<f64>,
    /// Delayed fission particles.
    pub delayed: Vec<Delayed>,
}

/// One family of precursors of delayed particles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delayed {
    /// Decay constant lambda, 1/s.
    pub decay: f64,
    /// Part beta of the production that goes through this family.
    pub fraction: f64,
    /// Spectrum of what is emitted, sum 1: `[group]`.
    pub chi: Vec<f64>,
}

impl CrossSections {
    /// One group, isotropic scattering, no fission.
    pub fn one_group(total: f64, scattering: f64) -> Self {
        Self {
            total: vec![total],
            scattering: vec![vec![scattering]],
            nu_fission: vec![0.0],
            fission: vec![0.0],
            chi: vec![0.0],
            velocity: Vec::new(),
            delayed: Vec::new(),
        }
    }

    /// Adds fission to a one-group material.
    #[must_use]
    pub fn with_fission(mut self, nu: f64, fission: f64) -> Self {
        self.nu_fission = vec![nu * fission];
        self.fission = vec![fission];
        self.chi = vec![1.0];
        self
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.total.len()
    }

    /// Highest Legendre order of the scattering.
    pub fn order(&self) -> usize {
        self.scattering.len().saturating_sub(1)
    }

    /// sigma_l from group `from` to group `to`; 0 beyond the order that is given.
    pub fn scatter(&self, l: usize, from: usize, to: usize) -> f64 {
        let groups = self.groups();
        self.scattering
            .get(l)
            .map_or(0.0, |m| m[from * groups + to])
    }

    /// Absorption cross section: total less all scattering out of `group`.
    pub fn absorption(&self, group: usize) -> f64 {
        let out: f64 = (0..self.groups())
            .map(|to| self.scatter(0, group, to))
            .sum();
        self.total[group] - out
    }

    /// The group whose scattering out exceeds the total cross section the most, relative to it,
    /// and by how much; `None` where no group does by more than rounding (1e-12).
    ///
    /// Such a material makes particles. Without fission, leakage or an absorber elsewhere, a
    /// steady problem with it has no solution.
    pub fn excess(&self) -> Option<(usize, f64)> {
        (0..self.groups())
            .map(|g| {
                let excess = -self.absorption(g);
                (
                    g,
                    if excess == 0.0 {
                        0.0
                    } else {
                        excess / self.total[g]
                    },
                )
            })
            .filter(|&(_, excess)| excess > 1e-12)
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Entries `(from, to)` of the isotropic scattering that are negative, as a transport
    /// correction may leave them on the diagonal.
    pub fn negative_scattering(&self) -> Vec<(usize, usize)> {
        let groups = self.groups();
        (0..groups * groups)
            .map(|i| (i / groups, i % groups))
            .filter(|&(from, to)| self.scatter(0, from, to) < 0.0)
            .collect()
    }

    /// Whether any group has fission.
    pub fn is_fissile(&self) -> bool {
        self.nu_fission.iter().any(|&x| x > 0.0)
    }
}
