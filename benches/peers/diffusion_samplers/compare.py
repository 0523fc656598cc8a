"""Compares ends of trajectories with the schedulers of diffusers, within 1e-5.

    python compare.py

Both run on the mixture of three Gaussians of the tests, from the same four starts, with its exact
model. Prints a table; exits with 1 where a row is farther off or fails. README.md says more.
"""

import json
import pathlib
import subprocess
import sys

import diffusers
import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOLERANCE = 1e-5
STARTS = np.array([[1.0, 0.5], [-0.7, 1.2], [0.3, -1.4], [-1.5, -0.2]])
WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[2.0, 0.0], [-1.0, 1.5], [-0.5, -2.0]])
DEVIATIONS = np.array([0.3, 0.4, 0.5])
CHAIN = dict(num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear")
LOG_ALPHA = 0.5 * np.log1p(-np.linspace(1e-4, 0.02, 1000)).cumsum()


def components(x, alpha, sigma):
    """Of each component seen through noise: share in x, variance, x less the mean."""
    v = alpha**2 * DEVIATIONS**2 + sigma**2
    gap = x[:, None, :] - alpha * MEANS
    log = np.log(WEIGHTS / v) - (gap**2).sum(-1) / (2 * v)
    r = np.exp(log - log.max(1, keepdims=True))
    return r / r.sum(1, keepdims=True), v, gap


def noise(x, alpha, sigma):
    """The predicted noise -sigma grad log p of the mixture."""
    r, v, gap = components(x, alpha, sigma)
    return sigma * ((r / v)[..., None] * gap).sum(1)


def data(x, alpha, sigma):
    """The predicted data E[x_0 | x] of the mixture, also where alpha = 0."""
    r, v, gap = components(x, alpha, sigma)
    return (r[..., None] * (MEANS + (alpha * DEVIATIONS**2 / v)[..., None] * gap)).sum(1)


def at_label(t):
    """alpha and sigma of the chain at a whole label."""
    alpha = np.exp(LOG_ALPHA[int(round(float(t)))])
    return alpha, np.sqrt(1 - alpha**2)


def chain(scheduler):
    """End of a scheduler that is asked for noise at whole labels."""
    scheduler.set_timesteps(10)
    x = torch.tensor(STARTS)
    for t in scheduler.timesteps:
        eps = noise(x.double().numpy(), *at_label(t))
        x = scheduler.step(torch.tensor(eps), t, x).prev_sample
    return x.double().numpy()


def chain_to_data(scheduler):
    """The data predicted in the last step of a scheduler, which is where a step to zero noise ends."""
    scheduler.set_timesteps(10)
    x = torch.tensor(STARTS)
    for t in scheduler.timesteps:
        alpha, sigma = at_label(t)
        before = x.double().numpy()
        eps = noise(before, alpha, sigma)
        x = scheduler.step(torch.tensor(eps), t, x).prev_sample
    return (before - sigma * eps) / alpha


def euler():
    """EulerDiscreteScheduler: its state is x/alpha."""
    scheduler = diffusers.EulerDiscreteScheduler(**CHAIN, timestep_spacing="linspace")
    scheduler.set_timesteps(10)
    y = torch.tensor(STARTS) * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        x = scheduler.scale_model_input(y, t).double().numpy()
        y = scheduler.step(torch.tensor(noise(x, *at_label(t))), t, y).prev_sample
    return y.double().numpy()


def flow():
    """FlowMatchEulerDiscreteScheduler, whose model predicts eps - x_0 at the label 1000 sigma."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0)
    scheduler.set_timesteps(10)
    x = torch.tensor(STARTS)
    for t in scheduler.timesteps:
        sigma = float(t) / 1000
        before = x.double().numpy()
        velocity = (before - data(before, 1 - sigma, sigma)) / sigma
        x = scheduler.step(torch.tensor(velocity), t, x).prev_sample
    return x.double().numpy()


def edm(scheduler):
    """A scheduler that is given the bare network F of x0 = c_skip x + c_out F, alpha = 1."""
    scheduler.set_timesteps(10)
    x = torch.tensor(STARTS * 80.0)
    spread = scheduler.config.sigma_data
    for i, t in enumerate(scheduler.timesteps):
        sigma = float(scheduler.sigmas[i])
        scheduler.scale_model_input(x, t)  # It counts the steps; what it returns feeds a network.
        before = x.double().numpy()
        skip = spread**2 / (sigma**2 + spread**2)
        out = sigma * spread / np.hypot(sigma, spread)
        bare = (data(before, 1.0, sigma) - skip * before) / out
        x = scheduler.step(torch.tensor(bare), t, x).prev_sample
    return x.double().numpy()


ROWS = []


def row(name, peer, sampler, spacing="linspace", final="sigma_min", schedule=None, grid=None,
        scale=1.0, **more):
    ROWS.append((peer, {
        "name": name,
        "sampler": sampler,
        "schedule": schedule or {"kind": "vp_discrete"},
        "grid": grid or {"spacing": spacing, "final": final},
        "steps": 10,
        "starts": (scale * STARTS).ravel().tolist(),
    } | more))


def explicit(times, final="sigma_min"):
    return {"spacing": {"explicit": {"times": times}}, "final": final}


def labels(numbers, final="sigma_min"):
    return explicit([(n + 1) / 1000 for n in numbers], final)


row("DDIM leading",
    lambda: chain(diffusers.DDIMScheduler(
        **CHAIN, clip_sample=False, set_alpha_to_one=False, timestep_spacing="leading")),
    # Ten steps of 100 labels from 900 on, the last from 0 to 0 and of no length: nine.
    {"kind": "ddim"}, grid=labels(range(900, -1, -100)), steps=9)

row("PNDM, skip_prk_steps, leading",
    lambda: chain(diffusers.PNDMScheduler(
        **CHAIN, skip_prk_steps=True, timestep_spacing="leading")),
    {"kind": "pndm"}, grid=labels(range(900, -1, -100)), steps=9)

for final in ("zero", "sigma_min"):
    for spacing in ("linspace", "leading", "trailing"):
        for order in (1, 2, 3):
            for solver in ("midpoint", "heun"):
                for form in ("data", "noise"):
                    if form == "noise" and final == "zero" or order != 2 and solver == "heun":
                        continue
                    kind = "dpmsolver++" if form == "data" else "dpmsolver"
                    options = dict(algorithm_type=kind, solver_order=order, solver_type=solver,
                                   final_sigmas_type=final, timestep_spacing=spacing)
                    row(f"{kind} {order}M {solver} {spacing} {final}",
                        lambda o=options: chain(
                            diffusers.DPMSolverMultistepScheduler(**CHAIN, **o)),
                        {"kind": "dpm_solver_multistep", "order": order, "form": form,
                         "second_order": "midpoint" if solver == "midpoint" else "taylor",
                         "third_order": "published", "lower_order_final": True},
                        spacing, final)

for order in (1, 2, 3):
    for variant in ("bh1", "bh2"):
        for final in ("zero", "sigma_min"):
            for form in ("data", "noise"):
                # The noise form cannot end at zero noise.
                if final == "zero" and form == "noise":
                    continue
                # With bh1 diffusers returns NaN there, where the predicted data are due.
                end = chain_to_data if final == "zero" and variant == "bh1" else chain
                options = dict(solver_order=order, solver_type=variant, final_sigmas_type=final,
                               predict_x0=form == "data")
                row(f"UniPC {order} {variant} {form} {final}"
                    + (", against the data predicted last" if end is chain_to_data else ""),
                    lambda o=options, end=end: end(diffusers.UniPCMultistepScheduler(**CHAIN, **o)),
                    {"kind": "unipc", "order": order, "variant": variant, "form": form,
                     "lower_order_final": True},
                    "linspace", final)

for order in (1, 2, 3):
    row(f"DEIS {order} linspace",
        lambda order=order: chain(diffusers.DEISMultistepScheduler(**CHAIN, solver_order=order)),
        {"kind": "deis", "order": order - 1, "variable": "log_rho", "lower_order_final": True})

# Its start is scaled by the noise over the data, ours by the noise.
row("Euler linspace", euler, {"kind": "euler"}, scale=at_label(999)[1],
    grid=labels(range(999, -1, -111), "zero"))

row("flow matching Euler, shift 1", flow, {"kind": "flow_ode", "method": "euler"},
    schedule={"kind": "flow"}, parameterisation="flow",
    grid=explicit(np.linspace(1.0, 1e-3, 10).tolist(), "zero"))

KARRAS = {"spacing": {"karras": {"rho": 7.0}}, "final": "zero"}
row("EDM Euler", lambda: edm(diffusers.EDMEulerScheduler()),
    {"kind": "euler"}, schedule={"kind": "edm"}, grid=KARRAS, scale=80.0)
row("EDM DPM-Solver++ 2M midpoint", lambda: edm(diffusers.EDMDPMSolverMultistepScheduler()),
    {"kind": "dpm_solver_multistep", "order": 2, "form": "data", "second_order": "midpoint",
     "lower_order_final": True},
    schedule={"kind": "edm"}, grid=KARRAS, scale=80.0)


def main():
    answers = subprocess.run(
        ["cargo", "run", "--release", "-q", "-p", "pdesolve-sampling", "--example", "trajectories"],
        cwd=ROOT, input="\n".join(json.dumps(ours) for _, ours in ROWS), text=True, check=True,
        stdout=subprocess.PIPE).stdout.splitlines()
    failed = 0
    print("| diffusers | largest difference | |\n|---|---|---|")
    for (peer, _), line in zip(ROWS, answers, strict=True):
        answer = json.loads(line)
        if "unknown" in answer:
            print(f"| {answer['name']} | | skipped: no sampler `{answer['unknown']}` |")
        elif "error" in answer:
            failed += 1
            print(f"| {answer['name']} | | FAILED: {answer['error']} |")
        else:
            off = np.abs(np.reshape(answer["x"], (-1, 2)) - peer()).max()
            # Not so for a NaN.
            good = off <= TOLERANCE
            failed += not good
            print(f"| {answer['name']} | {off:.1e} | {'ok' if good else 'FAILED'} |")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
