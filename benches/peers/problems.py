"""The four problems of the speed comparison, the same for every program.

crates/pde/examples/bench_steps.rs repeats these numbers and formulas; change both together.
Grid points are x_j = j L / N, arrays are indexed [x] or [x, y].
"""

import argparse
import json
import math
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Grid, step and the instant at which the solutions of all programs are compared."""

    name: str
    points: int
    length: float
    dt: float
    check_steps: int  # the comparison is at t = check_steps * dt
    block_steps: int  # steps timed at once


BATCH = 32
KS = Problem("ks_batch32_256", 256, 64.0, 0.1, 100, 500)
BURGERS = Problem("burgers_1024", 1024, 2 * math.pi, 1e-3, 500, 2000)
NAVIER_STOKES = Problem("navier_stokes_256x256", 256, 2 * math.pi, 1e-3, 100, 50)
GRAY_SCOTT = Problem("gray_scott_256x256", 256, 2.5, 1.0, 100, 50)
ALL = (KS, BURGERS, NAVIER_STOKES, GRAY_SCOTT)

BURGERS_VISCOSITY = 0.01
NS_VISCOSITY = 1e-3
GS = {"diffusivity_u": 2e-5, "diffusivity_v": 1e-5, "feed": 0.04, "kill": 0.06}


def axis(problem):
    return np.arange(problem.points) * (problem.length / problem.points)


def plane(problem):
    x = axis(problem)
    return np.meshgrid(x, x, indexing="ij")


def ks_initial():
    """u_b(x) = sum_m cos(2 pi m x / L + 0.7 (b + 1) m^2) / m, m = 1..5; shape [batch, x]."""
    angle = 2 * math.pi / KS.length * axis(KS)
    return np.array(
        [sum(np.cos(m * angle + 0.7 * (b + 1) * m * m) / m for m in range(1, 6)) for b in range(BATCH)]
    )


def burgers_initial():
    """u(x) = sin x + 0.5 sin(2 x + 0.7) + 0.25 cos(3 x + 1.9)."""
    x = axis(BURGERS)
    return np.sin(x) + 0.5 * np.sin(2 * x + 0.7) + 0.25 * np.cos(3 * x + 1.9)


def navier_stokes_initial(power=0):
    """Vorticity 0.5 sum cos(p x + q y + 2 p^2 + 1.3 q^2 + 0.7 p q), p = 1..4, q = -4..4.

    The vorticity is dv/dx - du/dy. With `power` = 1 each term is divided by p^2 + q^2, which gives
    the stream function psi: -laplace(psi) is the vorticity, (u, v) = (dpsi/dy, -dpsi/dx).
    """
    x, y = plane(NAVIER_STOKES)
    return 0.5 * sum(
        np.cos(p * x + q * y + 2.0 * p * p + 1.3 * q * q + 0.7 * p * q) / (p * p + q * q) ** power
        for p in range(1, 5)
        for q in range(-4, 5)
    )


def gray_scott_initial():
    """u = 1 - g/2, v = g/4, g = ((1 + sin(2 a + 0.3) sin(3 b + 0.8)) / 2)^4, a = 2 pi x / L, b = 2 pi y / L."""
    x, y = plane(GRAY_SCOTT)
    k = 2 * math.pi / GRAY_SCOTT.length
    g = ((1 + np.sin(2 * k * x + 0.3) * np.sin(3 * k * y + 0.8)) / 2) ** 4
    return np.array([1 - g / 2, g / 4])


def checksum(problem, state):
    """Root mean square of all values, and the first trajectory's first field at x = 3L/8 (y = L/8)."""
    state = np.asarray(state)
    i, j = 3 * problem.points // 8, problem.points // 8
    first = state[0] if problem is KS or problem is GRAY_SCOTT else state
    value = first[i] if first.ndim == 1 else first[i, j]
    return {
        "time": problem.check_steps * problem.dt,
        "rms": float(np.sqrt(np.mean(state * state))),
        "value": float(value),
    }


def arguments():
    """Which problems to time, and how often."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--problem", action="append", choices=[p.name for p in ALL])
    parser.add_argument("--blocks", type=int, default=5, help="timed blocks; the median counts")
    parser.add_argument("--seconds", type=float, default=10.0, help="stop after the block that passes this time")
    parser.add_argument("--threads", type=int, default=1, help="recorded in the output")
    parser.add_argument("--quick", action="store_true", help="a tenth of the timed steps")
    args = parser.parse_args()
    args.problems = [p for p in ALL if args.problem is None or p.name in args.problem]
    return args


def time_blocks(args, problem, advance):
    """Median microseconds a step over blocks; `advance(n)` returns when n steps are done."""
    steps = max(problem.block_steps // (10 if args.quick else 1), 5)
    begun = time.perf_counter()
    times = []
    while len(times) < args.blocks and time.perf_counter() - begun < args.seconds:
        start = time.perf_counter()
        advance(steps)
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times)) / steps, steps * len(times)


def report(**record):
    print(json.dumps(record), flush=True)
