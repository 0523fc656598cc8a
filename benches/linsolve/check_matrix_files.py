"""Reads and writes matrices with pdesolve and with SciPy, and compares them bit for bit.

    cargo build --release -p pdesolve-io --example convert_system
    target/linsolve-peers/bin/python benches/linsolve/check_matrix_files.py

SciPy writes files of every format, field and symmetry; pdesolve reads each and writes it as HDF5 and
as Matrix Market again, which h5py and SciPy read.
"""

import gzip
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import scipy
import scipy.io
import scipy.sparse as sp

CONVERT = pathlib.Path("target/release/examples/convert_system")


def cases(rng):
    """Name, matrix, and how SciPy shall write it."""
    a = sp.random(40, 25, density=0.1, random_state=rng, format="coo")
    a.data = rng.standard_normal(a.nnz) * 10.0 ** rng.integers(-300, 300, a.nnz)
    yield "real general", a, {}
    z = a.copy().astype(complex)
    z.data = a.data + 1j * rng.standard_normal(a.nnz)
    yield "complex general", z, {}
    i = a.copy()
    i.data = rng.integers(-(2**53), 2**53, a.nnz)
    yield "integer general", i.astype(np.int64), {}
    i.data = rng.integers(0, 2**53, a.nnz).astype(np.uint64)
    yield "unsigned-integer general", i.astype(np.uint64), {}
    yield "pattern general", a, {"field": "pattern"}
    r = sp.random(30, 30, density=0.1, random_state=rng)
    yield "real symmetric", r + r.T, {"symmetry": "symmetric"}
    yield "real skew-symmetric", r - r.T, {"symmetry": "skew-symmetric"}
    c = r + 1j * sp.random(30, 30, density=0.1, random_state=rng)
    yield "complex hermitian", c + c.conj().T, {"symmetry": "hermitian"}
    yield "complex symmetric", c + c.T, {"symmetry": "symmetric"}
    yield "complex skew-symmetric", c - c.T, {"symmetry": "skew-symmetric"}
    yield "array real general", rng.standard_normal((7, 5)), {}
    yield "array complex general", rng.standard_normal((7, 5)) + 1j, {}
    d = rng.standard_normal((6, 6))
    yield "array real symmetric", d + d.T, {"symmetry": "symmetric"}
    yield "array real skew-symmetric", d - d.T, {"symmetry": "skew-symmetric"}
    yield "array complex hermitian", (d + 1j * d.T) + (d + 1j * d.T).conj().T, {"symmetry": "hermitian"}
    yield "array integer general", rng.integers(-9, 9, (4, 6)), {}
    yield "empty", sp.coo_matrix((5, 8)), {}


def from_hdf5(path):
    with h5py.File(path) as file:
        group = file["A"]
        assert group.attrs["encoding-type"] == "csr_matrix"
        parts = group["data"][:], group["indices"][:].astype(np.int64), group["indptr"][:].astype(np.int64)
        return sp.csr_matrix(parts, shape=tuple(group.attrs["shape"]))


def dense(matrix):
    return matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix)


def main():
    rng = np.random.default_rng(20230601)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, matrix, how in cases(rng):
            for suffix in [".mtx", ".mtx.gz"]:
                source, hdf5, again = folder / f"a{suffix}", folder / "a.h5", folder / f"b{suffix}"
                with (gzip.open if suffix.endswith("gz") else open)(source, "wb") as out:
                    scipy.io.mmwrite(out, matrix, precision=17, **how)
                for to in [hdf5, again]:
                    subprocess.run([CONVERT, source, to], check=True, stdout=subprocess.DEVNULL)
                expected = dense(scipy.io.mmread(source))
                equal = [
                    np.array_equal(expected, dense(found).astype(expected.dtype))
                    for found in [from_hdf5(hdf5), scipy.io.mmread(again)]
                ]
                failed += not all(equal)
                print(f"{name:28} {suffix:8} {'equal' if all(equal) else f'DIFFERENT {equal}'}")
    print(f"scipy {scipy.__version__}, h5py {h5py.__version__}: {failed} different")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
