//! Implicit-explicit (additive) Runge-Kutta methods: L implicit, N explicit.
//!
//! ```text
//! U_i = v + h sum_{j<i} (a_ij N(U_j) + A_ij L U_j) + h gamma L U_i,     U_0 = v
//! v+  = v + h sum_i (b_i N(U_i) + B_i L U_i)
//! ```
//!
//! with one gamma for all stages but the first, which is explicit. L is a number per mode, so
//! a stage divides by 1 - h gamma L. All methods here have an L-stable implicit part whose
//! weights B are its last row, so v+ = U_s + h sum_i (b_i - a_si) N(U_i): modes that L damps are
//! damped, however large h L is.
//!
//! Sources: U. M. Ascher, S. J. Ruuth, R. J. Spiteri, Appl. Numer. Math. 25 (1997) 151 (ARS; the
//! numbers are implicit stages, explicit stages, order); C. A. Kennedy, M. H. Carpenter, Appl.
//! Numer. Math. 44 (2003) 139 (ARK4(3)6L[2]SA).

use num_complex::Complex64;

use super::phi::{Coefficients, LinearPart};
use super::scheme::{Coefficient, Update};

/// Coefficients of a method with s + 1 stages, the first explicit; row i - 1 of `explicit` and
/// `implicit` belongs to stage i and holds what multiplies stages 0..i.
pub(super) struct Tableau {
    pub(super) nodes: &'static [f64],
    pub(super) explicit: &'static [&'static [f64]],
    /// Without the diagonal.
    pub(super) implicit: &'static [&'static [f64]],
    /// Weights b of N.
    pub(super) weights: &'static [f64],
    /// Weights of both parts of the embedded method; empty where there is none.
    pub(super) embedded: &'static [f64],
    pub(super) gamma: f64,
}

/// 1 - 1/sqrt(2).
const G: f64 = 1.0 - std::f64::consts::FRAC_1_SQRT_2;
/// 1 - 1/(2 G).
const D222: f64 = 1.0 - 1.0 / (2.0 * G);
/// -2 sqrt(2) / 3.
const D232: f64 = -2.0 * std::f64::consts::SQRT_2 / 3.0;

pub(super) static EULER: Tableau = Tableau {
    nodes: &[0.0, 1.0],
    explicit: &[&[1.0]],
    implicit: &[&[0.0]],
    weights: &[1.0, 0.0],
    embedded: &[],
    gamma: 1.0,
};

pub(super) static ARS222: Tableau = Tableau {
    nodes: &[0.0, G, 1.0],
    explicit: &[&[G], &[D222, 1.0 - D222]],
    implicit: &[&[0.0], &[0.0, 1.0 - G]],
    weights: &[D222, 1.0 - D222, 0.0],
    embedded: &[],
    gamma: G,
};

pub(super) static ARS232: Tableau = Tableau {
    nodes: &[0.0, G, 1.0],
    explicit: &[&[G], &[D232, 1.0 - D232]],
    implicit: &[&[0.0], &[0.0, 1.0 - G]],
    weights: &[0.0, 1.0 - G, G],
    embedded: &[],
    gamma: G,
};

pub(super) static ARS443: Tableau = Tableau {
    nodes: &[0.0, 0.5, 2.0 / 3.0, 0.5, 1.0],
    explicit: &[
        &[0.5],
        &[11.0 / 18.0, 1.0 / 18.0],
        &[5.0 / 6.0, -5.0 / 6.0, 0.5],
        &[0.25, 1.75, 0.75, -1.75],
    ],
    implicit: &[
        &[0.0],
        &[0.0, 1.0 / 6.0],
        &[0.0, -0.5, 0.5],
        &[0.0, 1.5, -1.5, 0.5],
    ],
    weights: &[0.25, 1.75, 0.75, -1.75, 0.0],
    embedded: &[],
    gamma: 0.5,
};

pub(super) static ARK436L2SA: Tableau = Tableau {
    nodes: &[0.0, 0.5, 83.0 / 250.0, 31.0 / 50.0, 17.0 / 20.0, 1.0],
    explicit: &[
        &[0.5],
        &[13861.0 / 62500.0, 6889.0 / 62500.0],
        &[
            -116923316275.0 / 2393684061468.0,
            -2731218467317.0 / 15368042101831.0,
            9408046702089.0 / 11113171139209.0,
        ],
        &[
            -451086348788.0 / 2902428689909.0,
            -2682348792572.0 / 7519795681897.0,
            12662868775082.0 / 11960479115383.0,
            3355817975965.0 / 11060851509271.0,
        ],
        &[
            647845179188.0 / 3216320057751.0,
            73281519250.0 / 8382639484533.0,
            552539513391.0 / 3454668386233.0,
            3354512671639.0 / 8306763924573.0,
            4040.0 / 17871.0,
        ],
    ],
    implicit: &[
        &[0.25],
        &[8611.0 / 62500.0, -1743.0 / 31250.0],
        &[
            5012029.0 / 34652500.0,
            -654441.0 / 2922500.0,
            174375.0 / 388108.0,
        ],
        &[
            15267082809.0 / 155376265600.0,
            -71443401.0 / 120774400.0,
            730878875.0 / 902184768.0,
            2285395.0 / 8070912.0,
        ],
        &[
            82889.0 / 524892.0,
            0.0,
            15625.0 / 83664.0,
            69875.0 / 102672.0,
            -2260.0 / 8211.0,
        ],
    ],
    weights: &[
        82889.0 / 524892.0,
        0.0,
        15625.0 / 83664.0,
        69875.0 / 102672.0,
        -2260.0 / 8211.0,
        0.25,
    ],
    embedded: &[
        4586570599.0 / 29645900160.0,
        0.0,
        178811875.0 / 945068544.0,
        814220225.0 / 1159782912.0,
        -3700637.0 / 11593932.0,
        61727.0 / 225920.0,
    ],
    gamma: 0.25,
};

impl Tableau {
    fn stages(&self) -> usize {
        self.nodes.len()
    }

    /// N of all stages, all stage values but the first (which is v), and the error estimate.
    pub(super) fn registers(&self) -> usize {
        2 * self.stages() - 1 + usize::from(!self.embedded.is_empty())
    }

    /// Number of the register that holds the embedded error estimate after a step.
    pub(super) fn error_register(&self) -> Option<usize> {
        (!self.embedded.is_empty()).then(|| self.registers() - 1)
    }
}

/// L and 1 / (1 - h gamma L).
pub(super) fn coefficients(linear: &LinearPart, h: f64, gamma: f64) -> Coefficients {
    linear.tabulate(|l| [l, 1.0 / (1.0 - h * gamma * l)])
}

/// Registers: N of stages 0..s, U of stages 1..s, and perhaps the error.
pub(super) fn update<T: Coefficient>(tableau: &Tableau, c: &[Vec<T>], h: f64, update: Update<'_>) {
    let Update {
        stage,
        range,
        v,
        n,
        work,
        out,
        value,
    } = update;
    let len = range.len();
    let s = tableau.stages() - 1;
    let [l, inverse] = [0, 1].map(|i| &c[i][range.clone()][..len]);
    let (v, n) = (&v[..len], &n[..len]);
    let (out, value) = (&mut out[..len], &mut value[..len]);
    let (of_n, rest) = work.split_at_mut((s + 1) * len);
    let (of_u, error) = rest.split_at_mut(s * len);
    let of_n_at = |j: usize| j * len..(j + 1) * len;
    of_n[of_n_at(stage)].copy_from_slice(n);
    if stage < s {
        // Stage `stage + 1`.
        value.copy_from_slice(v);
        let (explicit, implicit) = (tableau.explicit[stage], tableau.implicit[stage]);
        for j in 0..=stage {
            let (a, b) = (h * explicit[j], h * implicit[j]);
            let n_j = &of_n[of_n_at(j)];
            let u_j = if j == 0 { v } else { &of_u[of_n_at(j - 1)] };
            if b == 0.0 {
                add(a, n_j, value);
            } else {
                for i in 0..len {
                    value[i] += a * n_j[i] + l[i].times(b * u_j[i]);
                }
            }
        }
        for i in 0..len {
            value[i] = inverse[i].times(value[i]);
        }
        of_u[of_n_at(stage)].copy_from_slice(value);
    } else {
        // The implicit weights are the last implicit row: only N is left to correct.
        out.copy_from_slice(&of_u[of_n_at(s - 1)]);
        for j in 0..=s {
            let row = tableau.explicit[s - 1].get(j).copied().unwrap_or(0.0);
            add(h * (tableau.weights[j] - row), &of_n[of_n_at(j)], out);
        }
        if tableau.embedded.is_empty() {
            return;
        }
        error.fill(Complex64::ZERO);
        for j in 0..=s {
            let b = h * (tableau.weights[j] - tableau.embedded[j]);
            let u_j = if j == 0 { v } else { &of_u[of_n_at(j - 1)] };
            let n_j = &of_n[of_n_at(j)];
            for i in 0..len {
                error[i] += b * n_j[i] + l[i].times(b * u_j[i]);
            }
        }
    }
}

fn add(a: f64, from: &[Complex64], to: &mut [Complex64]) {
    if a != 0.0 {
        for (t, &u) in to.iter_mut().zip(from) {
            *t += a * u;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with the diagonal, the explicit first stage included.
    fn rows(tableau: &Tableau, implicit: bool) -> Vec<Vec<f64>> {
        let s = tableau.stages();
        let mut rows = vec![vec![0.0; s]; s];
        for i in 1..s {
            let part = if implicit {
                tableau.implicit
            } else {
                tableau.explicit
            };
            rows[i][..i].copy_from_slice(part[i - 1]);
            if implicit {
                rows[i][i] = tableau.gamma;
            }
        }
        rows
    }

    #[test]
    fn tableaux_satisfy_the_order_conditions_of_both_parts_and_their_coupling() {
        for (tableau, order) in [
            (&EULER, 1),
            (&ARS222, 2),
            (&ARS232, 2),
            (&ARS443, 3),
            (&ARK436L2SA, 4),
        ] {
            let s = tableau.stages();
            let c = tableau.nodes;
            let parts = [rows(tableau, false), rows(tableau, true)];
            let weights = [tableau.weights.to_vec(), parts[1][s - 1].clone()];
            let near = |value: f64, exact: f64, what: &str| {
                assert!((value - exact).abs() < 1e-14, "{what}: {value} not {exact}");
            };
            for part in &parts {
                for (row, &c) in part.iter().zip(c) {
                    near(row.iter().sum(), c, "row sum");
                }
            }
            let dot = |a: &[f64], b: &dyn Fn(usize) -> f64| -> f64 {
                a.iter().enumerate().map(|(i, a)| a * b(i)).sum()
            };
            for b in &weights {
                near(dot(b, &|_| 1.0), 1.0, "sum b");
                if order >= 2 {
                    near(dot(b, &|i| c[i]), 0.5, "b c");
                }
                if order >= 3 {
                    near(dot(b, &|i| c[i].powi(2)), 1.0 / 3.0, "b c^2");
                    for a in &parts {
                        near(dot(b, &|i| dot(&a[i], &|j| c[j])), 1.0 / 6.0, "b A c");
                    }
                }
                if order >= 4 {
                    near(dot(b, &|i| c[i].powi(3)), 0.25, "b c^3");
                    for a in &parts {
                        near(dot(b, &|i| c[i] * dot(&a[i], &|j| c[j])), 0.125, "b c A c");
                        near(
                            dot(b, &|i| dot(&a[i], &|j| c[j].powi(2))),
                            1.0 / 12.0,
                            "b A c^2",
                        );
                        for a2 in &parts {
                            near(
                                dot(b, &|i| dot(&a[i], &|j| dot(&a2[j], &|k| c[k]))),
                                1.0 / 24.0,
                                "b A A c",
                            );
                        }
                    }
                }
            }
            if !tableau.embedded.is_empty() {
                near(
                    dot(tableau.embedded, &|i| c[i].powi(2)),
                    1.0 / 3.0,
                    "embedded b c^2",
                );
            }
        }
    }
}
