"""Times dedalus 3: IMEX RK443 (four stages), one process or `mpirun -n 2`.

The basis keeps as many modes as the others keep after dealiasing (M = 2N/3, or N/2 for the cubic
Gray-Scott terms) and the products are formed on the same N points: scale N/M.
"""

import importlib.metadata
import logging

import numpy as np
from mpi4py import MPI

logging.disable(logging.WARNING)

import dedalus.public as d3

import problems as p


def build(problem):
    """The initial value problem, its fields, and the initial data as one array a field."""
    n, length = problem.points, problem.length
    modes = n // 2 if problem is p.GRAY_SCOTT else n * 2 // 3 // 2 * 2
    fourier = lambda c: d3.RealFourier(c, size=modes, bounds=(0, length), dealias=n / modes)
    if problem is p.BURGERS:
        c = d3.Coordinate("x")
        dist = d3.Distributor(c, dtype=np.float64)
        x = fourier(c)
        u = dist.Field(name="u", bases=x)
        nu = p.BURGERS_VISCOSITY
        dx = lambda a: d3.Differentiate(a, c)
        ivp = d3.IVP([u], namespace=locals())
        ivp.add_equation("dt(u) - nu*dx(dx(u)) = -0.5*dx(u*u)")
        return ivp, [u], [p.burgers_initial()]
    c = d3.CartesianCoordinates("x", "y")
    dist = d3.Distributor(c, dtype=np.float64)
    x = fourier(c["x"])
    dx = lambda a: d3.Differentiate(a, c["x"])
    dy = lambda a: d3.Differentiate(a, c["y"])
    if problem is p.KS:
        # Each point of the second axis is a trajectory: nothing is differentiated along it, and
        # the Chebyshev transform of 32 points to 32 modes loses nothing.
        batch = d3.ChebyshevT(c["y"], size=p.BATCH, bounds=(-1, 1), dealias=1)
        u = dist.Field(name="u", bases=(x, batch))
        ivp = d3.IVP([u], namespace=locals())
        ivp.add_equation("dt(u) + dx(dx(u)) + dx(dx(dx(dx(u)))) = -0.5*dx(u*u)")
        return ivp, [u], [p.ks_initial().T]
    y = fourier(c["y"])
    if problem is p.NAVIER_STOKES:
        w = dist.Field(name="w", bases=(x, y))
        psi = dist.Field(name="psi", bases=(x, y))
        tau = dist.Field(name="tau")
        nu = p.NS_VISCOSITY
        ivp = d3.IVP([w, psi, tau], namespace=locals())
        ivp.add_equation("dt(w) - nu*lap(w) = dx(psi)*dy(w) - dy(psi)*dx(w)")
        ivp.add_equation("lap(psi) + w + tau = 0")
        ivp.add_equation("integ(psi) = 0")
        # The first stage reads psi before any solve has set it.
        return ivp, [w, psi], [p.navier_stokes_initial(), p.navier_stokes_initial(power=1)]
    u = dist.Field(name="u", bases=(x, y))
    v = dist.Field(name="v", bases=(x, y))
    du, dv, f, k = (p.GS[key] for key in ("diffusivity_u", "diffusivity_v", "feed", "kill"))
    ivp = d3.IVP([u, v], namespace=locals())
    ivp.add_equation("dt(u) - du*lap(u) + f*u = f - u*v*v")
    ivp.add_equation("dt(v) - dv*lap(v) + (f + k)*v = u*v*v")
    return ivp, [u, v], list(p.gray_scott_initial())


def main():
    args = p.arguments()
    world = MPI.COMM_WORLD
    for problem in args.problems:
        if problem is p.BURGERS and world.size > 1:
            continue  # dedalus distributes D-1 axes: one-dimensional problems are serial
        ivp, fields, initial = build(problem)
        solver = ivp.build_solver(d3.RK443)
        for field, data in zip(fields, initial):
            field.change_scales(field.domain.dealias)
            field.load_from_global_grid_data(data)

        def advance(steps):
            for _ in range(steps):
                solver.step(problem.dt)
            world.Barrier()

        advance(problem.check_steps)
        for field in fields:
            field.change_scales(field.domain.dealias)
        full = [field.allgather_data("g") for field in fields]
        state = full[0].T if problem is p.KS else np.array(full) if problem is p.GRAY_SCOTT else full[0]
        check = p.checksum(problem, state)
        # All processes must time the same number of blocks: the time limit is for one process.
        if world.size > 1:
            args.seconds = float("inf")
        us, steps = p.time_blocks(args, problem, advance)
        if world.rank == 0:
            p.report(
                peer="dedalus",
                version=importlib.metadata.version("dedalus"),
                problem=problem.name,
                scheme="rk443",
                dt=problem.dt,
                threads=world.size,
                us_per_step=us,
                us_per_nominal_step=us,
                steps=steps,
                checksum=check,
            )


if __name__ == "__main__":
    main()
