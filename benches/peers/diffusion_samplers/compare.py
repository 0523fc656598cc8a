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


def noise(x, alpha, sigma):
    """The predicted noise -sigma grad log p of the mixture."""
    v = alpha**2 * DEVIATIONS**2 + sigma**2
    gap = x[:, None, :] - alpha * MEANS
    log = np.log(WEIGHTS / v) - (gap**2).sum(-1) / (2 * v)
    r = np.exp(log - log.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    return sigma * ((r / v)[..., None] * gap).sum(1)


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


ROWS = []


def row(name, peer, sampler, spacing="linspace", final="sigma_min", schedule=None, grid=None):
    ROWS.append((peer, {
        "name": name,
        "sampler": sampler,
        "schedule": schedule or {"kind": "vp_discrete"},
        "grid": grid or {"spacing": spacing, "final": final},
        "steps": 10,
        "starts": STARTS.ravel().tolist(),
    }))


def explicit(labels):
    return {"spacing": {"explicit": {"times": [(n + 1) / 1000 for n in labels]}}}


row("DDIM leading",
    lambda: chain(diffusers.DDIMScheduler(
        **CHAIN, clip_sample=False, set_alpha_to_one=False, timestep_spacing="leading")),
    {"kind": "ddim"}, grid=explicit(range(900, -1, -100)))
# Ten steps of 100 labels from 900 on, the last from 0 to 0 and of no length: nine.
ROWS[-1][1]["steps"] = 9

row("PNDM, skip_prk_steps, leading",
    lambda: chain(diffusers.PNDMScheduler(
        **CHAIN, skip_prk_steps=True, timestep_spacing="leading")),
    {"kind": "pndm"}, grid=explicit(range(900, -1, -100)))
ROWS[-1][1]["steps"] = 9

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
                # With bh1 diffusers returns NaN at zero noise; the noise form cannot end there.
                if final == "zero" and (variant == "bh1" or form == "noise"):
                    continue
                options = dict(solver_order=order, solver_type=variant, final_sigmas_type=final,
                               predict_x0=form == "data")
                row(f"UniPC {order} {variant} {form} {final}",
                    lambda o=options: chain(diffusers.UniPCMultistepScheduler(**CHAIN, **o)),
                    {"kind": "unipc", "order": order, "variant": variant, "form": form,
                     "lower_order_final": True},
                    "linspace", final)

for order in (1, 2, 3):
    row(f"DEIS {order} linspace",
        lambda order=order: chain(diffusers.DEISMultistepScheduler(**CHAIN, solver_order=order)),
        {"kind": "deis", "order": order - 1, "variable": "log_rho", "lower_order_final": True})


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
            good = off <= TOLERANCE
            failed += not good
            print(f"| {answer['name']} | {off:.1e} | {'ok' if good else 'FAILED'} |")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
