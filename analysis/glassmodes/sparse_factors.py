"""Size of the factor of a sparse Hessian, known before anything is built."""

from __future__ import annotations

import math

DISTRIBUTED_SIZE = 60000
"""Degrees of freedom from which a factorisation spread over ranks beats one on a single process."""


def factor_nonzeros(particles: int, neighbours: float, dimension: int) -> float:
    """Non-zeros of the LDL^T factor of a Hessian.

    Nested dissection in d dimensions fills as N^(2 - 2/d) (N log N in 2D); the prefactor is set
    by the width of the separators, that is by the number of neighbours. Calibrated on PARDISO's
    peak for 12-IPL (0.24 GiB at N = 4,000, 4.6 GiB at 32,000), harmonic spheres and 10-IPL in 2D
    to 4D: good to some 40%. PARDISO's own analysis is exact and decides once it has run.
    """
    size = dimension * particles
    reach = max(neighbours, 1.0) ** (1.0 / dimension)
    if dimension <= 2:
        fill = particles * math.log2(max(particles, 2)) * reach**2 * dimension**2
    else:
        fill = 3.0 * dimension**2 * reach**2 * particles ** (2.0 - 2.0 / dimension)
    return min(fill, 0.5 * size * (size + 1.0))
