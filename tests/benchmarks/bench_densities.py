"""Kernel-polynomial density of states against the exact spectrum: does it agree, and its cost.

python -m tests.benchmarks densities
"""

from __future__ import annotations

import numpy as np
from glassmodes.modes import kernel_polynomial_density, vibrational_density_of_states
from scipy import linalg

from tests.benchmarks.bench_modes import glass_expansion, seconds
from tests.benchmarks.timing import compared

PARTICLES = 4000
MOMENTS, RANDOM_VECTORS = 2048, 16
BIN_WIDTH = 0.5


def run(particles=PARTICLES):
    """Rows of the benchmark, of one 12-IPL glass."""
    expansion = glass_expansion(particles)
    hessian = expansion.hessian().toarray()
    exact_time, squared = seconds(
        lambda: linalg.eigvalsh(hessian, overwrite_a=True, check_finite=False)
    )
    # the three translations are no modes
    frequency = np.sqrt(np.maximum(squared[3:], 0.0))
    edges = np.arange(0.0, frequency[-1] + BIN_WIDTH, BIN_WIDTH)
    exact = vibrational_density_of_states(frequency, edges)
    spent, found = seconds(
        lambda: kernel_polynomial_density(
            expansion,
            edges,
            rng=np.random.default_rng(0),
            moments=MOMENTS,
            random_vectors=RANDOM_VECTORS,
        )
    )
    name = f"N = {particles:,}: density of states by {MOMENTS} moments"
    yield compared(name, spent, "s", "exact spectrum", exact_time)
    counted = exact.density > 0
    deviation = (found.density - exact.density)[counted]
    yield compared(
        f"  deviation from the exact one, r.m.s. of {counted.sum()} bins",
        float(np.sqrt(np.mean(deviation**2))),
        "",
        "statistical error, r.m.s.",
        float(np.sqrt(np.mean(found.error[counted] ** 2))),
        goal="ratio about 1",
    )
