"""Times py-pde with the numba backend: second-order differences, explicit RK4 of fixed step.

Where the explicit scheme is unstable at the common step, the largest stable divisor of it is used;
`us_per_nominal_step` is then the time to advance by the common step.
"""

import importlib.metadata

import numpy as np
import pde

import problems as p

# Explicit steps in one nominal step; 1 except for Kuramoto-Sivashinsky, where the fourth
# derivative limits dt to 2.785 dx^4 / 16 = 6.8e-4.
SUBSTEPS = {p.KS: 160, p.BURGERS: 1, p.GRAY_SCOTT: 1}


def build(problem):
    """Equation and initial state; cell centres are put on the points j L / N."""
    n, length = problem.points, problem.length
    h = length / n
    span = (-h / 2, length - h / 2)
    if problem is p.KS:
        # Rows of a 2-D grid are the trajectories; no operator acts along y.
        grid = pde.CartesianGrid([span, (0, 1)], [n, p.BATCH], periodic=True)
        rhs = {"u": "-d2_dx2(u) - d2_dx2(d2_dx2(u)) - 0.5*d_dx(u**2)"}
        return pde.PDE(rhs), pde.ScalarField(grid, p.ks_initial().T)
    if problem is p.BURGERS:
        grid = pde.CartesianGrid([span], [n], periodic=True)
        rhs = {"u": f"{p.BURGERS_VISCOSITY}*laplace(u) - 0.5*d_dx(u**2)"}
        return pde.PDE(rhs), pde.ScalarField(grid, p.burgers_initial())
    grid = pde.CartesianGrid([span, span], [n, n], periodic=True)
    f, k = p.GS["feed"], p.GS["kill"]
    rhs = {
        "u": f"{p.GS['diffusivity_u']}*laplace(u) + {f}*(1 - u) - u*v**2",
        "v": f"{p.GS['diffusivity_v']}*laplace(v) - {f + k}*v + u*v**2",
    }
    fields = [pde.ScalarField(grid, data) for data in p.gray_scott_initial()]
    return pde.PDE(rhs), pde.FieldCollection(fields, labels=["u", "v"])


def main():
    args = p.arguments()
    for problem in args.problems:
        if problem is p.NAVIER_STOKES:
            continue  # py-pde has no compiled Poisson solver for use inside a right-hand side
        equation, state = build(problem)
        substeps = SUBSTEPS[problem]
        dt = problem.dt / substeps
        solver = pde.RungeKuttaSolver(equation, backend="numba")
        stepper = solver.make_stepper(state, dt=dt)
        now = 0.0

        def advance(steps):
            nonlocal now
            stepper(state, now, now + steps * dt)
            now += steps * dt

        advance(problem.check_steps * substeps)
        check = p.checksum(problem, state.data.T if problem is p.KS else state.data)
        us, steps = p.time_blocks(args, problem, advance)
        p.report(
            peer="py-pde",
            version=f"{importlib.metadata.version('py-pde')} (numba {importlib.metadata.version('numba')})",
            problem=problem.name,
            scheme="rk4, 2nd-order differences",
            dt=dt,
            threads=args.threads,
            us_per_step=us,
            us_per_nominal_step=us * substeps,
            steps=steps,
            checksum=check,
        )


if __name__ == "__main__":
    main()
