//! <y, A x> = <A^H y, x> for every operator that can be applied both ways.

use num_complex::Complex;
use pdesolve_krylov::{
    AdjointOperator, BlockCsr, Csr, NullSpace, Real, Scalar, Singular, gallery, vector,
};

type C = Complex<f64>;

/// About four random entries a row.
fn random<T: Scalar>(nrows: usize, ncols: usize, seed: u64) -> Csr<T> {
    let values = noise::<T>(4 * nrows, seed);
    let places = gallery::noise(4 * nrows, seed + 100);
    let entries: Vec<_> = values
        .iter()
        .zip(places)
        .enumerate()
        .map(|(k, (&v, place))| {
            let column = ((place.abs() * 1e6) as usize) % ncols;
            ((k / 4) as u32, column as u32, v)
        })
        .collect();
    Csr::from_triplets(nrows, ncols, &entries).unwrap()
}

fn noise<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    gallery::noise(2 * n, seed)
        .chunks_exact(2)
        .map(|v| T::from_parts(T::from_f64(v[0]).re(), T::from_f64(v[1]).re()))
        .collect()
}

fn assert_adjoint<T: Scalar, A: AdjointOperator<T>>(a: &A, tolerance: f64) {
    for seed in 0..5 {
        let (x, y) = (
            noise::<T>(a.ncols(), seed),
            noise::<T>(a.nrows(), seed + 50),
        );
        let (mut ax, mut ay) = (noise::<T>(a.nrows(), 7), noise::<T>(a.ncols(), 8));
        a.apply(&x, &mut ax);
        a.apply_adjoint(&y, &mut ay);
        let (one, two) = (vector::dot(&y, &ax), vector::dot(&ay, &x));
        let size = (vector::norm2(&ax) * vector::norm2(&y)).as_f64();
        let difference = (one - two).modulus().as_f64();
        assert!(difference <= tolerance * size, "{difference:e} of {size:e}");
    }
}

fn all<T: Scalar>(tolerance: f64) {
    assert_adjoint(&random::<T>(60, 60, 1), tolerance);
    assert_adjoint(&random::<T>(45, 70, 2), tolerance);
    assert_adjoint(&random::<T>(70, 45, 3), tolerance);
    assert_adjoint(&&random::<T>(70, 45, 3), tolerance);
    assert_adjoint(&random::<T>(50, 40, 4).transpose(), tolerance);
    let blocks = BlockCsr::<T, 2>::from_csr(&random(48, 30, 5)).unwrap();
    assert_adjoint(&blocks, tolerance);
    let blocks = BlockCsr::<T, 3>::from_csr(&random(48, 30, 6)).unwrap();
    assert_adjoint(&blocks, tolerance);
    let singular = Singular::new(random::<T>(40, 40, 7), NullSpace::constant(40));
    assert_adjoint(&singular, tolerance);
}

#[test]
fn products_and_adjoint_products_belong_together() {
    all::<f64>(1e-14);
    all::<C>(1e-14);
    all::<f32>(1e-6);
    all::<Complex<f32>>(1e-6);
}
