"""Times exponax on the CPU in double precision: ETDRK, state kept in Fourier space, jitted scan."""

import functools
import importlib.metadata

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import exponax as ex
import jax.numpy as jnp

import problems as p


def stepper(problem):
    size = (problem.length, problem.points, problem.dt)
    if problem is p.KS:
        return ex.stepper.KuramotoSivashinskyConservative(1, *size, order=4), "etdrk4"
    if problem is p.BURGERS:
        # The conservative form needs one transform each way; the default form is slower.
        return (
            ex.stepper.Burgers(1, *size, diffusivity=p.BURGERS_VISCOSITY, conservative=True, order=4),
            "etdrk4",
        )
    if problem is p.NAVIER_STOKES:
        # exponax takes psi = +inverse_laplace(vorticity), so its vorticity is minus curl(velocity);
        # scale -1 gives the usual sign, vorticity = dv/dx - du/dy, at the same cost.
        return (
            ex.stepper.NavierStokesVorticity(
                2, *size, diffusivity=p.NS_VISCOSITY, vorticity_convection_scale=-1.0, order=4
            ),
            "etdrk4",
        )
    return (
        ex.stepper.reaction.GrayScott(
            2,
            *size,
            diffusivity_1=p.GS["diffusivity_u"],
            diffusivity_2=p.GS["diffusivity_v"],
            feed_rate=p.GS["feed"],
            kill_rate=p.GS["kill"],
            order=2,
        ),
        "etdrk2",
    )


def initial(problem):
    """State with exponax's channel axis: [batch, 1, x], [1, x], [1, x, y] or [2, x, y]."""
    if problem is p.KS:
        return p.ks_initial()[:, None, :]
    if problem is p.BURGERS:
        return p.burgers_initial()[None]
    if problem is p.NAVIER_STOKES:
        return p.navier_stokes_initial()[None]
    return p.gray_scott_initial()


def main():
    args = p.arguments()
    for problem in args.problems:
        step, scheme = stepper(problem)
        dim = step.num_spatial_dims
        forward = lambda u: ex.fft(u, num_spatial_dims=dim)
        backward = lambda u: ex.ifft(u, num_spatial_dims=dim, num_points=problem.points)
        one = step.step_fourier
        if problem is p.KS:
            forward, backward, one = jax.vmap(forward), jax.vmap(backward), jax.vmap(one)

        @functools.partial(jax.jit, static_argnums=1)
        def rollout(state, steps):
            return jax.lax.scan(lambda u, _: (one(u), None), state, None, length=steps)[0]

        state = rollout(forward(jnp.asarray(initial(problem))), problem.check_steps)
        fields = backward(state)
        if problem is not p.GRAY_SCOTT:
            fields = fields[:, 0] if problem is p.KS else fields[0]
        check = p.checksum(problem, fields)

        # Compile the timed length before the clock starts.
        def advance(steps):
            nonlocal state
            state = jax.block_until_ready(rollout(state, steps))

        advance(max(problem.block_steps // (10 if args.quick else 1), 5))
        us, steps = p.time_blocks(args, problem, advance)
        p.report(
            peer="exponax",
            version=f"{importlib.metadata.version('exponax')} (jax {jax.__version__})",
            problem=problem.name,
            scheme=scheme,
            dt=problem.dt,
            threads=args.threads,
            us_per_step=us,
            us_per_nominal_step=us,
            steps=steps,
            checksum=check,
        )


if __name__ == "__main__":
    main()
