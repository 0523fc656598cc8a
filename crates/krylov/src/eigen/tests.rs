use std::f64::consts::PI;

use num_complex::Complex;
use pdesolve_core::Control;

use super::*;
use crate::scalar::Real;
use crate::{Csr, Identity, Preconditioner, Solver, StoppingRule, gallery, methods::Cg};

type C = Complex<f64>;

/// Eigenvalues of `gallery::poisson` in rising order.
fn poisson_spectrum(shape: &[usize]) -> Vec<f64> {
    let mut values = vec![0.0];
    for &n in shape {
        let one = |k: usize| 4.0 * (0.5 * PI * k as f64 / (n + 1) as f64).sin().powi(2);
        values = (1..=n)
            .flat_map(|k| values.iter().map(move |v| v + one(k)).collect::<Vec<_>>())
            .collect();
    }
    values.sort_by(f64::total_cmp);
    values
}

fn assert_pairs<T: Scalar, A: LinearOperator<T>>(
    a: &A,
    pairs: &Eigenpairs<f64, T>,
    expected: &[f64],
    tolerance: f64,
) {
    assert!(pairs.converged, "{:?}", pairs.residuals);
    for (k, (value, expected)) in pairs.values.iter().zip(expected).enumerate() {
        assert!(
            (value - expected).abs() <= tolerance * expected.abs(),
            "{k}: {value} {expected}"
        );
    }
    let mut av = vec![T::zero(); a.nrows()];
    for (k, v) in pairs.vectors.iter().enumerate() {
        let found = residual(a, T::from_f64(pairs.values[k]), v, &mut av);
        assert!((found - pairs.residuals[k]).abs() <= 1e-12 * a.norm().unwrap_or(1.0));
        for (l, w) in pairs.vectors.iter().enumerate() {
            let expected = f64::from(u8::from(k == l));
            let product = vector::dot(v, w).modulus().as_f64();
            assert!((product - expected).abs() < 1e-6, "{k} {l} {product}");
        }
    }
}

#[test]
fn lanczos_finds_both_ends_of_the_spectrum_of_a_laplacian() {
    // Sides of different lengths, so that all eigenvalues are simple.
    let shape = [23, 17];
    let a = gallery::poisson(&shape);
    let mut expected = poisson_spectrum(&shape);
    for end in [End::Smallest, End::Largest] {
        let params = LanczosParams {
            count: 6,
            end,
            ..LanczosParams::default()
        };
        let pairs = lanczos(&a, &params).unwrap();
        assert_pairs(&a, &pairs, &expected, 1e-12);
        expected.reverse();
    }
}

#[test]
fn lanczos_finds_all_eigenvalues_of_a_small_matrix_also_multiple_ones() {
    let shape = [3, 3];
    let a = gallery::poisson(&shape);
    let params = LanczosParams {
        count: 9,
        ..LanczosParams::default()
    };
    let pairs = lanczos(&a, &params).unwrap();
    assert_pairs(&a, &pairs, &poisson_spectrum(&shape), 1e-12);
}

/// H = D A D^H with unitary diagonal D: Hermitian, complex, with the spectrum of A.
fn turned(a: &Csr<f64>) -> Csr<C> {
    let phase = |i: usize| C::from_polar(1.0, 0.7 * i as f64);
    let mut entries = Vec::new();
    for i in 0..a.nrows() {
        let (columns, values) = a.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            entries.push((i as u32, j, phase(i) * v * phase(j as usize).conj()));
        }
    }
    Csr::from_triplets(a.nrows(), a.ncols(), &entries).unwrap()
}

/// Solves with a matrix: shift and invert for the eigenvalues next to zero, or a preconditioner.
struct Inverse<'a> {
    a: &'a Csr<f64>,
    solver: Solver<f64, Cg<f64>>,
}

impl Preconditioner<f64> for Inverse<'_> {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        z.fill(0.0);
        self.solver.solve(self.a, &mut Identity, r, z).unwrap();
    }
}

impl LinearOperator<f64> for Inverse<'_> {
    fn nrows(&self) -> usize {
        self.a.nrows()
    }
    fn ncols(&self) -> usize {
        self.a.ncols()
    }
    fn apply(&self, x: &[f64], y: &mut [f64]) {
        y.fill(0.0);
        let mut solver = self.solver.clone();
        solver.solve(self.a, &mut Identity, x, y).unwrap();
    }
}

fn inverse(a: &Csr<f64>, tolerance: f64) -> Inverse<'_> {
    Inverse {
        a,
        solver: Solver::with_rule(Cg::default(), StoppingRule::relative(tolerance)),
    }
}

#[test]
fn lanczos_with_the_inverse_finds_the_smallest_eigenvalues_in_few_products() {
    let shape = [31, 29];
    let a = gallery::poisson(&shape);
    let params = LanczosParams {
        end: End::Largest,
        tolerance: 1e-9,
        ..LanczosParams::default()
    };
    let pairs = lanczos(&inverse(&a, 1e-13), &params).unwrap();
    assert!(pairs.products <= 40, "{}", pairs.products);
    for (mu, lambda) in pairs.values.iter().zip(poisson_spectrum(&shape)) {
        assert!((mu.recip() - lambda).abs() < 1e-10 * lambda);
    }
}

#[test]
fn lobpcg_finds_multiple_eigenvalues_of_a_square() {
    let shape = [20, 20];
    let a = gallery::poisson(&shape);
    let mut expected = poisson_spectrum(&shape);
    for end in [End::Smallest, End::Largest] {
        let params = LobpcgParams {
            count: 6,
            guard: 3,
            end,
            ..LobpcgParams::default()
        };
        let pairs = lobpcg(&a, &mut Identity, &params).unwrap();
        // The error of an eigenvalue is of second order in the residual.
        assert_pairs(&a, &pairs, &expected, 1e-11);
        expected.reverse();
    }
}

#[test]
fn the_iterations_of_lobpcg_with_a_good_preconditioner_do_not_grow_with_the_grid() {
    let count = |n: usize| {
        let a = gallery::poisson(&[n, n]);
        let params = LobpcgParams::default();
        let pairs = lobpcg(&a, &mut inverse(&a, 1e-10), &params).unwrap();
        assert_pairs(&a, &pairs, &poisson_spectrum(&[n, n]), 1e-11);
        let plain = lobpcg(&a, &mut Identity, &params).unwrap();
        (pairs.iterations, plain.iterations)
    };
    let ((coarse, coarse_plain), (fine, fine_plain)) = (count(16), count(48));
    assert!(fine <= coarse + 3 && fine <= 15, "{coarse} {fine}");
    assert!(
        fine_plain >= coarse_plain + 10,
        "{coarse_plain} {fine_plain}"
    );
}

#[test]
fn lobpcg_of_a_matrix_hardly_larger_than_its_block_is_exact() {
    let a = gallery::poisson(&[7]);
    let params = LobpcgParams {
        count: 4,
        guard: 2,
        ..LobpcgParams::default()
    };
    let pairs = lobpcg(&a, &mut Identity, &params).unwrap();
    assert_pairs(&a, &pairs, &poisson_spectrum(&[7]), 1e-11);
    let all = LobpcgParams {
        count: 7,
        ..LobpcgParams::default()
    };
    let pairs = lobpcg(&a, &mut Identity, &all).unwrap();
    assert_pairs(&a, &pairs, &poisson_spectrum(&[7]), 1e-11);
}

/// Tridiagonal (a, d, c): eigenvalues d + 2 sqrt(a c) cos(k pi / (n + 1)).
fn tridiagonal(n: usize, a: f64, d: f64, c: f64) -> Csr<f64> {
    let mut entries = Vec::new();
    for i in 0..n as u32 {
        entries.push((i, i, d));
        if i > 0 {
            entries.extend([(i, i - 1, a), (i - 1, i, c)]);
        }
    }
    Csr::from_triplets(n, n, &entries).unwrap()
}

#[test]
fn arnoldi_finds_the_complex_spectrum_of_a_tridiagonal_matrix() {
    // a c < 0: the eigenvalues 1 +- 2 i sqrt(-a c) cos(k pi/(n + 1)) lie on a line. The matrix is
    // similar to a normal one by diag((-a/c)^(i/2)), of condition 1.1^50 = 117.
    let (n, a, c) = (100, -1.0, 1.1);
    let matrix = tridiagonal(n, a, 1.0, c);
    let params = ArnoldiParams {
        count: 6,
        part: Part::LargestImaginary,
        tolerance: 1e-12,
        ..ArnoldiParams::default()
    };
    let pairs = arnoldi(&matrix, &params).unwrap();
    assert!(pairs.converged, "{:?}", pairs.residuals);
    for (k, value) in pairs.values.iter().enumerate() {
        let im = 2.0 * (-a * c).sqrt() * (PI * (k / 2 + 1) as f64 / (n + 1) as f64).cos();
        let expected = Complex::new(1.0, if k % 2 == 0 { im } else { -im });
        assert!(
            (value - expected).norm() < 117.0 * 3e-12,
            "{k} {value} {expected}"
        );
    }
}

#[test]
fn arnoldi_agrees_with_dense_eigenvalues_for_every_part_over_random_matrices() {
    for seed in 0..10 {
        let n = 150;
        let data = gallery::noise(4 * n, seed);
        let mut entries = Vec::new();
        for (k, &v) in data.iter().enumerate() {
            entries.push((
                (k / 4) as u32,
                ((k * 7919 + 31 * seed as usize) % n) as u32,
                v,
            ));
        }
        for i in 0..n as u32 {
            entries.push((i, i, 0.1 * f64::from(i % 40)));
        }
        let a = Csr::from_triplets(n, n, &entries).unwrap();
        let dense = faer::Mat::from_fn(n, n, |i, j| a.get(i, j));
        let mut all: Vec<C> = dense.eigenvalues().unwrap();
        for part in [Part::LargestModulus, Part::LargestReal, Part::SmallestReal] {
            all.sort_by(|a, b| part.merit(*b).total_cmp(&part.merit(*a)));
            let params = ArnoldiParams {
                count: 4,
                part,
                ..ArnoldiParams::default()
            };
            let pairs = arnoldi(&a, &params).unwrap();
            assert!(pairs.converged, "{seed} {part:?} {:?}", pairs.residuals);
            for (value, expected) in pairs.values.iter().zip(&all) {
                let same = (value - expected)
                    .norm()
                    .min((value - expected.conj()).norm());
                assert!(same < 1e-7, "{seed} {part:?} {value} {expected}");
            }
        }
    }
}

#[test]
fn arnoldi_works_on_complex_matrices() {
    // Turned by a unitary diagonal and multiplied by i: the spectrum is that of i A.
    let shape = [12, 9];
    let a = turned(&gallery::poisson(&shape)).map(|v| C::I * v);
    let pairs = arnoldi(&a, &ArnoldiParams::default()).unwrap();
    assert!(pairs.converged, "{:?}", pairs.residuals);
    let mut expected = poisson_spectrum(&shape);
    expected.reverse();
    for (value, expected) in pairs.values.iter().zip(expected) {
        assert!(
            (value - C::I * expected).norm() < 1e-9,
            "{value} {expected}"
        );
    }
}

#[test]
fn an_observer_stops_arnoldi_with_what_the_space_holds() {
    let a = gallery::poisson(&[19, 14]);
    let all = arnoldi(&a, &ArnoldiParams::default()).unwrap();
    for stop in [1, 7, 33] {
        let mut heard = Vec::new();
        let params = ArnoldiParams {
            count: 2,
            ..ArnoldiParams::default()
        };
        let found = arnoldi_from(&a, &params, None, &mut |products, estimate| {
            heard.push((products, estimate));
            if products == stop {
                Control::Interrupt
            } else {
                Control::Continue
            }
        })
        .unwrap();
        assert_eq!((found.products, heard.len()), (stop, stop));
        assert!(!found.converged && found.values.len() == stop.min(2));
        let mut av = vec![0.0; a.nrows()];
        let v: Vec<f64> = found.vectors[0].iter().map(|v| v.re).collect();
        let truth = residual(&a, found.values[0].re, &v, &mut av);
        assert!((truth - found.residuals[0]).abs() < 1e-10, "{truth}");
        assert!(found.values[0].re < all.values[0].re + 1e-12);
    }
}

#[test]
fn arnoldi_from_an_eigenvector_needs_one_space() {
    let a = gallery::poisson(&[19, 14]);
    let params = ArnoldiParams {
        count: 1,
        ..ArnoldiParams::default()
    };
    let first = arnoldi(&a, &params).unwrap();
    let start: Vec<f64> = first.vectors[0].iter().map(|v| v.re).collect();
    let mut ignored = |_: usize, _: f64| Control::Continue;
    let again = arnoldi_from(&a, &params, Some(&start), &mut ignored).unwrap();
    assert!(first.iterations > 0 && again.iterations == 0);
    assert!((again.values[0] - first.values[0]).norm() < 1e-12);
}

#[test]
fn arnoldi_agrees_with_lanczos_on_a_symmetric_matrix() {
    let a = gallery::poisson(&[19, 14]);
    let symmetric = LanczosParams {
        end: End::Largest,
        ..LanczosParams::default()
    };
    let one = lanczos(&a, &symmetric).unwrap();
    let two = arnoldi(&a, &ArnoldiParams::default()).unwrap();
    for (one, two) in one.values.iter().zip(&two.values) {
        assert!((two - one).norm() < 1e-10);
    }
}

#[test]
fn a_defective_matrix_gives_its_eigenvalue_to_the_accuracy_that_it_has() {
    // One Jordan block of size 3 at 5, and a simple spectrum below: the triple eigenvalue moves by
    // the cube root of rounding.
    let mut entries: Vec<_> = (0..60u32).map(|i| (i, i, f64::from(i) / 20.0)).collect();
    for i in 0..3 {
        entries.push((i, i, 5.0 - f64::from(i) / 20.0));
    }
    entries.extend([(0, 1, 1.0), (1, 2, 1.0)]);
    let a = Csr::from_triplets(60, 60, &entries).unwrap();
    let params = ArnoldiParams {
        count: 3,
        part: Part::LargestReal,
        tolerance: 1e-8,
        ..ArnoldiParams::default()
    };
    let pairs = arnoldi(&a, &params).unwrap();
    assert!(pairs.converged, "{:?}", pairs.residuals);
    for value in &pairs.values {
        assert!((value - 5.0).norm() < 1e-2, "{value}");
    }
}

#[test]
fn faults_are_named() {
    let wide = Csr::from_triplets(2, 3, &[(0, 0, 1.0)]).unwrap();
    let params = LanczosParams::default();
    assert!(matches!(
        lanczos(&wide, &params),
        Err(EigenError::NotSquare {
            rows: 2,
            columns: 3
        })
    ));
    let small = gallery::poisson(&[3]);
    assert!(matches!(
        lanczos(&small, &params),
        Err(EigenError::Count { count: 4, .. })
    ));
    let mut broken = gallery::poisson(&[30]);
    broken.values_mut()[5] = f64::NAN;
    assert_eq!(lanczos(&broken, &params), Err(EigenError::NotFinite));
    assert_eq!(
        arnoldi(&broken, &ArnoldiParams::default()),
        Err(EigenError::NotFinite)
    );
    let result = lobpcg(&broken, &mut Identity, &LobpcgParams::default());
    assert_eq!(result, Err(EigenError::NotFinite));
}

#[test]
fn too_few_restarts_are_told() {
    let a = gallery::poisson(&[40, 40]);
    let params = LanczosParams {
        max_restarts: 1,
        ..LanczosParams::default()
    };
    let pairs = lanczos(&a, &params).unwrap();
    assert!(!pairs.converged);
    assert!(pairs.residuals.iter().any(|&r| r > 1e-8));
}

#[test]
fn eigenvalues_have_the_same_bits_for_any_number_of_threads() {
    let a = gallery::poisson(&[300, 150]);
    let run = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let largest = LanczosParams {
                    end: End::Largest,
                    max_restarts: 2,
                    count: 2,
                    ..LanczosParams::default()
                };
                let few = ArnoldiParams {
                    max_restarts: 2,
                    ..ArnoldiParams::default()
                };
                let block = LobpcgParams {
                    count: 2,
                    max_iterations: 5,
                    ..LobpcgParams::default()
                };
                (
                    lanczos(&a, &largest).unwrap(),
                    arnoldi(&a, &few).unwrap(),
                    lobpcg(&a, &mut Identity, &block).unwrap(),
                )
            })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(4));
}
