"""Swap Monte Carlo: attempted moves a second on one core, with and without swaps.

And with estimates in single precision that leave every move open to double precision.

python -m tests.benchmarks swap
"""

from __future__ import annotations

import time

import numpy as np
from glassmodes.landscape import Landscape
from glassmodes.models import get_model
from glassmodes.simulation.liquids import push_apart
from glassmodes.simulation.swap import SwapMonteCarlo

from tests.benchmarks.timing import compared

CASES = (
    *(("poly", 2000, 1.3), ("poly", 2000, 0.5), ("poly", 2000, 0.35)),
    *(("poly_065", 2000, 1.3), ("poly", 8000, 1.3)),
)
WARM_UP, SWEEPS, REPEATS = 100, 300, 4
GOAL = 2e6


def chain_of(name, particles, temperature, swap_fraction):
    """A chain that has left its start."""
    model = get_model(name)
    rng = np.random.default_rng(1)
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    start = push_apart(landscape, rng.random((particles, model.dimension)) * box)
    chain = SwapMonteCarlo(landscape, start, temperature, rng, swap_fraction=swap_fraction)
    chain.run(WARM_UP)
    return chain


def moves_per_second(chain) -> float:
    """The best of several legs, in processor time."""
    rates = []
    for _ in range(REPEATS):
        began = time.process_time()
        attempted = chain.run(SWEEPS).attempted
        rates.append(attempted / (time.process_time() - began))
    return max(rates)


def run():
    """Rows of the benchmark."""
    for name, particles, temperature in CASES:
        rates, label = {}, f"{name}, N = {particles:,}, T = {temperature:g}"
        for swap_fraction in (0.2, 0.0):
            chain = chain_of(name, particles, temperature, swap_fraction)
            rates[swap_fraction] = moves_per_second(chain)
        yield compared(
            *(f"{label}: moves with swaps", rates[0.2], "moves/s", "without swaps", rates[0.0]),
            goal=f"{GOAL:.0e} moves/s" if particles == 2000 else "",
        )
        exact = chain_of(name, particles, temperature, 0.2)
        # of no use: every move is left open by its estimate
        exact._rounding_error = lambda: np.finfo(float).max
        yield compared(
            *(f"{label}: moves with estimates", rates[0.2], "moves/s"),
            *("all left open by them", moves_per_second(exact)),
        )
