"""Recomputes reference numbers of the test suite with exponax, a program that shares no code with ours.

Prints Kuramoto-Sivashinsky after Kassam and Trefethen (L = 32 pi, u0 = cos(x/16)(1 + sin(x/16)):
u(16 pi) and mean(u^2)/2 at t = 1, 10, 20), and the statistics at L = 64, N = 128, dt = 0.1:
mean energy and the standard deviation of u(t + 0.8) - u(t).
"""

import argparse
import functools
import math

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

import exponax as ex
import jax.numpy as jnp


def stepper(length, points, dt):
    return ex.stepper.KuramotoSivashinskyConservative(1, length, points, dt, order=4)


def kassam_trefethen(points, dt):
    length = 32 * math.pi
    one = stepper(length, points, dt).step_fourier

    @functools.partial(jax.jit, static_argnums=1)
    def run(state, steps):
        return jax.lax.scan(lambda u, _: (one(u), None), state, None, length=steps)[0]

    x = jnp.arange(points) * length / points
    u = jnp.cos(x / 16) * (1 + jnp.sin(x / 16))
    state, done = ex.fft(u[None], num_spatial_dims=1), 0
    for t in (1, 10, 20):
        steps = round(t / dt)
        state, done = run(state, steps - done), steps
        u = ex.ifft(state, num_spatial_dims=1, num_points=points)[0]
        energy = float(jnp.mean(u * u) / 2)
        print(f"N={points} h={dt} t={t}: u(16 pi) = {float(u[points // 2]):.10f}  E = {energy:.10f}", flush=True)


def statistics(trajectories, start, duration, points=128, length=64.0, dt=0.1):
    one = jax.vmap(stepper(length, points, dt).step_fourier)
    back = jax.vmap(lambda s: ex.ifft(s, num_spatial_dims=1, num_points=points)[0])

    @functools.partial(jax.jit, static_argnums=1)
    def skip(state, steps):
        return jax.lax.scan(lambda u, _: (one(u), None), state, None, length=steps)[0]

    def sample(state, _):
        later = state
        for _ in range(8):  # 0.8 time units
            later = one(later)
        u, v = back(state), back(later)
        return later, (jnp.mean(u * u, axis=1) / 2, jnp.mean((v - u) ** 2, axis=1))

    @functools.partial(jax.jit, static_argnums=1)
    def observe(state, samples):
        return jax.lax.scan(sample, state, None, length=samples)[1]

    x = jnp.arange(points) * length / points
    angle = 2 * math.pi / length * x
    b = jnp.arange(trajectories)[:, None]
    u = sum(jnp.cos(m * angle + 0.7 * (b + 1) * m * m) / m for m in range(1, 6))
    state = skip(jax.vmap(lambda v: ex.fft(v[None], num_spatial_dims=1))(u), round(start / dt))
    energy, increment = observe(state, round(duration / dt / 8))
    per_trajectory = energy.mean(axis=0)
    print(
        f"L={length} N={points} dt={dt}, {trajectories} trajectories, t = {start} .. {start + duration}: "
        f"mean energy {float(energy.mean()):.4f} (standard error {float(per_trajectory.std(ddof=1)) / trajectories**0.5:.4f}), "
        f"increment std {float(jnp.sqrt(increment.mean())):.4f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["kassam_trefethen", "statistics"])
    only = parser.parse_args().only
    if only != "statistics":
        kassam_trefethen(384, 0.02)
        kassam_trefethen(384, 0.01)
        kassam_trefethen(512, 0.02)
    if only != "kassam_trefethen":
        statistics(16, 200.0, 600.0)
