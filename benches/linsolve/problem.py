"""The system of the comparison, its clock and its report, the same for every program in Python.

3-D Poisson, 7 points, Dirichlet: diagonal 6, six neighbours -1, N^3 unknowns with the last index
fastest. The right-hand side comes from a file of N^3 little-endian doubles, so that all programs solve
the same system. Runs under NumPy 1.24 (Debian's, which PETSc's bindings need) as well as under 2.
"""

import argparse
import json
import resource
import sys
import time

import numpy as np

RTOL = 1e-8
SEED = 20230601


def arguments(solvers):
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=64, help="unknowns an axis")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rhs", help="file of N^3 little-endian doubles")
    parser.add_argument("--solver", choices=[*solvers, "spmv"], action="append")
    parser.add_argument("--list", action="store_true", help="print the names of the solvers")
    args, rest = parser.parse_known_args()
    if args.list:
        print("\n".join(solvers))
        sys.exit()
    args.solver = args.solver or list(solvers)
    args.rest = rest
    return args


def poisson(n, first=0, last=None):
    """Rows `first` to `last` as (indptr, indices, data) with 32-bit indices, columns ascending."""
    last = n**3 if last is None else last
    row = np.arange(first, last)
    i, j, k = row // n**2, row // n % n, row % n
    present = [i > 0, j > 0, k > 0, np.ones_like(i, bool), k < n - 1, j < n - 1, i < n - 1]
    offsets = [-(n**2), -n, -1, 0, 1, n, n**2]
    mask = np.stack(present, axis=1)
    columns = row[:, None] + np.array(offsets)
    values = np.broadcast_to(np.where(np.array(offsets) == 0, 6.0, -1.0), mask.shape)
    indptr = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    return indptr.astype(np.int32), columns[mask].astype(np.int32), values[mask]


def right_hand_side(args):
    if args.rhs is None:
        return np.random.default_rng(SEED).standard_normal(args.n**3)
    b = np.fromfile(args.rhs, dtype="<f8")
    if len(b) != args.n**3:
        sys.exit(f"{args.rhs} holds {len(b)} numbers, {args.n**3} are needed")
    return b


def relative_residual(n, x, b):
    """||b - A x|| / ||b|| by array slices: not by the program that is measured."""
    u = x.reshape(n, n, n)
    r = b.reshape(n, n, n) - 6 * u
    r[1:] += u[:-1]
    r[:-1] += u[1:]
    r[:, 1:] += u[:, :-1]
    r[:, :-1] += u[:, 1:]
    r[:, :, 1:] += u[:, :, :-1]
    r[:, :, :-1] += u[:, :, 1:]
    return float(np.linalg.norm(r) / np.linalg.norm(b))


def resident(field):
    """`VmRSS` (now) or `VmHWM` (most so far) of this process, in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


class Stopwatch:
    """Wall and processor time, and the most memory beyond what was held at the start."""

    def __init__(self):
        # Resets VmHWM to VmRSS.
        with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")
        self.held = resident("VmRSS")
        self.last = self.now()

    @staticmethod
    def now():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter(), usage.ru_utime + usage.ru_stime

    def lap(self):
        """Wall and processor seconds since the last lap."""
        now = self.now()
        elapsed = tuple(a - b for a, b in zip(now, self.last))
        self.last = now
        return elapsed

    def extra_peak(self):
        return resident("VmHWM") - self.held


def report(**record):
    """One JSON line; the fields are those of README.md."""
    print(json.dumps({key: value for key, value in record.items() if value is not None}), flush=True)


def report_solve(args, *, watch, set_up, solve, x, b, iterations, **about):
    """`set_up` and `solve` are laps of the stopwatch."""
    residual = relative_residual(args.n, x, b)
    nnz = 7 * args.n**3 - 6 * args.n**2
    report(
        problem="poisson3d",
        n=args.n,
        threads=args.threads,
        iterations=int(iterations),
        # The recurrence of CG may differ from the true residual in the second digit.
        converged=bool(residual <= 1.1 * RTOL),
        set_up_s=set_up[0],
        set_up_cpu_s=set_up[1],
        solve_s=solve[0],
        solve_cpu_s=solve[1],
        relative_residual=residual,
        extra_peak_bytes=watch.extra_peak(),
        matrix_bytes=12 * nnz + 4 * (args.n**3 + 1),
        **about,
    )


def time_spmv(args, apply, program, version, repeat=20):
    """Best of `repeat` products; the bytes are those that must move: matrix, x once, y written."""
    apply()
    best = float("inf")
    for _ in range(repeat):
        started = time.perf_counter()
        apply()
        best = min(best, time.perf_counter() - started)
    nnz = 7 * args.n**3 - 6 * args.n**2
    report(
        kernel="spmv",
        program=program,
        version=version,
        n=args.n,
        threads=args.threads,
        seconds=best,
        bytes=12 * nnz + 20 * args.n**3,
    )


if __name__ == "__main__":
    # problem.py N FILE writes the right-hand side.
    np.random.default_rng(SEED).standard_normal(int(sys.argv[1]) ** 3).astype("<f8").tofile(sys.argv[2])
