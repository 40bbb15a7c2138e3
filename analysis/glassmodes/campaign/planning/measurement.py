"""Measures how fast this machine is, in about a minute (:mod:`glassmodes.campaign.rates`).

Everything is timed in core-seconds of this process on one thread, so that other work on a shared
machine counts for little, on 12-IPL glasses of the size that most campaigns have.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import numpy as np
from mpi4py import MPI
from scipy import linalg, sparse

from glassmodes.campaign.estimates import FACTOR_FLOPS
from glassmodes.data.structures import Glass
from glassmodes.landscape import Landscape
from glassmodes.landscape.minimisers import fire
from glassmodes.models import get_model
from glassmodes.models.sizes import factor_nonzeros, neighbours
from glassmodes.modes.factorisation import analyse
from glassmodes.simulation.dynamics import NveRun, RunSettings

PARTICLES = 2000
_LIBRARIES = "glassmodes.simulation.dynamics, glassmodes.landscape.quench, glassmodes.modes, pandas"


def core_seconds(action, *, least=0.5) -> float:
    """Core-seconds of one call of `action`, repeated until `least` have passed."""
    action()
    calls, began = 0, time.process_time()
    while time.process_time() - began < least:
        action()
        calls += 1
    return (time.process_time() - began) / calls


def _start() -> float:
    """Core-seconds of a program until its libraries are read and its kernels are loaded."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {_LIBRARIES}"], check=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _glass(particles):
    model = get_model("ipl12")
    rng = np.random.default_rng([1, particles])
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    positions, energy, _, _ = fire(
        landscape, rng.random((particles, 3)) * box, force_tolerance=1e-6
    )
    return landscape, Glass(0, positions, box, species, diameter, energy, 1e-6)


def measure(report=print) -> dict[str, float]:
    """Every rate of this machine.

    Parameters
    ----------
    report : callable
        Takes a line for each rate as it is found.

    Returns
    -------
    dict of str to float
        Keys are :data:`glassmodes.campaign.rates.KINDS`.
    """
    found = {}

    def keep(kind, value):
        found[kind] = float(f"{value:.3g}")
        report(f"{kind}: {value:.3g}")

    _start()
    keep("start", _start())
    landscape, glass = _glass(PARTICLES)
    model = landscape.model
    pairs = 0.5 * neighbours(model) * PARTICLES
    keep("dynamics_pairs", pairs / _step_seconds(model, glass))
    rng = np.random.default_rng(2)
    shaken = glass.positions + 0.02 * rng.standard_normal(glass.positions.shape)
    began = time.process_time()
    *_, evaluations = fire(landscape, shaken, force_tolerance=1e-6)
    keep("quench_pairs", evaluations * pairs / (time.process_time() - began))

    size = 1500
    full = rng.standard_normal((size, size))
    full += full.T
    keep("dense_flops", 10.0 * size**3 / core_seconds(lambda: linalg.eigh(full, driver="evd")))
    single = rng.standard_normal((2000, 2000)).astype(np.float32)
    keep("product_flops", 2.0 * 2000.0**3 / core_seconds(lambda: single @ single))

    hessian = sparse.csr_matrix(landscape.expand(glass.positions).hessian())
    vector = rng.standard_normal(hessian.shape[0])
    keep("sparse_nonzeros", hessian.nnz / core_seconds(lambda: hessian @ vector))
    shift = 1e-3
    factor = analyse(hessian)
    began = time.process_time()
    factor.at(-shift)
    factorising = time.process_time() - began
    nonzeros = factor_nonzeros(PARTICLES, neighbours(model) + 1.0, 3)
    keep("factor_flops", FACTOR_FLOPS * nonzeros**1.5 / factorising)
    block = rng.standard_normal((hessian.shape[0], 16))
    keep("solve_nonzeros", 2.0 * nonzeros * 16 / core_seconds(lambda: factor.solve(block)))
    return found


def _step_seconds(model, glass) -> float:
    """Core-seconds of a time step of a cold solid in LAMMPS."""
    step = model.time_step
    settings = RunSettings(1e-3, 0.0, duration=20.0 * step, interval=10.0 * step, time_step=step)
    run = NveRun(model, glass, settings, MPI.COMM_SELF, None)
    rng = np.random.default_rng(3)
    velocities = np.sqrt(1e-3) * rng.standard_normal(glass.positions.shape)
    marks = []
    for _ in run.follow(glass.positions, velocities, count=201, from_start=True):
        marks.append(time.process_time())
    return (marks[-1] - marks[1]) / (settings.stride * (len(marks) - 2))
