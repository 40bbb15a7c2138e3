"""Decay rates of all modes: share of the machine's own sgemm rate, and the cost of a spectrum.

The cost depends on the neighbours and on how many triples are near resonance, not on the values
of the vectors: a spectrum of N = 4,000 that would take minutes to diagonalise is replaced by
random vectors with the frequencies of a diagonalised glass of N = 300.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from glassmodes.anharmonic.decay_rates import BATCH, _Sums
from glassmodes.anharmonic.vertices import PairVertices
from glassmodes.data.storage import Modes
from threadpoolctl import threadpool_limits

from tests.benchmarks.bench_landscape import dense_liquid
from tests.benchmarks.timing import best_of, compared, measured, scaling_exponent
from tests.conftest import full_modes

SIZES = (500, 1000, 2000, 4000)
BROADENING = 0.1


def single_precision_rate() -> float:
    """Flops per second of a large sgemm on one core."""
    a = np.random.default_rng(0).random((3000, 3000), dtype=np.float32)
    return 2 * 3000**3 / best_of(np.matmul, a, a, repeats=3)


def stand_in(particles):
    """Vertices of a dense liquid and modes with a glass's density of states."""
    landscape, x = dense_liquid(particles)
    glass = full_modes("ipl12", 300).frequency
    n = 3 * particles - 3
    frequency = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(glass)), glass)
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((n, particles, 3), dtype=np.float32) / np.sqrt(3 * particles)
    return PairVertices(landscape.expand(x)), Modes(frequency**2, vectors, np.zeros(n))


def useful_flops(vertices, w, first, last, reach):
    """Flops that the definition needs: each sparse column once, each vertex near resonance once."""
    columns = np.searchsorted(w, 0.5 * (w[last - 1] + reach), side="right")
    sparse = 2 * 9 * len(vertices.columns) * columns * (last - first)
    lower = np.arange(columns)
    dense = 0
    for a in range(first, last):
        begin = np.maximum(lower, np.searchsorted(w, w[a] - w[:columns] - reach))
        end = np.searchsorted(w, w[a] - w[:columns] + reach, side="right")
        dense += 2 * 3 * vertices.particles * np.maximum(0, end - begin).sum()
    return sparse + dense


def run():
    """Rows of the benchmark table."""
    hours = []
    with threadpool_limits(1):
        for particles in SIZES:
            vertices, modes = stand_in(particles)
            sums = _Sums(vertices, modes, [BROADENING], "single", 4.0, 1.0, ())
            sums.batch(0, BATCH)
            flops = seconds = 0.0
            # batches evenly through the spectrum stand for all of it
            probes = np.linspace(0, sums.n - BATCH, 7).astype(int)[1:-1]
            peak = single_precision_rate()
            for first in probes:
                start = time.perf_counter()
                sums.batch(first, first + BATCH)
                seconds += time.perf_counter() - start
                flops += useful_flops(vertices, sums.w, first, first + BATCH, 4 * BROADENING)
            yield compared(
                f"decay rates, whole kernel, N = {particles}",
                flops / seconds / 1e9,
                "useful GFLOP/s",
                "sgemm, one core",
                peak / 1e9,
                goal="ratio >= 0.4 at N = 4,000",
            )
            hours.append(seconds / (len(probes) * BATCH) * sums.n / 3600)
            yield measured(
                f"decay rates, all {sums.n} modes, N = {particles}",
                hours[-1],
                "core-hours",
                goal="<= 8 at N = 4,000",
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield measured(f"decay rates, peak memory, N = {SIZES[-1]}", memory, "GiB", goal="<= 8")
    yield measured("decay rates, exponent of N", scaling_exponent(SIZES, hours), "")
