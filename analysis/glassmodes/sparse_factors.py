"""Size of the sparse factorisation of a Hessian, estimated before anything is built."""

from __future__ import annotations

import math


def factor_nonzeros(particles: int, neighbours: float, dimension: int) -> float:
    """Estimated number of non-zeros in the LDL^T factor of a Hessian.

    With nested dissection the factor grows as N^(2 - 2/d) in d > 2 dimensions and as N log N in
    two. The prefactor follows from the width of the separators, which depends on the number of
    neighbours. It is calibrated on the peak memory of MKL PARDISO for 12-IPL (0.24 GiB at N =
    4,000, 4.6 GiB at N = 32,000), harmonic spheres, and 10-IPL in two to four dimensions, and is
    accurate to about 40 %. Once PARDISO has analysed the matrix, its own exact count is used
    instead.

    Parameters
    ----------
    particles : int
        Number of particles N.
    neighbours : float
        Mean number of interacting neighbours of a particle.
    dimension : int
        Space dimension d.

    Returns
    -------
    float
        Number of non-zeros, at most that of the dense lower triangle.
    """
    size = dimension * particles
    reach = max(neighbours, 1.0) ** (1.0 / dimension)
    if dimension <= 2:
        fill = particles * math.log2(max(particles, 2)) * reach**2 * dimension**2
    else:
        fill = 3.0 * dimension**2 * reach**2 * particles ** (2.0 - 2.0 / dimension)
    return min(fill, 0.5 * size * (size + 1.0))
