use super::*;
use crate::gallery;
use crate::operator::{AdjointOperator, LinearOperator};
use crate::vector;

/// Ends of an axis: periodic, or the transmissibilities of the two boundary faces.
const ENDS: [Option<[f64; 2]>; 5] = [
    None,
    Some([0.0, 0.0]),
    Some([2.0, 2.0]),
    Some([1.0, 0.0]),
    Some([0.3, 2.0]),
];

const SHAPES: [&[usize]; 9] = [
    &[1],
    &[2],
    &[9],
    &[7, 1],
    &[4, 5],
    &[2, 6],
    &[6, 5, 4],
    &[3, 2, 2],
    &[8, 1, 3],
];

fn separable(shape: &[usize], first: usize, reaction: f64) -> SeparableStencil<f64> {
    let axes = shape
        .iter()
        .enumerate()
        .map(|(a, &n)| {
            let k = 1.0 + 0.5 * a as f64;
            match ENDS[(first + 2 * a) % ENDS.len()] {
                None => Axis::periodic(n, k),
                Some([lower, upper]) => {
                    let mut axis = Axis::uniform(n, k, lower, upper);
                    axis.widths[0] = 0.5;
                    axis
                }
            }
        })
        .collect();
    SeparableStencil::new(axes, reaction).unwrap()
}

fn diffusion(shape: &[usize], first: usize) -> DiffusionStencil<f64> {
    let n: usize = shape.iter().product();
    let mut periodic = Vec::new();
    let mut faces = Vec::new();
    for (a, &m) in shape.iter().enumerate() {
        let inner: usize = shape[..a].iter().product();
        let mut t: Vec<f64> = gallery::noise(n / m * (m + 1), 7 + a as u64)
            .iter()
            .map(|v| v.exp())
            .collect();
        let ends = ENDS[(first + a) % ENDS.len()];
        for slab in t.chunks_exact_mut(inner * (m + 1)) {
            for i in 0..inner {
                let (lower, upper) = ends.map_or((slab[i], slab[i]), |e| (e[0], e[1]));
                slab[i] = lower;
                slab[i + inner * m] = upper;
            }
        }
        periodic.push(ends.is_none());
        faces.push(t);
    }
    let extra = (first % 2 == 1).then(|| vec![0.1; n]);
    DiffusionStencil::new(shape, &periodic, faces, extra).unwrap()
}

fn agrees_with_its_matrix<A: GridStencil<f64> + AdjointOperator<f64>>(a: &A) {
    let matrix = a.to_csr();
    let n = a.nrows();
    let (x, z) = (gallery::noise(n, 1), gallery::noise(n, 2));
    let (mut y, mut expected) = (vec![f64::NAN; n], vec![0.0; n]);
    a.apply(&x, &mut y);
    matrix.apply(&x, &mut expected);
    let size = matrix.norm_inf();
    for (y, e) in y.iter().zip(&expected) {
        assert!((y - e).abs() <= 1e-14 * size, "{y} {e} {:?}", a.shape());
    }
    assert!(matrix.is_hermitian(1e-15));
    assert!(a.norm().unwrap() >= size * (1.0 - 1e-14));
    for (d, e) in a.diagonal().unwrap().iter().zip(&matrix.diagonal()) {
        // A periodic axis of one or two samples folds couplings onto the diagonal or each other.
        assert!((d - e).abs() <= 1e-14 * size);
    }
    let mut r = vec![0.0; n];
    a.residual(&z, &x, &mut r);
    assert!((0..n).all(|i| (r[i] - (z[i] - y[i])).abs() <= 1e-14 * size));
    // <A x, z> = <x, A^T z>.
    let mut adjoint = vec![0.0; n];
    a.apply_adjoint(&z, &mut adjoint);
    let (left, right) = (vector::dot(&y, &z), vector::dot(&x, &adjoint));
    assert!((left - right).abs() <= 1e-13 * size * n as f64);
    match a.null_space() {
        Some(null_space) => {
            a.apply(&null_space.basis()[0], &mut y);
            assert!(vector::norm2(&y) <= 1e-14 * size);
        }
        None => {
            let ones = vec![1.0; n];
            a.apply(&ones, &mut y);
            assert!(vector::norm2(&y) > 1e-3);
        }
    }
}

#[test]
fn stencils_agree_with_their_matrices_for_all_boundaries_and_dimensions() {
    for shape in SHAPES {
        for first in 0..ENDS.len() {
            for reaction in [0.0, 0.7] {
                agrees_with_its_matrix(&separable(shape, first, reaction));
            }
            agrees_with_its_matrix(&diffusion(shape, first));
        }
    }
}

#[test]
fn the_poisson_stencil_is_the_matrix_of_the_gallery() {
    for shape in [&[11][..], &[5, 7], &[6, 4, 5]] {
        assert_eq!(
            SeparableStencil::<f64>::poisson(shape).to_csr(),
            gallery::poisson(shape)
        );
    }
}

#[test]
fn single_precision_products_agree_to_its_rounding() {
    let a = SeparableStencil::<f32>::poisson(&[9, 8, 7]);
    let x: Vec<f32> = gallery::noise(504, 1).iter().map(|&v| v as f32).collect();
    let wide: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
    let (mut y, mut expected) = (vec![0f32; 504], vec![0.0; 504]);
    a.apply(&x, &mut y);
    gallery::poisson(&[9, 8, 7]).apply(&wide, &mut expected);
    for (y, e) in y.iter().zip(&expected) {
        assert!((f64::from(*y) - e).abs() <= 1e-5);
    }
}

#[test]
fn products_have_the_same_bits_for_any_number_of_threads() {
    let shape = [65, 33, 29];
    let n: usize = shape.iter().product();
    let (separable, diffusion) = (separable(&shape, 0, 0.0), diffusion(&shape, 1));
    let x = gallery::noise(n, 5);
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let (mut y, mut z) = (vec![0.0; n], vec![0.0; n]);
            separable.apply(&x, &mut y);
            diffusion.apply(&x, &mut z);
            (y, z)
        })
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(4));
}

#[test]
fn faults_are_named() {
    let fault = |shape: &[usize], faces: Vec<Vec<f64>>, periodic: &[bool]| {
        DiffusionStencil::new(shape, periodic, faces, None).unwrap_err()
    };
    assert!(matches!(
        fault(&[2, 0], vec![vec![]; 2], &[false; 2]),
        StencilError::Shape { .. }
    ));
    assert!(matches!(
        fault(&[2], vec![vec![1.0; 2]], &[false]),
        StencilError::Length {
            found: 2,
            expected: 3,
            ..
        }
    ));
    assert!(matches!(
        fault(&[2], vec![vec![1.0, -1.0, 1.0]], &[false]),
        StencilError::Value { index: 1, .. }
    ));
    assert!(matches!(
        fault(&[2], vec![vec![1.0, 1.0, 2.0]], &[true]),
        StencilError::Periodic { axis: 0 }
    ));
    let mut stretched = Axis::uniform(9, 1.0, 1.0, 1.0);
    stretched.faces[4] = 3.0;
    assert!(SeparableStencil::new(vec![stretched], 0.0).is_err());
}
